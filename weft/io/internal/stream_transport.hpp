// SPDX-License-Identifier: Apache-2.0
// weft/io/internal/stream_transport.hpp - a connected socket, or one end of a pipe, between
// StreamReaders and StreamWriters.
//
//   open ──close()──▶ closing: what was written is sent ──▶ ending ──▶ lost
//     └──abort(), an error────────────────────────────────────┘
//
// ending: nothing is sent or received any more, but the backend may still have an operation.
// lost:   the descriptor is closed, the reader was told, and all who wait are woken.
//
// A protected one (protect()) is closing until its peer, too, has said that it sends no more.
//
// The buffers are the transport's: a task that waits here waits for a change of its state, so a
// cancelled one leaves nothing behind in the kernel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <utility>

#include <weft/base/bytes.hpp>
#include <weft/base/list.hpp>
#include <weft/base/ref.hpp>
#include <weft/base/time.hpp>
#include <weft/io/internal/channel.hpp>
#include <weft/io/internal/kept_address.hpp>
#include <weft/io/internal/protection.hpp>
#include <weft/io/internal/send_queue.hpp>
#include <weft/io/internal/zero_copy_send.hpp>
#include <weft/io/receive_buffer.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/transport_security.hpp>
#include <weft/runtime/backend.hpp>
#include <weft/runtime/event.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/loop_resource.hpp>
#include <weft/runtime/ready_queue.hpp>

namespace weft::internal {

class StreamTransport;

/// Who wants to know when a connection is over: the Server that accepted it.
class ConnectionOwner {
public:
    virtual void connection_is_lost(StreamTransport& transport) noexcept = 0;

protected:
    ~ConnectionOwner() = default;
};

/// What the handles of a StreamWriter share: with the last of them, the connection is closed.
class WriterEnd {
public:
    inline void retain() noexcept;
    inline void release() noexcept;
    [[nodiscard]] inline StreamTransport& transport() noexcept;

protected:
    WriterEnd() = default;
    ~WriterEnd() = default;

private:
    std::uint32_t handles_ = 0;
};

/// What a transport is for. A socket is for both.
enum class Flow : std::uint8_t { both, receiving, sending };

class StreamTransport final : public WriterEnd,
                              public ReadTransport,
                              private LoopResource,
                              private ReadyNode {
public:
    /// Begins to receive. `peer` is a socket's.
    /// Errors: OSError when the loop cannot watch the descriptor.
    [[nodiscard]] static Ref<StreamTransport> start(EventLoop& loop, Channel channel,
                                                    const SocketAddress& peer, StreamReader reader,
                                                    Flow flow = Flow::both,
                                                    ConnectionOwner* owner = nullptr);

    void retain() noexcept { ++owners_; }
    void release() noexcept {
        if (--owners_ == 0) delete this;
    }

    // ---- sending

    /// Errors: RuntimeError after write_eof(), and during the handshake of a protected one.
    void write(BytesView data);
    /// Errors: NotImplementedError for a protected one.
    void write_eof();
    /// Sends what was written, then ends.
    void close() noexcept;
    /// Ends without sending.
    void abort() noexcept { end(nullptr); }

    /// Errors: RuntimeError in debug mode, when the loop runs in another thread.
    void check_thread() const;
    [[nodiscard]] bool is_closing() const noexcept { return closing_; }
    [[nodiscard]] bool is_lost() const noexcept { return lost_; }
    /// Why it was lost; null when it was closed, or is open.
    [[nodiscard]] const std::exception_ptr& error() const noexcept { return error_; }
    /// How many bytes the system has taken since the beginning.
    [[nodiscard]] std::uint64_t sent_bytes() const noexcept { return sent_bytes_; }
    /// How many bytes were written and not sent.
    [[nodiscard]] std::size_t unsent() const noexcept {
        return buffered() + (protection_ ? protection_->layer->held_bytes() : 0);
    }

    void set_write_buffer_limits(std::size_t high, std::size_t low) noexcept;
    /// The low and the high one.
    [[nodiscard]] std::pair<std::size_t, std::size_t> write_buffer_limits() const noexcept {
        return {low_water_, high_water_};
    }
    /// Set while there is room to write, and when the transport is lost.
    [[nodiscard]] Event& may_write() noexcept { return may_write_; }
    /// Set for a moment each time that the system has taken more, and when the transport is lost.
    [[nodiscard]] Event& sent_more() noexcept { return sent_more_; }
    /// Set when it is lost.
    [[nodiscard]] Event& closed() noexcept { return closed_; }

    // ---- protection

    /// Begins the handshake; what is written and read from now on is the layer's text. What was
    /// received and not read is the handshake's.
    /// Errors: RuntimeError   it is protected, closing, or at its end; the layer's, which end it
    void protect(std::unique_ptr<SecurityLayer> layer, Nanoseconds shutdown_timeout);
    [[nodiscard]] bool is_protected() const noexcept { return protection_ != nullptr; }
    /// Of a protected one: set when the handshake is over, and when the transport is lost.
    [[nodiscard]] Event& established() noexcept { return protection_->established; }
    /// What was agreed on; null before, and for plain text.
    [[nodiscard]] const SSLObject* ssl_object() const noexcept;

    // ---- receiving

    [[nodiscard]] const StreamReader& reader() const noexcept { return reader_; }
    void pause_reading() noexcept override;
    void resume_reading() noexcept override;
    void reader_is_gone() noexcept override;

    [[nodiscard]] const Channel& channel() const noexcept { return channel_; }
    [[nodiscard]] SocketAddress peer() const { return peer_.get(); }
    /// Such as "connection with ('127.0.0.1', 80)".
    [[nodiscard]] std::string describe() const;
    [[nodiscard]] EventLoop& loop() const noexcept { return loop_; }
    /// By a server, whose handlers need not close.
    [[nodiscard]] bool was_accepted() const noexcept { return was_accepted_; }
    /// With the last handle of its writer.
    void writer_is_gone() noexcept;

private:
    // One direction of the socket.
    class Operation final : public IoOperation {
    public:
        Operation(StreamTransport& transport, IoKind the_kind) noexcept
            : IoOperation(the_kind, transport.fileno()), transport_(transport) {}
        void complete(std::int32_t result, bool more) noexcept override;
        bool submitted = false;

    private:
        StreamTransport& transport_;
    };

    // What the system would not take at once. Few of many streams have any at a time.
    struct Unsent {
        explicit Unsent(StreamTransport& transport) noexcept
            : operation(transport, transport.channel_.send_kind()) {}
        Operation operation;
        SendQueue queue;
        // At the backend in the operation's place, which it completes.
        std::unique_ptr<ZeroCopySend> zero_copy;
    };

    StreamTransport(EventLoop& loop, Channel channel, const SocketAddress& peer,
                    StreamReader reader, Flow flow, ConnectionOwner* owner);
    ~StreamTransport();

    void received(std::int32_t result, bool more);
    void receive_piece_at_once() noexcept override;
    void feed(BytesView data);
    void peer_is_gone(std::int32_t result);
    void sent(std::int32_t result);
    // Whether what comes is for the reader: not what comes after close(), but all that came before
    // an error.
    [[nodiscard]] bool is_read() const noexcept { return !closing_ || error_; }
    [[nodiscard]] bool wants_more() const noexcept;

    // Errors: bad_alloc, with which it ends
    void send(BytesView data);
    [[nodiscard]] std::size_t send_now(BytesView data) noexcept;
    [[nodiscard]] bool begin_zero_copy() noexcept;
    void flush() noexcept;
    void shut_sending() noexcept;
    void update_events() noexcept;

    // Of a protected one: protected_stream.cpp.
    void take_protected(BytesView data);
    void decrypt(BytesView data);
    void encrypt(BytesView text);
    void settle_protection() noexcept;
    void answer() noexcept;
    void end_text() noexcept;
    void limit_shutdown();
    // Whether the peer is still to say that its text ends.
    [[nodiscard]] bool awaits_end_of_text() const noexcept;

    // What can be sent.
    [[nodiscard]] std::size_t buffered() const noexcept {
        return unsent_ ? unsent_->queue.size() : 0;
    }

    void submit(Operation& operation);
    void submit_or_end(Operation& operation) noexcept;
    void cancel(Operation& operation) noexcept { cancel(operation, operation); }
    void cancel(Operation& operation, IoOperation& at_backend) noexcept;
    void cancel_sending() noexcept;
    static const ReadyKind ready_kind;
    void settle_soon() noexcept;
    void settle() noexcept;

    void end(std::exception_ptr error) noexcept;
    void end_with(int code) noexcept;
    void receive_rest() noexcept;
    void lose() noexcept;
    void loop_closes() noexcept override;

    // What each request and its answer use comes first, and together: of many connections that take
    // turns, each finds its memory out of the cache.
    Operation receive_;
    StreamReader reader_;
    Channel channel_;
    int failure_ = 0;  // the errno of an operation, until settle() sees it
    std::uint32_t owners_ = 0;
    Flow flow_;
    bool reading_paused_ = false;
    bool received_eof_ = false;  // nothing comes any more, or nobody asks
    bool wrote_eof_ = false;
    bool shut_sending_ = false;
    bool closing_ = false;
    bool ending_ = false;
    bool lost_ = false;
    bool settles_soon_ = false;  // in the ready queue
    bool peer_is_gone_ = false;  // at the other end of a pipe
    bool was_accepted_;
    EventLoop& loop_;
    std::unique_ptr<Protection> protection_;  // null for plain text
    std::uint64_t sent_bytes_ = 0;
    Event may_write_;
    std::unique_ptr<Unsent> unsent_;  // null: there is none
    std::size_t high_water_ = 64 * 1024;
    std::size_t low_water_ = 16 * 1024;
    Event sent_more_;
    Event closed_;
    std::exception_ptr error_;
    Ref<ZeroCopyUse> zero_copy_;  // null: nothing called for it yet
    ConnectionOwner* owner_;
    KeptAddress peer_;
};

inline StreamTransport& WriterEnd::transport() noexcept {
    return static_cast<StreamTransport&>(*this);
}
inline void WriterEnd::retain() noexcept {
    if (handles_++ == 0) transport().retain();
}
inline void WriterEnd::release() noexcept {
    if (--handles_ > 0) return;
    transport().writer_is_gone();
    transport().release();
}

}  // namespace weft::internal
