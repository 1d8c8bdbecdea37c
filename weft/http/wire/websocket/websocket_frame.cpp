// SPDX-License-Identifier: Apache-2.0
#include <weft/http/wire/websocket/websocket_frame.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include <weft/base/bytes.hpp>

namespace weft::http::wire {
namespace {

void append_number(Bytes& out, std::uint64_t number, unsigned bytes) {
    while (bytes > 0) out += static_cast<char>(number >> (8U * --bytes) & 0xffU);
}

}  // namespace

void write_frame(Bytes& out, const WSFrame& frame, BytesView payload) {
    out.reserve(out.size() + WSFrame::head_bytes_max + payload.size());
    out += static_cast<char>((frame.is_final ? 0x80 : 0) | (frame.is_compressed ? 0x40 : 0) |
                             frame.opcode);
    const int mask_bit = frame.mask ? 0x80 : 0;
    if (payload.size() <= 125) {
        out += static_cast<char>(mask_bit | static_cast<int>(payload.size()));
    } else if (payload.size() <= 0xffff) {
        out += static_cast<char>(mask_bit | 126);
        append_number(out, payload.size(), 2);
    } else {
        out += static_cast<char>(mask_bit | 127);
        append_number(out, payload.size(), 8);
    }
    if (!frame.mask) {
        out.append(payload);
        return;
    }
    for (const std::uint8_t byte : *frame.mask) out += static_cast<char>(byte);
    const std::size_t begin = out.size();
    out.append(payload);
    apply_mask(out.data() + begin, out.data() + begin, payload.size(), *frame.mask, 0);
}

void apply_mask(char* out, const char* in, std::size_t size, const WSMask& mask,
                std::uint64_t offset) noexcept {
    // Eight bytes at once, which compilers make sixteen or thirty-two of.
    std::array<std::uint8_t, 8> turned{};
    for (std::size_t i = 0; i < turned.size(); ++i) turned[i] = mask[(offset + i) % mask.size()];
    std::uint64_t wide = 0;
    std::memcpy(&wide, turned.data(), sizeof wide);
    std::size_t at = 0;
    for (; at + sizeof wide <= size; at += sizeof wide) {
        std::uint64_t block = 0;
        std::memcpy(&block, in + at, sizeof block);
        block ^= wide;
        std::memcpy(out + at, &block, sizeof block);
    }
    for (std::size_t i = 0; at < size; ++at, ++i) {
        out[at] = static_cast<char>(static_cast<std::uint8_t>(in[at]) ^ turned[i]);
    }
}

}  // namespace weft::http::wire
