// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/internal/exchange.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/http/client/exceptions.hpp>
#include <weft/http/client/internal/connection.hpp>
#include <weft/http/client/internal/pool.hpp>
#include <weft/http/client/request.hpp>
#include <weft/http/cookie.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/multi_dict.hpp>
#include <weft/http/url.hpp>
#include <weft/http/wire/http1_parser.hpp>
#include <weft/http/wire/http1_writer.hpp>
#include <weft/http/wire/message_head.hpp>
#include <weft/http/wire/message_parser.hpp>
#include <weft/http/wire/parse_error.hpp>
#include <weft/runtime/coro.hpp>

namespace weft::http::internal {
namespace {

// A body so short is sent in one piece with its head.
constexpr std::size_t short_body_bytes_max = std::size_t{16} * 1024;

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

// Those of the jar, those of the request, and what the caller has written into a header.
std::string cookies_for(const ClientRequest& request) {
    const bool has_jar = request.cookie_jar && !request.cookie_jar->empty();
    if (!has_jar && request.cookies.empty()) return {};
    MultiDict cookies = has_jar ? request.cookie_jar->filter_cookies(request.url) : MultiDict();
    cookies.update(request.cookies);
    if (cookies.empty()) return {};
    std::string text = cookie_header(cookies);
    if (const auto written = request.headers.get("Cookie")) text.append("; ").append(*written);
    return text;
}

template <class E>
std::exception_ptr made_from(const std::exception_ptr& cause, E error) {
    error.set_cause(cause);
    return std::make_exception_ptr(std::move(error));
}

int code_of(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const OSError& failure) {
        return failure.code();
    } catch (...) {
        return 0;
    }
}

}  // namespace

Exchange::Exchange(Slot slot, const ClientRequest& request, TimePoint started)
    : slot_(std::move(slot)), limits_(*slot_->connection(), request.timeout, started) {}

// A proxy that forwards reads from the request where it goes, and gets the login that is its own.
void Exchange::write_request_head(const ClientRequest& request) {
    Bytes& head = connection().head;
    head.clear();
    const auto& forwarding = connection().forwarding;
    const BytesView target =
        forwarding ? BytesView(request.url.to_string()) : request.url.raw_path_qs();
    const bool has_login = forwarding && !forwarding->authorization.empty();
    const std::string cookies = cookies_for(request);
    if (!has_login && cookies.empty()) {
        wire::write_head(head, request.method, target, request.headers);
        return;
    }
    Headers headers = request.headers;
    if (has_login) headers.set("Proxy-Authorization", forwarding->authorization);
    if (!cookies.empty()) headers.set("Cookie", cookies);
    wire::write_head(head, request.method, target, headers);
}

void Exchange::send(const ClientRequest& request) {
    parser().start_next(request.method);
    write_request_head(request);
    Bytes& head = connection().head;
    const bool in_one = request.body.size() <= short_body_bytes_max;
    if (in_one) head += request.body;
    connection().writer().write(head);
    if (!in_one) connection().writer().write(request.body);
}

// A parser looks at what has come first: much of it often comes at once.
Coro<BytesView> Exchange::received() {
    co_await transparent;
    limits_.begin_wait();
    const auto data = co_await as_result(reader().peek());
    limits_.end_wait();
    if (limits_.has_passed()) std::rethrow_exception(limits_.error());
    if (!data) std::rethrow_exception(data.error());
    co_return *data;
}

Coro<wire::ResponseHead> Exchange::receive_head(const URL& url) {
    co_await transparent;
    for (;;) {
        const auto data = co_await as_result(received());
        if (!data || data->empty()) {
            met_dead_connection_ =
                connection().has_served && parser().is_idle() && !limits_.has_passed();
            throw_no_head(url, data ? nullptr : data.error());
        }
        const auto step = parser().next(*data);
        if (!step) throw ClientResponseError(url, 0, describe(step.error()));
        reader().skip(step->used);
        if (step->event == wire::Event::head) break;
    }
    body_length_ = parser().body_length();
    wire::ResponseHead head = std::move(parser().head());
    idle_max_ = idle_time_said(head.headers);
    co_return head;
}

// `error` is null at the end of the stream.
void Exchange::throw_no_head(const URL& url, const std::exception_ptr& error) {
    if (limits_.has_passed()) std::rethrow_exception(error);
    if (!error) {
        const auto ended = parser().feed_eof();
        if (!ended) throw ClientResponseError(url, 0, describe(ended.error()));
        throw ServerDisconnectedError("the server closed the connection without a response");
    }
    std::rethrow_exception(made_from(error, ClientOSError(code_of(error), message(error))));
}

Coro<Bytes> Exchange::read_some() {
    co_await transparent;
    for (;;) {
        Bytes body = read_nowait();
        if (!body.empty() || is_over()) co_return body;
        if (fault_) throw ClientPayloadError(describe(*fault_));
        const auto data = co_await as_result(received());
        if (!data) throw_no_body(data.error());
        if (data->empty()) end_with_stream();
    }
}

void Exchange::throw_no_body(const std::exception_ptr& error) {
    if (limits_.has_passed()) std::rethrow_exception(error);
    const std::string text = "the connection was lost before the body was complete: ";
    std::rethrow_exception(made_from(error, ClientPayloadError(text + message(error))));
}

Bytes Exchange::read_nowait() {
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
void Exchange::end_with_stream() {
    if (const auto ended = parser().feed_eof(); !ended) {
        fault_ = ended.error();
    } else {
        finish();
    }
}

void Exchange::finish() noexcept {
    limits_.stop();
    if (parser().upgrade()) {
        upgraded_.emplace(std::move(*slot_));
    } else if (parser().keep_alive()) {
        std::move(*slot_).keep(idle_max_);
    }
    slot_.reset();
}

}  // namespace weft::http::internal
