// SPDX-License-Identifier: Apache-2.0
// Goal:   texts are UTF-8 (RFC 3629), and one that is not is refused at the first byte that shows
//         it, as group 6 of the Autobahn testsuite asks.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/http/wire/websocket/utf8_validator.hpp>
#include <weft/http/wire/websocket/websocket_cut_test.hpp>
#include <weft/http/wire/websocket/websocket_feed_test.hpp>
#include <weft/http/wire/websocket/websocket_frame.hpp>

namespace weft::http::wire {
namespace {

using namespace std::string_literals;

constexpr auto refused = "! a text is not UTF-8";

std::string encoded(std::uint32_t point) {
    std::string out;
    const auto add = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
    if (point < 0x80) {
        add(point);
    } else if (point < 0x800) {
        add(0xc0 | point >> 6U);
        add(0x80 | (point & 0x3f));
    } else if (point < 0x10000) {
        add(0xe0 | point >> 12U);
        add(0x80 | (point >> 6U & 0x3f));
        add(0x80 | (point & 0x3f));
    } else {
        add(0xf0 | point >> 18U);
        add(0x80 | (point >> 12U & 0x3f));
        add(0x80 | (point >> 6U & 0x3f));
        add(0x80 | (point & 0x3f));
    }
    return out;
}

TEST(WebSocketText, is_utf8) {
    for (const std::string& data :
         {"Hello-µ@ßöäüàá-UTF-8!!"s, "κόσμε"s, "\0"s, "\x7f"s, "\xc2\x80"s, "\xdf\xbf"s,
          "\xe0\xa0\x80"s, "\xed\x9f\xbf"s, "\xee\x80\x80"s, "\xef\xbf\xbf"s, "\xf0\x90\x80\x80"s,
          "\xf4\x8f\xbf\xbf"s, "\xef\xbb\xbf"s, "\xef\xbf\xbe"s,
          "abcdefgh\xe2\x82\xac"
          "ijklmnopqrst\xf0\x9f\x98\x80"s}) {
        EXPECT_EQ(heard({text(data)}), "text{" + data + "}");
        std::vector<AnyFrame> frames{begin(text(""))};
        for (const char c : data) frames.push_back(rest(std::string(1, c), false));
        frames.push_back(rest(""));
        EXPECT_EQ(heard(frames), "text{" + data + "}") << "in fragments";
    }
}

TEST(WebSocketText, is_refused_where_it_is_not) {
    for (const std::string& data : {"\x80"s,
                                    "\xbf"s,
                                    "\xc0\x80"s,
                                    "\xc1\xbf"s,
                                    "\xe0\x80\x80"s,
                                    "\xe0\x9f\xbf"s,
                                    "\xf0\x80\x80\x80"s,
                                    "\xf0\x8f\xbf\xbf"s,
                                    "\xed\xa0\x80"s,
                                    "\xed\xbf\xbf"s,
                                    "\xed\xa0\x80\xed\xb0\x80"s,
                                    "\xf4\x90\x80\x80"s,
                                    "\xf5\x80\x80\x80"s,
                                    "\xf8\x88\x80\x80\x80"s,
                                    "\xfc\x84\x80\x80\x80\x80"s,
                                    "\xfe"s,
                                    "\xff"s,
                                    "\xc2"s,
                                    "\xe1\x80"s,
                                    "\xf1\x80\x80"s,
                                    "\xc2\x41"s,
                                    "\xe1\x80\x41"s,
                                    "\xf1\x80\x80\x41"s,
                                    "\xc2\xc2"s,
                                    "κόσμε\xed\xa0\x80"
                                    "edited"s}) {
        EXPECT_EQ(heard({text("abc" + data)}), refused) << data;
        EXPECT_EQ(heard({begin(text("abcdefghijk" + data)), rest("")}), refused) << data;
        EXPECT_EQ(heard({binary(data)}), "binary{" + data + "}");
    }
}

TEST(WebSocketText, may_be_cut_within_a_character) {
    EXPECT_EQ(heard({begin(text("\xe2")), ping(), rest("\x82", false), rest("\xac")}),
              "ping{}text{€}");
    EXPECT_EQ(heard({begin(text("\xe2")), rest("\x82")}), refused);
    EXPECT_EQ(heard({begin(text("\xe2")), rest(""), text("\x82\xac")}), refused);
    EXPECT_EQ(heard({text("a"), text("\xac")}), std::string("text{a}") + refused);
}

// Autobahn's 6.3 and 6.4: the answer must not wait for the rest.
TEST(WebSocketText, is_refused_at_the_first_byte_that_shows_it) {
    const std::string data = "κόσμε\xf4\x90\x80\x80 and more";
    const Bytes frame = bytes_of({text(data)}, WSRole::client);
    WSListener listener(WSRole::server);
    for (std::size_t at = 0; at < frame.size(); ++at) {
        listener.feed(BytesView(frame).substr(at, 1));
        const bool should_know = at >= frame.size() - data.size() + "κόσμε\xf4"s.size();
        EXPECT_EQ(listener.error().has_value(), should_know) << at;
    }
}

// Every character there is, and everything that is like one.
TEST(WebSocketText, has_all_characters_and_no_surrogates) {
    for (std::uint32_t point = 0; point < 0x120000; point += point < 0x3000 ? 1 : 7) {
        const bool is_one = point < 0x110000 && (point < 0xd800 || point > 0xdfff);
        EXPECT_EQ(internal::is_utf8(encoded(point)), is_one) << point;
    }
    for (const std::uint32_t point : {0xd7ffU, 0xe000U, 0xfffdU, 0xffffU, 0x10000U, 0x10ffffU}) {
        EXPECT_TRUE(internal::is_utf8(encoded(point))) << point;
    }
    for (const std::uint32_t point : {0xd800U, 0xdbffU, 0xdc00U, 0xdfffU, 0x110000U, 0x1fffffU}) {
        EXPECT_FALSE(internal::is_utf8(encoded(point))) << point;
    }
}

TEST(WebSocketText, of_two_bytes_is_judged_as_the_table_says) {
    for (unsigned first = 0; first < 256; ++first) {
        for (unsigned second = 0; second < 256; ++second) {
            const std::string data{static_cast<char>(first), static_cast<char>(second)};
            const bool is_one =
                (first < 0x80 && second < 0x80) ||
                (first >= 0xc2 && first <= 0xdf && second >= 0x80 && second <= 0xbf);
            EXPECT_EQ(internal::is_utf8(data), is_one) << first << " " << second;
        }
    }
}

}  // namespace
}  // namespace weft::http::wire
