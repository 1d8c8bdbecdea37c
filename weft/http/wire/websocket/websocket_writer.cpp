// SPDX-License-Identifier: Apache-2.0
#include <weft/http/wire/websocket/websocket_writer.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <weft/base/bytes.hpp>
#include <weft/base/check.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/http/wire/websocket/deflater.hpp>
#include <weft/http/wire/websocket/internal/close_code.hpp>
#include <weft/http/wire/websocket/permessage_deflate.hpp>
#include <weft/http/wire/websocket/utf8_validator.hpp>
#include <weft/http/wire/websocket/websocket_frame.hpp>
#include <weft/http/ws_message.hpp>

namespace weft::http::wire {
namespace {

std::optional<internal::Deflater> make_deflater(bool is_client,
                                                const std::optional<DeflateParams>& deflate) {
    if (!deflate) return std::nullopt;
    const int window_bits =
        is_client ? deflate->client_max_window_bits : deflate->server_max_window_bits;
    // Whoever has agreed to compress need not.
    if (!internal::Deflater::can_use(window_bits)) return std::nullopt;
    return internal::Deflater(window_bits, !(is_client ? deflate->client_no_context_takeover
                                                       : deflate->server_no_context_takeover));
}

void judge(WSMsgType type, BytesView data) {
    switch (type) {
        case WSMsgType::text:
            if (!internal::is_utf8(data)) throw ValueError("a text message is not UTF-8");
            return;
        case WSMsgType::binary:
            return;
        case WSMsgType::ping:
        case WSMsgType::pong:
            if (data.size() > WSFrame::control_bytes_max) {
                throw ValueError("a ping or pong of " + std::to_string(data.size()) +
                                 " bytes: 125 are the most");
            }
            return;
        case WSMsgType::close:
            throw ValueError("a close is written by write_close()");
    }
    throw ValueError("no type of message: " + std::to_string(static_cast<int>(type)));
}

}  // namespace

WebSocketWriter::WebSocketWriter(const std::optional<DeflateParams>& deflate)
    : deflater_(make_deflater(false, deflate)) {}

WebSocketWriter::WebSocketWriter(WSMaskSource masks, const std::optional<DeflateParams>& deflate)
    : masks_(std::move(masks)), deflater_(make_deflater(true, deflate)) {
    check(static_cast<bool>(masks_), "a client without a source of masks");
}

void WebSocketWriter::write(Bytes& out, WSMsgType type, BytesView data) {
    judge(type, data);
    if (is_closed_) throw RuntimeError("a message behind the close of a WebSocket");
    WSFrame frame{.opcode = static_cast<std::uint8_t>(type)};
    if (deflater_ && (type == WSMsgType::text || type == WSMsgType::binary)) {
        frame.is_compressed = true;
        write_masked(out, frame, deflater_->compress(data));
    } else {
        write_masked(out, frame, data);
    }
}

void WebSocketWriter::write_close(Bytes& out, WSCloseCode code, std::string_view reason) {
    const bool has_code = code != WSCloseCode::no_status_received;
    if (has_code && !internal::may_be_sent(code)) {
        throw ValueError("the code " + std::to_string(static_cast<int>(code)) +
                         " may not be sent with a close");
    }
    constexpr std::size_t code_bytes = 2;
    if (reason.size() > WSFrame::control_bytes_max - code_bytes || !internal::is_utf8(reason) ||
        (!has_code && !reason.empty())) {
        throw ValueError(
            "the reason of a close is at most 123 bytes of UTF-8, and none without a code");
    }
    if (is_closed_) throw RuntimeError("a second close of a WebSocket");
    Bytes payload;
    if (has_code) {
        payload += static_cast<char>(static_cast<std::uint16_t>(code) >> 8U);
        payload += static_cast<char>(static_cast<std::uint16_t>(code) & 0xffU);
        payload += reason;
    }
    write_masked(out, {.opcode = static_cast<std::uint8_t>(WSMsgType::close)}, payload);
    is_closed_ = true;
}

void WebSocketWriter::owe_pong(BytesView ping) {
    judge(WSMsgType::ping, ping);
    owed_pong_ = ping;
}

void WebSocketWriter::write_owed_pong(Bytes& out) {
    const auto pong = std::exchange(owed_pong_, std::nullopt);
    if (pong && !is_closed_) write(out, WSMsgType::pong, *pong);
}

void WebSocketWriter::write_masked(Bytes& out, WSFrame frame, BytesView payload) {
    if (masks_) frame.mask = masks_();
    write_frame(out, frame, payload);
}

}  // namespace weft::http::wire
