// SPDX-License-Identifier: Apache-2.0
#include <weft/http/internal/utf8.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weft::http::internal {
namespace {

struct Sequence {
    std::size_t size;
    // What the second byte may be; the others may be 80 to bf.
    std::uint8_t second_min;
    std::uint8_t second_max;
};

// That which begins with this byte; one of no size where none does.
constexpr Sequence sequence_of(std::uint8_t first) noexcept {
    if (first < 0x80) return {1, 0, 0};
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

bool is_sequence(std::string_view text, const Sequence& sequence) noexcept {
    if (sequence.size == 0 || text.size() < sequence.size) return false;
    if (sequence.size == 1) return true;
    const auto second = static_cast<std::uint8_t>(text[1]);
    if (second < sequence.second_min || second > sequence.second_max) return false;
    for (std::size_t at = 2; at < sequence.size; ++at) {
        if ((static_cast<std::uint8_t>(text[at]) & 0xc0) != 0x80) return false;
    }
    return true;
}

}  // namespace

bool is_utf8(std::string_view text) noexcept {
    while (!text.empty()) {
        const Sequence sequence = sequence_of(static_cast<std::uint8_t>(text.front()));
        if (!is_sequence(text, sequence)) return false;
        text.remove_prefix(sequence.size);
    }
    return true;
}

}  // namespace weft::http::internal
