// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/websocket.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <weft/base/bytes.hpp>
#include <weft/base/time.hpp>
#include <weft/http/client/exceptions.hpp>
#include <weft/http/client/internal/client_websocket.hpp>
#include <weft/http/ws_message.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/io/transport_security.hpp>
#include <weft/runtime/coro.hpp>

namespace weft::http {
namespace {

const char* name_of(WSMsgType type) noexcept {
    switch (type) {
        case WSMsgType::text:
            return "a text";
        case WSMsgType::binary:
            return "bytes";
        case WSMsgType::close:
            return "a close";
        case WSMsgType::ping:
            return "a ping";
        case WSMsgType::pong:
            return "a pong";
    }
    return "something else";
}

std::string data_of(WSMessage message, WSMsgType wanted) {
    if (message.type == wanted) return std::move(message.data);
    throw WSMessageTypeError(std::string(name_of(wanted)) + " was to be received, not " +
                             name_of(message.type));
}

}  // namespace

ClientWebSocketResponse::ClientWebSocketResponse(
    std::unique_ptr<internal::ClientWebSocket> socket) noexcept
    : socket_(std::move(socket)) {}
ClientWebSocketResponse::ClientWebSocketResponse(ClientWebSocketResponse&&) noexcept = default;
ClientWebSocketResponse& ClientWebSocketResponse::operator=(ClientWebSocketResponse&&) noexcept =
    default;
ClientWebSocketResponse::~ClientWebSocketResponse() = default;

Coro<void> ClientWebSocketResponse::send_str(std::string_view text) {
    return socket_->send(WSMsgType::text, text);
}
Coro<void> ClientWebSocketResponse::send_bytes(BytesView data) {
    return socket_->send(WSMsgType::binary, data);
}
Coro<void> ClientWebSocketResponse::ping(BytesView message) {
    return socket_->send(WSMsgType::ping, message);
}
Coro<void> ClientWebSocketResponse::pong(BytesView message) {
    return socket_->send(WSMsgType::pong, message);
}

Coro<WSMessage> ClientWebSocketResponse::receive(std::optional<Delay> timeout) {
    return socket_->receive(timeout);
}

Coro<std::optional<WSMessage>> ClientWebSocketResponse::next() {
    co_await transparent;
    WSMessage message = co_await receive();
    if (message.type == WSMsgType::close) co_return std::nullopt;
    co_return message;
}

Coro<std::string> ClientWebSocketResponse::receive_str(std::optional<Delay> timeout) {
    co_await transparent;
    co_return data_of(co_await receive(timeout), WSMsgType::text);
}

Coro<Bytes> ClientWebSocketResponse::receive_bytes(std::optional<Delay> timeout) {
    co_await transparent;
    co_return data_of(co_await receive(timeout), WSMsgType::binary);
}

Coro<bool> ClientWebSocketResponse::close(WSCloseCode code, std::string_view message) {
    return socket_->close(code, message);
}

bool ClientWebSocketResponse::closed() const noexcept { return socket_->closed(); }
std::optional<WSCloseCode> ClientWebSocketResponse::close_code() const noexcept {
    return socket_->close_code();
}
std::exception_ptr ClientWebSocketResponse::exception() const noexcept { return socket_->error(); }

const std::optional<std::string>& ClientWebSocketResponse::protocol() const noexcept {
    return socket_->protocol();
}
int ClientWebSocketResponse::compress() const noexcept { return socket_->compress(); }
SocketAddress ClientWebSocketResponse::peername() const { return socket_->writer().peername(); }
SocketAddress ClientWebSocketResponse::sockname() const { return socket_->writer().sockname(); }
const SSLObject* ClientWebSocketResponse::ssl_object() const noexcept {
    return socket_->writer().ssl_object();
}

}  // namespace weft::http
