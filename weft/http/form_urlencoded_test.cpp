// SPDX-License-Identifier: Apache-2.0
#include <weft/http/form_urlencoded.hpp>

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <weft/http/multi_dict.hpp>

namespace weft::http {
namespace {

MultiDict fields_of(std::string_view text) {
    const auto fields = parse_qsl(text);
    EXPECT_TRUE(fields.has_value()) << text;
    return fields.value_or(MultiDict());
}

TEST(FormUrlencoded, is_read_field_by_field) {
    EXPECT_EQ(fields_of("a=1&b=two+words&a=%C3%BC"),
              (MultiDict{{"a", "1"}, {"b", "two words"}, {"a", "ü"}}));
    EXPECT_EQ(fields_of(""), MultiDict());
    EXPECT_EQ(fields_of("&&a&&=&b=="), (MultiDict{{"a", ""}, {"", ""}, {"b", "="}}));
    EXPECT_EQ(fields_of("a%26b=c%3dd"), (MultiDict{{"a&b", "c=d"}}));
}

TEST(FormUrlencoded, keeps_what_is_badly_encoded) {
    EXPECT_EQ(fields_of("a=%&b=%4&c=%zz&d=100%25&e=%FF%00"),
              (MultiDict{{"a", "%"},
                         {"b", "%4"},
                         {"c", "%zz"},
                         {"d", "100%"},
                         {"e", std::string("\xff\0", 2)}}));
}

TEST(FormUrlencoded, has_no_more_fields_than_it_may) {
    EXPECT_EQ(parse_qsl("a&b&&c", {.max_num_fields = 3})->size(), 3u);
    EXPECT_EQ(parse_qsl("a&b&c&d", {.max_num_fields = 3}).error(), FormError::too_many_fields);
    std::string many;
    for (int i = 0; i < 1000; ++i) many += "a&";
    EXPECT_TRUE(parse_qsl(many).has_value());
    EXPECT_FALSE(parse_qsl(many + "a").has_value());
}

TEST(FormUrlencoded, is_written_so_that_it_reads_back) {
    EXPECT_EQ(urlencode({{"a b", "1+1"}, {"ü", "&=%"}, {"az09*-._", "~'()!"}}),
              "a+b=1%2B1&%C3%BC=%26%3D%25&az09*-._=%7E%27%28%29%21");
    EXPECT_EQ(urlencode({}), "");
    std::string every_byte;
    for (int c = 0; c < 256; ++c) every_byte += static_cast<char>(c);
    const MultiDict fields = {{every_byte, every_byte}, {"", every_byte}, {every_byte, ""}};
    EXPECT_EQ(fields_of(urlencode(fields)), fields);
}

}  // namespace
}  // namespace weft::http
