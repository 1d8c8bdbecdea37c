// SPDX-License-Identifier: Apache-2.0
// weft/http/client/internal/websocket_connection.hpp - messages over a connection that has left HTTP.
//
// When to close, and what of a message is whose, is for client_websocket.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <weft/base/bytes.hpp>
#include <weft/http/client/internal/pool.hpp>
#include <weft/http/wire/websocket/permessage_deflate.hpp>
#include <weft/http/wire/websocket/websocket_reader.hpp>
#include <weft/http/wire/websocket/websocket_writer.hpp>
#include <weft/http/ws_message.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/runtime/coro.hpp>

namespace weft::http::internal {

/// Destroyed, it aborts the connection.
class WSConnection {
public:
    /// Of pongs that the server does not take; beyond, it gets that to its last ping alone.
    static constexpr std::size_t unsent_pong_bytes_max = std::size_t{16} * 1024;

    /// The slot has a connection, from which messages come next.
    WSConnection(Slot slot, std::size_t message_bytes_max,
                 const std::optional<wire::DeflateParams>& deflate);

    // ---- to the server: each frame at once and whole, so that none gets between the bytes of another

    /// Errors: ValueError, RuntimeError   as WebSocketWriter::write().
    void write(WSMsgType type, BytesView data);
    /// Answers a ping, now or when something else comes; not behind the close.
    void answer(BytesView ping);
    /// Waits until there is room for more.
    /// Errors: ClientConnectionResetError   the connection is closed or lost.
    [[nodiscard]] Coro<void> drain();

    /// The last frame, which the caller is to send; from here on this is closed for writing.
    /// Errors: as WebSocketWriter::write_close().
    [[nodiscard]] Bytes close_frame(WSCloseCode code, std::string_view reason);
    [[nodiscard]] bool is_closed_for_writing() const noexcept { return frames_.is_closed(); }
    /// Sends it, and waits until the system has all of it.
    /// Errors: ClientConnectionResetError.
    [[nodiscard]] Coro<void> send_all(BytesView frame);
    /// How many bytes were written and have not arrived at the other system.
    [[nodiscard]] std::size_t on_their_way() const noexcept;

    // ---- from the server

    /// Waits for the next message, of whatever type.
    /// Errors: WebSocketError, ServerDisconnectedError, ClientOSError.
    /// Cancel: safe.
    [[nodiscard]] Coro<WSMessage> read();
    /// How many bytes have come; unless nobody takes them, so that no more can.
    [[nodiscard]] std::uint64_t arrived() const noexcept {
        return taken_ + reader_.buffered().size();
    }
    [[nodiscard]] bool is_held_up() const noexcept {
        return reader_.buffered().size() > StreamReader::default_limit;
    }

    // ---- the end

    /// Closes the connection, and gives its place to others.
    void close() noexcept;
    [[nodiscard]] const StreamWriter& writer() const noexcept { return writer_; }

private:
    void write_owed_pong();

    // Handles of their own: somebody may wait for them when the slot goes.
    StreamReader reader_;
    StreamWriter writer_;
    std::optional<Slot> slot_;
    wire::WebSocketReader messages_;
    wire::WebSocketWriter frames_;
    std::uint64_t taken_ = 0;
    bool owes_pong_ = false;
    std::size_t unsent_pong_bytes_ = 0;
};

}  // namespace weft::http::internal
