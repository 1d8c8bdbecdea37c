// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/request_builder.hpp>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <exception>
#include <expected>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/random.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/os_error.hpp>
#include <weft/base/time.hpp>
#include <weft/http/body/content_coding.hpp>
#include <weft/http/body/form_data.hpp>
#include <weft/http/body/form_field.hpp>
#include <weft/http/body/multipart_writer.hpp>
#include <weft/http/client/connector.hpp>
#include <weft/http/client/exceptions.hpp>
#include <weft/http/client/internal/connection_key.hpp>
#include <weft/http/client/internal/connector_state.hpp>
#include <weft/http/client/internal/exchange.hpp>
#include <weft/http/client/internal/redirects.hpp>
#include <weft/http/client/internal/retries.hpp>
#include <weft/http/client/internal/time_limits.hpp>
#include <weft/http/client/request.hpp>
#include <weft/http/client/response.hpp>
#include <weft/http/client/retry_policy.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/method.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/sleep.hpp>

namespace weft::http {
namespace {

using internal::Exchange;

constexpr std::string_view user_agent = "weft/" WEFT_RELEASE;

// Whether a body is expected of it, so that it says even that there is none.
// Spec: RFC 9110 §8.6.
bool has_body(const ClientRequest& request) {
    return !request.body.empty() || request.method == Method::post ||
           request.method == Method::put || request.method == Method::patch;
}

// What nobody can guess stands in no content.
std::string random_boundary() {
    std::array<unsigned char, 16> bytes{};
    if (::getrandom(bytes.data(), bytes.size(), 0) != std::ssize(bytes)) {
        throw_os_error(errno, "getrandom");
    }
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const unsigned char byte : bytes) {
        text += digits[byte / 16U];
        text += digits[byte % 16U];
    }
    return text;
}

void complete(ClientRequest& request) {
    Headers& headers = request.headers;
    for (const std::string_view name : {"Content-Length", "Transfer-Encoding"}) {
        if (headers.contains(name)) {
            throw ValueError("the header " + std::string(name) +
                             " is not for the caller to set: it follows from the body");
        }
    }
    headers.setdefault("Accept", "*/*");
    if (request.auto_decompress) headers.setdefault("Accept-Encoding", accept_encoding());
    headers.setdefault("User-Agent", user_agent);
    if (!has_body(request)) return;
    headers.add("Content-Length", std::to_string(request.body.size()));
    if (!request.body.empty()) headers.setdefault("Content-Type", "application/octet-stream");
}

[[noreturn]] void throw_too_many(const ClientRequest& request, const ClientResponse& response) {
    throw TooManyRedirects(
        response.url(), response.status(),
        "more redirects than max_redirects, " + std::to_string(request.redirects.max),
        response.headers());
}

// One request and the head of its response, without redirects.
Coro<ClientResponse> exchange_with(internal::ConnectorState& connector,
                                   const ClientRequest& request, TimePoint started) {
    co_await transparent;
    const internal::ConnectionKey key = connector.key_for(request);
    for (;;) {
        auto slot = co_await connector.connect(key, request.timeout, started);
        auto exchange = std::make_unique<Exchange>(std::move(slot), request, started);
        exchange->send(request);
        auto head = co_await as_result(exchange->receive_head(request.url));
        if (head) {
            // Those that are refused are so by what cookies are, and no concern of the request's.
            if (request.cookie_jar) {
                request.cookie_jar->update_cookies_from_headers(head->headers, request.url);
            }
            co_return ClientResponse(request.method, request.url, std::move(*head),
                                     std::move(exchange), request.auto_decompress);
        }
        // The server had closed it while it was idle, mostly. That comes to an end with a new one.
        const bool again = exchange->met_a_dead_connection() && request.method.is_idempotent() &&
                           (!request.retry || request.retry->reused_connection);
        if (!again) std::rethrow_exception(head.error());
    }
}

// The response that is at the end of the redirects.
Coro<ClientResponse> send_and_follow(internal::ConnectorState& connector,
                                     const ClientRequest& first, TimePoint started) {
    co_await transparent;
    std::vector<Hop> history;
    std::optional<ClientRequest> redirected;
    for (;;) {
        const ClientRequest& request = redirected ? *redirected : first;
        auto response = co_await exchange_with(connector, request, started);
        auto target = internal::redirect_target(request, response.head());
        if (!target) {
            response.set_history(std::move(history));
            co_return response;
        }
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
    internal::TimeLimit total_;
    std::size_t number_ = 1;
};

std::optional<Nanoseconds> Attempts::wait_after(const Attempt& last) {
    if (number_ >= policy_->attempts) return std::nullopt;
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
    const Nanoseconds wait = said.value_or(internal::backoff(*policy_, number_, internal::chance()));
    const TimePoint next = Delay(wait).after(get_running_loop().time());
    if (total_.delay && next >= total_.end()) return std::nullopt;
    if (budget_ && !budget_->take()) return std::nullopt;
    return wait;
}

Coro<ClientResponse> send_request(Connector connector, ClientRequest request) {
    co_await transparent;
    complete(request);
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

Coro<Bytes> send_and_read(Connector connector, ClientRequest request, std::size_t bytes_max) {
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
    MultipartWriter writer(random_boundary());
    Bytes body;
    for (const FormData::Item& item : form.items()) {
        if (item.is_stream) throw NotImplementedError("a form with a stream cannot be sent yet");
        writer.begin_part(body, write_form_field(item.field));
        body += item.content;
    }
    writer.finish(body);
    request_.body = std::move(body);
    request_.headers.set("Content-Type", writer.content_type());
}

Coro<ClientResponse> RequestBuilder::send() && {
    return send_request(std::move(connector_), std::move(request_));
}

Coro<Bytes> RequestBuilder::read(std::size_t bytes_max) && {
    return send_and_read(std::move(connector_), std::move(request_), bytes_max);
}

Coro<std::string> RequestBuilder::text() && {
    return send_and_decode(std::move(connector_), std::move(request_));
}

}  // namespace weft::http
