// SPDX-License-Identifier: Apache-2.0
#include <weft/http/internal/cookie_scope.hpp>

#include <optional>
#include <string>
#include <string_view>

#include <libpsl.h>

#include <weft/http/internal/domain_name.hpp>
#include <weft/http/internal/ip_address.hpp>
#include <weft/http/url.hpp>

namespace weft::http::internal {

bool is_secure(const URL& url) noexcept { return url.scheme() == "https" || url.scheme() == "wss"; }

bool has_cookies(const URL& url) noexcept {
    return is_secure(url) || url.scheme() == "http" || url.scheme() == "ws";
}

bool has_ip_host(const URL& url) noexcept {
    return url.host_subcomponent().starts_with('[') || ends_in_number(url.raw_host());
}

std::optional<std::string> canonical_cookie_domain(std::string_view text) {
    std::string domain;
    if (!append_domain_in_ascii(domain, text) || domain.empty()) return std::nullopt;
    if (domain.starts_with('.') || domain.contains("..")) return std::nullopt;
    return domain;
}

bool is_public_suffix(std::string_view domain) {
    while (domain.ends_with('.')) domain.remove_suffix(1);
    return psl_is_public_suffix(psl_builtin(), std::string(domain).c_str()) != 0;
}

bool domain_matches(std::string_view host, std::string_view domain) noexcept {
    if (!host.ends_with(domain)) return false;
    host.remove_suffix(domain.size());
    return host.empty() || host.ends_with('.');
}

std::string_view default_cookie_path(std::string_view path) noexcept {
    if (!path.starts_with('/')) return "/";
    const std::string_view folder = path.substr(0, path.rfind('/'));
    return folder.empty() ? "/" : folder;
}

bool path_matches(std::string_view path, std::string_view cookie_path) noexcept {
    if (!path.starts_with(cookie_path)) return false;
    return path.size() == cookie_path.size() || cookie_path.ends_with('/') ||
           path[cookie_path.size()] == '/';
}

}  // namespace weft::http::internal
