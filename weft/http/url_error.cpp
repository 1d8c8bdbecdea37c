// SPDX-License-Identifier: Apache-2.0
#include <weft/http/url_error.hpp>

#include <string>
#include <string_view>

namespace weft::http {
namespace {

// The words around the culprit.
struct Words {
    std::string_view before;
    std::string_view after;
};

Words words_for(URLFault fault) {
    switch (fault) {
        case URLFault::too_long:
            return {"a URL of ", " bytes is longer than URL::bytes_max"};
        case URLFault::no_scheme:
            return {"'", "' has no scheme, such as https://, and no URL to be relative to"};
        case URLFault::bad_scheme:
            return {"the scheme '", "' is not a letter followed by letters, digits, '+', '-', '.'"};
        case URLFault::no_host:
            return {"there is no host in '", "'"};
        case URLFault::bad_host:
            return {"the host '", "' is no domain name and no address"};
        case URLFault::bad_ipv4:
            return {"the host '", "' ends in a number, but is no address of IPv4"};
        case URLFault::bad_ipv6:
            return {"the host '", "' is no address of IPv6 in brackets"};
        case URLFault::bad_port:
            return {"the port '", "' is not a number from 0 to 65535"};
        case URLFault::not_allowed:
            return {"there can be no ", ""};
        case URLFault::not_http:
            return {"the scheme '", "' is none of http, https, ws, wss"};
        case URLFault::space_or_control:
            return {"a URL holds no '", "': percent-encode white space and control bytes"};
        case URLFault::bad_slashes:
            return {"'", "' has a backslash, or not exactly two slashes before the host"};
        case URLFault::bad_userinfo:
            return {"'",
                    "' has more than one '@' before the path; percent-encode those of a password"};
        case URLFault::encoded_host:
            return {"the host '", "' is percent-encoded; write it as it is"};
        case URLFault::non_canonical:
            return {"the host '", "' is an IPv4 address, but not as four decimal numbers"};
    }
    return {"'", "' is no URL"};
}

}  // namespace

std::string describe(const URLError& error) {
    const Words words = words_for(error.fault);
    std::string text(words.before);
    text += error.culprit;
    text += words.after;
    return text;
}

InvalidURL::InvalidURL(const URLError& error) : fault_(error.fault) {
    set_message(describe(error));
}

}  // namespace weft::http
