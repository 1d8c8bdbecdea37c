// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/session.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <weft/base/exceptions.hpp>
#include <weft/base/log.hpp>
#include <weft/http/basic_auth.hpp>
#include <weft/http/client/connector.hpp>
#include <weft/http/client/exceptions.hpp>
#include <weft/http/client/internal/connector_state.hpp>
#include <weft/http/client/internal/pool.hpp>
#include <weft/http/client/internal/retries.hpp>
#include <weft/http/client/internal/trace.hpp>
#include <weft/http/client/middleware.hpp>
#include <weft/http/client/request_builder.hpp>
#include <weft/http/client/retry_policy.hpp>
#include <weft/http/client/trace_config.hpp>
#include <weft/http/client/websocket_builder.hpp>
#include <weft/http/client/websocket_options.hpp>
#include <weft/http/cookie_jar.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/method.hpp>
#include <weft/http/url.hpp>
#include <weft/http/url_error.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>

namespace weft::http {
namespace {

void check_scheme(const URL& url) {
    if (url.scheme() == "http" || url.scheme() == "https") return;
    throw NonHttpUrlClientError("a URL of the scheme http or https was expected, got " +
                                url.human_repr());
}

Coro<void> nothing() { co_return; }

}  // namespace

URL URLish::parse(const std::optional<URL>& base) const {
    if (url_) return *url_;
    auto parsed = base ? URL::parse_http(text_, *base) : URL::parse_http(text_);
    if (!parsed && parsed.error().fault == URLFault::not_http) {
        throw NonHttpUrlClientError(describe(parsed.error()));
    }
    if (!parsed) throw InvalidUrlClientError(parsed.error());
    return *std::move(parsed);
}

URL URLish::resolve(const std::optional<URL>& base) const {
    URL url = parse(base);
    check_scheme(url);
    return url;
}

// Spec: WHATWG WebSockets Standard, "establish a WebSocket connection".
URL URLish::resolve_websocket(const std::optional<URL>& base) const {
    URL url = parse(base);
    if (url.scheme() == "ws") return url.with_scheme("http");
    if (url.scheme() == "wss") return url.with_scheme("https");
    check_scheme(url);
    return url;
}

ClientSession::ClientSession(SessionOptions options)
    : connector_(options.connector ? *options.connector : TCPConnector()),
      options_(std::move(options)),
      retry_(std::make_shared<const RetryPolicy>(options_.retry)),
      retry_budget_(std::make_shared<internal::RetryBudget>(options_.retry)) {
    if (!options_.middlewares.empty()) {
        middlewares_ = std::make_shared<const std::vector<Middleware>>(options_.middlewares);
    }
    if (!options_.trace_configs.empty()) {
        trace_configs_ = std::make_shared<const std::vector<TraceConfig>>(options_.trace_configs);
    }
    if (!options_.connector) options_.connector_owner = true;
    if (!options_.keep_cookies) {
        options_.cookie_jar = nullptr;
    } else if (!options_.cookie_jar) {
        options_.cookie_jar = std::make_shared<CookieJar>();
    }
}

ClientSession::~ClientSession() {
    if (closed_ || !options_.connector_owner) return;
    const internal::Pool* pool = connector_.state().pool();
    const bool is_asked_to_tell = pool && !pool->loop_is_closed() && pool->loop().get_debug();
    if (is_asked_to_tell && pool->in_use() + pool->idle() > 0) {
        log(LogLevel::warning, "unclosed ClientSession: co_await session.close()");
    }
    connector_.state().close();
}

RequestBuilder ClientSession::request(Method method, const URLish& url) const {
    if (closed_) throw RuntimeError("the session is closed");
    URL target = url.resolve(options_.base_url);
    if (!target.raw_fragment().empty()) target = target.with_fragment("");
    Headers headers{{"Host", target.host_port_subcomponent()}};
    headers.update(options_.headers);
    if (const auto auth = BasicAuth::from_url(target)) {
        headers.setdefault("Authorization", auth->encode());
        target = target.with_user("");
    }
    return RequestBuilder(
        connector_,
        {.method = std::move(method),
         .url = std::move(target),
         .headers = std::move(headers),
         .timeout = options_.timeout,
         .cookie_jar = options_.cookie_jar,
         .proxy = options_.proxy,
         .trust_env = options_.trust_env,
         .redirects = options_.redirects,
         .retry = retry_,
         .retry_budget = retry_budget_,
         .middlewares = middlewares_,
         .trace = trace_configs_ ? std::make_shared<internal::Trace>(trace_configs_) : nullptr,
         .auto_decompress = options_.auto_decompress,
         .body_limits = options_.body_limits,
         .raise_for_status = options_.raise_for_status});
}

RequestBuilder ClientSession::get(const URLish& url) const { return request(Method::get, url); }
RequestBuilder ClientSession::head(const URLish& url) const { return request(Method::head, url); }
RequestBuilder ClientSession::post(const URLish& url) const { return request(Method::post, url); }
RequestBuilder ClientSession::put(const URLish& url) const { return request(Method::put, url); }
RequestBuilder ClientSession::patch(const URLish& url) const { return request(Method::patch, url); }
RequestBuilder ClientSession::delete_(const URLish& url) const {
    return request(Method::delete_, url);
}
RequestBuilder ClientSession::options(const URLish& url) const {
    return request(Method::options, url);
}

WSRequestBuilder ClientSession::ws_connect(const URLish& url, WSOptions options) const {
    return WSRequestBuilder(get(url.resolve_websocket(options_.base_url)), std::move(options));
}

Coro<void> ClientSession::close() {
    if (std::exchange(closed_, true) || !options_.connector_owner) return nothing();
    return connector_.close();
}

}  // namespace weft::http
