// SPDX-License-Identifier: Apache-2.0
// weft/http/cookie.hpp - Morsel: a cookie; the headers Cookie and Set-Cookie, read and written.
//
//   Set-Cookie: id=42; Path=/; HttpOnly      a server tells a client      parse_set_cookie()
//   Cookie: id=42; theme="two words"         the client tells it back     parse_cookie_header()
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include <weft/http/cookie_error.hpp>
#include <weft/http/multi_dict.hpp>

namespace weft::http {

enum class SameSite : std::uint8_t { none, lax, strict };

/// The time of cookies: the system's clock, in the whole seconds in which they count.
using CookieTime = std::chrono::sys_seconds;

/// A cookie with what its server says about it.
///
/// `value` is what goes over the wire, quotes included, so that a server gets back the very bytes
/// that it has sent. quote_cookie_value() makes one from any text, and unquote_cookie_value() a
/// text from it.
///
/// Spec: http.cookies.Morsel, whose `coded_value` is `value` here.
struct Morsel {
    std::string key;
    std::string value;
    std::string domain;  ///< empty: only the host that has set it gets it
    std::string path;    ///< empty: the folder of the URL that has set it
    std::optional<CookieTime> expires;
    std::optional<std::chrono::seconds> max_age;  ///< goes before `expires`
    std::optional<SameSite> samesite;
    bool secure = false;
    bool httponly = false;
    bool partitioned = false;

    friend bool operator==(const Morsel&, const Morsel&) = default;
};

/// What a name and a value may hold together.
/// Spec: RFC 6265bis §5.6.
inline constexpr std::size_t cookie_bytes_max = 4096;
/// An attribute with more than these is none.
/// Spec: RFC 6265bis §5.6.
inline constexpr std::size_t cookie_attribute_bytes_max = 1024;

/// Reads the value of a Set-Cookie header, as forgivingly as browsers do: an attribute that is
/// unknown or makes no sense is left out.
///
/// Errors: control_byte   anywhere, but for the tab, which only name and value must not hold;
///         no_name        `=value`, and a text without `=`: it would be sent back as another one;
///         too_long       name and value together pass `cookie_bytes_max`.
/// Cost:   linear; allocates the strings of the Morsel.
/// Spec:   RFC 6265bis §5.6. Browsers take cookies without a name, and tabs. aiohttp takes quotes
///         off, and puts others on when it sends the cookie.
[[nodiscard]] std::expected<Morsel, CookieError> parse_set_cookie(std::string_view text);

/// The value of a Set-Cookie header: what parse_set_cookie() reads back.
///
/// Errors: ValueError   the name is no token; value, domain or path hold a control byte, a
///                      semicolon or white space at their ends; name and value pass
///                      `cookie_bytes_max`, or domain or path `cookie_attribute_bytes_max`; the
///                      path does not begin with `/`; `expires` is not of the years 1601 to 9999; a
///                      `__Secure-` cookie is not secure, or a `__Host-` cookie not also for `/`
///                      and without domain. The text never tells the value.
/// Spec:   RFC 6265bis §4.1.1; attributes in the order of http.cookies.Morsel.OutputString().
[[nodiscard]] std::string set_cookie_header(const Morsel& cookie);

struct CookieHeaderLimits {
    std::size_t cookies_max = 64;
};

/// Reads the value of a Cookie header, for a server: names, and their values without quotes
/// (unquote_cookie_value()). What is no cookie is left out: a part without `=`, and one whose name
/// is empty or holds what no name may (control bytes, spaces, quotes, `,`, `\`).
///
/// Of several with one name, those with longer paths come first, so that MultiDict::get() finds the
/// one that is most about the request.
///
/// Errors: too_many_cookies   there are more parts than `cookies_max`.
/// Limits: cookies_max, 64.
/// Cost:   linear; allocates the pairs.
/// Spec:   RFC 6265bis §5.8.3. aiohttp's parse_cookie_header(); there a value in quotes may hold
///         semicolons, which lets a script take the cookies behind it into one that it can read.
[[nodiscard]] std::expected<MultiDict, CookieError> parse_cookie_header(
    std::string_view text, CookieHeaderLimits limits = {});

/// The value of a Cookie header. Values go out as they are.
///
/// Errors: ValueError   a name is empty or holds a control byte, a semicolon, `=`, or white space
///                      at its ends; a value holds one of these but `=`; both pass
///                      `cookie_bytes_max`. The text never tells the value.
/// Spec:   RFC 6265bis §5.8.3.
[[nodiscard]] std::string cookie_header(const MultiDict& cookies);

/// A value for any text: in quotes, with `\"`, `\\` and `\073`, where cookies cannot hold it as it
/// is.
///
/// Spec: http.cookies.SimpleCookie.value_encode().
[[nodiscard]] std::string quote_cookie_value(std::string_view text);
/// The text of a value; the value itself where it is not in quotes.
///
/// Spec: http.cookies.SimpleCookie.value_decode().
[[nodiscard]] std::string unquote_cookie_value(std::string_view value);

}  // namespace weft::http
