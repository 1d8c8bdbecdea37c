// SPDX-License-Identifier: Apache-2.0
// weft/http/ws_message.hpp - WSMessage: what one side of a WebSocket tells the other.
#pragma once

#include <cstdint>
#include <string>

namespace weft::http {

/// What a message is; the number is that of the first frame of it.
/// Spec: aiohttp.WSMsgType, of which this has what goes over the wire; RFC 6455 §11.8.
enum class WSMsgType : std::uint8_t { text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

/// Why a WebSocket is closed.
/// Spec: aiohttp.WSCloseCode; RFC 6455 §7.4.1 and IANA's registry.
enum class WSCloseCode : std::uint16_t {
    ok = 1000,
    going_away = 1001,
    protocol_error = 1002,
    unsupported_data = 1003,
    no_status_received = 1005,  ///< never sent: the frame had no code
    abnormal_closure = 1006,    ///< never sent: there was no frame
    invalid_text = 1007,
    policy_violation = 1008,
    message_too_big = 1009,
    mandatory_extension = 1010,
    internal_error = 1011,
    service_restart = 1012,
    try_again_later = 1013,
    bad_gateway = 1014,
};

/// One message, its fragments put together.
/// Spec: aiohttp.WSMessage.
struct WSMessage {
    WSMsgType type = WSMsgType::text;
    /// UTF-8 of a text, the reason of a close, else bytes.
    std::string data;
    /// Of a close only; `no_status_received` where it had none, and applications have their own.
    WSCloseCode close_code = WSCloseCode::no_status_received;

    friend bool operator==(const WSMessage&, const WSMessage&) = default;
};

}  // namespace weft::http
