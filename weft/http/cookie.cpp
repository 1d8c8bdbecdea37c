// SPDX-License-Identifier: Apache-2.0
#include <weft/http/cookie.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include <weft/base/exceptions.hpp>
#include <weft/http/cookie_error.hpp>
#include <weft/http/internal/ascii.hpp>
#include <weft/http/internal/cookie_date.hpp>
#include <weft/http/internal/cookie_syntax.hpp>
#include <weft/http/syntax.hpp>

namespace weft::http {
namespace {

// No clock tells of a longer time; so that nothing overflows.
constexpr std::chrono::seconds max_age_max{std::int64_t{1} << 40};

std::optional<std::chrono::seconds> read_max_age(std::string_view text) noexcept {
    const bool is_negative = text.starts_with('-');
    if (is_negative) text.remove_prefix(1);
    if (text.empty() || !std::ranges::all_of(text, is_digit)) return std::nullopt;
    std::chrono::seconds age{0};
    for (const char c : text) age = std::min(age * 10 + std::chrono::seconds(c - '0'), max_age_max);
    return is_negative ? -age : age;
}

std::optional<SameSite> read_samesite(std::string_view text) noexcept {
    if (equal_ignoring_case(text, "Strict")) return SameSite::strict;
    if (equal_ignoring_case(text, "Lax")) return SameSite::lax;
    if (equal_ignoring_case(text, "None")) return SameSite::none;
    return std::nullopt;
}

std::string_view text_of(SameSite samesite) noexcept {
    switch (samesite) {
        case SameSite::strict:
            return "Strict";
        case SameSite::lax:
            return "Lax";
        case SameSite::none:
            break;
    }
    return "None";
}

void read_expires(Morsel& cookie, std::string_view value) {
    if (const auto date = internal::parse_cookie_date(value)) cookie.expires = date;
}
void read_max_age_into(Morsel& cookie, std::string_view value) {
    if (const auto age = read_max_age(value)) cookie.max_age = age;
}
void read_domain(Morsel& cookie, std::string_view value) {
    if (value.starts_with('.')) value.remove_prefix(1);
    cookie.domain = internal::lower_case(value);
}
void read_path(Morsel& cookie, std::string_view value) {
    cookie.path = value.starts_with('/') ? value : std::string_view();
}

struct Attribute {
    std::string_view name;
    void (*read)(Morsel& cookie, std::string_view value);
};
constexpr std::array<Attribute, 8> attributes = {{
    {"Expires", read_expires},
    {"Max-Age", read_max_age_into},
    {"Domain", read_domain},
    {"Path", read_path},
    {"Secure", [](Morsel& cookie, std::string_view) { cookie.secure = true; }},
    {"HttpOnly", [](Morsel& cookie, std::string_view) { cookie.httponly = true; }},
    {"SameSite",
     [](Morsel& cookie, std::string_view text) { cookie.samesite = read_samesite(text); }},
    {"Partitioned", [](Morsel& cookie, std::string_view) { cookie.partitioned = true; }},
}};

void read_attribute(Morsel& cookie, const internal::CookiePair& pair) {
    if (pair.value.size() > cookie_attribute_bytes_max || pair.value.contains('\t')) return;
    for (const Attribute& attribute : attributes) {
        if (equal_ignoring_case(attribute.name, pair.name)) attribute.read(cookie, pair.value);
    }
}

void judge(const Morsel& cookie) {
    internal::judge_cookie_pair(cookie.key, cookie.value);
    if (!is_token(cookie.key)) {
        throw ValueError(in_quotes(cookie.key) + " is not the name of a cookie, which is a token");
    }
    internal::judge_cookie_attribute(cookie.key, "domain", cookie.domain);
    internal::judge_cookie_attribute(cookie.key, "path", cookie.path);
    if (!cookie.path.empty() && !cookie.path.starts_with('/')) {
        throw ValueError("the path " + in_quotes(cookie.path) + " of the cookie " +
                         in_quotes(cookie.key) + " does not begin with '/'");
    }
    if (cookie.expires && !internal::has_cookie_date(*cookie.expires)) {
        throw ValueError("the cookie " + in_quotes(cookie.key) + " expires beyond the year 9999");
    }
    const bool is_for_one_host = cookie.path == "/" && cookie.domain.empty();
    if (!internal::keeps_prefix_promise(cookie.key, cookie.secure, is_for_one_host)) {
        throw ValueError(describe({.fault = CookieFault::broken_prefix, .name = cookie.key}));
    }
}

}  // namespace

std::expected<Morsel, CookieError> parse_set_cookie(std::string_view text) {
    std::string_view rest = text;
    const internal::CookiePair pair = internal::take_cookie_pair(rest);
    if (value_prefix(text) != text.size() || pair.name.contains('\t') ||
        pair.value.contains('\t')) {
        return std::unexpected(internal::cookie_error(CookieFault::control_byte, pair));
    }
    if (!pair.has_equals || pair.name.empty()) {
        return std::unexpected(internal::cookie_error(CookieFault::no_name, pair));
    }
    if (pair.name.size() + pair.value.size() > cookie_bytes_max) {
        return std::unexpected(internal::cookie_error(CookieFault::too_long, pair));
    }
    Morsel cookie;
    cookie.key = pair.name;
    cookie.value = pair.value;
    while (!rest.empty()) read_attribute(cookie, internal::take_cookie_pair(rest));
    return cookie;
}

std::string set_cookie_header(const Morsel& cookie) {
    judge(cookie);
    std::string out = cookie.key + "=" + cookie.value;
    if (!cookie.domain.empty()) out += "; Domain=" + cookie.domain;
    if (cookie.expires) {
        out += "; expires=";
        internal::append_cookie_date(out, *cookie.expires);
    }
    if (cookie.httponly) out += "; HttpOnly";
    if (cookie.max_age) out += "; Max-Age=" + std::to_string(cookie.max_age->count());
    if (cookie.partitioned) out += "; Partitioned";
    if (!cookie.path.empty()) out += "; Path=" + cookie.path;
    if (cookie.samesite) out.append("; SameSite=").append(text_of(*cookie.samesite));
    if (cookie.secure) out += "; Secure";
    return out;
}

}  // namespace weft::http
