// SPDX-License-Identifier: Apache-2.0
// weft/io/internal/happy_eyeballs.hpp - a connection to one of several addresses.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include <weft/base/time.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/runtime/coro.hpp>

namespace weft::internal {

struct Connected {
    Socket socket;
    SocketAddress peer;
};

/// The addresses with the families in turn, those of the first address's family first, and as many
/// of these as `first_family_count` before the turns begin; 0 leaves them as they are.
/// Spec: RFC 8305, section 4; asyncio's `interleave`.
[[nodiscard]] std::vector<SocketAddress> interleaved(const std::vector<SocketAddress>& addresses,
                                                     std::size_t first_family_count);

/// Connects to the addresses, the next one when the one before has failed, or has taken `delay`
/// (nullopt: only when it has failed), until one accepts. The others are given up.
///
/// Errors: as open_connection() has them
/// Cancel: safe; gives up all attempts.
/// Spec:   RFC 8305, section 5.
[[nodiscard]] Coro<Connected> connect_to_one(std::vector<SocketAddress> addresses,
                                             std::optional<SocketAddress> local_addr,
                                             std::optional<Delay> delay);

}  // namespace weft::internal
