// SPDX-License-Identifier: Apache-2.0
// weft/http/client/timeout.hpp - ClientTimeout: how long the parts of a request may take.
//
//   ├──────────────────────────── total ────────────────────────────┤
//   ├─ pool ─┤├──────── connect ────────┤├sock_write┤ … ├sock_read┤├sock_read┤ …
//             a name ▶├─ sock_connect ──┤     body      ▶  head   ▶  body
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>

#include <weft/base/time.hpp>

namespace weft::http {

/// The limits of one request; nullopt is no limit.
///
/// A limit that passes ends the request and its connection with a ServerTimeoutError or one derived
/// from it, which names the limit.
/// Spec: aiohttp.ClientTimeout, whose `connect` includes the wait for a free connection and has no
///       limit, as its `sock_connect` has none; it has no `pool`, `sock_write` and `low_speed`.
struct ClientTimeout {
    /// From the call until the body was read.
    std::optional<Delay> total = std::chrono::minutes(5);
    /// For one of the pool's connections to become free.
    std::optional<Delay> pool = std::nullopt;
    /// For a new connection, names and TLS included.
    std::optional<Delay> connect = std::chrono::seconds(30);
    /// For a new connection once its addresses are known.
    std::optional<Delay> sock_connect = std::chrono::seconds(30);
    /// For the server to send something: from the end of the request to the head, and between two
    /// pieces.
    std::optional<Delay> sock_read = std::nullopt;
    /// For the server to take a piece of the request's body.
    std::optional<Delay> sock_write = std::nullopt;
    /// A server that sends less than this is given up.
    struct LowSpeed {
        std::size_t bytes;  ///< of the body, while somebody waits for it
        Delay window;       ///< in each stretch of this length
    };
    std::optional<LowSpeed> low_speed = std::nullopt;
};

}  // namespace weft::http
