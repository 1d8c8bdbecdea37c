// SPDX-License-Identifier: Apache-2.0
#include <weft/http/body/charset.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/http/utf8.hpp>

namespace weft::http {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;
using enum Charset;

std::string text(BytesView bytes, Charset charset) {
    const auto decoded = decode_text(bytes, charset);
    EXPECT_TRUE(decoded) << describe(decoded.error());
    return decoded.value_or("");
}
// Where the bytes are no text.
std::optional<std::size_t> fault(BytesView bytes, Charset charset) {
    const auto decoded = decode_text(bytes, charset);
    return decoded ? std::nullopt : std::optional(decoded.error().offset);
}

TEST(Charset, has_the_names_that_python_knows) {
    for (const auto name : {"utf-8"sv, "UTF-8"sv, "utf8"sv, "Utf_8"sv}) {
        EXPECT_EQ(find_charset(name), utf_8) << name;
    }
    for (const auto name : {"iso-8859-1"sv, "ISO_8859-1"sv, "latin1"sv, "Latin-1"sv, "l1"sv}) {
        EXPECT_EQ(find_charset(name), iso_8859_1) << name;
    }
    EXPECT_EQ(find_charset("us-ascii"), ascii);
    EXPECT_EQ(find_charset("windows-1252"), windows_1252);
    EXPECT_EQ(find_charset("cp1252"), windows_1252);
    EXPECT_EQ(find_charset("utf-16"), utf_16);
    EXPECT_EQ(find_charset("UTF-16LE"), utf_16le);
    EXPECT_EQ(find_charset("utf_16_be"), utf_16be);
}

// CVE-2024-2961: a charset that a peer names must not load code of the system's.
TEST(Charset, others_are_unknown) {
    for (const auto name : {""sv, "utf"sv, "utf-7"sv, "utf-88"sv, "ISO-2022-CN-EXT"sv, "utf-8\0"sv,
                            "../x"sv, "utf-8//TRANSLIT"sv, "base64"sv, "idna"sv}) {
        EXPECT_EQ(find_charset(name), std::nullopt) << name;
    }
}

// RFC 3629 §4: the first and last of each length, and around the surrogates.
TEST(Text, utf8_is_itself) {
    for (const auto bytes :
         {""sv, "a"sv, "\0\x7f"sv, "\xc2\x80\xdf\xbf"sv, "\xe0\xa0\x80\xed\x9f\xbf"sv,
          "\xee\x80\x80\xef\xbf\xbf"sv, "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"sv,
          "a mostly ASCII text \xe2\x82\xac and more of it"sv}) {
        EXPECT_EQ(text(bytes, utf_8), bytes);
    }
}

TEST(Text, refuses_what_is_no_utf8) {
    for (const auto bytes : {"\x80"sv,
                             "\xbf"sv,
                             "\xc0\x80"sv,
                             "\xc1\xbf"sv,
                             "\xc2"sv,
                             "\xc2x"sv,
                             "\xe0\x9f\xbf"sv,
                             "\xe1\x80"sv,
                             "\xe1\x80x"sv,
                             "\xed\xa0\x80"sv,
                             "\xed\xbf\xbf"sv,
                             "\xf0\x8f\xbf\xbf"sv,
                             "\xf1\x80\x80"sv,
                             "\xf1\x80\x80x"sv,
                             "\xf4\x90\x80\x80"sv,
                             "\xf5\x80\x80\x80"sv,
                             "\xff"sv,
                             "\xe1\xc2\x80"sv,
                             "\xe1"sv,
                             "\xf8\x88\x80\x80\x80"sv}) {
        for (const auto& before : {""s, "a"s, "1234567"s, "12345678"s, "\xc3\xa9"s}) {
            EXPECT_EQ(fault(before + Bytes(bytes) + "z", utf_8), before.size()) << bytes;
        }
        EXPECT_EQ(fault(bytes, utf_8), 0u);
    }
}

TEST(Text, byte_order_mark_is_dropped_from_the_front) {
    EXPECT_EQ(text("\xef\xbb\xbf{}", utf_8), "{}");
    EXPECT_EQ(text("\xef\xbb\xbf\xef\xbb\xbf", utf_8), "\xef\xbb\xbf");
    EXPECT_EQ(text("a\xef\xbb\xbf", utf_8), "a\xef\xbb\xbf");
}

TEST(Text, of_one_byte_for_each_character) {
    EXPECT_EQ(text("a\x7f", ascii), "a\x7f");
    EXPECT_EQ(fault("ab\x80", ascii), 2u);
    EXPECT_EQ(text("\x80\x9f\xa0\xe9\xff", iso_8859_1), "\xc2\x80\xc2\x9f\xc2\xa0\xc3\xa9\xc3\xbf");
    EXPECT_EQ(text("\x80\x85\x9f\xa0\xe9", windows_1252),
              "\xe2\x82\xac\xe2\x80\xa6\xc5\xb8\xc2\xa0\xc3\xa9");
    for (const auto byte : {"\x81"sv, "\x8d"sv, "\x8f"sv, "\x90"sv, "\x9d"sv}) {
        EXPECT_EQ(fault("a" + Bytes(byte), windows_1252), 1u);
    }
}

TEST(Text, of_utf16) {
    EXPECT_EQ(text("a\0\xac\x20\x3d\xd8\x00\xde"sv, utf_16le), "a\xe2\x82\xac\xf0\x9f\x98\x80");
    EXPECT_EQ(text("\0a\x20\xac\xd8\x3d\xde\x00"sv, utf_16be), "a\xe2\x82\xac\xf0\x9f\x98\x80");
    EXPECT_EQ(text("\xff\xfe"
                   "a\0"sv,
                   utf_16),
              "a");
    EXPECT_EQ(text("\xfe\xff\0a"sv, utf_16), "a");
    EXPECT_EQ(text("a\0"sv, utf_16), "a");
    EXPECT_EQ(text("", utf_16), "");
    EXPECT_EQ(text("\xff\xfe"sv, utf_16le), "\xef\xbb\xbf");
    EXPECT_EQ(text("\xd8\x00\xdc\x00\xdb\xff\xdf\xff"sv, utf_16be),
              "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf");
}

TEST(Text, refuses_what_is_no_utf16) {
    for (const auto bytes : {"a"sv, "\xd8"sv, "\xdc\x00"sv, "\xd8\x00"sv, "\xd8\x00\xdc"sv,
                             "\xd8\x00\0a"sv, "\xd8\x00\xd8\x00\xdc\x00"sv, "\xdf\xff\xd8\x00"sv}) {
        EXPECT_EQ(fault("\0x"s + Bytes(bytes), utf_16be), 2u) << bytes.size();
    }
}

TEST(TextError, names_the_charset_and_the_place) {
    EXPECT_EQ(describe(decode_text("abc\xff", utf_8).error()), "byte 3 of the text is not utf-8");
    EXPECT_EQ(describe(decode_text("\x81", windows_1252).error()),
              "byte 0 of the text is not windows-1252");
}

// Every character there is, in UTF-16, becomes UTF-8 that is read as itself.
TEST(Text, holds_each_character) {
    Bytes utf16;
    std::string expected;
    for (char32_t character = 0; character < 0x110000; character += 0x3f) {
        if (character >= 0xd800 && character < 0xe000) continue;
        append_utf8(expected, character);
        const auto append_unit = [&](char32_t unit) {
            utf16 += static_cast<char>(unit >> 8);
            utf16 += static_cast<char>(unit & 0xff);
        };
        if (character >= 0x10000) append_unit(0xd800 + ((character - 0x10000) >> 10));
        append_unit(character < 0x10000 ? character : 0xdc00 + (character & 0x3ff));
    }
    EXPECT_TRUE(is_utf8(expected));
    EXPECT_EQ(text(utf16, utf_16be), expected);
}

}  // namespace
}  // namespace weft::http
