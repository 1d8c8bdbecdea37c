// SPDX-License-Identifier: Apache-2.0
// weft/http/internal/cookie_scope.hpp - where a cookie belongs: domains, paths, public suffixes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <weft/http/url.hpp>

namespace weft::http::internal {

/// Whether a request to `url` may carry cookies: http, https, ws, wss.
[[nodiscard]] bool has_cookies(const URL& url) noexcept;
/// Whether it goes over TLS.
[[nodiscard]] bool is_secure(const URL& url) noexcept;
[[nodiscard]] bool has_ip_host(const URL& url) noexcept;

/// A domain as the hosts of URLs have it: ASCII, in lower case. nullopt where it cannot be one; a
/// dot at its end stays.
[[nodiscard]] std::optional<std::string> canonical_cookie_domain(std::string_view text);

/// Whether anybody can register a name below this canonical domain, with or without a dot at its
/// end. All of one label are, if they are not on the list.
/// Spec: https://publicsuffix.org/list/, as libpsl was built with.
[[nodiscard]] bool is_public_suffix(std::string_view domain);

/// Whether the host, which is canonical, is the domain or below it.
/// Spec: RFC 6265bis §5.1.3; that an address has nothing below it is for the caller to see to.
[[nodiscard]] bool domain_matches(std::string_view host, std::string_view domain) noexcept;

/// Spec: RFC 6265bis §5.1.4.
[[nodiscard]] std::string_view default_cookie_path(std::string_view path) noexcept;
[[nodiscard]] bool path_matches(std::string_view path, std::string_view cookie_path) noexcept;

}  // namespace weft::http::internal
