// SPDX-License-Identifier: Apache-2.0
#include <weft/http/internal/cookie_syntax.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include <weft/base/exceptions.hpp>
#include <weft/http/cookie.hpp>
#include <weft/http/cookie_error.hpp>
#include <weft/http/syntax.hpp>

namespace weft::http::internal {
namespace {

// What stands in an error is a beginning of the name.
constexpr std::size_t shown_bytes_max = 64;

bool starts_with_ignoring_case(std::string_view text, std::string_view prefix) noexcept {
    return equal_ignoring_case(text.substr(0, prefix.size()), prefix);
}

}  // namespace

CookiePair take_cookie_pair(std::string_view& text) noexcept {
    const std::size_t end = std::min(text.find(';'), text.size());
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) {
        return {.name = trimmed(part), .value = {}, .has_equals = false};
    }
    return {.name = trimmed(part.substr(0, equals)),
            .value = trimmed(part.substr(equals + 1)),
            .has_equals = true};
}

CookieError cookie_error(CookieFault fault, const CookiePair& pair) {
    const std::string_view name = pair.has_equals ? pair.name : std::string_view();
    return {.fault = fault, .name = std::string(name.substr(0, shown_bytes_max))};
}

bool is_cookie_text(std::string_view text) noexcept {
    return value_prefix(text) == text.size() && text.find_first_of(";\t") == text.npos &&
           trimmed(text).size() == text.size();
}

bool is_cookie_name(std::string_view name) noexcept {
    return !name.empty() && is_cookie_text(name) && !name.contains('=');
}

void judge_cookie_pair(std::string_view name, std::string_view value) {
    if (!is_cookie_name(name)) {
        throw ValueError(in_quotes(name) +
                         " is not the name of a cookie: it is not empty, and holds no control "
                         "byte, ';', '=' and white space around it");
    }
    if (!is_cookie_text(value)) {
        throw ValueError("the value of the cookie " + in_quotes(name) +
                         " holds a control byte, ';' or white space around it: "
                         "quote_cookie_value() makes one that it may have");
    }
    if (name.size() + value.size() > cookie_bytes_max) {
        throw ValueError("the cookie " + in_quotes(name) + " is longer than " +
                         std::to_string(cookie_bytes_max) + " bytes, name and value together");
    }
}

void judge_cookie_attribute(std::string_view cookie, std::string_view name,
                            std::string_view value) {
    if (is_cookie_text(value) && value.size() <= cookie_attribute_bytes_max) return;
    throw ValueError("the " + std::string(name) + " " + in_quotes(value) + " of the cookie " +
                     in_quotes(cookie) + " holds a control byte, ';' or white space around it, " +
                     "or is longer than " + std::to_string(cookie_attribute_bytes_max) + " bytes");
}

bool keeps_prefix_promise(std::string_view name, bool is_secure, bool is_for_one_host) noexcept {
    if (starts_with_ignoring_case(name, "__Secure-")) return is_secure;
    if (starts_with_ignoring_case(name, "__Host-")) return is_secure && is_for_one_host;
    return true;
}

}  // namespace weft::http::internal
