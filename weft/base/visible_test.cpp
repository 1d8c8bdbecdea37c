// SPDX-License-Identifier: Apache-2.0
#include <weft/base/visible.hpp>

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace weft {
namespace {

TEST(Visible, is_what_can_be_read) {
    for (const std::string_view text :
         {" ", "~", "\xc2\xa0", "é", "ש", "€", "你", "\xe3\x80\x80", "😀", "\xef\xbf\xbd"}) {
        for (const char* behind : {"", "a", "\x80"}) {
            const auto [size, is_visible] = first_character(std::string(text) + behind);
            EXPECT_EQ(size, text.size()) << text;
            EXPECT_TRUE(is_visible) << text;
        }
    }
}

TEST(Visible, is_nothing_that_makes_a_text_look_like_another) {
    using std::string_view_literals::operator""sv;
    for (const std::string_view text :
         {"\0"sv, "\x1b"sv, "\x7f"sv, "\xc2\x9b"sv, "\xc2\xad"sv, "\xd8\x9c"sv, "\xe2\x80\x8b"sv,
          "\xe2\x80\xa8"sv, "\xe2\x80\xae"sv, "\xe2\x81\xa6"sv, "\xe3\x85\xa4"sv, "\xef\xb8\x8f"sv,
          "\xef\xbb\xbf"sv, "\xef\xbf\xb9"sv, "\xef\xbf\xbe"sv, "\xf0\x9f\xbf\xbf"sv,
          "\xf3\xa0\x81\x81"sv}) {
        const auto [size, is_visible] = first_character(text);
        EXPECT_EQ(size, text.size()) << text;
        EXPECT_FALSE(is_visible) << text;
    }
    EXPECT_FALSE(is_visible(0xd800));
    EXPECT_FALSE(is_visible(0x110000));
}

// RFC 3629 §4: no overlong form, no surrogate, nothing beyond U+10FFFF.
TEST(Visible, is_utf8) {
    for (const std::string_view text :
         {"\x80", "\xbf", "\xc3", "\xc3(", "\xe2\x82", "\xe2\x82(", "\xf0\x9f\x98", "\xc0\xaf",
          "\xc1\xbf", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
          "\xf5\x80\x80\x80", "\xff"}) {
        const auto [size, is_visible] = first_character(text);
        EXPECT_EQ(size, 1U) << text;
        EXPECT_FALSE(is_visible) << text;
    }
}

}  // namespace
}  // namespace weft
