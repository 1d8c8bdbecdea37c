// SPDX-License-Identifier: Apache-2.0
// weft/http/wire/internal/authority.hpp - whether a text is a host, and a port if it has one.
#pragma once

#include <string_view>

namespace weft::http::wire::internal {

/// `host` or `host:port`; the host may be empty. The bytes are those that RFC 3986 allows, but for
/// the comma: with it, two Hosts that somebody on the way has joined would look like one. Whether
/// an address of IPv6 is one, its reader finds out.
/// Spec: RFC 9110 §7.2, RFC 3986 §3.2.
[[nodiscard]] bool is_authority(std::string_view text) noexcept;

}  // namespace weft::http::wire::internal
