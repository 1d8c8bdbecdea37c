// SPDX-License-Identifier: Apache-2.0
#include <weft/http/body/charset.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <weft/base/bytes.hpp>
#include <weft/http/syntax.hpp>
#include <weft/http/utf8.hpp>

namespace weft::http {
namespace {

using enum Charset;
using Text = std::expected<std::string, TextError>;

// The first name of each is its own. Python takes `_` for `-`, and so does find_charset().
constexpr std::array<std::pair<std::string_view, Charset>, 21> names{{
    {"utf-8", utf_8},           {"us-ascii", ascii},
    {"iso-8859-1", iso_8859_1}, {"windows-1252", windows_1252},
    {"utf-16", utf_16},         {"utf-16le", utf_16le},
    {"utf-16be", utf_16be},     {"utf8", utf_8},
    {"ascii", ascii},           {"latin-1", iso_8859_1},
    {"latin1", iso_8859_1},     {"l1", iso_8859_1},
    {"iso8859-1", iso_8859_1},  {"iso-ir-100", iso_8859_1},
    {"8859", iso_8859_1},       {"cp819", iso_8859_1},
    {"cp1252", windows_1252},   {"1252", windows_1252},
    {"utf16", utf_16},          {"utf-16-le", utf_16le},
    {"utf-16-be", utf_16be},
}};

// What windows-1252 has for 80 to 9f; 0 where nothing.
constexpr std::array<char32_t, 32> windows_1252_characters{
    0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017d, 0,      0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178};

bool is_name(std::string_view known, std::string_view name) noexcept {
    return std::ranges::equal(
        known, name, [](char a, char b) { return a == to_lower(b) || (a == '-' && b == '_'); });
}

Text decode_utf8(BytesView bytes, Charset charset) {
    constexpr BytesView mark = "\xef\xbb\xbf";
    const std::size_t good = utf8_prefix(bytes);
    if (good < bytes.size()) return std::unexpected(TextError{charset, good});
    if (bytes.starts_with(mark)) bytes.remove_prefix(mark.size());
    return std::string(bytes);
}

// What a byte of 80 or more is; nullopt where nothing.
std::optional<char32_t> character_of(std::uint8_t byte, Charset charset) noexcept {
    if (charset == ascii) return std::nullopt;
    if (charset == iso_8859_1 || byte >= 0xa0) return byte;
    const char32_t character = windows_1252_characters[byte - 0x80];
    return character == 0 ? std::nullopt : std::optional(character);
}

Text decode_single_bytes(BytesView bytes, Charset charset) {
    std::string out;
    out.reserve(bytes.size());
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        const auto byte = static_cast<std::uint8_t>(bytes[at]);
        if (byte < 0x80) {
            out += bytes[at];
            continue;
        }
        const auto character = character_of(byte, charset);
        if (!character) return std::unexpected(TextError{charset, at});
        append_utf8(out, *character);
    }
    return out;
}

// Two bytes of UTF-16 as a number; nullopt at the end, also where only one is left.
std::optional<char32_t> unit_at(BytesView bytes, std::size_t at, bool is_big) noexcept {
    if (at + 2 > bytes.size()) return std::nullopt;
    const auto first = static_cast<std::uint8_t>(bytes[at]);
    const auto second = static_cast<std::uint8_t>(bytes[at + 1]);
    return is_big ? first << 8 | second : second << 8 | first;
}

constexpr bool is_high_surrogate(char32_t unit) noexcept { return unit >> 10 == 0xd800 >> 10; }
constexpr bool is_low_surrogate(char32_t unit) noexcept { return unit >> 10 == 0xdc00 >> 10; }

// RFC 2781 §2.2.
Text decode_utf16(BytesView bytes, Charset charset) {
    bool is_big = charset == utf_16be;
    std::size_t at = 0;
    if (charset == utf_16 && (bytes.starts_with("\xff\xfe") || bytes.starts_with("\xfe\xff"))) {
        is_big = bytes.starts_with('\xfe');
        at = 2;
    }
    std::string out;
    out.reserve(bytes.size());
    while (at < bytes.size()) {
        const auto unit = unit_at(bytes, at, is_big);
        if (!unit || is_low_surrogate(*unit)) return std::unexpected(TextError{charset, at});
        if (!is_high_surrogate(*unit)) {
            append_utf8(out, *unit);
            at += 2;
            continue;
        }
        const auto low = unit_at(bytes, at + 2, is_big);
        if (!low || !is_low_surrogate(*low)) return std::unexpected(TextError{charset, at});
        append_utf8(out, 0x10000 + ((*unit & 0x3ff) << 10 | (*low & 0x3ff)));
        at += 4;
    }
    return out;
}

}  // namespace

std::optional<Charset> find_charset(std::string_view name) noexcept {
    for (const auto& [known, charset] : names) {
        if (is_name(known, name)) return charset;
    }
    return std::nullopt;
}

std::string describe(const TextError& error) {
    const auto* const name =
        std::ranges::find(names, error.charset, [](const auto& known) { return known.second; });
    return "byte " + std::to_string(error.offset) + " of the text is not " +
           std::string(name->first);
}

std::expected<std::string, TextError> decode_text(BytesView bytes, Charset charset) {
    switch (charset) {
        case utf_8:
            return decode_utf8(bytes, charset);
        case ascii:
        case iso_8859_1:
        case windows_1252:
            return decode_single_bytes(bytes, charset);
        case utf_16:
        case utf_16le:
        case utf_16be:
            break;
    }
    return decode_utf16(bytes, charset);
}

}  // namespace weft::http
