// SPDX-License-Identifier: Apache-2.0
#include <weft/http/wire/websocket/websocket_writer.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/http/wire/websocket/websocket_feed_test.hpp>
#include <weft/http/wire/websocket/websocket_frame.hpp>
#include <weft/http/ws_message.hpp>

namespace weft::http::wire {
namespace {

using namespace std::string_view_literals;

// Masks that count, so that each can be told from the one before.
WSMaskSource counting_masks() {
    return [count = std::uint8_t{0}]() mutable {
        ++count;
        return WSMask{0x37, 0xfa, 0x21, count};
    };
}

TEST(WebSocketWriter, writes_the_examples_of_the_rfc) {
    WebSocketWriter writer;
    Bytes out;
    writer.write(out, WSMsgType::text, "Hello");
    EXPECT_EQ(out, "\x81\x05Hello");
    out.clear();
    writer.write(out, WSMsgType::ping, "Hello");
    EXPECT_EQ(out, "\x89\x05Hello");
    WebSocketWriter client([] { return WSMask{0x37, 0xfa, 0x21, 0x3d}; });
    out.clear();
    client.write(out, WSMsgType::pong, "Hello");
    EXPECT_EQ(out, "\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
}

TEST(WebSocketWriter, writes_lengths_in_their_shortest_form) {
    for (const auto& [size, head] : std::vector<std::pair<std::size_t, std::string_view>>{
             {0, "\x82\x00"sv},
             {125, "\x82\x7d"sv},
             {126, "\x82\x7e\x00\x7e"sv},
             {65535, "\x82\x7e\xff\xff"sv},
             {65536, "\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00"sv}}) {
        WebSocketWriter writer;
        Bytes out = "before";
        const std::string data(size, 'x');
        writer.write(out, WSMsgType::binary, data);
        EXPECT_EQ(out, "before" + std::string(head) + data);
    }
}

// CVE-2025-10148: a mask that stayed the same let a server choose what proxies saw.
TEST(WebSocketWriter, masks_each_frame_of_a_client_anew) {
    WebSocketWriter writer(counting_masks());
    Bytes out;
    writer.write(out, WSMsgType::text, "\x01\x02\x03\x04"sv);
    writer.write(out, WSMsgType::ping, "\x01\x02\x03\x04"sv);
    writer.write_close(out);
    EXPECT_EQ(out,
              "\x81\x84\x37\xfa\x21\x01\x36\xf8\x22\x05"
              "\x89\x84\x37\xfa\x21\x02\x36\xf8\x22\x06"
              "\x88\x82\x37\xfa\x21\x03\x34\x12"sv);
}

TEST(WebSocketWriter, masks_payloads_of_every_size_and_place) {
    const WSMask mask{1, 2, 4, 128};
    for (std::size_t size = 0; size < 70; ++size) {
        for (std::size_t offset = 0; offset < 9; ++offset) {
            const std::string in(size, 'x');
            std::string out(size, '\0');
            apply_mask(out.data(), in.data(), size, mask, offset);
            for (std::size_t i = 0; i < size; ++i) {
                EXPECT_EQ(out[i], static_cast<char>('x' ^ mask[(offset + i) % 4]))
                    << size << " " << offset;
            }
            apply_mask(out.data(), out.data(), size, mask, offset);
            EXPECT_EQ(out, in);
        }
    }
}

TEST(WebSocketWriter, writes_what_the_other_side_reads) {
    for (const bool is_client : {true, false}) {
        WebSocketWriter writer = is_client ? WebSocketWriter(counting_masks()) : WebSocketWriter();
        Bytes out;
        writer.write(out, WSMsgType::text, "€");
        writer.write(out, WSMsgType::ping, std::string(125, '\xff'));
        writer.write(out, WSMsgType::binary, std::string(70'000, 'x'));
        writer.write(out, WSMsgType::pong, "");
        writer.write_close(out, WSCloseCode::going_away, "bye");
        WSListener listener(is_client ? WSRole::server : WSRole::client);
        listener.feed(out);
        EXPECT_EQ(listener.text(), "text{€}ping{" + std::string(125, '\xff') + "}binary{" +
                                       std::string(70'000, 'x') + "}pong{}close{1001 bye}");
    }
}

TEST(WebSocketWriter, writes_closes_with_a_code_or_none) {
    Bytes out;
    WebSocketWriter().write_close(out);
    EXPECT_EQ(out, "\x88\x02\x03\xe8");
    out.clear();
    WebSocketWriter().write_close(out, WSCloseCode::no_status_received);
    EXPECT_EQ(out, "\x88\x00"sv);
    out.clear();
    WebSocketWriter().write_close(out, static_cast<WSCloseCode>(4999), std::string(123, 'x'));
    EXPECT_EQ(out, "\x88\x7d\x13\x87" + std::string(123, 'x'));
}

TEST(WebSocketWriter, refuses_what_the_other_side_would) {
    WebSocketWriter writer;
    Bytes out = "before";
    EXPECT_THROW(writer.write(out, WSMsgType::text, "\xff"), ValueError);
    EXPECT_THROW(writer.write(out, WSMsgType::text, "\xe2\x82"), ValueError);
    EXPECT_THROW(writer.write(out, WSMsgType::ping, std::string(126, 'x')), ValueError);
    EXPECT_THROW(writer.write(out, WSMsgType::pong, std::string(126, 'x')), ValueError);
    EXPECT_THROW(writer.write(out, WSMsgType::close, ""), ValueError);
    EXPECT_THROW(writer.write(out, static_cast<WSMsgType>(3), ""), ValueError);
    for (const int code : {0, 999, 1004, 1006, 1015, 2999, 5000}) {
        EXPECT_THROW(writer.write_close(out, static_cast<WSCloseCode>(code)), ValueError) << code;
    }
    EXPECT_THROW(writer.write_close(out, WSCloseCode::ok, std::string(124, 'x')), ValueError);
    EXPECT_THROW(writer.write_close(out, WSCloseCode::ok, "\xff"), ValueError);
    EXPECT_THROW(writer.write_close(out, WSCloseCode::no_status_received, "x"), ValueError);
    EXPECT_EQ(out, "before");
    EXPECT_FALSE(writer.is_closed());
}

// CVE-2026-11586: an answer was kept for each of a flood of pings.
TEST(WebSocketWriter, owes_one_pong_however_many_pings_there_were) {
    WebSocketWriter writer;
    Bytes out;
    writer.write_owed_pong(out);
    EXPECT_EQ(out, "");
    for (int i = 0; i < 1000; ++i) writer.owe_pong(std::to_string(i));
    writer.write_owed_pong(out);
    writer.write_owed_pong(out);
    EXPECT_EQ(out,
              "\x8a\x03"
              "999");
    EXPECT_THROW(writer.owe_pong(std::string(126, 'x')), ValueError);
    writer.owe_pong("late");
    out.clear();
    writer.write_close(out);
    const Bytes closed = out;
    writer.write_owed_pong(out);
    EXPECT_EQ(out, closed);
}

TEST(WebSocketWriter, writes_nothing_behind_a_close) {
    WebSocketWriter writer;
    Bytes out;
    writer.write_close(out);
    const Bytes closed = out;
    EXPECT_TRUE(writer.is_closed());
    EXPECT_THROW(writer.write(out, WSMsgType::text, "a"), RuntimeError);
    EXPECT_THROW(writer.write_close(out), RuntimeError);
    EXPECT_EQ(out, closed);
}

}  // namespace
}  // namespace weft::http::wire
