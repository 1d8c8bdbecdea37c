// SPDX-License-Identifier: Apache-2.0
// weft/http/wire/websocket/websocket_cut_test.hpp - frames as both roles send them, fed whole, byte
// by byte and cut at every offset, of which the same is wanted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/http/wire/websocket/permessage_deflate.hpp>
#include <weft/http/wire/websocket/websocket_feed_test.hpp>
#include <weft/http/wire/websocket/websocket_frame.hpp>
#include <weft/http/wire/websocket/websocket_reader.hpp>

namespace weft::http::wire {

/// A frame as it might be, right or wrong.
struct AnyFrame {
    int opcode;
    std::string payload{};
    bool is_final = true;
    int reserved = 0;  ///< the three bits: 4 is that of compression
};

inline AnyFrame text(std::string payload) { return {.opcode = 1, .payload = std::move(payload)}; }
inline AnyFrame binary(std::string payload) { return {.opcode = 2, .payload = std::move(payload)}; }
inline AnyFrame ping(std::string payload = {}) {
    return {.opcode = 9, .payload = std::move(payload)};
}
inline AnyFrame pong(std::string payload = {}) {
    return {.opcode = 10, .payload = std::move(payload)};
}
inline AnyFrame closing(std::string payload = {}) {
    return {.opcode = 8, .payload = std::move(payload)};
}
inline AnyFrame close_with(int code, const std::string& reason = {}) {
    return closing(std::string{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)} +
                   reason);
}
inline AnyFrame rest(std::string payload, bool is_final = true) {
    return {.opcode = 0, .payload = std::move(payload), .is_final = is_final};
}
/// The same frame, and others will follow it in its message.
inline AnyFrame begin(AnyFrame frame) {
    frame.is_final = false;
    return frame;
}
inline AnyFrame with_bits(AnyFrame frame, int reserved) {
    frame.reserved = reserved;
    return frame;
}

/// The frames as `sender` sends them: those of a client are masked, each otherwise.
inline Bytes bytes_of(const std::vector<AnyFrame>& frames, WSRole sender) {
    Bytes out;
    std::uint8_t number = 0;
    for (const AnyFrame& frame : frames) {
        const std::size_t begin = out.size();
        WSFrame head{.opcode = static_cast<std::uint8_t>(frame.opcode), .is_final = frame.is_final};
        if (sender == WSRole::client) {
            ++number;
            head.mask = WSMask{0x37, number, 0xff, static_cast<std::uint8_t>(0x11 * number)};
        }
        write_frame(out, head, frame.payload);
        out[begin] = static_cast<char>(out[begin] | frame.reserved << 4);
    }
    return out;
}

/// What a reader of that role makes of the bytes.
inline std::string messages_in(BytesView data, WSRole role, const WSLimits& limits = {},
                               const std::optional<DeflateParams>& deflate = std::nullopt) {
    WSListener whole(role, limits, deflate);
    whole.feed(data);
    WSListener bytewise(role, limits, deflate);
    bytewise.feed_in_pieces(data, 1);
    EXPECT_EQ(bytewise.text(), whole.text()) << "byte by byte";
    // Of long ones, cuts around the heads: between them bytes are alike.
    const std::size_t step = data.size() / 400 + 1;
    for (std::size_t cut = 0; cut <= data.size(); cut += cut < 32 ? 1 : step) {
        WSListener pieces(role, limits, deflate);
        pieces.feed(data.substr(0, cut));
        pieces.feed(data.substr(cut));
        EXPECT_EQ(pieces.text(), whole.text()) << "cut at " << cut;
    }
    return whole.text();
}

/// What a server and a client make of the frames, which must be the same.
inline std::string heard(const std::vector<AnyFrame>& frames, const WSLimits& limits = {}) {
    const std::string by_server =
        messages_in(bytes_of(frames, WSRole::client), WSRole::server, limits);
    EXPECT_EQ(messages_in(bytes_of(frames, WSRole::server), WSRole::client, limits), by_server);
    return by_server;
}

}  // namespace weft::http::wire
