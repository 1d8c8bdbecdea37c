// SPDX-License-Identifier: Apache-2.0
// weft/http/internal/ip_address.hpp - hosts that are numbers, as URLs write them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weft::http::internal {

/// Whether a domain is to be an address of IPv4, well formed or not: its last label is a number.
/// Spec: WHATWG URL §3.5, the ends-in-a-number checker.
[[nodiscard]] bool ends_in_number(std::string_view domain) noexcept;

/// All that a browser takes: one to four numbers, decimal, octal (`017`) or hexadecimal (`0x7f`),
/// the last of which fills what is left.
/// Spec: WHATWG URL §3.5, the IPv4 parser.
[[nodiscard]] std::optional<std::uint32_t> parse_ipv4(std::string_view domain) noexcept;

/// Appends four decimal numbers.
void append_ipv4(std::string& out, std::uint32_t address);

using IPv6Address = std::array<std::uint8_t, 16>;

/// An address without its brackets; one with a zone is none.
/// Spec: WHATWG URL §3.5, the IPv6 parser, which takes what RFC 4291 §2.2 does.
[[nodiscard]] std::optional<IPv6Address> parse_ipv6(std::string_view text) noexcept;

/// Appends the address in hexadecimal figures only, its first longest run of zeros as `::`.
/// Spec: WHATWG URL §3.5, the IPv6 serializer; unlike inet_ntop(), which ends some with `1.2.3.4`.
void append_ipv6(std::string& out, const IPv6Address& address);

}  // namespace weft::http::internal
