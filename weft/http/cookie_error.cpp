// SPDX-License-Identifier: Apache-2.0
#include <weft/http/cookie_error.hpp>

#include <string>
#include <string_view>

#include <weft/http/syntax.hpp>

namespace weft::http {
namespace {

std::string_view text_of(CookieFault fault) noexcept {
    switch (fault) {
        case CookieFault::control_byte:
            return "holds a control byte";
        case CookieFault::no_name:
            return "has no name: NAME=VALUE was expected";
        case CookieFault::too_long:
            return "is longer than cookie_bytes_max, name and value together";
        case CookieFault::too_many_cookies:
            return "is one more than cookies_max";
        case CookieFault::not_http:
            return "came from a URL that is not of http, https, ws or wss";
        case CookieFault::ip_host:
            return "came from an address: only the jars that are unsafe take it";
        case CookieFault::bad_domain:
            return "is for a domain that is none";
        case CookieFault::public_suffix:
            return "is for a public suffix, below which anybody can register";
        case CookieFault::foreign_domain:
            return "is for a domain that does not hold the host that has set it";
        case CookieFault::insecure_origin:
            return "is Secure, and came from a URL that is not";
        case CookieFault::overwrites_secure:
            return "would hide a Secure one, and came from a URL that is not";
        case CookieFault::broken_prefix:
            return "has a name that promises Secure (__Secure-, __Host-), Path=/ and no Domain "
                   "(__Host-), and does not keep it";
    }
    return "";
}

}  // namespace

std::string describe(const CookieError& error) {
    return "the cookie " + in_quotes(error.name) + " " + std::string(text_of(error.fault));
}

}  // namespace weft::http
