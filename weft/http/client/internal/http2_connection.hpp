// SPDX-License-Identifier: Apache-2.0
// weft/http/client/internal/http2_connection.hpp - a connection of HTTP/2, which many requests share.
//
//   Http2Exchange ─▶ Http2Stream ─┐                 ┌─ task that reads, as long as there is a connection
//   Http2Exchange ─▶ Http2Stream ─┼▶ Http2Connection┤
//   Http2Exchange ─▶ Http2Stream ─┘        │        └─ task that drains, while the system takes no more
//                                    wire::H2Client
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <unordered_map>

#include <weft/base/bytes.hpp>
#include <weft/base/ref.hpp>
#include <weft/base/time.hpp>
#include <weft/http/wire/http2/http2_client.hpp>
#include <weft/http/wire/http2/http2_error.hpp>
#include <weft/http/wire/http2/http2_event.hpp>
#include <weft/http/wire/http2/http2_limits.hpp>
#include <weft/http/wire/message_head.hpp>
#include <weft/io/stream.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/handle.hpp>

namespace weft::http::internal {

/// Who is told that there may be more room for streams than there was, and that it is known how many there
/// are.
class RoomWatcher {
public:
    virtual void room_has_changed() noexcept = 0;

protected:
    ~RoomWatcher() = default;
};

/// What has come of one request's response. Its exchange holds it, and what sends the body of the
/// request; the connection fills it.
struct Http2Stream {
    wire::H2StreamId id = 0;
    std::optional<wire::ResponseHead> head;
    std::optional<std::uint64_t> body_length;
    bool says_continue = false;  // a response 100 has come
    Bytes body;                  // what has come of it and was not read
    bool is_over = false;        // all of it has come
    bool is_heard = false;       // something has come
    bool is_refused = false;     // nothing was done with the request, whatever it is
    bool is_reset = false;       // the server has ended it
    bool needs_http1 = false;    // it is refused, but would not be by HTTP/1.1
    bool is_taken = true;        // all that was given of the request's body has left
    std::exception_ptr error;    // why there is no more
    Event changed;               // set by each change
};

/// Destroyed when nobody refers to it: the pool, exchanges, and its own tasks do.
class Http2Connection {
public:
    /// `ping_timeout` is how long the server may leave a ping unanswered.
    Http2Connection(const StreamPair& stream, EventLoop& loop, const wire::H2Limits& limits,
                    Delay ping_timeout);
    Http2Connection(const Http2Connection&) = delete;
    Http2Connection& operator=(const Http2Connection&) = delete;

    void retain() noexcept { ++owners_; }
    void release() noexcept {
        if (--owners_ == 0) delete this;
    }

    /// Begins to read. A server that sends no settings for `ping_timeout` has gone.
    void start();

    /// Begins a request on `stream`, which lives until it is over or let go of.
    /// Errors: ValueError   as H2Client::send_request(); `stream` has no id then.
    void open(Http2Stream& stream, const wire::H2RequestHead& head, bool ends);
    /// Adds to the body of the request.
    void send_data(Http2Stream& stream, Bytes data, bool ends);
    /// So much of the stream's body was read.
    void acknowledge(const Http2Stream& stream, std::size_t bytes);
    /// Nothing more is put into `stream`. What is left of it is not wanted.
    void let_go(Http2Stream& stream) noexcept;
    /// The same, and tells whoever waits for it why.
    void end_stream(Http2Stream& stream, std::exception_ptr why) noexcept;

    /// Whether the peer still answers is asked, and until something comes of it no request is begun
    /// here. A peer that says nothing for `ping_timeout` has gone.
    void probe() noexcept;

    /// Whether there is a connection that both sides want to go on with.
    [[nodiscard]] bool is_open() const noexcept {
        return !error_ && !writer_.is_closing() && !client_.is_ending();
    }
    /// Whether a request may be begun, but for how many there are.
    [[nodiscard]] bool is_usable() const noexcept {
        return is_open() && !awaits_answer_ && streams_max() != 0;
    }
    /// How many there may be at a time; nullopt while the server has not told.
    [[nodiscard]] std::optional<std::size_t> streams_max() const noexcept {
        return has_settings_ ? std::optional(client_.streams_max()) : std::nullopt;
    }
    /// Says goodbye, and does not wait for an answer.
    void say_goodbye() noexcept;

    RoomWatcher* watcher = nullptr;  ///< null: nobody

private:
    ~Http2Connection();

    class Reading;
    static Coro<void> read(Reading reading);
    static Coro<void> drain(Ref<Http2Connection> self);
    void take(BytesView data);
    void take_events();
    void take_event(wire::H2Event& event);
    enum class Farewell : bool { none, said };
    void fail(std::exception_ptr error, Farewell farewell) noexcept;
    [[nodiscard]] std::exception_ptr is_gone() const;
    void expect_answer();
    void flush();
    void flush_soon();

    EventLoop& loop_;
    Delay ping_timeout_;
    StreamReader reader_;
    StreamWriter writer_;
    wire::H2Client client_;
    std::uint32_t owners_ = 0;
    std::unordered_map<wire::H2StreamId, Http2Stream*> streams_;
    Bytes out_;  // its memory is kept
    std::exception_ptr error_;
    wire::H2Code goes_for_ = wire::H2Code::no_error;  // why the server goes away
    wire::H2StreamId begun_ = 0;                      // the last one that was opened
    wire::H2StreamId sent_ = 0;                       // up to this one, the server may know of it
    bool room_has_changed_ = false;
    bool flush_is_due_ = false;
    bool is_draining_ = false;
    bool has_settings_ = false;
    bool awaits_answer_ = false;
    TimerHandle answer_timer_;
};

}  // namespace weft::http::internal
