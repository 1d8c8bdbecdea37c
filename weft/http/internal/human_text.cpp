// SPDX-License-Identifier: Apache-2.0
#include <weft/http/internal/human_text.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include <weft/base/visible.hpp>
#include <weft/http/internal/percent_encoding.hpp>

namespace weft::http::internal {
namespace {

// Blanks, which may be taken for the end of the URL, and what is private, of which nobody knows how it looks:
// the first and the last of each range.
constexpr std::array<std::pair<char32_t, char32_t>, 10> unclear = {{
    {0xa0, 0xa0},
    {0x1680, 0x1680},
    {0x2000, 0x200a},
    {0x202f, 0x202f},
    {0x205f, 0x205f},
    {0x2800, 0x2800},
    {0x3000, 0x3000},
    {0xe000, 0xf8ff},
    {0xfffc, 0xffff},
    {0xf0000, 0x10ffff},
}};

bool is_clear(char32_t c) noexcept {
    return is_visible(c) && std::ranges::none_of(unclear, [&](const auto& range) {
               return range.first <= c && c <= range.second;
           });
}

// The byte that three bytes of text stand for; -1 where they are none.
int encoded_byte(std::string_view text) noexcept {
    if (text.size() < 3 || text[0] != '%') return -1;
    const int high = hex_value(text[1]);
    const int low = hex_value(text[2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

// How many bytes the character has that such a byte begins; 0 where none begins with it.
std::size_t length_of(int lead) noexcept {
    if (lead >= 0xc2 && lead <= 0xdf) return 2;
    if (lead >= 0xe0 && lead <= 0xef) return 3;
    if (lead >= 0xf0 && lead <= 0xf4) return 4;
    return 0;
}

// The character that the text begins with, decoded; nothing if it is none, or not clear.
std::string decoded_character(std::string_view text) {
    const int lead = encoded_byte(text);
    const std::size_t length = length_of(lead);
    if (length == 0) return {};
    std::string bytes(1, static_cast<char>(lead));
    char32_t value = static_cast<char32_t>(lead) & (0x7fU >> length);
    for (std::size_t i = 1; i < length; ++i) {
        const int next = encoded_byte(text.substr(std::min(3 * i, text.size())));
        if (next < 0x80 || next > 0xbf) return {};
        bytes += static_cast<char>(next);
        value = value << 6U | (static_cast<char32_t>(next) & 0x3fU);
    }
    constexpr std::array<char32_t, 5> least = {0, 0, 0x80, 0x800, 0x10000};
    return value >= least[length] && is_clear(value) ? bytes : std::string();
}

}  // namespace

std::string human_text(std::string_view encoded) {
    std::string text;
    while (!encoded.empty()) {
        const std::string character = decoded_character(encoded);
        if (character.empty()) {
            text += encoded.front();
            encoded.remove_prefix(1);
        } else {
            text += character;
            encoded.remove_prefix(3 * character.size());
        }
    }
    return text;
}

}  // namespace weft::http::internal
