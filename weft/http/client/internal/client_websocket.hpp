// SPDX-License-Identifier: Apache-2.0
// weft/http/client/internal/client_websocket.hpp - what is behind a ClientWebSocketResponse.
//
// Only one task reads from the connection at a time: the one that receives, also while another one
// closes, which waits for what that finds; or, where none receives, the one that closes.
#pragma once

#include <exception>
#include <optional>
#include <string>
#include <string_view>

#include <weft/base/bytes.hpp>
#include <weft/base/time.hpp>
#include <weft/http/client/internal/pool.hpp>
#include <weft/http/client/internal/websocket_connection.hpp>
#include <weft/http/client/internal/websocket_heartbeat.hpp>
#include <weft/http/client/websocket_options.hpp>
#include <weft/http/wire/websocket/permessage_deflate.hpp>
#include <weft/http/ws_message.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event.hpp>

namespace weft::http::internal {

/// The functions are those of ClientWebSocketResponse.
class ClientWebSocket {
public:
    ClientWebSocket(Slot slot, WSOptions options, std::optional<std::string> protocol,
                    const std::optional<wire::DeflateParams>& deflate);
    ClientWebSocket(const ClientWebSocket&) = delete;
    ClientWebSocket& operator=(const ClientWebSocket&) = delete;
    ~ClientWebSocket() = default;

    [[nodiscard]] Coro<void> send(WSMsgType type, BytesView data);
    [[nodiscard]] Coro<WSMessage> receive(std::optional<Delay> timeout);
    [[nodiscard]] Coro<bool> close(WSCloseCode code, std::string_view reason);

    [[nodiscard]] bool closed() const noexcept { return close_code_.has_value(); }
    [[nodiscard]] std::optional<WSCloseCode> close_code() const noexcept { return close_code_; }
    [[nodiscard]] const std::exception_ptr& error() const noexcept { return error_; }
    [[nodiscard]] const std::optional<std::string>& protocol() const noexcept { return protocol_; }
    [[nodiscard]] int compress() const noexcept { return compress_; }
    [[nodiscard]] const StreamWriter& writer() const noexcept { return connection_.writer(); }

private:
    [[nodiscard]] Coro<WSMessage> next_message();
    [[nodiscard]] bool is_for_caller(const WSMessage& message);
    [[nodiscard]] WSMessage final_message() const;
    [[nodiscard]] Coro<void> answer_close();
    [[nodiscard]] Coro<void> fail(std::exception_ptr error);
    [[nodiscard]] Coro<void> say_last(WSCloseCode code, std::exception_ptr error);
    [[nodiscard]] Coro<void> close_handshake(BytesView frame);
    void end(WSCloseCode code, std::exception_ptr error) noexcept;

    WSOptions options_;
    std::optional<std::string> protocol_;
    int compress_;
    WSConnection connection_;
    WSHeartbeat heartbeat_;

    bool is_receiving_ = false;
    bool is_closing_ = false;                  // close() was called
    std::optional<WSMessage> last_{};          // the server's close
    std::optional<WSCloseCode> close_code_{};  // once it is closed
    std::exception_ptr error_{};
    Event receiver_has_left_;
    Event ended_;
};

}  // namespace weft::http::internal
