// SPDX-License-Identifier: Apache-2.0
// A jar as text, one line for each cookie, the oldest first:
//
//     #HttpOnly_.example.com  TRUE  /  TRUE  1893456000  id  42
//               domain        |     path |   expires     name value
//                             |          only over TLS
//                             also for the hosts below
#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <weft/base/exceptions.hpp>
#include <weft/http/cookie.hpp>
#include <weft/http/cookie_error.hpp>
#include <weft/http/cookie_jar.hpp>
#include <weft/http/internal/cookie_scope.hpp>
#include <weft/http/internal/cookie_syntax.hpp>
#include <weft/http/internal/ip_address.hpp>

namespace weft::http {
namespace {

constexpr std::string_view first_line = "# Netscape HTTP Cookie File\n";
constexpr std::string_view httponly_mark = "#HttpOnly_";

constexpr std::string_view word_for(bool flag) noexcept { return flag ? "TRUE" : "FALSE"; }
std::optional<bool> read_flag(std::string_view word) noexcept {
    if (word == word_for(true)) return true;
    if (word == word_for(false)) return false;
    return std::nullopt;
}

void append_line(std::string& out, const StoredCookie& cookie) {
    if (cookie.httponly) out += httponly_mark;
    if (!cookie.host_only) out += '.';
    out += cookie.domain;
    out.append("\t").append(word_for(!cookie.host_only));
    out.append("\t").append(cookie.path);
    out.append("\t").append(word_for(cookie.secure));
    out += '\t' + std::to_string(cookie.expires ? cookie.expires->time_since_epoch().count() : 0);
    out.append("\t").append(cookie.key);
    out.append("\t").append(cookie.value);
    out += '\n';
}

// The value is the last field.
using Fields = std::array<std::string_view, 7>;
std::optional<Fields> split(std::string_view line) noexcept {
    Fields fields;
    for (std::size_t i = 0; i + 1 < fields.size(); ++i) {
        const std::size_t tab = line.find('\t');
        if (tab == std::string_view::npos) return std::nullopt;
        fields[i] = line.substr(0, tab);
        line.remove_prefix(tab + 1);
    }
    fields.back() = line;
    return fields;
}

std::optional<StoredCookie> read_line(std::string_view line) {
    StoredCookie cookie;
    cookie.httponly = line.starts_with(httponly_mark);
    if (cookie.httponly) line.remove_prefix(httponly_mark.size());
    const auto fields = split(line);
    if (!fields) return std::nullopt;
    auto [domain, is_for_below, path, is_secure, expires, name, value] = *fields;

    const auto below = read_flag(is_for_below);
    const auto secure = read_flag(is_secure);
    if (!below || !secure || !path.starts_with('/') || !internal::is_cookie_text(path)) {
        return std::nullopt;
    }
    if (!internal::is_cookie_name(name) || !internal::is_cookie_text(value) ||
        name.size() + value.size() > cookie_bytes_max) {
        return std::nullopt;
    }
    std::int64_t seconds = 0;
    const char* const end = expires.data() + expires.size();
    const auto number = std::from_chars(expires.data(), end, seconds);
    if (!expires.empty() && (number.ec != std::errc() || number.ptr != end)) return std::nullopt;

    if (domain.starts_with('.')) domain.remove_prefix(1);
    cookie.domain = domain;
    cookie.host_only = !*below;
    cookie.path = path;
    cookie.secure = *secure;
    if (seconds != 0) cookie.expires = CookieTime(std::chrono::seconds(seconds));
    cookie.key = name;
    cookie.value = value;
    return cookie;
}

std::vector<StoredCookie> read_lines(std::string_view text) {
    std::vector<StoredCookie> cookies;
    for (std::size_t number = 1; !text.empty(); ++number) {
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.empty() || (line.starts_with('#') && !line.starts_with(httponly_mark))) continue;
        auto cookie = read_line(line);
        if (!cookie) {
            throw ValueError("line " + std::to_string(number) +
                             " of the cookies is not: domain, TRUE or FALSE, path, TRUE or FALSE, "
                             "seconds since 1970, name and value, with tabs between");
        }
        cookies.push_back(std::move(*cookie));
    }
    return cookies;
}

std::expected<void, CookieError> make_canonical(StoredCookie& cookie, bool takes_addresses) {
    const bool is_ip = cookie.domain.contains(':') || internal::ends_in_number(cookie.domain);
    if (is_ip && !takes_addresses) {
        return std::unexpected(CookieError{.fault = CookieFault::ip_host, .name = cookie.key});
    }
    auto domain = internal::canonical_cookie_domain(cookie.domain);
    if (!domain) {
        return std::unexpected(CookieError{.fault = CookieFault::bad_domain, .name = cookie.key});
    }
    cookie.domain = std::move(*domain);
    return {};
}

}  // namespace

std::string CookieJar::dumps() const {
    std::vector<const StoredCookie*> cookies;
    const CookieTime now = options_.clock();
    for (const StoredCookie& cookie : cookies_) {
        if (!cookie.expires || *cookie.expires > now) cookies.push_back(&cookie);
    }
    std::ranges::sort(cookies, {}, &StoredCookie::created);
    std::string out(first_line);
    for (const StoredCookie* cookie : cookies) append_line(out, *cookie);
    return out;
}

std::vector<CookieError> CookieJar::loads(std::string_view text) {
    std::vector<CookieError> errors;
    const CookieTime now = options_.clock();
    for (StoredCookie& cookie : read_lines(text)) {
        auto taken = make_canonical(cookie, options_.unsafe);
        if (taken) taken = judge(cookie, cookie.host_only && cookie.path == "/");
        if (taken) {
            store(std::move(cookie), now);
        } else {
            errors.push_back(taken.error());
        }
    }
    return errors;
}

}  // namespace weft::http
