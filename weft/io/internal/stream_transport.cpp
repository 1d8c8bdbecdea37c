// SPDX-License-Identifier: Apache-2.0
#include <weft/io/internal/stream_transport.hpp>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <new>
#include <string>
#include <utility>

#include <sys/socket.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/list.hpp>
#include <weft/base/os_error.hpp>
#include <weft/base/ref.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/runtime/backend.hpp>
#include <weft/runtime/debug_mode.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/ready_queue.hpp>

namespace weft::internal {
namespace {

std::exception_ptr error_for(int code, const SocketAddress& peer) noexcept {
    try {
        throw_os_error(code, "connection with " + peer.to_string());
    } catch (...) {
        return std::current_exception();
    }
}

// As asyncio does: Nagle's algorithm would hold the second of two small writes back until the peer
// has acknowledged the first, which it may delay by 40 ms.
void send_small_pieces_at_once(Socket& socket) noexcept {
    if (socket.family() != af_inet && socket.family() != af_inet6) return;
    try {
        socket.set_no_delay();
    } catch (const OSError&) {  // a protocol other than TCP, or the peer has gone
    }
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
            return "<Handle of the connection with " + transport.peer_.to_string() + ">";
        }};

void StreamTransport::Operation::complete(std::int32_t result, bool more) noexcept {
    submitted = more;
    (transport_.*handler_)(result, more);
}

StreamTransport::StreamTransport(EventLoop& loop, Socket socket, SocketAddress peer,
                                 StreamReader reader, ConnectionOwner* owner)
    : ReadyNode(ready_kind),
      loop_(loop),
      socket_(std::move(socket)),
      peer_(peer),
      reader_(std::move(reader)),
      owner_(owner),
      receive_(*this, IoKind::receive_each, &StreamTransport::received),
      send_(*this, IoKind::send, &StreamTransport::sent) {
    receive_.fd = send_.fd = socket_.fileno();
    may_write_.set();
}

StreamTransport::~StreamTransport() { reader_.set_transport(nullptr); }

Ref<StreamTransport> StreamTransport::start(EventLoop& loop, Socket socket, SocketAddress peer,
                                            StreamReader reader, ConnectionOwner* owner) {
    if (socket.getblocking()) socket.setblocking(false);
    send_small_pieces_at_once(socket);
    Ref<StreamTransport> transport(
        new StreamTransport(loop, std::move(socket), peer, std::move(reader), owner));
    transport->reader_.bind(loop);
    transport->submit(transport->receive_);
    transport->reader_.set_transport(transport.get());
    loop.resources().push_back(*transport);
    transport->retain();  // the loop's, until it is lost
    return transport;
}

// ---- receiving

// Called by the backend, which may not be asked for anything here.
void StreamTransport::received(std::int32_t result, bool more) {
    if (result > 0) {
        if (closing_ || received_eof_) return;  // nobody wants it
        try {
            reader_.feed_data(BytesView(reinterpret_cast<const char*>(receive_.buffer),
                                        static_cast<std::size_t>(result)));
        } catch (const std::bad_alloc&) {
            failure_ = ENOMEM;
        } catch (const RuntimeError&) {
            failure_ = EPROTO;  // somebody has called feed_eof(), and the peer goes on
        }
    } else if (result == 0) {
        received_eof_ = true;
        if (!closing_) reader_.feed_eof();  // half-open: what is written is still sent
    } else if (result != -ECANCELED) {
        failure_ = -result;
    }
    if (failure_ != 0) received_eof_ = true;  // what came next would follow a hole
    if (failure_ != 0 || (!more && ending_)) settle_soon();
}

void StreamTransport::pause_reading() noexcept {
    reading_paused_ = true;
    settle_soon();
}

void StreamTransport::resume_reading() noexcept {
    reading_paused_ = false;
    settle_soon();
}

// ---- sending

void StreamTransport::write(BytesView data) {
    if (wrote_eof_) throw RuntimeError("Cannot call write() after write_eof()");
    if (closing_ || data.empty()) return;
    if (unsent() == 0) {
        data.remove_prefix(send_now(data));
        if (data.empty() || closing_) return;
    }
    try {
        queued_.append(data);
    } catch (const std::bad_alloc&) {
        end_with(ENOMEM);  // a stream with a hole in it is none
        throw;
    }
    if (!send_.submitted) flush();
    update_events();
}

void StreamTransport::write_eof() noexcept {
    if (closing_ || wrote_eof_) return;
    wrote_eof_ = true;
    if (unsent() == 0) shut_sending();
}

// Once all is sent.
void StreamTransport::shut_sending() noexcept {
    if (std::exchange(shut_sending_, true)) return;
    try {
        socket_.shutdown(shut_wr);
    } catch (const OSError& error) {
        // The peer has gone already; what it sent before is still to be received.
        if (error.code() != ENOTCONN) end(std::current_exception());
    }
}

// How much the system takes now.
std::size_t StreamTransport::send_now(BytesView data) noexcept {
    ssize_t count = 0;
    do {
        count = ::send(send_.fd, data.data(), data.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (count < 0 && errno == EINTR);
    if (count >= 0) {
        sent_bytes_ += static_cast<std::size_t>(count);
        return static_cast<std::size_t>(count);
    }
    if (errno != EAGAIN) end_with(errno);
    return 0;
}

// Sends what it can, and has the rest sent when there is room.
void StreamTransport::flush() noexcept {
    while (!ending_ && !send_.submitted && unsent() > 0) {
        if (sent_ == sending_.size()) {
            sending_.clear();
            std::swap(sending_, queued_);
            sent_ = 0;
        }
        const BytesView rest = BytesView(sending_).substr(sent_);
        const std::size_t count = send_now(rest);
        sent_ += count;
        if (count < rest.size() && !ending_) {
            send_.buffer = reinterpret_cast<std::byte*>(sending_.data() + sent_);
            send_.length = sending_.size() - sent_;
            submit_or_end(send_);
        }
    }
    if (unsent() > 0 || ending_) return;
    sending_ = Bytes();
    sent_ = 0;
    if (closing_) return end(nullptr);
    if (wrote_eof_) shut_sending();
}

void StreamTransport::sent(std::int32_t result, bool) {
    if (result > 0) {
        sent_ += static_cast<std::size_t>(result);
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

void StreamTransport::close() noexcept {
    if (closing_) return;
    closing_ = true;
    cancel(receive_);
    if (unsent() == 0) end(nullptr);
}

void StreamTransport::end_with(int code) noexcept {
    if (!closing_ && !received_eof_) receive_rest();
    end(error_for(code, peer_));
}

// A peer that refuses what is sent may have said why before it went: that is read first.
void StreamTransport::receive_rest() noexcept {
    constexpr std::size_t rest_bytes_max = 64 * 1024;
    std::array<char, 4096> piece;
    try {
        for (std::size_t total = 0; total < rest_bytes_max;) {
            const ssize_t count = ::recv(receive_.fd, piece.data(), piece.size(), MSG_DONTWAIT);
            if (count <= 0) return;  // the end, or an error, which is told already
            reader_.feed_data(BytesView(piece.data(), static_cast<std::size_t>(count)));
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
    cancel(send_);
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

void StreamTransport::cancel(Operation& operation) noexcept {
    if (!operation.submitted || loop_.is_of_parent()) return;
    if (loop_.system().cancel(operation)) operation.submitted = false;
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
    if (failure_ != 0) end_with(failure_);
    if (!ending_) {
        if (reading_paused_) {
            cancel(receive_);
        } else if (!closing_ && !received_eof_ && !receive_.submitted) {
            submit_or_end(receive_);
        }
        flush();
        update_events();
    }
    if (ending_ && !receive_.submitted && !send_.submitted) lose();
}

void StreamTransport::lose() noexcept {
    lost_ = true;
    ListNode::unlink();
    socket_.close();
    sending_ = Bytes();
    queued_ = Bytes();
    sent_ = 0;
    reader_.set_transport(nullptr);
    if (error_) {
        reader_.set_exception(error_);
    } else {
        reader_.feed_eof();
    }
    closed_.set();
    update_events();
    if (owner_) std::exchange(owner_, nullptr)->connection_is_lost(*this);
    release();  // the loop's
}

void StreamTransport::loop_closes() noexcept {
    owner_ = nullptr;
    receive_.submitted = send_.submitted = false;
    closing_ = ending_ = true;
    lose();
}

}  // namespace weft::internal
