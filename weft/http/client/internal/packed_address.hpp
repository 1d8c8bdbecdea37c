// SPDX-License-Identifier: Apache-2.0
// weft/http/client/internal/packed_address.hpp - the 4 or 16 bytes of a numeric host.
#pragma once

#include <weft/base/bytes.hpp>
#include <weft/io/socket_address.hpp>

namespace weft::http::internal {

/// Those of an address of IPv4 or IPv6, as they go over the wire. A view of `address`.
/// Spec: Python's ipaddress.ip_address(host).packed.
[[nodiscard]] inline BytesView packed(const SocketAddress& address) noexcept {
    // Where a sockaddr_in and a sockaddr_in6 have them.
    const auto part = address.family() == af_inet ? address.bytes().subspan(4, 4)
                                                  : address.bytes().subspan(8, 16);
    return {reinterpret_cast<const char*>(part.data()), part.size()};
}

}  // namespace weft::http::internal
