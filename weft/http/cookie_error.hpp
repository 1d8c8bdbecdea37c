// SPDX-License-Identifier: Apache-2.0
// weft/http/cookie_error.hpp - why a cookie is not taken.
#pragma once

#include <cstdint>
#include <string>

namespace weft::http {

enum class CookieFault : std::uint8_t {
    // What a text is refused for.
    control_byte,
    no_name,
    too_long,
    too_many_cookies,
    // What a CookieJar refuses, since the response had no right to set it.
    not_http,           ///< the URL is no http, https, ws or wss
    ip_host,            ///< the host is an address, and the jar is not `unsafe`
    bad_domain,         ///< its domain is none
    public_suffix,      ///< its domain is one below which anybody can register, such as `co.uk`
    foreign_domain,     ///< its domain does not hold the host of the URL
    insecure_origin,    ///< it is `Secure`, and the URL is not
    overwrites_secure,  ///< it would hide a `Secure` cookie, and the URL is not secure
    broken_prefix,      ///< `__Secure-` or `__Host-` promise what it does not keep
};

/// A fault and the name of the cookie that has it: its beginning, and never its value.
struct CookieError {
    CookieFault fault{};
    std::string name;

    friend bool operator==(const CookieError&, const CookieError&) = default;
};

/// One line for people: "the cookie 'id' is for a public suffix, below which anybody can register".
[[nodiscard]] std::string describe(const CookieError& error);

}  // namespace weft::http
