// SPDX-License-Identifier: Apache-2.0
// weft/http/url_error.hpp - why a text is no URL.
//
//   ValueError, ClientError > InvalidURL
#pragma once

#include <cstdint>
#include <string>

#include <weft/base/exceptions.hpp>
#include <weft/http/client_error.hpp>

namespace weft::http {

/// What is wrong with a text that was to be a URL, or with a part that it was to get.
enum class URLFault : std::uint8_t {
    too_long,
    no_scheme,  ///< a relative reference, and nothing that it is relative to
    bad_scheme,
    no_host,
    bad_host,
    bad_ipv4,
    bad_ipv6,
    bad_port,
    /// The part cannot be had by this kind of URL: a port by `file:///x`, a path by `mailto:a@b`.
    not_allowed,
    // What only parse_http() refuses.
    not_http,
    space_or_control,
    bad_slashes,    ///< a backslash, or another number of slashes than two before the host
    bad_userinfo,   ///< more than one `@` before the path
    encoded_host,   ///< percent-encoded bytes in the host
    non_canonical,  ///< an IPv4 address that is not four decimal numbers
};

/// A fault and the text that has it.
struct URLError {
    URLFault fault;
    /// The part of the text that is at fault, at most `culprit_bytes_max` of it, control bytes
    /// as `\x0a`. "…" instead of whatever may belong to a password.
    std::string culprit;

    static constexpr std::size_t culprit_bytes_max = 64;
};

/// One line that names the culprit and what was expected:
/// "the port '99999' is not a number from 0 to 65535".
[[nodiscard]] std::string describe(const URLError& error);

/// A text that is no URL, or a part that a URL cannot have. Its text is that of describe().
///
/// Spec: aiohttp.InvalidURL; yarl raises a plain ValueError.
class InvalidURL : public virtual ClientError, public ValueError {
public:
    explicit InvalidURL(const URLError& error);

    [[nodiscard]] URLFault fault() const noexcept { return fault_; }

private:
    URLFault fault_;
};

}  // namespace weft::http
