// SPDX-License-Identifier: Apache-2.0
#include <weft/http/utf8.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace weft::http {
namespace {

struct Sequence {
    std::size_t size;
    // What the second byte may be; the others may be 80 to bf.
    std::uint8_t second_min;
    std::uint8_t second_max;
};

// That which begins with this byte, which is not ASCII; one of no size where none does.
constexpr Sequence sequence_of(std::uint8_t first) noexcept {
    if (first < 0xc2) return {0, 0, 0};
    if (first < 0xe0) return {2, 0x80, 0xbf};
    if (first == 0xe0) return {3, 0xa0, 0xbf};
    if (first == 0xed) return {3, 0x80, 0x9f};
    if (first < 0xf0) return {3, 0x80, 0xbf};
    if (first == 0xf0) return {4, 0x90, 0xbf};
    if (first < 0xf4) return {4, 0x80, 0xbf};
    if (first == 0xf4) return {4, 0x80, 0x8f};
    return {0, 0, 0};
}

// The size of the sequence that `text` begins with; 0 where that is none.
std::size_t sequence_size(std::string_view text) noexcept {
    const Sequence sequence = sequence_of(static_cast<std::uint8_t>(text.front()));
    if (sequence.size == 0 || text.size() < sequence.size) return 0;
    const auto second = static_cast<std::uint8_t>(text[1]);
    if (second < sequence.second_min || second > sequence.second_max) return 0;
    for (std::size_t at = 2; at < sequence.size; ++at) {
        if ((static_cast<std::uint8_t>(text[at]) & 0xc0) != 0x80) return 0;
    }
    return sequence.size;
}

// Most texts are mostly ASCII, of which eight bytes are looked at at once.
std::size_t ascii_prefix(std::string_view text) noexcept {
    std::size_t at = 0;
    std::uint64_t eight = 0;
    while (text.size() - at >= sizeof eight) {
        std::memcpy(&eight, text.data() + at, sizeof eight);
        if ((eight & 0x8080808080808080u) != 0) break;
        at += sizeof eight;
    }
    while (at < text.size() && static_cast<std::uint8_t>(text[at]) < 0x80) ++at;
    return at;
}

}  // namespace

std::size_t utf8_prefix(std::string_view text) noexcept {
    std::size_t at = ascii_prefix(text);
    while (at < text.size()) {
        const std::size_t size = sequence_size(text.substr(at));
        if (size == 0) break;
        at += size;
        at += ascii_prefix(text.substr(at));
    }
    return at;
}

void append_utf8(std::string& out, char32_t character) {
    const auto append = [&](char32_t byte) { out += static_cast<char>(byte); };
    const auto append_rest = [&](int shift) { append(0x80 | (character >> shift & 0x3f)); };
    if (character < 0x80) return append(character);
    if (character < 0x800) {
        append(0xc0 | character >> 6);
    } else if (character < 0x10000) {
        append(0xe0 | character >> 12);
        append_rest(6);
    } else {
        append(0xf0 | character >> 18);
        append_rest(12);
        append_rest(6);
    }
    append_rest(0);
}

}  // namespace weft::http
