// SPDX-License-Identifier: Apache-2.0
// weft/http/internal/host.hpp - the host of a URL: from what is written to what is connected to.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include <weft/http/url_error.hpp>

namespace weft::http::internal {

enum class HostKind { special, opaque };

/// Appends the canonical form of a host: a domain in ASCII, an address, or, for schemes that are
/// not special, what is written, percent-encoded.
///
/// Errors: bad_host, bad_ipv4, bad_ipv6; `out` then ends with whatever.
/// Spec:   WHATWG URL §3.5, the host parser.
[[nodiscard]] std::expected<void, URLFault> append_host(std::string& out, std::string_view text,
                                                        HostKind kind);

}  // namespace weft::http::internal
