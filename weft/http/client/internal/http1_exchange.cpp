// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/internal/http1_exchange.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <weft/base/at_end.hpp>
#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/http/client/exceptions.hpp>
#include <weft/http/client/internal/body_writer.hpp>
#include <weft/http/client/internal/connection.hpp>
#include <weft/http/client/internal/pool.hpp>
#include <weft/http/client/internal/request_parts.hpp>
#include <weft/http/client/internal/trace.hpp>
#include <weft/http/client/internal/upload.hpp>
#include <weft/http/client/payload.hpp>
#include <weft/http/client/request.hpp>
#include <weft/http/client/trace_config.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/url.hpp>
#include <weft/http/wire/http1_parser.hpp>
#include <weft/http/wire/http1_writer.hpp>
#include <weft/http/wire/message_head.hpp>
#include <weft/http/wire/message_parser.hpp>
#include <weft/http/wire/parse_error.hpp>
#include <weft/runtime/coro.hpp>

namespace weft::http::internal {
namespace {

// A server that closes idle connections after so long may do so just when a request comes.
constexpr std::chrono::seconds idle_margin(1);

// `Keep-Alive: timeout=5, max=100`. What is not understood is no promise.
std::optional<Nanoseconds> idle_time_said(const Headers& headers) {
    constexpr std::string_view parameter = "timeout=";
    const std::string_view said = headers.get("Keep-Alive", "");
    const std::size_t at = said.find(parameter);
    if (at == std::string_view::npos) return std::nullopt;
    const std::string_view number = said.substr(at + parameter.size());
    std::uint32_t seconds = 0;
    const auto end = std::from_chars(number.data(), number.data() + number.size(), seconds);
    if (end.ec != std::errc()) return std::nullopt;
    return std::max<Nanoseconds>(std::chrono::seconds(seconds) - idle_margin, Nanoseconds::zero());
}

}  // namespace

Http1Exchange::Http1Exchange(Slot slot, const ClientRequest& request, TimePoint started)
    : slot_(std::move(slot)), limits_(*this, request.timeout, started) {}

// A proxy that forwards reads from the request where it goes, and gets the login that is its own.
void Http1Exchange::write_request_head(const ClientRequest& request, const PayloadReader* body) {
    Bytes& head = connection().head;
    head.clear();
    const auto& forwarding = connection().forwarding;
    const BytesView target =
        forwarding ? BytesView(request.url.to_string()) : request.url.raw_path_qs();
    const bool has_login = forwarding && !forwarding->authorization.empty();
    const auto framing = framing_of(request, body);
    const std::string cookies = cookies_for(request);
    if (!has_login && !framing && cookies.empty()) {
        wire::write_head(head, request.method, target, request.headers);
        return;
    }
    Headers headers = request.headers;
    if (has_login) headers.set("Proxy-Authorization", forwarding->authorization);
    if (!cookies.empty()) headers.set("Cookie", cookies);
    if (framing && framing->length) {
        headers.add("Content-Length", std::to_string(*framing->length));
    } else if (framing) {
        headers.add("Transfer-Encoding", "chunked");
    }
    wire::write_head(head, request.method, target, headers);
}

void Http1Exchange::send(const ClientRequest& request, std::unique_ptr<PayloadReader> body) {
    parser().start_next(request.method);
    write_request_head(request, body.get());
    Bytes& head = connection().head;
    UploadOptions options = upload_options_of(request);
    if (request.trace) request.trace->request_headers_sent(request);
    if (body) {
        const auto length = body->size();
        upload_.emplace(
            std::make_unique<BodyWriter>(connection().writer(), std::move(head), length),
            std::move(body), std::move(options));
        return;
    }
    if (const Bytes* bytes = request.body.bytes()) {
        head += *bytes;
        if (options.tell_sent) options.tell_sent(*bytes);
    }
    connection().writer().write(head);
}

// A parser looks at what has come first: much of it often comes at once.
Coro<BytesView> Http1Exchange::received() {
    co_await transparent;
    limits_.begin_wait(upload_ ? &*upload_ : nullptr);
    const AtEnd waits_no_longer([this] { limits_.end_wait(); });  // nor when it is cancelled
    const auto data = co_await as_result(reader().peek());
    if (limits_.has_passed()) std::rethrow_exception(limits_.error());
    if (!data) std::rethrow_exception(data.error());
    co_return *data;
}

Coro<wire::ResponseHead> Http1Exchange::receive_head(const URL& url) {
    co_await transparent;
    for (;;) {
        const auto data = co_await as_result(received());
        if (!data || data->empty()) {
            const bool is_ours = limits_.has_passed() || (upload_ && upload_->error());
            met_dead_connection_ = connection().has_served && parser().is_idle() && !is_ours;
            throw_no_head(url, data ? nullptr : data.error());
        }
        const auto step = parser().next(*data);
        if (!step) throw ClientResponseError(url, 0, describe(step.error()));
        reader().skip(step->used);
        if (step->event == wire::Event::informational) heed(parser().head().status);
        if (step->event == wire::Event::head) break;
    }
    heed(parser().head().status);
    limits_.begin_body();
    body_length_ = parser().body_length();
    wire::ResponseHead head = std::move(parser().head());
    idle_max_ = idle_time_said(head.headers);
    co_return head;
}

// A server that has answered with an error, or without asking for a body that waits, wants none of it.
// Spec: RFC 9110 §10.1.1, RFC 9112 §9.3.
void Http1Exchange::heed(int status) noexcept {
    if (!upload_ || upload_->is_complete()) return;
    if (status == 100) return upload_->go_on();
    if (status >= 300 || (status >= 200 && upload_->awaits_continue())) upload_->stop();
}

void Http1Exchange::throw_lost_body() const {
    if (upload_ && upload_->error()) std::rethrow_exception(upload_->error());
}

// `error` is null at the end of the stream.
void Http1Exchange::throw_no_head(const URL& url, const std::exception_ptr& error) {
    throw_lost_body();
    if (limits_.has_passed()) std::rethrow_exception(error);
    if (!error) {
        const auto ended = parser().feed_eof();
        if (!ended) throw ClientResponseError(url, 0, describe(ended.error()));
        throw ServerDisconnectedError("the server closed the connection without a response");
    }
    std::rethrow_exception(made_from(error, ClientOSError(code_of(error), message(error))));
}

Coro<Bytes> Http1Exchange::read_some() {
    co_await transparent;
    for (;;) {
        Bytes body = read_nowait();
        if (!body.empty() || is_over()) co_return body;
        if (fault_) throw ClientPayloadError(describe(*fault_));
        const auto data = co_await as_result(received());
        if (!data) throw_no_body(data.error());
        limits_.count(data->size());
        if (!data->empty()) continue;
        throw_lost_body();
        end_with_stream();
    }
}

void Http1Exchange::throw_no_body(const std::exception_ptr& error) {
    throw_lost_body();
    if (limits_.has_passed()) std::rethrow_exception(error);
    const std::string text = "the connection was lost before the body was complete: ";
    std::rethrow_exception(made_from(error, ClientPayloadError(text + message(error))));
}

Bytes Http1Exchange::read_nowait() {
    Bytes body;
    while (!is_over() && !fault_) {
        const BytesView data = reader().buffered();
        const auto step = parser().next(data);
        if (!step) {
            fault_ = step.error();
        } else if (body.empty() && !data.empty() && step->body.size() == data.size()) {
            body = reader().take_buffered();
        } else {
            body += step->body;
            reader().skip(step->used);
            if (step->event == wire::Event::end) finish();
            if (step->event == wire::Event::need_data) break;
        }
    }
    return body;
}

// It is the end of the body where nothing else frames that.
void Http1Exchange::end_with_stream() {
    if (const auto ended = parser().feed_eof(); !ended) {
        fault_ = ended.error();
    } else {
        finish();
    }
}

void Http1Exchange::finish() noexcept {
    limits_.stop();
    if (parser().upgrade()) {
        upgraded_.emplace(std::move(*slot_));
    } else if (parser().keep_alive() && is_sent()) {
        std::move(*slot_).keep(idle_max_);
    }
    slot_.reset();
    upload_.reset();
}

}  // namespace weft::http::internal
