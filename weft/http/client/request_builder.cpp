// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/request_builder.hpp>

#include <chrono>
#include <cstddef>
#include <exception>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/http/body/content_coding.hpp>
#include <weft/http/body/multipart_writer.hpp>
#include <weft/http/client/connector.hpp>
#include <weft/http/client/exceptions.hpp>
#include <weft/http/client/form_data.hpp>
#include <weft/http/client/http2.hpp>
#include <weft/http/client/internal/connection_key.hpp>
#include <weft/http/client/internal/connector_state.hpp>
#include <weft/http/client/internal/exchange.hpp>
#include <weft/http/client/internal/http1_exchange.hpp>
#include <weft/http/client/internal/http2_exchange.hpp>
#include <weft/http/client/internal/pool.hpp>
#include <weft/http/client/internal/random_digits.hpp>
#include <weft/http/client/internal/redirects.hpp>
#include <weft/http/client/internal/retries.hpp>
#include <weft/http/client/internal/time_limits.hpp>
#include <weft/http/client/internal/trace.hpp>
#include <weft/http/client/middleware.hpp>
#include <weft/http/client/payload.hpp>
#include <weft/http/client/request.hpp>
#include <weft/http/client/response.hpp>
#include <weft/http/client/retry_policy.hpp>
#include <weft/http/client/timings.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/method.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/sleep.hpp>

namespace weft::http {
namespace {

constexpr std::string_view user_agent = "weft/" WEFT_RELEASE;

void check_framing(const Headers& headers) {
    for (const std::string_view name : {"Content-Length", "Transfer-Encoding"}) {
        if (headers.contains(name)) {
            throw ValueError("the header " + std::string(name) +
                             " is not for the caller to set: it follows from the body");
        }
    }
}

void complete(ClientRequest& request) {
    Headers& headers = request.headers;
    check_framing(headers);
    headers.setdefault("Accept", "*/*");
    if (request.auto_decompress) headers.setdefault("Accept-Encoding", accept_encoding());
    headers.setdefault("User-Agent", user_agent);
    if (request.body.empty()) {
        request.expect100 = false;
        return;
    }
    headers.setdefault("Content-Type", "application/octet-stream");
    if (request.expect100) headers.set("Expect", "100-continue");
}

[[noreturn]] void throw_too_many(const ClientRequest& request, const ClientResponse& response) {
    throw TooManyRedirects(
        response.url(), response.status(),
        "more redirects than max_redirects, " + std::to_string(request.redirects.max),
        response.headers());
}

// How often a server of HTTP/2 may say that it has done nothing with a request: when it goes away, or has
// been asked for more streams than it had told of so far.
constexpr int refusals_max = 5;

std::unique_ptr<internal::Exchange> exchange_of(internal::Slot slot, const ClientRequest& request,
                                                TimePoint started) {
    return std::make_unique<internal::Http1Exchange>(std::move(slot), request, started);
}
std::unique_ptr<internal::Exchange> exchange_of(internal::Share share, const ClientRequest& request,
                                                TimePoint started) {
    return std::make_unique<internal::Http2Exchange>(std::move(share), request, started);
}

// Nothing was sent.
void leave(internal::Place place) noexcept {
    if (auto* const slot = std::get_if<internal::Slot>(&place)) std::move(*slot).keep(std::nullopt);
}

// One request and the head of its response, without redirects.
Coro<ClientResponse> exchange_with(internal::ConnectorState& connector,
                                   const ClientRequest& request, TimePoint started) {
    co_await transparent;
    internal::ConnectionKey key = connector.key_for(request);
    int refusals = 0;
    for (;;) {
        Timings timings;
        auto place = co_await connector.connect(key, request, started, timings);
        std::unique_ptr<PayloadReader> body;
        if (!request.body.empty()) {
            const internal::TimeLimit total("total", request.timeout.total, started);
            auto opened = co_await as_result(internal::within(total, internal::open_body(request)));
            if (!opened) {
                leave(std::move(place));
                std::rethrow_exception(opened.error());
            }
            body = *std::move(opened);
        }
        const TimePoint sent = get_running_loop().time();
        const auto exchange_on = [&](auto own) -> std::unique_ptr<internal::Exchange> {
            return exchange_of(std::move(own), request, started);
        };
        auto exchange = std::visit(exchange_on, std::move(place));
        exchange->send(request, std::move(body));
        auto head = co_await as_result(exchange->receive_head(request.url));
        if (head) {
            // Those that are refused are so by what cookies are, and no concern of the request's.
            if (request.cookie_jar) {
                request.cookie_jar->update_cookies_from_headers(head->headers, request.url);
            }
            const TimePoint now = get_running_loop().time();
            timings.answered = now - sent;
            timings.total = now - started;
            ClientResponse response(request, std::move(*head), std::move(exchange));
            response.set_timings(timings);
            co_return response;
        }
        // The server had closed it while it was idle, mostly. That comes to an end with a new one.
        const bool is_dead = exchange->met_a_dead_connection() && request.method.is_idempotent() &&
                             (!request.retry || request.retry->reused_connection);
        const bool is_refused = exchange->was_refused() && ++refusals <= refusals_max;
        const bool again = (is_dead || is_refused) && request.body.is_repeatable();
        if (!again) std::rethrow_exception(head.error());
        if (exchange->needs_http1() && key.ssl) key.http2 = Http2::never;  // RFC 9113 §7
    }
}

// The same through the middlewares, which may change what is sent.
Coro<ClientResponse> pass(internal::ConnectorState& connector, const ClientRequest& request,
                          TimePoint started) {
    co_await transparent;
    if (!request.middlewares) co_return co_await exchange_with(connector, request, started);
    ClientRequest passing = request;
    const Next::Sender sender = [&](ClientRequest& sent) -> Coro<ClientResponse> {
        co_await transparent;
        check_framing(sent.headers);
        const bool keeps_host = sent.headers.get("Host") == request.headers.get("Host");
        if (keeps_host && sent.url.origin() != request.url.origin()) {
            sent.headers.set("Host", sent.url.host_port_subcomponent());
        }
        co_return co_await exchange_with(connector, sent, started);
    };
    const internal::TimeLimit total("total", request.timeout.total, started);
    co_return co_await internal::within(total, Next(*request.middlewares, sender)(passing));
}

// The response that is at the end of the redirects.
Coro<ClientResponse> send_and_follow(internal::ConnectorState& connector,
                                     const ClientRequest& first, TimePoint started) {
    co_await transparent;
    std::vector<Hop> history;
    std::optional<ClientRequest> redirected;
    for (;;) {
        const ClientRequest& request = redirected ? *redirected : first;
        auto response = co_await pass(connector, request, started);
        auto target = internal::redirect_target(request, response.head());
        if (!target) {
            response.set_history(std::move(history));
            co_return response;
        }
        if (request.trace) request.trace->request_redirect(request, response);
        if (history.size() == request.redirects.max) throw_too_many(request, response);
        history.push_back(
            {response.method(), response.url(), response.status(), response.headers()});
        co_await response.drain();
        if (!redirected) redirected = first;
        internal::redirect(*redirected, response.status(), *std::move(target));
    }
}

using Attempt = std::expected<ClientResponse, std::exception_ptr>;

// What the attempts of a request have in common, whatever becomes of it.
class Attempts {
public:
    explicit Attempts(const ClientRequest& request)
        : policy_(request.retry ? request.retry : std::make_shared<const RetryPolicy>()),
          budget_(request.retry_budget),
          method_(request.method),
          is_repeatable_(request.body.is_repeatable()),
          total_("total", request.timeout.total, get_running_loop().time()) {}

    [[nodiscard]] TimePoint started() const noexcept { return total_.start; }
    /// How long to wait before the next one; nullopt where there is to be none.
    [[nodiscard]] std::optional<Nanoseconds> wait_after(const Attempt& last);
    [[nodiscard]] std::size_t number() const noexcept { return number_; }
    void go_on() noexcept { ++number_; }

private:
    std::shared_ptr<const RetryPolicy> policy_;
    std::shared_ptr<internal::RetryBudget> budget_;
    Method method_;
    bool is_repeatable_;
    internal::TimeLimit total_;
    std::size_t number_ = 1;
};

std::optional<Nanoseconds> Attempts::wait_after(const Attempt& last) {
    if (number_ >= policy_->attempts || !is_repeatable_) return std::nullopt;
    const bool may = last ? internal::may_retry(*policy_, method_, last->status())
                          : internal::may_retry(*policy_, method_, last.error());
    if (!may) {
        if (last && number_ == 1 && budget_) budget_->give_back();
        return std::nullopt;
    }
    std::optional<Nanoseconds> said;
    if (last) {
        const auto now = std::chrono::system_clock::now();
        said =
            internal::retry_after(last->headers(), std::chrono::floor<std::chrono::seconds>(now));
    }
    if (said > policy_->retry_after_max.get()) return std::nullopt;
    const Nanoseconds wait =
        said.value_or(internal::backoff(*policy_, number_, internal::chance()));
    const TimePoint next = Delay(wait).after(get_running_loop().time());
    if (total_.delay && next >= total_.end()) return std::nullopt;
    if (budget_ && !budget_->take()) return std::nullopt;
    return wait;
}

Coro<ClientResponse> send_and_retry(const Connector& connector, const ClientRequest& request) {
    co_await transparent;
    Attempts attempts(request);
    for (;; attempts.go_on()) {
        auto last =
            co_await as_result(send_and_follow(connector.state(), request, attempts.started()));
        const auto wait = attempts.wait_after(last);
        if (!wait) {
            if (!last) std::rethrow_exception(last.error());
            last->set_attempts(attempts.number());
            if (request.raise_for_status) last->raise_for_status();
            co_return std::move(*last);
        }
        if (last) co_await last->drain();
        co_await sleep(*wait);
    }
}

Coro<ClientResponse> send_request(Connector connector, ClientRequest request) {
    co_await transparent;
    complete(request);
    if (!request.trace) co_return co_await send_and_retry(connector, request);
    internal::Trace& trace = *request.trace;
    trace.request_start(request);
    auto response = co_await as_result(send_and_retry(connector, request));
    if (!response) {
        trace.request_exception(request, response.error());
        std::rethrow_exception(response.error());
    }
    trace.request_end(request, *response);
    co_return std::move(*response);
}

Coro<Bytes> send_and_read(Connector connector, ClientRequest request,
                          std::optional<std::size_t> bytes_max) {
    co_await transparent;
    auto response = co_await send_request(std::move(connector), std::move(request));
    co_return co_await std::move(response).take_body(bytes_max);
}

Coro<std::string> send_and_decode(Connector connector, ClientRequest request) {
    co_await transparent;
    auto response = co_await send_request(std::move(connector), std::move(request));
    co_return co_await response.text();
}

}  // namespace

void RequestBuilder::set_form(const FormData& form) {
    if (!form.is_multipart()) {
        request_.body = form.urlencoded();
        request_.headers.set("Content-Type", "application/x-www-form-urlencoded");
        return;
    }
    const std::string boundary = internal::random_digits();
    request_.body = form.multipart(boundary);
    request_.headers.set("Content-Type", MultipartWriter(boundary).content_type());
}

void RequestBuilder::add_middleware(const Middleware& one) {
    std::vector<Middleware> all;
    if (request_.middlewares) all = *request_.middlewares;
    all.push_back(one);
    request_.middlewares = std::make_shared<const std::vector<Middleware>>(std::move(all));
}

Coro<ClientResponse> RequestBuilder::send() && {
    return send_request(std::move(connector_), std::move(request_));
}

Coro<Bytes> RequestBuilder::read(std::optional<std::size_t> bytes_max) && {
    return send_and_read(std::move(connector_), std::move(request_), bytes_max);
}

Coro<std::string> RequestBuilder::text() && {
    return send_and_decode(std::move(connector_), std::move(request_));
}

}  // namespace weft::http
