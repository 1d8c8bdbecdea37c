// SPDX-License-Identifier: Apache-2.0
// weft/http/client/websocket_options.hpp - WSOptions: how a WebSocket is to behave.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <weft/base/time.hpp>

namespace weft::http {

/// The limits of a WebSocket once there is one; nullopt is no limit. Until then they are those of
/// the request, ClientTimeout.
/// Spec: aiohttp.ClientWSTimeout.
struct ClientWSTimeout {
    std::optional<Delay> ws_receive = std::nullopt;  ///< for a message to come
    /// For the server to take, and to answer, the close.
    std::optional<Delay> ws_close = std::chrono::seconds(10);
};

/// Spec: the arguments of aiohttp's `ws_connect()` that are no request's; those are functions of
///       WSRequestBuilder, `origin` being `.header("Origin", origin)`.
struct WSOptions {
    /// What may be talked, the one that is liked best first. Tokens, no two the same.
    std::vector<std::string> protocols = {};
    ClientWSTimeout timeout = {};
    bool autoclose = true;  ///< whether receive() answers the server's close
    bool autoping = true;   ///< whether receive() answers pings, and shows neither these nor pongs
    /// How often a ping is sent. A server that says nothing for half of it after one is given up.
    std::optional<Delay> heartbeat = std::nullopt;
    /// The window in bits, 9 to 15, with which either side may compress; 0: none does. One of 15 bits
    /// takes some 300 KiB of memory once messages are compressed.
    int compress = 0;
    /// Of a message that comes, in bytes, decompressed. Not 0, which is no limit in aiohttp.
    std::size_t max_msg_size = std::size_t{4} * 1024 * 1024;
};

}  // namespace weft::http
