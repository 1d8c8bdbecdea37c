// SPDX-License-Identifier: Apache-2.0
#include <weft/json/internal/utf8.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <simdjson.h>

namespace weft::json::internal {
namespace {

// What the second byte may be is what rules out overlong forms, surrogates, and too high ones.
struct Sequence {
    std::size_t size;
    unsigned char second_min;
    unsigned char second_max;
};
Sequence sequence_of(unsigned char first) {
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

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

}  // namespace

std::size_t utf8_prefix(std::string_view text) noexcept {
    std::size_t at = 0;
    while (at < text.size()) {
        const Sequence sequence = sequence_of(static_cast<unsigned char>(text[at]));
        if (sequence.size == 0 || sequence.size > text.size() - at) return at;
        if (sequence.size > 1) {
            const auto second = static_cast<unsigned char>(text[at + 1]);
            if (second < sequence.second_min || second > sequence.second_max) return at;
            const std::string_view rest = text.substr(at + 2, sequence.size - 2);
            if (!std::ranges::all_of(rest, is_continuation)) return at;
        }
        at += sequence.size;
    }
    return at;
}

bool is_utf8(std::string_view text) noexcept {
    return simdjson::validate_utf8(text.data(), text.size());
}

std::size_t count_characters(std::string_view text) noexcept {
    return text.size() - static_cast<std::size_t>(std::ranges::count_if(text, is_continuation));
}

void append_utf8(std::string& out, std::uint32_t code) {
    const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
    const auto put_rest = [&](std::uint32_t shift) { put(0x80 | ((code >> shift) & 0x3f)); };
    if (code < 0x80) {
        put(code);
    } else if (code < 0x800) {
        put(0xc0 | (code >> 6));
        put_rest(0);
    } else if (code < 0x10000) {
        put(0xe0 | (code >> 12));
        put_rest(6);
        put_rest(0);
    } else {
        put(0xf0 | (code >> 18));
        put_rest(12);
        put_rest(6);
        put_rest(0);
    }
}

}  // namespace weft::json::internal
