// SPDX-License-Identifier: Apache-2.0
// weft/http/client/internal/connection.hpp - a connection: of HTTP/1.1, for one request at a time, or of
// HTTP/2, which many share.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <weft/base/bytes.hpp>
#include <weft/base/list.hpp>
#include <weft/base/ref.hpp>
#include <weft/base/time.hpp>
#include <weft/http/client/internal/http2_connection.hpp>
#include <weft/http/method.hpp>
#include <weft/http/wire/http1_parser.hpp>
#include <weft/http/wire/http2/http2_limits.hpp>
#include <weft/http/wire/limits.hpp>
#include <weft/io/stream.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/runtime/event_loop.hpp>

namespace weft::http::internal {

class Host;
class Lending;

/// Belongs to the pool while it is idle, and to the Slot of a request while it is in use.
/// Aborted when it is destroyed.
class Connection final : public ListNode {
public:
    Connection(StreamPair stream, TimePoint made, const wire::Limits& limits);
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection();

    /// Goes on as HTTP/2.
    void speak_http2(EventLoop& loop, const wire::H2Limits& limits, Delay ping_timeout);
    /// Null of HTTP/1.1.
    [[nodiscard]] Http2Connection* http2() const noexcept { return http2_.get(); }

    /// Whether another request may be sent: the server has neither gone nor said anything that it
    /// was not asked, and has taken all of what it was sent.
    [[nodiscard]] bool is_reusable() const noexcept;
    /// Tells a protected peer that it is the end, without waiting for its answer.
    void close() const noexcept;
    void abort() const noexcept;

    [[nodiscard]] const StreamReader& reader() const noexcept { return reader_; }
    [[nodiscard]] const StreamWriter& writer() const noexcept { return writer_; }

    wire::ResponseParser parser;
    Bytes head;  // of the request at hand: its memory is kept
    const TimePoint made_at;
    bool has_served = false;  // a request before this one
    /// Of a proxy that forwards: requests are for it to read, and have its login.
    struct Forwarding {
        std::string authorization;  ///< empty for none
    };
    std::optional<Forwarding> forwarding{};

    /// The pool's, of HTTP/2: who uses it.
    std::unique_ptr<Lending> lending;

    // The pool's, while it is idle.
    Host* host = nullptr;
    TimePoint idle_until = TimePoint::max();

private:
    StreamReader reader_;
    StreamWriter writer_;
    Ref<Http2Connection> http2_;
};

}  // namespace weft::http::internal
