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
#include <weft/http/client/body_limits.hpp>       // IWYU pragma: export
#include <weft/http/client/download_options.hpp>  // IWYU pragma: export
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

struct ClientRequest;

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

namespace internal {

/// What a ClientResponse consists of.
struct ResponseState {
    ~ResponseState();

    Method method;
    URL url;
    wire::ResponseHead head;
    std::shared_ptr<Trace> trace;  // null: nobody is told
    std::size_t read_bytes_max;
    std::optional<std::uint64_t> content_length;
    std::vector<Hop> history{};
    std::size_t attempts = 1;
    Timings timings{};
    Bytes body{};  // what has come of it
    bool is_streamed = false;
    std::exception_ptr error{};              // why there is no more
    std::unique_ptr<BodyDecoder> decoder{};  // null: it is not compressed
    std::unique_ptr<ResponseBody> rest{};    // null once the body is read
};

}  // namespace internal

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
    [[nodiscard]] int status() const noexcept { return state_->head.status; }
    /// The reason phrase, as sent; it may be empty.
    [[nodiscard]] const std::string& reason() const noexcept { return state_->head.reason; }
    /// Whether the status is below 400.
    [[nodiscard]] bool ok() const noexcept { return state_->head.status < 400; }
    [[nodiscard]] const Headers& headers() const noexcept { return state_->head.headers; }
    [[nodiscard]] HttpVersion version() const noexcept { return state_->head.version; }
    [[nodiscard]] const Method& method() const noexcept { return state_->method; }
    /// Without a fragment.
    [[nodiscard]] const URL& url() const noexcept { return state_->url; }
    /// The redirects that led here, the first one first.
    [[nodiscard]] std::span<const Hop> history() const noexcept { return state_->history; }
    [[nodiscard]] const Timings& timings() const noexcept { return state_->timings; }
    /// How often the request was sent, 1 where it was not repeated (RetryPolicy).
    [[nodiscard]] std::size_t attempts() const noexcept { return state_->attempts; }
    /// The type of the body in small letters: "text/html"; "application/octet-stream" where the head
    /// names none.
    [[nodiscard]] std::string content_type() const;
    /// How its text is encoded, as the head says it: "utf-8"; nullopt where it does not.
    [[nodiscard]] std::optional<std::string> charset() const;
    /// Of the body as it is sent, where the head tells it.
    [[nodiscard]] std::optional<std::uint64_t> content_length() const noexcept {
        return state_->content_length;
    }

    /// Errors: ClientResponseError   the status is 400 or above; the connection is closed then,
    ///                               unless the body is over.
    void raise_for_status();

    /// Reads all of the body, decompressed, which the response keeps: a second call gives it again.
    ///
    /// Errors:   ClientPayloadError    it is longer than `bytes_max`, is cut off, breaks the protocol
    ///                                 or its coding, or becomes more than 200 times as long
    ///           ServerTimeoutError, SocketTimeoutError
    ///           RuntimeError          content() has been read from, or it is closed
    ///           The connection is closed, and a further call throws the same.
    /// Cancel:   safe; what has come is kept, and a further call goes on.
    /// Suspends: maybe; never where all of it came with the head.
    /// Limits:   BodyLimits, the request's; `bytes_max` is in the place of its `read_bytes_max`, 64 MiB.
    Coro<const Bytes&> read(std::optional<std::size_t> bytes_max = std::nullopt);

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
    Coro<Bytes> take_body(std::optional<std::size_t> bytes_max = std::nullopt) &&;

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

    /// The body into a file, decompressed, as it comes. The file gets its name once it is whole: until
    /// then it is `path`.part, which goes if it does not get that far. A file that was there before
    /// is replaced.
    ///
    ///     auto response = co_await session.get(url);
    ///     response.raise_for_status();
    ///     co_await response.download_to("page.html");
    ///
    /// download() does that and resumes what was cut off.
    /// Returns:  how many bytes the file has.
    /// Errors:   as content(); ClientPayloadError   it is longer than `bytes_max`, or has another SHA-256
    ///           those of download() that are of the disk and of `options`
    /// Cancel:   lossy; nothing is left of it. Waits until the disk has what is just being written.
    /// Suspends: always.
    /// Limits:   as download().
    /// Lifetime: as content().
    Coro<std::uint64_t> download_to(std::string path, DownloadOptions options = {});

    /// Closes the connection, unless it was given back with the end of the body. Nothing more can be
    /// read.
    void close() noexcept;
    [[nodiscard]] bool closed() const noexcept { return !state_->rest; }

    // Implementation.
    [[nodiscard]] const wire::ResponseHead& head() const noexcept { return state_->head; }
    void set_timings(const Timings& timings) noexcept { state_->timings = timings; }
    void set_attempts(std::size_t attempts) noexcept { state_->attempts = attempts; }
    void set_history(std::vector<Hop> history) noexcept { state_->history = std::move(history); }
    /// Reads what is left of a small body, so that its connection can be used again, and drops it.
    [[nodiscard]] Coro<void> drain();
    /// What content() does, without a generator: begin_streaming(), then pieces up to an empty one.
    void begin_streaming();
    [[nodiscard]] Coro<Bytes> next_streamed();
    ClientResponse(const ClientRequest& request, wire::ResponseHead head,
                   std::unique_ptr<internal::ResponseBody> rest);
    /// Of a 101: what has its connection. Null where that is gone.
    [[nodiscard]] std::unique_ptr<internal::ResponseBody> take_rest() && noexcept;

private:
    [[nodiscard]] Coro<std::string> json_text();
    [[nodiscard]] MediaType media_type() const;
    void expect_type(bool is_right, std::string_view expected);
    [[nodiscard]] Coro<Bytes> next_piece();
    [[nodiscard]] Bytes next_decoded();
    void tell_received(BytesView piece) const;
    void fail(std::exception_ptr error) noexcept;
    [[noreturn]] void refuse(const std::string& why);

    std::unique_ptr<internal::ResponseState> state_;  // a response moves often on its way
};

}  // namespace weft::http
