// SPDX-License-Identifier: Apache-2.0
#include <weft/base/visible.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace weft {
namespace {

struct Range {
    char32_t first;
    char32_t last;
};

constexpr std::array<Range, 21> unseen = {{
    {0x0, 0x1f},        {0x7f, 0x9f},     {0xad, 0xad},     {0x34f, 0x34f},     {0x61c, 0x61c},
    {0x115f, 0x1160},   {0x17b4, 0x17b5}, {0x180b, 0x180f}, {0x200b, 0x200f},   {0x2028, 0x202e},
    {0x2060, 0x206f},   {0x3164, 0x3164}, {0xd800, 0xdfff}, {0xfdd0, 0xfdef},   {0xfe00, 0xfe0f},
    {0xfeff, 0xfeff},   {0xffa0, 0xffa0}, {0xfff0, 0xfffb}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a},
    {0xe0000, 0xe0fff},
}};

constexpr char32_t last_character = 0x10ffff;

// How many bytes the sequence has that begins with this one; 0 where none does.
std::size_t sequence_size(unsigned char first) noexcept {
    if (first < 0x80) return 1;
    if (first < 0xc2 || first > 0xf4) return 0;
    if (first < 0xe0) return 2;
    return first < 0xf0 ? 3 : 4;
}

// What is written with so many bytes at least.
constexpr std::array<char32_t, 5> least_of_size = {0, 0, 0x80, 0x800, 0x10000};

}  // namespace

bool is_visible(char32_t character) noexcept {
    if (character > last_character || (character & 0xfffe) == 0xfffe) return false;
    return std::ranges::none_of(unseen, [&](const Range& range) {
        return range.first <= character && character <= range.last;
    });
}

Character first_character(std::string_view text) noexcept {
    constexpr Character none{.size = 1, .is_visible = false};
    const auto first = static_cast<unsigned char>(text.front());
    const std::size_t size = sequence_size(first);
    if (size == 0 || size > text.size()) return none;
    char32_t character = size == 1 ? first : first & (0x7fU >> size);
    for (const char c : text.substr(1, size - 1)) {
        const auto next = static_cast<unsigned char>(c);
        if ((next & 0xc0U) != 0x80) return none;
        character = character << 6U | (next & 0x3fU);
    }
    const bool is_surrogate = character >= 0xd800 && character <= 0xdfff;
    if (character < least_of_size[size] || character > last_character || is_surrogate) return none;
    return {.size = size, .is_visible = is_visible(character)};
}

}  // namespace weft
