// SPDX-License-Identifier: Apache-2.0
#include <weft/io/internal/stream_transport.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/list.hpp>
#include <weft/base/log.hpp>
#include <weft/base/os_error.hpp>
#include <weft/base/ref.hpp>
#include <weft/io/internal/channel.hpp>
#include <weft/io/internal/send_queue.hpp>
#include <weft/io/internal/zero_copy_send.hpp>
#include <weft/io/receive_buffer.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/runtime/backend.hpp>
#include <weft/runtime/debug_mode.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/ready_queue.hpp>

namespace weft::internal {
namespace {

// 1 MiB with the buffers that epoll lends.
constexpr std::uint8_t pieces_at_once_max = 15;

std::exception_ptr error_for(int code, const StreamTransport& transport) noexcept {
    try {
        throw_os_error(code, transport.describe());
    } catch (...) {
        return std::current_exception();
    }
}

// As asyncio does: Nagle's algorithm would hold the second of two small writes back until the peer
// has acknowledged the first, which it may delay by 40 ms.
void send_small_pieces_at_once(const Channel& channel, const SocketAddress& peer) noexcept {
    if (peer.family() != af_inet && peer.family() != af_inet6) return;
    const int on = 1;
    // Refused for a protocol other than TCP, and where the peer has gone.
    static_cast<void>(::setsockopt(channel.fileno(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));
}

}  // namespace

constinit const ReadyKind StreamTransport::ready_kind = {
    .run =
        [](ReadyNode& node) {
            auto& transport = static_cast<StreamTransport&>(node);
            transport.settle();
            transport.release();  // the queue's
        },
    .drop =
        [](ReadyNode& node) noexcept {
            auto& transport = static_cast<StreamTransport&>(node);
            transport.settles_soon_ = false;
            transport.release();
        },
    .describe =
        [](const ReadyNode& node) {
            const auto& transport = static_cast<const StreamTransport&>(node);
            return "<Handle of the " + transport.describe() + ">";
        }};

void StreamTransport::Operation::complete(std::int32_t result, bool more) noexcept {
    submitted = more;
    if (this != &transport_.receive_) {
        transport_.sent(result);
    } else if (transport_.flow_ == Flow::sending) {
        transport_.peer_is_gone(result);
    } else {
        transport_.received(result, more);
    }
}

StreamTransport::StreamTransport(EventLoop& loop, Channel channel, const SocketAddress& peer,
                                 StreamReader reader, Flow flow, ConnectionOwner* owner)
    : ReadTransport(channel.fileno()),
      ReadyNode(ready_kind),
      receive_(*this, flow == Flow::sending ? IoKind::readable_once : channel.receive_kind()),
      reader_(std::move(reader)),
      channel_(std::move(channel)),
      flow_(flow),
      was_accepted_(owner != nullptr),
      loop_(loop),
      owner_(owner),
      peer_(peer) {
    may_write_.set();
    if (flow == Flow::receiving) wrote_eof_ = shut_sending_ = true;
    // The write end of a pipe is readable when nobody is left to read.
    if (flow == Flow::sending && !channel_.is_pipe()) received_eof_ = true;
}

std::string StreamTransport::describe() const {
    if (channel_.is_socket()) return "connection with " + peer().to_string();
    return "pipe with descriptor " + std::to_string(receive_.fd);
}

StreamTransport::~StreamTransport() { reader_.set_transport(nullptr); }

Ref<StreamTransport> StreamTransport::start(EventLoop& loop, Channel channel,
                                            const SocketAddress& peer, StreamReader reader,
                                            Flow flow, ConnectionOwner* owner) {
    send_small_pieces_at_once(channel, peer);
    Ref<StreamTransport> transport(
        new StreamTransport(loop, std::move(channel), peer, std::move(reader), flow, owner));
    transport->reader_.bind(loop);
    if (!transport->received_eof_) transport->submit(transport->receive_);
    transport->reader_.set_transport(transport.get());
    loop.resources().push_back(*transport);
    transport->retain();  // the loop's, until it is lost
    return transport;
}

// ---- receiving

// Called by the backend, which may not be asked for anything here.
void StreamTransport::received(std::int32_t result, bool more) {
    // What fills the buffer was not all.
    const bool is_full = receive_.lent && std::cmp_equal(result, receive_.lent->size());
    pieces_at_once_ = is_full ? pieces_at_once_max : 0;
    if (result > 0 && !received_eof_) {
        const BytesView data(reinterpret_cast<const char*>(receive_.buffer),
                             static_cast<std::size_t>(result));
        try {
            if (protection_) {
                take_protected(data);
            } else if (is_read()) {
                feed(data);
            }
        } catch (const std::bad_alloc&) {
            failure_ = ENOMEM;
        } catch (const RuntimeError&) {
            failure_ = EPROTO;  // somebody has called feed_eof(), and the peer goes on
        }
    } else if (result == 0 && !received_eof_) {
        received_eof_ = true;
        if (protection_) {
            protection_->socket_has_ended = true;
        } else if (!closing_) {
            reader_.feed_eof();  // half-open: what is written is still sent
        }
    } else if (result < 0 && result != -ECANCELED && !received_eof_) {
        failure_ = -result;
    }
    if (failure_ != 0) received_eof_ = true;  // what came next would follow a hole
    // Over: that is the end, or a pause, after which the reader may have had enough already.
    if (failure_ != 0 || !more) settle_soon();
}

// What fills most of a lent buffer, and can be handed on as it is, is not copied.
void StreamTransport::feed(BytesView data) {
    if (receive_.lent && data.size() > receive_.lent->size() / 2 && reader_.buffered().empty()) {
        Bytes whole = std::exchange(*receive_.lent, {});
        whole.resize(data.size());
        reader_.feed_whole(std::move(whole));
    } else {
        reader_.feed_data(data);
    }
}

// A turn of the loop for each piece would be a fifth of the time. After some, the loop has its turn
// all the same, as others have then.
void StreamTransport::receive_piece_at_once() noexcept {
    const std::uint8_t pieces = pieces_at_once_;
    const bool may_receive = receive_.submitted && !closing_ && !protection_;
    if (!may_receive || running_loop != &loop_) return;
    pieces_at_once_ = 0;
    loop_.system().attempt(receive_);
    pieces_at_once_ = std::min(pieces_at_once_, static_cast<std::uint8_t>(pieces - 1));
}

bool StreamTransport::wants_more() const noexcept {
    if (received_eof_) return false;
    return closing_ ? awaits_end_of_text() : !reading_paused_;
}

void StreamTransport::peer_is_gone(std::int32_t result) {
    received_eof_ = true;
    peer_is_gone_ = result >= 0;
    settle_soon();
}

void StreamTransport::pause_reading() noexcept {
    reading_paused_ = true;
    settle_soon();
}

void StreamTransport::resume_reading() noexcept {
    reading_paused_ = false;
    settle_soon();
}

// What nobody reads is of no use, where it is all that there is.
void StreamTransport::reader_is_gone() noexcept {
    if (flow_ == Flow::receiving) close();
}

// ---- sending

void StreamTransport::write(BytesView data) {
    if (wrote_eof_) throw RuntimeError("Cannot call write() after write_eof()");
    if (closing_ || data.empty()) return;
    protection_ ? encrypt(data) : send(data);
}

void StreamTransport::send(BytesView data) {
    if (!unsent_) {
        data.remove_prefix(send_now(data));
        if (data.empty() || ending_) return;
    }
    try {
        if (!unsent_) unsent_ = std::make_unique<Unsent>(*this);
        unsent_->queue.append(data);
    } catch (const std::bad_alloc&) {
        end_with(ENOMEM);  // a stream with a hole in it is none
        throw;
    }
    flush();
    update_events();
}

void StreamTransport::write_eof() {
    if (protection_) {
        throw NotImplementedError("a protected stream has no end of its own in one direction");
    }
    if (closing_ || wrote_eof_) return;
    wrote_eof_ = true;
    if (unsent() == 0) shut_sending();
}

// Once all is sent.
void StreamTransport::shut_sending() noexcept {
    if (std::exchange(shut_sending_, true)) return;
    if (flow_ == Flow::sending) return close();  // there is nothing else to keep open
    const int result = channel_.shut_sending();
    // ENOTCONN: the peer has gone already; what it sent before is still to be received.
    if (result < 0 && result != -ENOTCONN) end(error_for(-result, *this));
}

// How much the system takes now.
std::size_t StreamTransport::send_now(BytesView data) noexcept {
    const std::ptrdiff_t count = channel_.send(data);
    if (count >= 0) {
        sent_bytes_ += static_cast<std::size_t>(count);
        return static_cast<std::size_t>(count);
    }
    if (count != -EAGAIN) end_with(static_cast<int>(-count));
    return 0;
}

// Sends what it can, and has the rest sent when there is room.
void StreamTransport::flush() noexcept {
    while (buffered() > 0 && !ending_ && !unsent_->operation.submitted) {
        if (begin_zero_copy()) return;
        SendQueue& queue = unsent_->queue;
        const BytesView next = queue.next();
        const std::size_t count = send_now(next);
        queue.pop(count);
        if (count < next.size() && !ending_) {
            queue.give_next_to(unsent_->operation);
            submit_or_end(unsent_->operation);
        }
    }
    if (buffered() > 0 || ending_) return;
    unsent_.reset();
    if (closing_) {
        if (!awaits_end_of_text()) end(nullptr);
        return;
    }
    if (wrote_eof_) shut_sending();
}

// Sends what is next without a copy, where it is much, and the peer is one to which that can be done.
bool StreamTransport::begin_zero_copy() noexcept {
    auto& [operation, queue, send] = *unsent_;
    if (queue.next().size() < zero_copy_terms.bytes_min || !channel_.may_be_remote() ||
        !loop_.system().does_zero_copy()) {
        return false;
    }
    try {
        if (!zero_copy_) zero_copy_ = Ref(new ZeroCopyUse(peer()));
        if (!zero_copy_->admits_one_more()) return false;
        auto fresh = std::make_unique<ZeroCopySend>(queue, zero_copy_, operation);
        loop_.check_not_forked();
        loop_.system().submit(*fresh);
        send = std::move(fresh);
    } catch (const std::exception&) {  // whatever it is, a copy meets it, too
        return false;
    }
    operation.submitted = true;
    return true;
}

void StreamTransport::sent(std::int32_t result) {
    // It is its own from now on: the kernel may read its bytes.
    static_cast<void>(unsent_->zero_copy.release());
    if (result > 0) {
        unsent_->queue.pop(static_cast<std::size_t>(result));
        sent_bytes_ += static_cast<std::size_t>(result);
    }
    if (result < 0 && result != -ECANCELED) failure_ = -result;
    settle_soon();
}

void StreamTransport::set_write_buffer_limits(std::size_t high, std::size_t low) noexcept {
    high_water_ = high;
    low_water_ = low;
    update_events();
}

void StreamTransport::update_events() noexcept {
    if (unsent() <= low_water_ || lost_) {
        may_write_.set();
    } else if (unsent() > high_water_) {
        may_write_.clear();
    }
    sent_more_.set();
    sent_more_.clear();
}

// ---- the end

void StreamTransport::writer_is_gone() noexcept {
    if (is_closing()) return;
    if (loop_.get_debug() && !was_accepted()) {
        log(LogLevel::warning, "unclosed StreamWriter of the " + describe());
    }
    close();
}

void StreamTransport::close() noexcept {
    if (closing_) return;
    closing_ = true;
    // In the child of a fork the connection is the parent's, who still has something to say.
    if (protection_ && !loop_.is_of_parent()) {
        end_text();
        if (awaits_end_of_text()) return settle_soon();  // it may have paused reading
    }
    cancel(receive_);
    if (unsent() == 0) end(nullptr);
}

void StreamTransport::end_with(int code) noexcept { end(error_for(code, *this)); }

// A peer that refuses what is sent may have said why before it went: that is read first. By now
// the backend has delivered what it has received itself.
void StreamTransport::receive_rest() noexcept {
    constexpr std::size_t rest_bytes_max = 64 * 1024;
    std::array<char, 4096> piece;
    try {
        for (std::size_t total = 0; total < rest_bytes_max && !received_eof_;) {
            const std::ptrdiff_t count = channel_.receive(piece);
            if (count <= 0) return;  // the end, or an error, which is told already
            const BytesView data(piece.data(), static_cast<std::size_t>(count));
            protection_ ? decrypt(data) : reader_.feed_data(data);
            total += static_cast<std::size_t>(count);
        }
    } catch (const std::exception&) {  // no memory, or somebody has called feed_eof()
    }
}

void StreamTransport::end(std::exception_ptr error) noexcept {
    if (ending_) return;
    closing_ = ending_ = true;
    error_ = std::move(error);
    cancel(receive_);
    cancel_sending();
    settle_soon();
}

void StreamTransport::check_thread() const {
    if (debug_mode_seen.load(std::memory_order_relaxed)) internal::check_thread(loop_);
}

void StreamTransport::submit(Operation& operation) {
    loop_.check_not_forked();
    loop_.system().submit(operation);
    operation.submitted = true;
}

void StreamTransport::submit_or_end(Operation& operation) noexcept {
    try {
        submit(operation);
    } catch (...) {
        end(std::current_exception());
    }
}

void StreamTransport::cancel(Operation& operation, IoOperation& at_backend) noexcept {
    if (!operation.submitted || loop_.is_of_parent()) return;
    if (loop_.system().cancel(at_backend)) operation.submitted = false;
}

void StreamTransport::cancel_sending() noexcept {
    if (!unsent_) return;
    auto& [operation, queue, send] = *unsent_;
    send ? cancel(operation, *send) : cancel(operation);
}

void StreamTransport::settle_soon() noexcept {
    if (lost_ || std::exchange(settles_soon_, true)) return;
    retain();  // the queue's
    loop_.ready().push(*this);
}

// Does what a completion or a reader asked for, where the backend may be asked.
void StreamTransport::settle() noexcept {
    settles_soon_ = false;
    if (lost_) return;
    if (protection_) settle_protection();
    if (failure_ != 0) end_with(failure_);
    if (flow_ == Flow::receiving && received_eof_) end(nullptr);
    // As in asyncio, it is an error only for one who has something to say.
    if (peer_is_gone_ && !ending_) unsent() > 0 ? end_with(EPIPE) : end(nullptr);
    if (!ending_) {
        if (!wants_more()) {
            cancel(receive_);
        } else if (!receive_.submitted) {
            submit_or_end(receive_);
        }
        flush();
        update_events();
    }
    if (!ending_ || receive_.submitted || (unsent_ && unsent_->operation.submitted)) return;
    if (error_ && !received_eof_ && flow_ == Flow::both) receive_rest();
    if (error_ && protection_ && protection_->error) error_ = protection_->error;
    lose();
}

void StreamTransport::lose() noexcept {
    lost_ = true;
    ListNode::unlink();
    channel_.close();
    unsent_.reset();
    reader_.set_transport(nullptr);
    if (error_) {
        reader_.set_exception(error_);
    } else {
        reader_.feed_eof();
    }
    if (protection_) {
        protection_->shutdown.cancel();
        protection_->established.set();
    }
    closed_.set();
    update_events();
    if (owner_) std::exchange(owner_, nullptr)->connection_is_lost(*this);
    release();  // the loop's
}

void StreamTransport::loop_closes() noexcept {
    owner_ = nullptr;
    receive_.submitted = false;
    closing_ = ending_ = true;
    lose();
}

}  // namespace weft::internal
