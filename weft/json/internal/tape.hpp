// SPDX-License-Identifier: Apache-2.0
// weft/json/internal/tape.hpp - a parsed text: what is valid JSON, in the order of the text.
//
// The form is simdjson's (its doc/tape.md), with one kind of value more. Each value is a word, or two:
//
//     ┌ 8 bits ┬──────── 56 bits ────────┐
//     │   {    │ items(24)    after(32)  │   after: where the word behind the matching } is
//     │   [    │ items(24)    after(32)  │   items: pairs or elements, all bits where there are more
//     │   "    │ place                   │   in `strings`: size (4 bytes), the bytes, a null byte
//     │   Z    │ place                   │   the text of a number that no double or integer can hold
//     │ l u d  │                         │   the next word is the int64, uint64 (over int64), double
//     │ t f n  │                         │
//     └────────┴─────────────────────────┘
//
// An object is keys and values in turn. Whoever walks it needs no bounds: the tape is well formed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace weft::json::internal {

using Place = const std::uint64_t*;

inline constexpr std::uint64_t payload_mask = (std::uint64_t{1} << 56) - 1;
inline constexpr std::uint32_t items_max = 0xff'ffff;
/// The longest text whose places fit: there are no more words than bytes, but for a few.
inline constexpr std::size_t text_bytes_max = 0xffff'fff0;

[[nodiscard]] inline char tag(Place at) noexcept { return static_cast<char>(*at >> 56); }

struct Tape {
    Place words = nullptr;
    const char* strings = nullptr;
    Place root = nullptr;

    /// Of a `"` or a `Z`.
    [[nodiscard]] std::string_view text(Place at) const noexcept {
        const char* const string = strings + (*at & payload_mask);
        std::uint32_t size = 0;
        std::memcpy(&size, string, sizeof size);
        return {string + sizeof size, size};
    }
    /// Where the value behind this one is.
    [[nodiscard]] Place after(Place at) const noexcept {
        switch (tag(at)) {
            case '{':
            case '[':
                return words + static_cast<std::uint32_t>(*at);
            case 'l':
            case 'u':
            case 'd':
                return at + 2;
            default:
                return at + 1;
        }
    }
};

[[nodiscard]] inline std::int64_t signed_at(Place at) noexcept {
    return static_cast<std::int64_t>(at[1]);
}
[[nodiscard]] inline std::uint64_t unsigned_at(Place at) noexcept { return at[1]; }
[[nodiscard]] inline double double_at(Place at) noexcept {
    double value = 0;
    std::memcpy(&value, at + 1, sizeof value);
    return value;
}
/// How many items an object or array has, at most items_max.
[[nodiscard]] inline std::uint32_t items_at(Place at) noexcept {
    return static_cast<std::uint32_t>(*at >> 32) & items_max;
}

}  // namespace weft::json::internal
