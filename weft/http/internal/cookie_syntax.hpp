// SPDX-License-Identifier: Apache-2.0
// weft/http/internal/cookie_syntax.hpp - what would end a cookie early, or begin another header.
#pragma once

#include <string_view>

#include <weft/http/cookie_error.hpp>

namespace weft::http::internal {

/// `NAME=VALUE`, without the white space around both. Without `=` all of it is the name.
struct CookiePair {
    std::string_view name;
    std::string_view value;
    bool has_equals;
};

/// Takes what is before the next semicolon, and that, from the front of the text.
[[nodiscard]] CookiePair take_cookie_pair(std::string_view& text) noexcept;

/// The fault of such a pair. One without `=` may be a value, which errors do not tell.
[[nodiscard]] CookieError cookie_error(CookieFault fault, const CookiePair& pair);

/// Whether it comes out of a header as it was: no control byte, no semicolon, no white space
/// around it.
[[nodiscard]] bool is_cookie_text(std::string_view text) noexcept;
/// Whether it is such a text without `=`, and not empty.
[[nodiscard]] bool is_cookie_name(std::string_view name) noexcept;

/// Refuses a pair that Set-Cookie or Cookie would not carry as it is.
/// Errors: ValueError   as cookie_header() says, or both pass `cookie_bytes_max`.
void judge_cookie_pair(std::string_view name, std::string_view value);

/// Errors: ValueError   the value is no is_cookie_text(), or passes `cookie_attribute_bytes_max`.
void judge_cookie_attribute(std::string_view cookie, std::string_view name, std::string_view value);

/// Whether `__Secure-` and `__Host-`, in whatever case, promise no more than the cookie keeps.
/// Spec: RFC 6265bis §4.1.3 and §5.7.
[[nodiscard]] bool keeps_prefix_promise(std::string_view name, bool is_secure,
                                        bool is_for_one_host) noexcept;

}  // namespace weft::http::internal
