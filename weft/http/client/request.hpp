// SPDX-License-Identifier: Apache-2.0
// weft/http/client/request.hpp - ClientRequest: what is asked of a server.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <weft/http/client/body_limits.hpp>
#include <weft/http/client/fingerprint.hpp>
#include <weft/http/client/http2.hpp>
#include <weft/http/client/payload.hpp>
#include <weft/http/client/proxy.hpp>
#include <weft/http/client/redirect_policy.hpp>
#include <weft/http/client/retry_policy.hpp>
#include <weft/http/client/timeout.hpp>
#include <weft/http/cookie_jar.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/method.hpp>
#include <weft/http/multi_dict.hpp>
#include <weft/http/url.hpp>
#include <weft/io/transport_security.hpp>

namespace weft::http {

class Middleware;

namespace internal {
class RetryBudget;
class Trace;
}  // namespace internal

/// A request before it is sent; RequestBuilder makes one.
struct ClientRequest {
    Method method;
    URL url;
    Headers headers;
    Payload body{};
    bool expect100 = false;  ///< whether the body waits until the server asks for it
    ClientTimeout timeout{};
    StreamSecurity ssl = nullptr;                               ///< null: the connector's
    std::optional<std::string> server_hostname = std::nullopt;  ///< nullopt: the URL's host
    std::optional<Http2> http2 = std::nullopt;                  ///< nullopt: the connector's
    /// Of which the server's certificate must have one; empty: the connector's, or none.
    std::vector<Fingerprint> fingerprints{};
    MultiDict cookies{};                              ///< for the origin of `url` alone
    std::shared_ptr<CookieJar> cookie_jar = nullptr;  ///< null: no cookies are kept
    std::optional<Proxy> proxy = std::nullopt;
    bool trust_env = false;  ///< without `proxy`: whether to use the environment's
    RedirectPolicy redirects{};
    std::shared_ptr<const RetryPolicy> retry = nullptr;             ///< null: the default one
    std::shared_ptr<internal::RetryBudget> retry_budget = nullptr;  ///< null: without a limit
    std::optional<bool> allow_redirects = std::nullopt;  ///< nullopt: as `redirects` says
    /// Null: none.
    std::shared_ptr<const std::vector<Middleware>> middlewares = nullptr;
    std::shared_ptr<internal::Trace> trace = nullptr;  ///< null: nobody is told
    /// Whether redirects have led to another origin than the request was made for: credentials are
    /// none of its business, there and wherever it leads.
    bool is_redirected_elsewhere = false;
    bool auto_decompress = true;
    BodyLimits body_limits{};  ///< of the response
    bool raise_for_status = false;
    /// Whether it asks for another protocol (101): then a proxy has to open a tunnel for it, also
    /// where it is plain text.
    bool upgrades = false;
};

}  // namespace weft::http
