// SPDX-License-Identifier: Apache-2.0
#include <weft/http/syntax.hpp>

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace weft::http {
namespace {

using namespace std::string_view_literals;

TEST(Syntax, tells_how_far_a_text_is_allowed) {
    EXPECT_EQ(token_prefix("Accept: x"), 6u);
    EXPECT_EQ(token_prefix(""), 0u);
    EXPECT_FALSE(is_token(""));
    EXPECT_TRUE(is_token("a!~9"));
    EXPECT_EQ(value_prefix("a\tb c\x80\xff\x7f"), 7u);
    EXPECT_EQ(value_prefix("\0"sv), 0u);
    EXPECT_EQ(target_prefix("/a|{b}?c='d'#e"), 12u);
    EXPECT_EQ(target_prefix("/\xc3\xa9"), 1u);
    EXPECT_EQ(target_prefix("/a b"), 2u);
}

TEST(Syntax, compares_without_the_case_of_letters_only) {
    EXPECT_TRUE(equal_ignoring_case("Chunked", "cHUNKED"));
    EXPECT_FALSE(equal_ignoring_case("chunked", "chunke"));
    EXPECT_FALSE(equal_ignoring_case("@", "`"));
    EXPECT_FALSE(equal_ignoring_case("\xc0", "\xe0"));
}

// Not what Python's strip() takes: \x0b, \x0c, \x1c to \x1f, \x85 and \xa0 stay.
TEST(Syntax, trims_spaces_and_tabs_and_nothing_else) {
    EXPECT_EQ(trimmed(" \ta b\t "), "a b");
    EXPECT_EQ(trimmed(" \t "), "");
    for (const auto text : {"\va\v"sv, "\fa\f"sv,
                            "\x1c"
                            "a"sv,
                            "\x85"
                            "a"sv,
                            "\xa0"
                            "a"sv,
                            "\na"sv}) {
        EXPECT_EQ(trimmed(text), text);
    }
}

TEST(Syntax, quotes_without_a_byte_that_a_log_could_stumble_over) {
    EXPECT_EQ(in_quotes("a b"), "'a b'");
    EXPECT_EQ(in_quotes("\r\n'\\\x80"), R"('\x0d\x0a\x27\x5c\x80')");
    EXPECT_EQ(in_quotes(std::string(40, 'a')), "'" + std::string(40, 'a') + "'");
    EXPECT_EQ(in_quotes(std::string(41, 'a')), "'" + std::string(40, 'a') + "…'");
}

}  // namespace
}  // namespace weft::http
