// SPDX-License-Identifier: Apache-2.0
// weft/http/wire/websocket/websocket_handshake.hpp - from HTTP/1.1 to a WebSocket.
//
//   client  GET / · Upgrade · Sec-WebSocket-Key, -Version, -Protocol, -Extensions
//   server  101   · Upgrade · Sec-WebSocket-Accept, -Protocol, -Extensions
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <weft/http/headers.hpp>
#include <weft/http/wire/message_head.hpp>

namespace weft::http::wire {

/// The value of Sec-WebSocket-Key, from 16 bytes of chance.
/// Spec: RFC 6455 §4.1.
[[nodiscard]] std::string websocket_key(const std::array<std::uint8_t, 16>& chance);
/// The value of Sec-WebSocket-Accept that proves that the key was read.
/// Spec: RFC 6455 §4.2.2.
[[nodiscard]] std::string websocket_accept(std::string_view key);

/// What a client asks for. The origin, which a server should look at, is in the head.
struct WSRequest {
    std::string key;
    std::vector<std::string> protocols;  ///< in the client's order; tokens, no two the same
    std::string extensions;              ///< for accept_deflate()
};

/// Why a request is none for a WebSocket, and the status to answer with: 400, 405, or 426 with
/// `Sec-WebSocket-Version: 13`.
struct WSHandshakeError {
    int status = 400;
    std::string text;
};

/// What a server makes of a request.
/// Errors: WSHandshakeError.
/// Spec:   RFC 6455 §4.2.1.
[[nodiscard]] std::expected<WSRequest, WSHandshakeError> read_websocket_request(
    const RequestHead& head);

/// The first of the client's protocols that the server has, too; nullopt where there is none.
[[nodiscard]] std::optional<std::string_view> choose_protocol(
    std::span<const std::string> offered, std::span<const std::string> supported) noexcept;

/// Adds what makes a response with status 101 of it. `protocol` and `extensions` may be empty.
/// Errors: ValueError   `protocol` or `extensions` hold a control byte.
void add_websocket_response(Headers& headers, std::string_view key, std::string_view protocol,
                            std::string_view extensions);

/// Adds what makes a request of it.
/// Errors: ValueError   a protocol is no token or comes twice, `extensions` hold a control byte.
void add_websocket_request(Headers& headers, std::string_view key,
                           std::span<const std::string> protocols, std::string_view extensions);

struct WSResponse {
    std::optional<std::string> protocol;
    std::string extensions;  ///< for read_deflate_response()
};

/// What a client makes of the response to its request.
/// Errors: the text that says why the connection is to be failed.
/// Spec:   RFC 6455 §4.1.
[[nodiscard]] std::expected<WSResponse, std::string> read_websocket_response(
    const ResponseHead& head, std::string_view key, std::span<const std::string> offered);

}  // namespace weft::http::wire
