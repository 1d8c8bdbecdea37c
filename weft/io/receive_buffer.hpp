// SPDX-License-Identifier: Apache-2.0
// weft/io/receive_buffer.hpp - what a stream has received and nobody has read yet.
//
//   transport ──feed()──▶ buffer ──take()──▶ reader
//       ▲ pause_reading() above 2 · limit, resume_reading() at the limit
//
// The bytes belong to the stream, not to a read: a read that is cancelled loses none.
#pragma once

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>

#include <weft/base/bytes.hpp>
#include <weft/base/list.hpp>
#include <weft/runtime/loop_bound.hpp>
#include <weft/runtime/op.hpp>
#include <weft/runtime/promise.hpp>
#include <weft/runtime/waiter.hpp>

namespace weft {

class EventLoop;

/// Where a StreamReader's bytes come from, as far as the reader asks anything of it.
class ReadTransport {
public:
    explicit ReadTransport(int fd = -1) noexcept : fd_(fd) {}
    /// Of the file below, for tools; -1 for none.
    [[nodiscard]] int fileno() const noexcept { return fd_; }
    /// The reader has enough for now. What is under way may still be fed.
    virtual void pause_reading() noexcept = 0;
    virtual void resume_reading() noexcept = 0;
    /// Somebody is about to wait: feeds what is there already, where more is likely to be.
    void receive_at_once() noexcept {
        if (pieces_at_once_ > 0) receive_piece_at_once();
    }
    /// Nobody can read any more.
    virtual void reader_is_gone() noexcept = 0;

protected:
    ~ReadTransport() = default;
    virtual void receive_piece_at_once() noexcept {}

    int fd_;
    std::uint8_t pieces_at_once_ = 0;  // so many may be received so
};

namespace internal {

class ReceiveBuffer;

// Waits for more to come: bytes, the end, or an error.
class ReceiveWait final : public Waiter {
public:
    // For what the reader waits.
    static const OpKind read;
    static const OpKind readexactly;
    static const OpKind readline;
    static const OpKind readuntil;

    ReceiveWait(ReceiveBuffer& buffer, const OpKind& reader) noexcept
        : buffer_(buffer), reader_(reader) {}

    [[nodiscard]] bool await_ready() const noexcept;
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> frame) {
        start(frame.promise());
    }
    void await_resume() {
        unlink();
        raise_if_cancelled();
    }

private:
    static constexpr OpKind kind_of(const char* name) noexcept;
    void start(PromiseBase& frame);

    ReceiveBuffer& buffer_;
    const OpKind& reader_;
    int descriptor_;  // for tools; set when it begins to wait
};

/// Shared by the transport that fills it and the readers that empty it.
class ReceiveBuffer {
public:
    explicit ReceiveBuffer(std::size_t limit) noexcept : limit_(limit) {}
    ReceiveBuffer(const ReceiveBuffer&) = delete;
    ReceiveBuffer& operator=(const ReceiveBuffer&) = delete;

    void retain() noexcept { ++owners_; }
    void release() noexcept {
        if (--owners_ == 0) {
            delete this;
        } else if (owners_ == 1 && transport_) {
            transport_->reader_is_gone();
        }
    }

    // The side of the transport, which may be none, and is an owner. It outlives this, or takes
    // itself away.
    void set_transport(ReadTransport* transport) noexcept { transport_ = transport; }
    /// Only tasks of `loop` may wait.
    void bind(EventLoop& loop) { loop_.bind(loop, "StreamReader"); }
    void feed(BytesView data);
    /// The same, which copies nothing where all that came before was read.
    void feed_whole(Bytes data);
    /// The same of what `append(bytes)` adds to the end of `bytes`, be it before an error.
    template <std::invocable<Bytes&> F>
    void feed_by(F append) {
        prepare_to_feed();
        const struct Fed {
            ReceiveBuffer& self;
            std::size_t before;
            ~Fed() { self.was_fed_since(before); }
        } fed(*this, bytes_.size());
        append(bytes_);
    }
    void feed_eof();
    void fail(std::exception_ptr error);

    // The side of the readers.
    [[nodiscard]] BytesView view() const noexcept { return BytesView(bytes_).substr(begin_); }
    [[nodiscard]] std::size_t size() const noexcept { return bytes_.size() - begin_; }
    [[nodiscard]] std::size_t limit() const noexcept { return limit_; }
    [[nodiscard]] bool eof() const noexcept { return eof_; }
    [[nodiscard]] const std::exception_ptr& error() const noexcept { return error_; }
    /// Removes the first `count` bytes, of which there are so many.
    Bytes take(std::size_t count);
    void drop(std::size_t count) noexcept;
    /// How many bytes were removed so far.
    [[nodiscard]] std::uint64_t position() const noexcept { return position_; }

    struct More {
        ReceiveBuffer& buffer;
        const OpKind& reader;
        [[nodiscard]] ReceiveWait make_awaiter() const noexcept { return {buffer, reader}; }
    };
    /// Waits until something was fed: not what is there already.
    /// Errors: RuntimeError when another task waits.
    [[nodiscard]] More more(const OpKind& reader) noexcept { return {*this, reader}; }

private:
    friend class ReceiveWait;
    ~ReceiveBuffer() = default;
    void prepare_to_feed();
    void was_fed_since(std::size_t end) noexcept;
    void was_fed() noexcept;
    void wake() noexcept;
    void resume_below(std::size_t limit) noexcept;

    // What each read and each feed() looks at comes first, and together.
    std::uint32_t owners_ = 0;
    bool eof_ = false;
    bool paused_ = false;
    ReadTransport* transport_ = nullptr;
    Bytes bytes_;
    std::size_t begin_ = 0;  // what is before was read
    List<Waiter> waiter_;    // at most one
    LoopBound loop_;
    std::size_t limit_;
    std::uint64_t position_ = 0;
    std::exception_ptr error_;
};

}  // namespace internal
}  // namespace weft
