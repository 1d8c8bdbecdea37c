// SPDX-License-Identifier: Apache-2.0
#include <weft/http/headers.hpp>

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/exceptions.hpp>

namespace weft::http {
namespace {

using namespace std::string_view_literals;

static_assert(std::ranges::random_access_range<const Headers>);
static_assert(std::ranges::forward_range<Headers::Values>);

std::string text_of(const Headers& headers) {
    std::string out;
    for (const auto& [name, value] : headers)
        out.append(name).append("=").append(value).append(";");
    return out;
}

std::vector<std::string_view> list(Headers::Values values) {
    std::vector<std::string_view> out;
    std::ranges::copy(values, std::back_inserter(out));
    return out;
}

template <class F>
std::string error_of(F function) {
    try {
        function();
    } catch (const Exception& error) {
        return error.what();
    }
    return "";
}

TEST(Headers, keep_the_order_and_the_case_of_what_was_added) {
    Headers headers{{"Host", "a.example"}, {"accept", "*/*"}};
    headers.add("ACCEPT", "text/html");
    EXPECT_EQ(text_of(headers), "Host=a.example;accept=*/*;ACCEPT=text/html;");
    EXPECT_EQ(headers.size(), 3u);
    EXPECT_EQ(headers[2], (Headers::Field{"ACCEPT", "text/html"}));
}

TEST(Headers, are_a_range_of_names_and_values) {
    std::string all;
    Headers headers{{"Accept", "*/*"}};
    headers.add("Accept", "text/html");
    for (const auto& [name, value] : headers)
        all.append(name).append(" ").append(value).append(" ");
    EXPECT_EQ(all, "Accept */* Accept text/html ");
}

TEST(Headers, find_a_name_whatever_its_case) {
    const Headers headers{{"Content-Type", "text/html"}, {"content-type", "text/plain"}};
    EXPECT_EQ(headers.get("CONTENT-TYPE"), "text/html");
    EXPECT_EQ(headers.getone("content-type"), "text/html");
    EXPECT_TRUE(headers.contains("Content-type"));
    EXPECT_EQ(list(headers.getall("Content-Type")), (std::vector{"text/html"sv, "text/plain"sv}));
}

TEST(Headers, find_nothing_where_a_name_is_only_like_it) {
    const Headers headers{{"Accept", "a"}, {"Accept-Language", "b"}, {"@ccept"sv.substr(1), "c"}};
    EXPECT_EQ(headers.get("Accept-"), std::nullopt);
    EXPECT_EQ(headers.get("Accep"), std::nullopt);
    EXPECT_EQ(headers.get(""), std::nullopt);
    EXPECT_EQ(headers.get("X", "otherwise"), "otherwise");
    EXPECT_FALSE(headers.contains("X"));
    EXPECT_TRUE(list(headers.getall("X")).empty());
    EXPECT_EQ(error_of([&] { static_cast<void>(headers.getone("X")); }), "no header 'X'");
}

// '@' and '`', '[' and '{' differ by the bit that tells the cases of letters apart.
TEST(Headers, take_only_letters_for_the_same_in_another_case) {
    const Headers headers{{"a^b", "1"}, {"a~b", "2"}};
    EXPECT_EQ(headers.get("A~B"), "2");
    EXPECT_EQ(headers.get("A^B"), "1");
}

TEST(Headers, replace_all_of_a_name_in_the_place_of_the_first) {
    Headers headers{{"A", "1"}, {"B", "2"}, {"a", "3"}, {"C", "4"}};
    headers.set("a", "5");
    EXPECT_EQ(text_of(headers), "a=5;B=2;C=4;");
    headers.set("D", "6");
    EXPECT_EQ(text_of(headers), "a=5;B=2;C=4;D=6;");
}

TEST(Headers, give_or_add_a_default) {
    Headers headers{{"A", "1"}};
    EXPECT_EQ(headers.setdefault("a", "2"), "1");
    EXPECT_EQ(headers.setdefault("B", "2"), "2");
    EXPECT_EQ(text_of(headers), "A=1;B=2;");
}

TEST(Headers, add_or_replace_by_those_of_others) {
    Headers headers{{"A", "1"}, {"B", "2"}};
    headers.extend(Headers{{"a", "3"}, {"C", "4"}});
    EXPECT_EQ(text_of(headers), "A=1;B=2;a=3;C=4;");
    headers.update(Headers{{"A", "5"}, {"A", "6"}});
    EXPECT_EQ(text_of(headers), "B=2;C=4;A=5;A=6;");
    headers.update(headers);
    EXPECT_EQ(text_of(headers), "B=2;C=4;A=5;A=6;");
    headers.extend(headers);
    EXPECT_EQ(headers.size(), 8u);
}

TEST(Headers, remove_all_of_a_name) {
    Headers headers{{"A", "1"}, {"B", "2"}, {"a", "3"}};
    EXPECT_EQ(headers.remove("a"), 2u);
    EXPECT_EQ(headers.remove("a"), 0u);
    EXPECT_EQ(text_of(headers), "B=2;");
    headers.clear();
    EXPECT_TRUE(headers.empty());
    EXPECT_EQ(headers.get("B"), std::nullopt);
}

TEST(Headers, take_the_white_space_around_a_value_away) {
    const Headers headers{{"A", " \t two words\t "}, {"B", "  "}};
    EXPECT_EQ(text_of(headers), "A=two words;B=;");
}

TEST(Headers, keep_bytes_that_are_no_ascii) {
    const Headers headers{{"A", "na\xc3\xafve \x80\xff"}};
    EXPECT_EQ(headers.get("A"), "na\xc3\xafve \x80\xff");
}

TEST(Headers, refuse_every_control_byte_but_the_tab) {
    for (int byte = 0; byte < 256; ++byte) {
        const std::string value = std::string("a") + static_cast<char>(byte) + "b";
        const bool is_control = (byte < 0x20 && byte != '\t') || byte == 0x7f;
        Headers headers;
        if (is_control) {
            EXPECT_THROW(headers.add("A", value), ValueError) << byte;
            EXPECT_TRUE(headers.empty()) << byte;
        } else {
            headers.add("A", value);
            EXPECT_EQ(headers.get("A"), value) << byte;
        }
    }
}

TEST(Headers, refuse_a_name_that_is_no_token) {
    constexpr auto tokens =
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"sv;
    for (int byte = 0; byte < 256; ++byte) {
        const std::string name = std::string("X") + static_cast<char>(byte);
        Headers headers;
        if (tokens.find(static_cast<char>(byte)) == tokens.npos) {
            EXPECT_THROW(headers.add(name, "v"), ValueError) << byte;
        } else {
            headers.add(name, "v");
            EXPECT_TRUE(headers.contains(name)) << byte;
        }
    }
}

TEST(Headers, tell_the_name_at_fault_and_no_value) {
    Headers headers{{"A", "1"}};
    EXPECT_EQ(error_of([&] { headers.add("X-Key", "secret\r\nEvil: 1"); }),
              "the value of the header 'X-Key' holds the control byte '\\x0d' at position 6");
    EXPECT_EQ(error_of([&] { headers.set("A", "\0"sv); }),
              "the value of the header 'A' holds the control byte '\\x00' at position 0");
    EXPECT_EQ(error_of([&] { headers.add("X Y", "v"); }),
              "'X Y' is not the name of a header: ' ' at position 1 is not allowed in a token");
    EXPECT_EQ(error_of([&] { headers.add("", "v"); }), "the name of a header must not be empty");
    EXPECT_EQ(text_of(headers), "A=1;");
}

// What is given may lie in the very memory that grows.
TEST(Headers, take_views_of_themselves) {
    Headers headers{{"Name", "value"}};
    for (int i = 0; i < 100; ++i) headers.add(headers[0].name, headers[0].value);
    headers.set("Other", headers[50].value);
    headers.set(headers[0].name, headers[0].value);
    EXPECT_EQ(text_of(headers), "Name=value;Other=value;");
    EXPECT_EQ(headers.remove(headers[0].name), 1u);
    EXPECT_EQ(text_of(headers), "Other=value;");
}

TEST(Headers, stay_right_when_they_change_again_and_again) {
    Headers headers{{"Kept", "1"}, {"Set", "x"}};
    const std::string value(100, 'v');
    for (int i = 0; i < 1000; ++i) {
        headers.set("Set", value);
        headers.add("Gone", value);
        headers.remove("Gone");
    }
    EXPECT_EQ(text_of(headers), "Kept=1;Set=" + value + ";");
}

TEST(Headers, are_equal_to_those_with_the_same_fields_in_the_same_order) {
    const Headers headers{{"A", "1"}, {"B", "2"}};
    EXPECT_EQ(headers, (Headers{{"a", "1"}, {"b", "2"}}));
    EXPECT_NE(headers, (Headers{{"B", "2"}, {"A", "1"}}));
    EXPECT_NE(headers, (Headers{{"A", "1"}}));
    EXPECT_NE(headers, (Headers{{"A", "1"}, {"B", "3"}}));
    Headers changed{{"A", "0"}, {"X", "x"}, {"B", "2"}};
    changed.set("A", "1");
    changed.remove("X");
    EXPECT_EQ(changed, headers);
}

TEST(Headers, hold_what_a_parser_has_judged_with_what_stands_between) {
    Headers headers{{"Host", "a"}};
    headers.add_judged("Ab: cd\r\nE:f\r\n",
                       std::array<Headers::Place, 2>{{{0, 2, 4, 2}, {8, 1, 10, 1}}});
    EXPECT_EQ(text_of(headers), "Host=a;Ab=cd;E=f;");
    const Headers copy = headers;
    headers.clear();
    EXPECT_EQ(copy.get("e"), "f");
}

}  // namespace
}  // namespace weft::http
