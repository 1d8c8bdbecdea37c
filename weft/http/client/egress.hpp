// SPDX-License-Identifier: Apache-2.0
// weft/http/client/egress.hpp - is_global(): an egress policy against requests to one's own network.
#pragma once

namespace weft {
class SocketAddress;
}
namespace weft::http {

/// Whether the address is one of the public internet.
///
/// Not so are those of this host, of private networks, of a link (the metadata services of clouds are
/// there), of documentation and benchmarks, multicast, what is reserved, Unix sockets; and those of
/// IPv6 in which such an address of IPv4 is wrapped (mapped, NAT64) or could be (6to4, Teredo).
///
///     TCPConnector connector({.egress = is_global});
///
/// Spec: IANA's registries of special-purpose addresses; Python's `ip_address(a).is_global`, which
///       counts multicast, and what NAT64 wraps.
[[nodiscard]] bool is_global(const SocketAddress& address);

}  // namespace weft::http
