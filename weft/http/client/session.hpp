// SPDX-License-Identifier: Apache-2.0
// weft/http/client/session.hpp - ClientSession: requests that share connections and settings.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <weft/http/client/body_limits.hpp>
#include <weft/http/client/connector.hpp>
#include <weft/http/client/middleware.hpp>
#include <weft/http/client/proxy.hpp>
#include <weft/http/client/redirect_policy.hpp>
#include <weft/http/client/request_builder.hpp>
#include <weft/http/client/response.hpp>  // IWYU pragma: export
#include <weft/http/client/retry_policy.hpp>
#include <weft/http/client/timeout.hpp>
#include <weft/http/client/trace_config.hpp>
#include <weft/http/client/websocket.hpp>  // IWYU pragma: export
#include <weft/http/client/websocket_builder.hpp>
#include <weft/http/client/websocket_options.hpp>
#include <weft/http/cookie_jar.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/method.hpp>
#include <weft/http/url.hpp>
#include <weft/runtime/coro.hpp>

namespace weft::http {

/// A URL, or a text that is one: whole, or relative to the session's `base_url`.
class URLish {
public:
    URLish(URL url) : url_(std::move(url)) {}
    URLish(std::string_view text) : text_(text) {}
    URLish(const std::string& text) : text_(text) {}
    URLish(const char* text) : text_(text) {}

    /// Errors: InvalidUrlClientError   it is none, or has no base to be relative to
    ///         NonHttpUrlClientError   its scheme is neither http nor https.
    [[nodiscard]] URL resolve(const std::optional<URL>& base) const;
    /// The same of a WebSocket's: ws and wss, too, in whose place there is http or https then.
    [[nodiscard]] URL resolve_websocket(const std::optional<URL>& base) const;

private:
    [[nodiscard]] URL parse(const std::optional<URL>& base) const;

    std::optional<URL> url_;
    std::string_view text_;
};

struct SessionOptions {
    std::optional<URL> base_url = std::nullopt;  ///< what relative URLs are relative to
    Headers headers = {};                        ///< of each request
    ClientTimeout timeout = {};
    std::optional<Connector> connector = std::nullopt;  ///< nullopt: a TCPConnector of its own
    bool connector_owner = true;                        ///< whether close() closes `connector`
    /// Where cookies are kept; null: a jar of the session's own.
    std::shared_ptr<CookieJar> cookie_jar = nullptr;
    /// Whether any are, and given back. aiohttp's DummyCookieJar is `false`.
    bool keep_cookies = true;
    std::optional<Proxy> proxy = std::nullopt;
    /// Whether the environment may name a proxy (proxy_from_environment()), where `proxy` does not.
    bool trust_env = false;
    RedirectPolicy redirects = {};
    RetryPolicy retry = {};
    std::vector<Middleware> middlewares = {};  ///< the first one is the outermost
    std::vector<TraceConfig> trace_configs = {};
    /// Whether bodies are asked for in gzip, deflate, br or zstd, and decompressed.
    bool auto_decompress = true;
    BodyLimits body_limits = {};  ///< of each response
    bool raise_for_status = false;
};

/// What programs fetch with. Requests of one session share its connections.
///
///     ClientSession session;
///     auto response = co_await session.get(url);
///     if (response.ok()) use(co_await response.read());
///     co_await session.close();
///
/// Lifetime: a request that is under way goes on when the session is gone, unless it was the last
///           to use its connector.
/// Spec:     aiohttp.ClientSession. There, `json_serialize` and its like are arguments; here they
///           are types.
class ClientSession {
public:
    explicit ClientSession(SessionOptions options = {});
    ClientSession(const ClientSession&) = delete;
    ClientSession& operator=(const ClientSession&) = delete;
    /// Closes its connections if it was not closed, and warns of it in debug mode.
    ~ClientSession();

    /// Errors, of all of these: those of URLish::resolve().
    [[nodiscard]] RequestBuilder get(const URLish& url) const;
    [[nodiscard]] RequestBuilder head(const URLish& url) const;
    [[nodiscard]] RequestBuilder post(const URLish& url) const;
    [[nodiscard]] RequestBuilder put(const URLish& url) const;
    [[nodiscard]] RequestBuilder patch(const URLish& url) const;
    [[nodiscard]] RequestBuilder delete_(const URLish& url) const;
    [[nodiscard]] RequestBuilder options(const URLish& url) const;
    [[nodiscard]] RequestBuilder request(Method method, const URLish& url) const;
    /// Asks for a WebSocket, at a URL of the scheme ws, wss, http or https.
    [[nodiscard]] WSRequestBuilder ws_connect(const URLish& url, WSOptions options = {}) const;

    /// Closes the connections, and waits until they are. A second call does nothing.
    /// Cancel:   safe; they are closed all the same.
    /// Suspends: maybe.
    [[nodiscard, clang::coro_wrapper, clang::coro_disable_lifetimebound]] Coro<void> close();
    [[nodiscard]] bool closed() const noexcept { return closed_; }
    [[nodiscard]] const Connector& connector() const noexcept { return connector_; }
    /// Null where no cookies are kept.
    [[nodiscard]] const std::shared_ptr<CookieJar>& cookie_jar() const noexcept {
        return options_.cookie_jar;
    }

private:
    Connector connector_;
    SessionOptions options_;
    std::shared_ptr<const RetryPolicy> retry_;
    std::shared_ptr<internal::RetryBudget> retry_budget_;
    std::shared_ptr<const std::vector<Middleware>> middlewares_;     // null: none
    std::shared_ptr<const std::vector<TraceConfig>> trace_configs_;  // null: none
    bool closed_ = false;
};

}  // namespace weft::http
