// SPDX-License-Identifier: Apache-2.0
// weft/http/client/response.hpp - ClientResponse: what a server has answered.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <weft/base/bytes.hpp>
#include <weft/http/client/timings.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/http_version.hpp>
#include <weft/http/media_type.hpp>
#include <weft/http/method.hpp>
#include <weft/http/server_sent_event.hpp>
#include <weft/http/url.hpp>
#include <weft/http/wire/message_head.hpp>
#include <weft/json/read.hpp>
#include <weft/runtime/async_generator.hpp>
#include <weft/runtime/coro.hpp>

namespace weft::http {

namespace internal {
class BodyDecoder;
class ResponseBody;
class Trace;
}  // namespace internal

/// A response that sent the request elsewhere.
struct Hop {
    Method method;  ///< of the request that it answered
    URL url;
    int status;
    Headers headers;
};

/// The head of a response; its body is still to be read.
///
///     auto response = co_await session.get(url);
///     if (response.ok()) use(co_await response.read());
///
/// Its connection goes back to the pool when the body is over. Destroyed before, it closes the
/// connection, at once.
///
/// Lifetime: may outlive its session, which ends what is left of the body when it is closed.
/// Spec:     aiohttp.ClientResponse.
class ClientResponse {
public:
    ClientResponse(ClientResponse&&) noexcept;
    ClientResponse& operator=(ClientResponse&&) noexcept;
    ~ClientResponse();

    [[nodiscard]] int status() const noexcept { return head_.status; }
    /// The reason phrase, as sent; it may be empty.
    [[nodiscard]] const std::string& reason() const noexcept { return head_.reason; }
    /// Whether the status is below 400.
    [[nodiscard]] bool ok() const noexcept { return head_.status < 400; }
    [[nodiscard]] const Headers& headers() const noexcept { return head_.headers; }
    [[nodiscard]] HttpVersion version() const noexcept { return head_.version; }
    [[nodiscard]] const Method& method() const noexcept { return method_; }
    /// Without a fragment.
    [[nodiscard]] const URL& url() const noexcept { return url_; }
    /// The redirects that led here, the first one first.
    [[nodiscard]] std::span<const Hop> history() const noexcept { return history_; }
    [[nodiscard]] const Timings& timings() const noexcept { return timings_; }
    /// How often the request was sent, 1 where it was not repeated (RetryPolicy).
    [[nodiscard]] std::size_t attempts() const noexcept { return attempts_; }
    /// Of the body as it is sent, where the head tells it.
    [[nodiscard]] std::optional<std::uint64_t> content_length() const noexcept {
        return content_length_;
    }

    /// Errors: ClientResponseError   the status is 400 or above; the connection is closed then,
    ///                               unless the body is over.
    void raise_for_status();

    /// What read() holds at most, unless it is told otherwise.
    static constexpr std::size_t read_bytes_max = std::size_t{64} * 1024 * 1024;

    /// Reads all of the body, decompressed, which the response keeps: a second call gives it again.
    ///
    /// Errors:   ClientPayloadError    it is longer than `bytes_max`, is cut off, breaks the protocol
    ///                                 or its coding, or becomes more than 200 times as long
    ///           ServerTimeoutError, SocketTimeoutError
    ///           RuntimeError          content() has been read from, or it is closed
    ///           The connection is closed, and a further call throws the same.
    /// Cancel:   safe; what has come is kept, and a further call goes on.
    /// Suspends: maybe; never where all of it came with the head.
    Coro<const Bytes&> read(std::size_t bytes_max = read_bytes_max);

    /// The body as text, in UTF-8: from `encoding`, else from the charset that Content-Type names,
    /// else, where it names none that is known, from UTF-8.
    ///
    /// Errors: those of read(); ValueError   the body is no text of that charset, or nobody knows
    ///         `encoding`: see find_charset().
    /// Cancel, Suspends: as read().
    Coro<std::string> text(std::optional<std::string> encoding = std::nullopt);

    /// The body as a `T`, read from JSON: see json::read() for what that may be.
    ///
    ///     const Item item = co_await response.json<Item>();
    ///
    /// Errors: those of text(); ContentTypeError   its type is not application/json nor ends in +json
    ///         json::JSONDecodeError, json::ValidationError
    /// Cancel, Suspends: as read().
    /// Spec:   aiohttp's `json()`, whose `content_type=None` is `json::loads<T>(text)` here.
    template <class T>
    Coro<T> json() {
        co_await transparent;
        const std::string text = co_await json_text();
        co_return weft::json::loads<T>(text);
    }

    /// The same of a response that is given away: what it would keep is the caller's.
    Coro<Bytes> take_body(std::size_t bytes_max = read_bytes_max) &&;

    /// The body in pieces, as they come, decompressed; their sizes are the network's choice.
    ///
    ///     auto pieces = response.content();
    ///     while (auto piece = co_await pieces.next()) use(*piece);
    ///
    /// Errors:   as read(), without a limit; RuntimeError where some was read before
    /// Lifetime: the response must outlive it, and stay where it is.
    /// Spec:     `response.content.iter_any()`.
    AsyncGenerator<Bytes> content();

    /// The body line by line, each without its line break, which is "\n" or "\r\n".
    ///
    ///     auto lines = response.lines();
    ///     while (auto line = co_await lines.next()) use(*line);
    ///
    /// Errors:   as content(); ClientPayloadError   a line is longer than `line_bytes_max`
    /// Lifetime: as content().
    /// Spec:     `async for line in response.content`, where lines keep their line breaks.
    AsyncGenerator<std::string> lines(std::size_t line_bytes_max = std::size_t{64} * 1024);
    /// The same, each line that is not empty read from JSON.
    /// Errors: as lines(); json::JSONDecodeError, json::ValidationError
    template <class T>
    AsyncGenerator<T> json_lines(std::size_t line_bytes_max = std::size_t{64} * 1024) {
        auto all = lines(line_bytes_max);
        while (auto line = co_await all.next()) {
            if (!line->empty()) co_yield weft::json::loads<T>(*line);
        }
    }
    /// The events of a text/event-stream, as its server sends them.
    ///
    ///     auto events = response.events();
    ///     while (auto event = co_await events.next()) use(event->data);
    ///
    /// To connect again when it has ended is for the caller.
    /// Errors:   as content(); ContentTypeError   the body is of another type
    ///           ClientPayloadError   a line or an event passes its limit
    /// Lifetime: as content().
    /// Limits:   wire::EventLimits: 64 KiB a line, 1 MiB an event.
    /// Spec:     WHATWG HTML §9.2.5 and §9.2.6.
    AsyncGenerator<ServerSentEvent> events();

    /// Closes the connection, unless it was given back with the end of the body. Nothing more can be
    /// read.
    void close() noexcept;
    [[nodiscard]] bool closed() const noexcept { return !rest_; }

    // Implementation.
    [[nodiscard]] const wire::ResponseHead& head() const noexcept { return head_; }
    void set_timings(const Timings& timings) noexcept { timings_ = timings; }
    void set_attempts(std::size_t attempts) noexcept { attempts_ = attempts; }
    void set_history(std::vector<Hop> history) noexcept { history_ = std::move(history); }
    /// Reads what is left of a small body, so that its connection can be used again, and drops it.
    [[nodiscard]] Coro<void> drain();
    ClientResponse(Method method, URL url, wire::ResponseHead head,
                   std::unique_ptr<internal::ResponseBody> rest, bool decompresses,
                   std::shared_ptr<internal::Trace> trace);

private:
    [[nodiscard]] Coro<std::string> json_text();
    [[nodiscard]] MediaType media_type() const;
    void expect_type(bool is_right, std::string_view expected);
    [[nodiscard]] Coro<Bytes> next_piece();
    [[nodiscard]] Bytes next_decoded();
    void tell_received(BytesView piece) const;
    void begin_streaming();
    [[nodiscard]] Coro<Bytes> next_streamed();
    void fail(std::exception_ptr error) noexcept;
    [[noreturn]] void refuse(const std::string& why);
    [[noreturn]] void refuse_longer_than(std::size_t bytes_max);

    Method method_;
    URL url_;
    wire::ResponseHead head_;
    std::vector<Hop> history_;
    std::size_t attempts_ = 1;
    Timings timings_;
    std::shared_ptr<internal::Trace> trace_;  // null: nobody is told
    std::optional<std::uint64_t> content_length_;
    Bytes body_;  // what has come of it
    bool is_streamed_ = false;
    std::exception_ptr error_;                        // why there is no more
    std::unique_ptr<internal::BodyDecoder> decoder_;  // null: it is not compressed
    std::unique_ptr<internal::ResponseBody> rest_;    // null once the body is read
};

}  // namespace weft::http
