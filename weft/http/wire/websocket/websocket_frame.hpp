// SPDX-License-Identifier: Apache-2.0
// weft/http/wire/websocket/websocket_frame.hpp - the frames of which messages are made.
//
//   F R R R opcode   M length        2 bytes, and 2 or 8 more of a length over 125
//   mask                             4 bytes, of a client's frames
//   payload
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include <weft/base/bytes.hpp>

namespace weft::http::wire {

/// Which side of the connection one is.
enum class WSRole : std::uint8_t { client, server };

/// What a client mixes its payload with, so that no one who chooses the payload can choose what
/// proxies on the way see.
using WSMask = std::array<std::uint8_t, 4>;

struct WSFrame {
    static constexpr std::uint8_t continuation = 0;
    static constexpr std::size_t control_bytes_max = 125;
    static constexpr std::size_t head_bytes_max = 14;

    std::uint8_t opcode = continuation;
    bool is_final = true;
    bool is_compressed = false;  ///< the first reserved bit, on the first frame of a message
    std::optional<WSMask> mask{};
};

/// Appends a frame, its payload masked where there is a mask. What may be in it is the caller's to
/// know.
/// Cost: one pass over the payload; `out` grows at most once.
/// Spec: RFC 6455 §5.2.
void write_frame(Bytes& out, const WSFrame& frame, BytesView payload);

/// Writes `size` bytes of `in` to `out`, masked or unmasked, as those from `offset` of a payload
/// on. `in` and `out` may be the same.
/// Spec: RFC 6455 §5.3.
void apply_mask(char* out, const char* in, std::size_t size, const WSMask& mask,
                std::uint64_t offset) noexcept;

}  // namespace weft::http::wire
