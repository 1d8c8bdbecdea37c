// SPDX-License-Identifier: Apache-2.0
// weft/http/wire/websocket/websocket_feed_test.hpp - what a reader makes of frames, as a text.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>

#include <weft/base/bytes.hpp>
#include <weft/http/wire/websocket/permessage_deflate.hpp>
#include <weft/http/wire/websocket/websocket_error.hpp>
#include <weft/http/wire/websocket/websocket_frame.hpp>
#include <weft/http/wire/websocket/websocket_reader.hpp>
#include <weft/http/ws_message.hpp>

namespace weft::http::wire {

/// `text{…}`, `close{1000 …}` and the like.
inline std::string text_of(const WSMessage& message) {
    const std::string code = std::to_string(static_cast<int>(message.close_code));
    switch (message.type) {
        case WSMsgType::text:
            return "text{" + message.data + "}";
        case WSMsgType::binary:
            return "binary{" + message.data + "}";
        case WSMsgType::ping:
            return "ping{" + message.data + "}";
        case WSMsgType::pong:
            return "pong{" + message.data + "}";
        case WSMsgType::close:
            break;
    }
    return "close{" + code + (message.data.empty() ? "" : " " + message.data) + "}";
}

/// Plays the connection: feeds a reader and writes down what it finds.
class WSListener {
public:
    explicit WSListener(WSRole role, const WSLimits& limits = {},
                        const std::optional<DeflateParams>& deflate = std::nullopt)
        : reader_(role, limits, deflate) {}

    void feed(BytesView data) {
        while (!error_) {
            const auto step = reader_.next(data);
            if (!step) {
                error_ = step.error();
                return;
            }
            data.remove_prefix(step->used);
            taken_ += step->used;
            if (!step->message) return;
            text_ += text_of(*step->message);
        }
    }
    void feed_in_pieces(BytesView data, std::size_t piece_bytes) {
        for (; !data.empty(); data.remove_prefix(std::min(piece_bytes, data.size()))) {
            // A copy of its own, so that a view that outlives what was fed is found.
            feed(Bytes(data.substr(0, piece_bytes)));
        }
    }

    /// The messages, then `!` and what the rest was refused for.
    [[nodiscard]] std::string text() const {
        return text_ + (error_ ? "! " + describe(*error_) : "");
    }
    [[nodiscard]] const std::optional<WSError>& error() const noexcept { return error_; }
    [[nodiscard]] std::size_t taken() const noexcept { return taken_; }
    [[nodiscard]] WebSocketReader& reader() noexcept { return reader_; }

private:
    WebSocketReader reader_;
    std::string text_;
    std::optional<WSError> error_;
    std::size_t taken_ = 0;
};

}  // namespace weft::http::wire
