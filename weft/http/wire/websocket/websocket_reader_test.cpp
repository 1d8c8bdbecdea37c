// SPDX-License-Identifier: Apache-2.0
// Goal:   frames become messages as RFC 6455 §5 says, or are refused with the right code.
// Method: websocket_cut_test.hpp feeds each example to both roles whole, byte by byte and cut at
//         every offset. The topics are those of the Autobahn testsuite's groups 1 to 5, 7 and 9,
//         the cases written anew from the RFC; group 6 is websocket_utf8_test.cpp, 12 and 13
//         permessage_deflate_test.cpp.
#include <weft/http/wire/websocket/websocket_reader.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/http/wire/websocket/websocket_cut_test.hpp>
#include <weft/http/wire/websocket/websocket_error.hpp>
#include <weft/http/wire/websocket/websocket_feed_test.hpp>
#include <weft/http/wire/websocket/websocket_frame.hpp>
#include <weft/http/ws_message.hpp>

namespace weft::http::wire {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;
using enum WSProblem;

std::optional<WSProblem> refusal_of(const std::vector<AnyFrame>& frames,
                                    const WSLimits& limits = {}) {
    heard(frames, limits);
    WSListener listener(WSRole::client, limits);
    listener.feed(bytes_of(frames, WSRole::server));
    if (!listener.error()) return std::nullopt;
    return listener.error()->problem;
}

TEST(WebSocketReader, has_the_example_of_its_header) {
    const Bytes all = bytes_of({text("a"), binary("b")}, WSRole::server);
    BytesView data = all;
    WebSocketReader reader(WSRole::client);
    std::vector<WSMessage> messages;
    for (;;) {
        auto step = reader.next(data).value();
        data.remove_prefix(step.used);
        if (!step.message) break;
        messages.push_back(*step.message);
    }
    ASSERT_EQ(messages.size(), 2u);
    EXPECT_EQ(messages[0], (WSMessage{.type = WSMsgType::text, .data = "a"}));
    EXPECT_EQ(messages[1], (WSMessage{.type = WSMsgType::binary, .data = "b"}));
}

// RFC 6455 §5.7
TEST(WebSocketReader, reads_the_examples_of_the_rfc) {
    EXPECT_EQ(messages_in("\x81\x05\x48\x65\x6c\x6c\x6f", WSRole::client), "text{Hello}");
    EXPECT_EQ(messages_in("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", WSRole::server),
              "text{Hello}");
    EXPECT_EQ(messages_in("\x01\x03\x48\x65\x6c\x80\x02\x6c\x6f"sv, WSRole::client), "text{Hello}");
    EXPECT_EQ(messages_in("\x89\x05\x48\x65\x6c\x6c\x6f", WSRole::client), "ping{Hello}");
    EXPECT_EQ(messages_in("\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", WSRole::server),
              "pong{Hello}");
}

// Group 1: framing.
TEST(WebSocketReader, reads_payloads_of_every_form_of_length) {
    for (const std::size_t size :
         {0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 125, 126, 127, 128, 65535, 65536, 65537}) {
        const std::string payload(size, '*');
        EXPECT_EQ(heard({text(payload)}), "text{" + payload + "}") << size;
        EXPECT_EQ(heard({binary(payload)}), "binary{" + payload + "}") << size;
    }
    std::string all;
    for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
    EXPECT_EQ(heard({binary(all)}), "binary{" + all + "}");
}

// RFC 6455 §5.2: "the minimal number of bytes MUST be used", and the highest bit is 0.
TEST(WebSocketReader, refuses_lengths_in_another_form) {
    const auto refused = [](BytesView data) {
        messages_in(data, WSRole::client);
        WSListener listener(WSRole::client);
        listener.feed(data);
        return listener.error() ? std::optional(listener.error()->problem) : std::nullopt;
    };
    EXPECT_EQ(refused("\x82\x7e\x00\x7d"sv), length_not_minimal);
    EXPECT_EQ(refused("\x82\x7e\x00\x00"sv), length_not_minimal);
    EXPECT_EQ(refused("\x82\x7e\x00\x7e"sv), std::nullopt);
    EXPECT_EQ(refused("\x82\x7f\0\0\0\0\0\0\xff\xff"sv), length_not_minimal);
    EXPECT_EQ(refused("\x82\x7f\0\0\0\0\0\x01\0\0"sv), std::nullopt);
    EXPECT_EQ(refused("\x82\x7f\x80\0\0\0\0\x01\0\0"sv), length_over_63_bits);
    EXPECT_EQ(refused("\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff"sv), length_over_63_bits);
    EXPECT_EQ(refused("\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"sv), message_too_big);
}

// Group 2: pings and pongs.
TEST(WebSocketReader, gives_pings_and_pongs) {
    EXPECT_EQ(heard({ping()}), "ping{}");
    EXPECT_EQ(heard({ping("hello")}), "ping{hello}");
    EXPECT_EQ(heard({ping("\x00\xff\xfe\xfd"s + "\xfc\xfb")}), "ping{\x00\xff\xfe\xfd\xfc\xfb}"s);
    EXPECT_EQ(heard({ping(std::string(125, '\xfe'))}), "ping{" + std::string(125, '\xfe') + "}");
    EXPECT_EQ(heard({pong(), pong("unasked for")}), "pong{}pong{unasked for}");
    EXPECT_EQ(heard({ping("1"), ping("2"), pong("3"), text("4"), ping("5")}),
              "ping{1}ping{2}pong{3}text{4}ping{5}");
}

TEST(WebSocketReader, refuses_control_frames_of_more_than_125_bytes) {
    for (const int opcode : {8, 9, 10}) {
        EXPECT_EQ(refusal_of({{.opcode = opcode, .payload = std::string(126, 'x')}}), long_control)
            << opcode;
        EXPECT_EQ(refusal_of({{.opcode = opcode, .payload = std::string(65536, 'x')}}),
                  long_control)
            << opcode;
    }
}

// Group 3: reserved bits.
TEST(WebSocketReader, refuses_reserved_bits) {
    for (int bits = 1; bits < 8; ++bits) {
        for (const int opcode : {0, 1, 2, 8, 9, 10}) {
            EXPECT_EQ(heard({text("a"), with_bits({.opcode = opcode}, bits), text("b")}),
                      "text{a}! the reserved bits " + std::to_string(bits) +
                          " are set, and mean nothing here");
        }
    }
}

// Group 4: opcodes.
TEST(WebSocketReader, refuses_reserved_opcodes) {
    for (const int opcode : {3, 4, 5, 6, 7, 11, 12, 13, 14, 15}) {
        EXPECT_EQ(heard({text("a"), {.opcode = opcode, .payload = "b"}, ping()}),
                  "text{a}! the opcode " + std::to_string(opcode) + " is reserved");
    }
}

// Group 5: fragments.
TEST(WebSocketReader, puts_fragments_together) {
    EXPECT_EQ(heard({begin(text("a")), rest("b")}), "text{ab}");
    EXPECT_EQ(heard({begin(binary("a")), rest("b", false), rest("", false), rest("c")}),
              "binary{abc}");
    EXPECT_EQ(heard({begin(text("")), rest("", false), rest("")}), "text{}");
    EXPECT_EQ(heard({begin(text("a")), rest("b"), begin(binary("c")), rest("d"), text("e")}),
              "text{ab}binary{cd}text{e}");
}

TEST(WebSocketReader, gives_control_frames_between_fragments_at_once) {
    EXPECT_EQ(heard({begin(text("a")), ping("1"), rest("b", false), pong("2"), rest("c")}),
              "ping{1}pong{2}text{abc}");
    EXPECT_EQ(heard({begin(binary("a")), close_with(1000, "b"), rest("c")}), "close{1000 b}");
}

TEST(WebSocketReader, refuses_fragments_of_nothing) {
    EXPECT_EQ(refusal_of({rest("a")}), nothing_to_continue);
    EXPECT_EQ(refusal_of({rest("a", false)}), nothing_to_continue);
    EXPECT_EQ(heard({begin(text("a")), rest("b"), rest("c")}),
              "text{ab}! a frame continues a message, and there is none");
    EXPECT_EQ(heard({text("a"), rest("b", false)}),
              "text{a}! a frame continues a message, and there is none");
}

TEST(WebSocketReader, refuses_a_message_within_another) {
    EXPECT_EQ(refusal_of({begin(text("a")), text("b")}), message_not_over);
    EXPECT_EQ(refusal_of({begin(text("a")), rest("b", false), begin(binary("c"))}),
              message_not_over);
}

TEST(WebSocketReader, refuses_fragments_of_control_frames) {
    for (const AnyFrame& frame : {ping("a"), pong("a"), close_with(1000)}) {
        EXPECT_EQ(refusal_of({begin(frame)}), fragmented_control);
        EXPECT_EQ(refusal_of({begin(text("a")), begin(frame)}), fragmented_control);
    }
}

// RFC 6455 §5.1
TEST(WebSocketReader, wants_masks_of_clients_and_none_of_servers) {
    const std::vector<AnyFrame> frames{text("a")};
    EXPECT_EQ(messages_in(bytes_of(frames, WSRole::server), WSRole::server),
              "! a frame of a client is not masked");
    EXPECT_EQ(messages_in(bytes_of(frames, WSRole::client), WSRole::client),
              "! a frame of a server is masked");
}

// Group 7: closes.
TEST(WebSocketReader, gives_a_close_and_takes_nothing_behind_it) {
    EXPECT_EQ(heard({text("a"), closing()}), "text{a}close{1005}");
    EXPECT_EQ(heard({close_with(1000)}), "close{1000}");
    EXPECT_EQ(heard({close_with(1000, "good bye"), text("a"), ping(), closing(),
                     with_bits(text("b"), 7)}),
              "close{1000 good bye}");
    EXPECT_EQ(heard({close_with(1000, std::string(123, '*'))}),
              "close{1000 " + std::string(123, '*') + "}");
    const Bytes data = bytes_of({closing(), text("a")}, WSRole::server);
    WSListener listener(WSRole::client);
    listener.feed(data);
    EXPECT_EQ(listener.taken(), 2u);
    EXPECT_TRUE(listener.reader().is_closed());
}

TEST(WebSocketReader, knows_the_codes_that_may_be_sent) {
    for (const int code : {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014,
                           3000, 3999, 4000, 4999}) {
        EXPECT_EQ(heard({close_with(code, "x")}), "close{" + std::to_string(code) + " x}");
    }
    for (const int code :
         {0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535}) {
        EXPECT_EQ(heard({close_with(code, "x")}),
                  "! the code " + std::to_string(code) + " may not be sent");
    }
}

TEST(WebSocketReader, refuses_a_close_that_is_none) {
    EXPECT_EQ(refusal_of({closing("a")}), bad_close_length);
    EXPECT_EQ(refusal_of({close_with(1000, std::string(124, '*'))}), long_control);
    EXPECT_EQ(refusal_of({close_with(1000, "\xce\xba\xed\xa0\x80")}), bad_utf8);
    EXPECT_EQ(refusal_of({close_with(1000, "\xe2\x82")}), bad_utf8);
}

TEST(WebSocketReader, gives_the_same_error_for_good) {
    WebSocketReader reader(WSRole::client);
    const auto error = reader.next("\x83"sv);
    EXPECT_TRUE(error) << "the second byte has not come";
    EXPECT_EQ(reader.next("\x00"sv).error(), (WSError{.problem = reserved_opcode, .value = 3}));
    EXPECT_EQ(reader.next("\x81\x00"sv).error(), (WSError{.problem = reserved_opcode, .value = 3}));
}

// RFC 6455 §7.4.1
TEST(WebSocketReader, has_a_code_to_close_with_for_each_error) {
    EXPECT_EQ(close_code_for(bad_utf8), WSCloseCode::invalid_text);
    EXPECT_EQ(close_code_for(bad_compression), WSCloseCode::invalid_text);
    EXPECT_EQ(close_code_for(message_too_big), WSCloseCode::message_too_big);
    EXPECT_EQ(close_code_for(too_many_fragments), WSCloseCode::policy_violation);
    for (const WSProblem problem :
         {reserved_bits, reserved_opcode, not_masked, masked, length_not_minimal,
          length_over_63_bits, fragmented_control, long_control, nothing_to_continue,
          message_not_over, compressed_control, bad_close_length, bad_close_code}) {
        EXPECT_EQ(close_code_for(problem), WSCloseCode::protocol_error);
        EXPECT_FALSE(describe({.problem = problem}).empty());
    }
}

// Group 9: sizes, scaled down; and limits.
TEST(WebSocketReader, reads_messages_of_many_fragments) {
    for (const std::size_t fragment : {1, 7, 64, 256, 4096}) {
        const std::string whole(16384, '*');
        std::vector<AnyFrame> frames{begin(binary(""))};
        for (std::size_t at = 0; at < whole.size(); at += fragment) {
            frames.push_back(rest(whole.substr(at, fragment), false));
        }
        frames.push_back(rest(""));
        WSListener listener(WSRole::server);
        listener.feed_in_pieces(bytes_of(frames, WSRole::client), 1021);
        EXPECT_EQ(listener.text(), "binary{" + whole + "}") << fragment;
    }
}

TEST(WebSocketReader, refuses_what_is_announced_beyond_the_limit_before_it_comes) {
    const WSLimits limits{.message_bytes_max = 10};
    EXPECT_EQ(heard({text("0123456789")}, limits), "text{0123456789}");
    EXPECT_EQ(heard({text("0123456789a")}, limits), "! a message passes message_bytes_max, 10");
    EXPECT_EQ(heard({begin(text("01234")), rest("56789")}, limits), "text{0123456789}");
    EXPECT_EQ(heard({begin(text("01234")), ping("56"), rest("56789a")}, limits),
              "ping{56}! a message passes message_bytes_max, 10");
    EXPECT_EQ(heard({text("0123456789"), text("0123456789")}, limits),
              "text{0123456789}text{0123456789}");
    EXPECT_EQ(messages_in("\x82\x0b", WSRole::client, limits),
              "! a message passes message_bytes_max, 10");
    // The mask is not waited for.
    EXPECT_EQ(messages_in("\x82\x8b", WSRole::server, limits),
              "! a message passes message_bytes_max, 10");
    EXPECT_EQ(messages_in("\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"sv, WSRole::client),
              "! a message passes message_bytes_max, 4194304");
}

// aiohttp #13350: thousands of fragments of a byte each kept as much memory as large ones.
TEST(WebSocketReader, bounds_the_fragments_of_a_message) {
    const WSLimits limits{.fragments_max = 3};
    EXPECT_EQ(
        heard({begin(text("a")), rest("", false), rest("b"), begin(text("c")), rest("d")}, limits),
        "text{ab}text{cd}");
    EXPECT_EQ(heard({begin(text("a")), rest("", false), ping(), rest("", false), rest("")}, limits),
              "ping{}! a message has more fragments than fragments_max, 3");
    EXPECT_EQ(WSLimits().fragments_max, 131072u);
}

// CVE-2026-54274: what was not complete did not count.
TEST(WebSocketReader, keeps_no_more_of_a_message_than_has_come) {
    const WSLimits limits{.message_bytes_max = 100};
    WSListener listener(WSRole::client, limits);
    listener.feed(bytes_of({begin(binary(std::string(60, 'x')))}, WSRole::server));
    listener.feed("\x00\x28"sv);  // 40 more, of which none comes
    EXPECT_FALSE(listener.error());
    WSListener other(WSRole::client, limits);
    other.feed(bytes_of({begin(binary(std::string(60, 'x')))}, WSRole::server));
    other.feed("\x00\x29"sv);
    EXPECT_TRUE(other.error());
}

}  // namespace
}  // namespace weft::http::wire
