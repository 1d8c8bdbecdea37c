// SPDX-License-Identifier: Apache-2.0
// weft/http/client/request.hpp - ClientRequest: what is asked of a server.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <weft/base/bytes.hpp>
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

namespace internal {
class RetryBudget;
}

/// A request before it is sent; RequestBuilder makes one.
struct ClientRequest {
    Method method;
    URL url;
    Headers headers;
    Bytes body{};
    ClientTimeout timeout{};
    StreamSecurity ssl = nullptr;                               ///< null: the connector's
    std::optional<std::string> server_hostname = std::nullopt;  ///< nullopt: the URL's host
    MultiDict cookies{};                                        ///< for the origin of `url` alone
    std::shared_ptr<CookieJar> cookie_jar = nullptr;            ///< null: no cookies are kept
    std::optional<Proxy> proxy = std::nullopt;
    bool trust_env = false;  ///< without `proxy`: whether to use the environment's
    RedirectPolicy redirects{};
    std::shared_ptr<const RetryPolicy> retry = nullptr;             ///< null: the default one
    std::shared_ptr<internal::RetryBudget> retry_budget = nullptr;  ///< null: without a limit
    std::optional<bool> allow_redirects = std::nullopt;  ///< nullopt: as `redirects` says
    bool auto_decompress = true;
    bool raise_for_status = false;
    /// Whether it asks for another protocol (101): then a proxy has to open a tunnel for it, also
    /// where it is plain text.
    bool upgrades = false;
};

}  // namespace weft::http
