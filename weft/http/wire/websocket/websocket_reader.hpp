// SPDX-License-Identifier: Apache-2.0
// weft/http/wire/websocket/websocket_reader.hpp - WebSocketReader: messages out of bytes.
//
//   head ──▶ payload ──▶ head …           a message at its last frame; a control frame at once
//     └───────── close ─────────▶ closed  what comes behind is nobody's
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>

#include <weft/base/bytes.hpp>
#include <weft/http/wire/websocket/inflater.hpp>
#include <weft/http/wire/websocket/permessage_deflate.hpp>
#include <weft/http/wire/websocket/utf8_validator.hpp>
#include <weft/http/wire/websocket/websocket_error.hpp>
#include <weft/http/wire/websocket/websocket_frame.hpp>
#include <weft/http/ws_message.hpp>

namespace weft::http::wire {

/// Spec: aiohttp's `max_msg_size`, 4 MiB; it has no counterpart of the other.
struct WSLimits {
    std::size_t message_bytes_max = std::size_t{4} * 1024 * 1024;  ///< decompressed
    std::size_t fragments_max = std::size_t{128} * 1024;           ///< of one message
};

struct WSStep {
    std::size_t used = 0;                ///< bytes that were taken for it
    std::optional<WSMessage> message{};  ///< nullopt: feed more
};

/// Reads what the other side of a WebSocket sends: messages with their fragments put together, and
/// pings, pongs and the close that come between.
///
///     for (;;) {
///         auto step = reader.next(data).value();
///         data.remove_prefix(step.used);
///         if (!step.message) break;
///         messages.push_back(*step.message);
///     }
///
/// The bytes may come in any pieces: the messages and the errors are the same. A fault is found at
/// the first byte that shows it. A message takes as much memory as has come of it, whatever its
/// frames announce and however small its fragments are.
///
/// Errors: WSError   the connection is to be closed with close_code_for(); each further call gives
///                   the same error.
/// Limits: WSLimits: 4 MiB a message, 131,072 fragments; 125 bytes a control frame.
/// Cost:   one pass over the bytes, each copied once; linear, also in what compressed bytes become.
/// Spec:   RFC 6455 §5, RFC 7692.
class WebSocketReader {
public:
    /// `role` is one's own: a server reads masked frames.
    explicit WebSocketReader(WSRole role, const WSLimits& limits = {},
                             const std::optional<DeflateParams>& deflate = std::nullopt);

    /// Takes bytes from the front of `data` up to the end of the next message.
    /// Errors: WSError.
    [[nodiscard]] std::expected<WSStep, WSError> next(BytesView data);

    /// Whether the other side has closed: nothing is taken any more.
    [[nodiscard]] bool is_closed() const noexcept { return stage_ == Stage::closed; }

private:
    enum class Stage : std::uint8_t { head, payload, closed };
    using Found = std::expected<std::optional<WSMessage>, WSError>;
    using Judged = std::expected<void, WSError>;

    Found advance(BytesView& data);
    [[nodiscard]] bool fill_head(BytesView& data, std::size_t size) noexcept;
    std::expected<bool, WSError> take_head(BytesView& data);
    [[nodiscard]] Judged judge_first_bytes() const;
    [[nodiscard]] Judged judge_length() const;
    void begin_frame() noexcept;
    Judged take_payload(BytesView& data);
    Judged take_data(BytesView piece);
    Judged take_compressed(BytesView piece);
    Judged inflated(internal::Inflater::Result result, std::size_t known);
    Found end_frame();
    Found end_control();
    Found end_message();

    [[nodiscard]] std::uint8_t opcode() const noexcept { return head_[0] & 0x0f; }
    [[nodiscard]] std::uint8_t short_length() const noexcept { return head_[1] & 0x7f; }
    [[nodiscard]] std::uint64_t length() const noexcept;
    [[nodiscard]] bool is_final() const noexcept { return (head_[0] & 0x80) != 0; }
    [[nodiscard]] bool is_control() const noexcept { return (head_[0] & 0x08) != 0; }

    WSRole role_;
    Stage stage_ = Stage::head;
    WSLimits limits_;
    std::optional<internal::Inflater> inflater_;

    // Of the frame at hand.
    std::array<std::uint8_t, WSFrame::head_bytes_max> head_{};
    std::uint8_t head_size_ = 0;
    WSMask mask_{};
    std::uint64_t taken_ = 0;  // of its payload
    std::uint64_t left_ = 0;
    Bytes control_;

    // Of the message at hand.
    std::optional<WSMsgType> type_;
    bool is_compressed_ = false;
    Bytes message_;
    std::uint64_t wire_bytes_ = 0;
    std::size_t fragments_ = 0;
    internal::Utf8Validator text_;

    std::optional<WSError> error_;
};

}  // namespace weft::http::wire
