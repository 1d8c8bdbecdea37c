// SPDX-License-Identifier: Apache-2.0
#include <weft/io/internal/acceptor.hpp>

#include <cerrno>
#include <cstdint>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

#include <weft/base/exceptions.hpp>
#include <weft/runtime/backend.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/handle.hpp>
#include <weft/runtime/ready_queue.hpp>

namespace weft::internal {
namespace {

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

}  // namespace

constinit const ReadyKind Acceptor::Operation::ready_kind = {
    .run = [](ReadyNode& node) { static_cast<Operation&>(node).tell(); },
    .drop =
        [](ReadyNode& node) noexcept {
            auto& operation = static_cast<Operation&>(node);
            operation.queued_ = false;  // the loop closes: who is to be told is told that
            operation.delete_if_unused();
        },
    .describe =
        [](const ReadyNode& node) { return static_cast<const Operation&>(node).describe(); }};

std::string Acceptor::Operation::describe() const {
    return "<Handle of the server at descriptor " + std::to_string(fd) + ">";
}

Acceptor::Acceptor(EventLoop& loop, int fd, ConnectionTaker& taker)
    : operation_(new Operation(loop, fd, taker)) {}

Acceptor::Operation::Operation(EventLoop& loop, int the_fd, ConnectionTaker& taker) noexcept
    : IoOperation(IoKind::accept_each, the_fd),
      ReadyNode(ready_kind),
      loop_(loop),
      taker_(&taker) {}

void Acceptor::Operation::start() {
    loop_.check_not_forked();
    // What is being cancelled begins anew in tell().
    if (!submitted_) loop_.system().submit(*this);
    submitted_ = wanted_ = true;
}

void Acceptor::Operation::pause() noexcept {
    wanted_ = false;
    // In the child of a fork the kernel's side of it is the parent's.
    if (submitted_) submitted_ = !loop_.is_of_parent() && !loop_.system().cancel(*this);
}

Acceptor::Operation::~Operation() {
    for (const std::int32_t result : results_) {
        if (result >= 0) ::close(result);
    }
}

void Acceptor::Operation::stop() noexcept {
    taker_ = nullptr;
    pause();
    delete_if_unused();
}

void Acceptor::Operation::complete(std::int32_t result, bool more) noexcept {
    submitted_ = more;
    if (!taker_) {
        if (result >= 0) ::close(result);
        return delete_if_unused();
    }
    if (result != -ECANCELED) {
        try {
            results_.push_back(result);
        } catch (const std::bad_alloc&) {
            out_of_memory_ = true;
            if (result >= 0) ::close(result);
        }
    }
    if (!std::exchange(queued_, true)) loop_.ready().push(*this);
}

void Acceptor::Operation::tell() noexcept {
    queued_ = false;
    telling_ = true;
    std::vector<std::int32_t> results;
    results.swap(results_);
    for (const std::int32_t result : results) {
        if (taker_) {
            if (!is_of_one_connection(-result)) tell(result);
        } else if (result >= 0) {
            ::close(result);
        }
    }
    if (std::exchange(out_of_memory_, false)) tell(-ENOMEM);
    if (wanted_ && !submitted_) go_on();
    results.clear();
    if (results_.empty()) results_.swap(results);  // it keeps its memory
    telling_ = false;
    delete_if_unused();
}

void Acceptor::Operation::tell(std::int32_t result) noexcept {
    if (!taker_) return;
    if (result < 0) pause();
    try {
        taker_->accepted(result);
    } catch (...) {
        report_callback_error(loop_, describe());
    }
}

void Acceptor::Operation::go_on() noexcept {
    try {
        start();
    } catch (const OSError& error) {
        tell(-error.code());
    } catch (const std::bad_alloc&) {
        tell(-ENOMEM);
    }
}

void Acceptor::Operation::delete_if_unused() noexcept {
    if (!taker_ && !submitted_ && !queued_ && !telling_) delete this;
}

}  // namespace weft::internal
