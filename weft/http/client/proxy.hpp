// SPDX-License-Identifier: Apache-2.0
// weft/http/client/proxy.hpp - Proxy: whom to ask for a connection to somebody else.
#pragma once

#include <optional>

#include <weft/http/basic_auth.hpp>
#include <weft/http/url.hpp>

namespace weft::http {

/// A proxy and, where it wants one, a login: that of `auth`, else that of the URL. It goes to the
/// proxy only.
///
///   http://    forwards plain requests, and opens a tunnel (CONNECT) for https
///   socks5://  a tunnel, to an address that is looked up here
///   socks5h:// a tunnel, to a name that the proxy looks up
///
/// Without a port it is that of HTTP, and 1080 for SOCKS.
struct Proxy {
    URL url;
    std::optional<BasicAuth> auth = std::nullopt;
};

/// The proxy that the environment names for a URL: that of `http_proxy`, `https_proxy` or
/// `all_proxy`, in small or capital letters, small ones first; nullopt for none, and where `no_proxy`
/// has the host.
///
/// `no_proxy` is a list of names, each with those below it, of addresses, of networks such as
/// 10.0.0.0/8, each perhaps with a port, or `*`. HTTP_PROXY, in capitals, is not looked at where
/// REQUEST_METHOD is set, as in a CGI program, where whoever asks can set it.
///
/// Errors: ValueError   the variable is no URL of a proxy; its value, which may be secret, is not told.
/// Spec:   Python's urllib.request.getproxies_environment(), which knows no networks.
[[nodiscard]] std::optional<Proxy> proxy_from_environment(const URL& url);

}  // namespace weft::http
