// SPDX-License-Identifier: Apache-2.0
#include <weft/io/internal/acceptor.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <new>
#include <string>
#include <utility>

#include <sys/socket.h>
#include <unistd.h>

#include <weft/base/exceptions.hpp>
#include <weft/io/internal/channel.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/runtime/backend.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/handle.hpp>
#include <weft/runtime/ready_queue.hpp>

namespace weft::internal {
namespace {

constexpr int told_a_turn = 100;

// Whether such an error says that one peer, or the network to it, has gone.
bool is_of_one_connection(int error) noexcept {
    switch (error) {
        case ECONNABORTED:
        case EPROTO:
        case ENETDOWN:
        case ENOPROTOOPT:
        case EHOSTDOWN:
        case ENONET:
        case EHOSTUNREACH:
        case ENETUNREACH:
            return true;
        default:
            return false;
    }
}

// `lent` is null, or the msghdr with what accept(2) has told.
SocketAddress peer_of(int fd, const msghdr* lent) noexcept {
    if (lent) {
        return SocketAddress::from_bytes(
            {static_cast<const std::byte*>(lent->msg_name), lent->msg_namelen});
    }
    alignas(8) std::byte address[SocketAddress::bytes_max];
    socklen_t length = sizeof address;
    // Of a peer that has gone already, nobody knows any more who it was.
    if (::getpeername(fd, reinterpret_cast<sockaddr*>(address), &length) != 0) return {};
    return SocketAddress::from_bytes({address, length});
}

}  // namespace

class Acceptor::Operation::InUse {
public:
    explicit InUse(Operation& operation) noexcept : operation_(operation) { ++operation.in_use_; }
    ~InUse() {
        --operation_.in_use_;
        operation_.delete_if_unused();
    }
    InUse(const InUse&) = delete;
    InUse& operator=(const InUse&) = delete;

private:
    Operation& operation_;
};

constinit const ReadyKind Acceptor::Operation::ready_kind = {
    .run = [](ReadyNode& node) { static_cast<Operation&>(node).run(); },
    .drop =
        [](ReadyNode& node) noexcept {
            auto& operation = static_cast<Operation&>(node);
            operation.queued_ = false;
            operation.delete_if_unused();
        },
    .describe =
        [](const ReadyNode& node) { return static_cast<const Operation&>(node).describe(); }};

std::string Acceptor::Operation::describe() const {
    return "<Handle of the server at descriptor " + std::to_string(fd) + ">";
}

Acceptor::Acceptor(EventLoop& loop, const Socket& listener, ConnectionTaker& taker)
    : operation_(new Operation(loop, listener, taker)) {}

Acceptor::Operation::Operation(EventLoop& loop, const Socket& listener, ConnectionTaker& taker)
    : IoOperation(IoKind::accept_each, listener.fileno()),
      ReadyNode(ready_kind),
      loop_(loop),
      taker_(&taker),
      brings_(Channel::kind_of(listener.family())) {}

void Acceptor::Operation::start() {
    loop_.check_not_forked();
    if (!submitted_) {
        buffer = nullptr;
        loop_.system().submit(*this);
    }  // else it may be about to end, and begins anew then
    submitted_ = wanted_ = true;
}

void Acceptor::Operation::pause() noexcept {
    const InUse here(*this);
    wanted_ = false;
    // In the child of a fork the kernel's side of it is the parent's.
    if (submitted_ && (loop_.is_of_parent() || loop_.system().cancel(*this))) submitted_ = false;
}

void Acceptor::Operation::resume() noexcept {
    wanted_ = true;
    queue();
}

void Acceptor::Operation::stop() noexcept {
    const InUse here(*this);
    taker_ = nullptr;
    pause();
}

// Called by the backend, which may not be asked for anything here.
void Acceptor::Operation::complete(std::int32_t result, bool more) noexcept {
    const InUse here(*this);
    submitted_ = more;
    if (result >= 0) {
        keep(Channel(result, brings_));
    } else if (result != -ECANCELED && !is_of_one_connection(-result)) {
        error_ = -result;
    }
    if (taker_) queue();
}

void Acceptor::Operation::keep(Channel connection) noexcept {
    if (!taker_) return;
    const SocketAddress peer =
        peer_of(connection.fileno(), reinterpret_cast<const msghdr*>(buffer));
    try {
        accepted_.push_back({.connection = std::move(connection), .peer = peer});
    } catch (const std::bad_alloc&) {
        error_ = ENOMEM;
    }
}

void Acceptor::Operation::queue() noexcept {
    if (!std::exchange(queued_, true)) loop_.ready().push(*this);
}

void Acceptor::Operation::run() noexcept {
    const InUse here(*this);
    queued_ = false;
    for (int i = 0; i < told_a_turn && told_ < accepted_.size() && taker_; ++i) tell_one();
    if (!taker_) return;
    if (told_ < accepted_.size()) return queue();
    accepted_.clear();
    told_ = 0;
    if (error_ != 0) tell_error();
    if (wanted_ && !submitted_ && !loop_.is_of_parent()) go_on();
}

void Acceptor::Operation::tell_all() noexcept {
    const InUse here(*this);
    while (told_ < accepted_.size() && taker_) tell_one();
}

void Acceptor::Operation::tell_one() noexcept {
    Accepted& next = accepted_[told_++];
    Channel connection = std::move(next.connection);
    const SocketAddress peer = next.peer;
    try {
        taker_->accepted(std::move(connection), peer);
    } catch (...) {
        report_callback_error(loop_, describe());
    }
}

void Acceptor::Operation::tell_error() noexcept {
    try {
        taker_->cannot_accept(std::exchange(error_, 0));
    } catch (...) {
        report_callback_error(loop_, describe());
    }
}

void Acceptor::Operation::go_on() noexcept {
    try {
        start();
    } catch (const OSError& failed) {
        error_ = failed.code();
        queue();
    } catch (const std::bad_alloc&) {
        error_ = ENOMEM;
        queue();
    }
}

void Acceptor::Operation::delete_if_unused() noexcept {
    if (!taker_ && !submitted_ && !queued_ && in_use_ == 0) delete this;
}

}  // namespace weft::internal
