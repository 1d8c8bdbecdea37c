// SPDX-License-Identifier: Apache-2.0
// Goal:   both sides agree on compression as RFC 7692 §7.1 says, and read what the other one
//         compresses: the topics of the Autobahn testsuite's groups 12 and 13.
#include <weft/http/wire/websocket/permessage_deflate.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/http/wire/websocket/deflater.hpp>
#include <weft/http/wire/websocket/websocket_cut_test.hpp>
#include <weft/http/wire/websocket/websocket_feed_test.hpp>
#include <weft/http/wire/websocket/websocket_frame.hpp>
#include <weft/http/wire/websocket/websocket_reader.hpp>
#include <weft/http/wire/websocket/websocket_writer.hpp>
#include <weft/http/ws_message.hpp>

namespace weft::http::wire {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

constexpr int compressed_bit = 4;

std::string accepted(std::string_view offers, const DeflateParams& wanted = {}) {
    const auto agreement = accept_deflate(offers, wanted);
    return agreement ? agreement->response : "none";
}
std::string text_of(const DeflateParams& params) {
    return std::to_string(params.server_max_window_bits) +
           (params.server_no_context_takeover ? "!" : "") + "/" +
           std::to_string(params.client_max_window_bits) +
           (params.client_no_context_takeover ? "!" : "");
}
std::string agreed(std::string_view response, const DeflateParams& offered = {}) {
    const auto params = read_deflate_response(response, offered);
    if (!params) return "error";
    return *params ? text_of(**params) : "none";
}

// ---- what is agreed on

TEST(PermessageDeflate, is_offered) {
    EXPECT_EQ(deflate_offer(), "permessage-deflate; client_max_window_bits");
    EXPECT_EQ(deflate_offer({.server_no_context_takeover = true,
                             .client_no_context_takeover = true,
                             .server_max_window_bits = 10,
                             .client_max_window_bits = 9}),
              "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
              "server_max_window_bits=10; client_max_window_bits=9");
    EXPECT_THROW(static_cast<void>(deflate_offer({.server_max_window_bits = 8})), ValueError);
    EXPECT_THROW(static_cast<void>(deflate_offer({.client_max_window_bits = 16})), ValueError);
    EXPECT_THROW(static_cast<void>(accept_deflate("", {.client_max_window_bits = 8})), ValueError);
}

TEST(PermessageDeflate, is_accepted_as_it_is_offered) {
    EXPECT_EQ(accepted("permessage-deflate"), "permessage-deflate");
    EXPECT_EQ(accepted("Permessage-Deflate ; client_max_window_bits"), "permessage-deflate");
    EXPECT_EQ(
        accepted("permessage-deflate; client_no_context_takeover; server_no_context_takeover"),
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover");
    EXPECT_EQ(accepted("permessage-deflate;server_max_window_bits=15"),
              "permessage-deflate; server_max_window_bits=15");
    EXPECT_EQ(
        accepted("permessage-deflate; server_max_window_bits=\"10\"; client_max_window_bits = 8"),
        "permessage-deflate; server_max_window_bits=10; client_max_window_bits=8");
}

TEST(PermessageDeflate, is_accepted_with_less_than_is_offered) {
    const DeflateParams small{.server_no_context_takeover = true,
                              .server_max_window_bits = 11,
                              .client_max_window_bits = 12};
    EXPECT_EQ(accepted("permessage-deflate", small),
              "permessage-deflate; server_no_context_takeover; server_max_window_bits=11");
    EXPECT_EQ(accepted("permessage-deflate; client_max_window_bits", small),
              "permessage-deflate; server_no_context_takeover; server_max_window_bits=11; "
              "client_max_window_bits=12");
    EXPECT_EQ(
        accepted("permessage-deflate; client_max_window_bits=10; server_max_window_bits=9", small),
        "permessage-deflate; server_no_context_takeover; server_max_window_bits=9; "
        "client_max_window_bits=10");
    // The client has not said that it would hear of its window, so it has the usual one.
    EXPECT_EQ(accept_deflate("permessage-deflate", small)->params.client_max_window_bits, 15);
}

TEST(PermessageDeflate, takes_the_first_offer_that_makes_sense) {
    EXPECT_EQ(accepted(""), "none");
    EXPECT_EQ(accepted("x-webkit-deflate-frame, , permessage-bzip2; a=\"x,permessage-deflate\""),
              "none");
    EXPECT_EQ(accepted("permessage-foo; x=\"a, b; c\", permessage-deflate"), "permessage-deflate");
    EXPECT_EQ(accepted("permessage-deflate; server_max_window_bits=8, permessage-deflate; "
                       "server_max_window_bits=9"),
              "permessage-deflate; server_max_window_bits=9");
    for (const auto parameters :
         {"x", "server_no_context_takeover=1",
          "server_no_context_takeover; server_no_context_takeover", "server_max_window_bits",
          "server_max_window_bits=7", "server_max_window_bits=16", "server_max_window_bits=010",
          "server_max_window_bits=1e1", "server_max_window_bits=", "server_max_window_bits=\"",
          "client_max_window_bits=", "client_max_window_bits=+9",
          "client_max_window_bits; client_max_window_bits=9",
          "server_max_window_bits=9; server_max_window_bits=9", "=9",
          "Server_No_Context_Takeover"}) {
        EXPECT_EQ(accepted("permessage-deflate; "s + parameters), "none") << parameters;
        EXPECT_EQ(agreed("permessage-deflate; "s + parameters), "error") << parameters;
    }
}

TEST(PermessageDeflate, is_what_the_server_says) {
    EXPECT_EQ(agreed(""), "none");
    EXPECT_EQ(agreed(" "), "none");
    EXPECT_EQ(agreed("permessage-deflate"), "15/15");
    EXPECT_EQ(agreed("permessage-deflate; server_no_context_takeover; server_max_window_bits=9"),
              "9!/15");
    EXPECT_EQ(agreed("permessage-deflate; client_no_context_takeover; client_max_window_bits=8"),
              "15/8!");
    EXPECT_EQ(agreed("permessage-deflate",
                     {.client_no_context_takeover = true, .client_max_window_bits = 10}),
              "15/10!");
    EXPECT_EQ(
        agreed("permessage-deflate; server_max_window_bits=9", {.server_max_window_bits = 10}),
        "9/15");
}

TEST(PermessageDeflate, is_refused_where_the_server_says_more) {
    EXPECT_EQ(agreed("permessage-bzip2"), "error");
    EXPECT_EQ(agreed("permessage-deflate, permessage-deflate"), "error");
    EXPECT_EQ(agreed("permessage-deflate; client_max_window_bits"), "error");
    EXPECT_EQ(agreed("permessage-deflate", {.server_max_window_bits = 10}), "error");
    EXPECT_EQ(
        agreed("permessage-deflate; server_max_window_bits=11", {.server_max_window_bits = 10}),
        "error");
    EXPECT_EQ(agreed("permessage-deflate", {.server_no_context_takeover = true}), "error");
    EXPECT_EQ(agreed("permessage-deflate; x=\r\nX: y"), "error");
}

// ---- what is read

std::string heard_compressed(const std::vector<AnyFrame>& frames, const WSLimits& limits = {},
                             const DeflateParams& params = {}) {
    const std::string by_server =
        messages_in(bytes_of(frames, WSRole::client), WSRole::server, limits, params);
    EXPECT_EQ(messages_in(bytes_of(frames, WSRole::server), WSRole::client, limits, params),
              by_server);
    return by_server;
}
AnyFrame marked(AnyFrame frame) { return with_bits(std::move(frame), compressed_bit); }

// RFC 7692 §7.2.3
TEST(DeflatedMessage, is_as_the_examples_of_the_rfc) {
    const std::string hello = "\xf2\x48\xcd\xc9\xc9\x07\x00"s;
    EXPECT_EQ(heard_compressed({marked(text(hello))}), "text{Hello}");
    EXPECT_EQ(heard_compressed({marked(begin(text(hello.substr(0, 3)))), rest(hello.substr(3))}),
              "text{Hello}");
    EXPECT_EQ(heard_compressed({marked(text(hello)), marked(text("\xf2\x00\x11\x00\x00"s))}),
              "text{Hello}text{Hello}");
    EXPECT_EQ(heard_compressed({marked(text("\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"s))}),
              "text{Hello}");
    EXPECT_EQ(heard_compressed({marked(text("\xf3\x48\xcd\xc9\xc9\x07\x00\x00"s))}), "text{Hello}");
    EXPECT_EQ(
        heard_compressed({marked(text("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"s))}),
        "text{Hello}");
    EXPECT_EQ(heard_compressed({marked(text("\0"s))}), "text{}");
}

// What zlib makes of an empty message right behind another one; RFC 7692 §7.2.3.6 has a byte there.
TEST(DeflatedMessage, may_be_no_byte_at_all) {
    const std::string hello = "\xf2\x48\xcd\xc9\xc9\x07\x00"s;
    EXPECT_EQ(heard_compressed({marked(text(hello)), marked(text("")), marked(begin(text(""))),
                                rest(""), marked(text(hello))}),
              "text{Hello}text{}text{}text{Hello}");
}

TEST(DeflatedMessage, may_come_between_others) {
    const std::string hello = "\xf2\x48\xcd\xc9\xc9\x07\x00"s;
    EXPECT_EQ(heard_compressed({text("plain"), marked(begin(text(hello.substr(0, 2)))), ping("p"),
                                rest(hello.substr(2, 1), false), rest("", false),
                                rest(hello.substr(3)), binary("plain")}),
              "text{plain}ping{p}text{Hello}binary{plain}");
}

// RFC 7692 §6: the bit is on the first frame of a message only.
TEST(DeflatedMessage, is_marked_at_its_first_frame_alone) {
    const std::string hello = "\xf2\x48\xcd\xc9\xc9\x07\x00"s;
    EXPECT_EQ(heard_compressed({begin(text("a")), marked(rest("b"))}),
              "! a frame that begins no message, with the opcode 0, is marked as compressed");
    EXPECT_EQ(heard_compressed({marked(begin(text(hello))), marked(rest(""))}),
              "! a frame that begins no message, with the opcode 0, is marked as compressed");
    for (const AnyFrame& frame : {ping(), pong(), closing()}) {
        EXPECT_EQ(heard_compressed({marked(frame)}),
                  "! a frame that begins no message, with the opcode " +
                      std::to_string(frame.opcode) + ", is marked as compressed");
    }
    for (const int bits : {1, 2, 3, 5, 6, 7}) {
        EXPECT_EQ(
            heard_compressed({with_bits(text("a"), bits)}),
            "! the reserved bits " + std::to_string(bits) + " are set, and mean nothing here");
    }
    // aiohttp #12976: where nothing was agreed on, the bit means nothing.
    EXPECT_EQ(heard({marked(text(hello))}), "! the reserved bits 4 are set, and mean nothing here");
}

TEST(DeflatedMessage, is_refused_where_it_is_none) {
    constexpr auto bad = "! a message is marked as compressed, and cannot be decompressed";
    EXPECT_EQ(heard_compressed({marked(text("\xff\xff"))}), bad);
    EXPECT_EQ(heard_compressed({marked(binary("\x06"))}), bad);
    EXPECT_EQ(heard_compressed({marked(text("\x00\x05\x00\xfa\xfe\x48"s))}), bad);
    // Cut off within a block: what stands for the end would become its data.
    EXPECT_EQ(heard_compressed({marked(binary("\x00\x06\x00\xf9\xff\x48"s))}), bad);
    EXPECT_EQ(heard_compressed({marked(binary("\xf2"))}), bad);
    // A distance before the first byte.
    EXPECT_EQ(heard_compressed({marked(text("\xf2\x00\x11\x00\x00"s))}), bad);
}

TEST(DeflatedMessage, is_judged_as_text_while_it_comes) {
    internal::Deflater deflater(15, true);
    EXPECT_EQ(heard_compressed({marked(text(deflater.compress("\xce\xba\xff")))}),
              "! a text is not UTF-8");
    internal::Deflater second(15, true);
    EXPECT_EQ(heard_compressed({marked(text(second.compress("abc\xe2\x82")))}),
              "! a text is not UTF-8");
    internal::Deflater third(15, true);
    EXPECT_EQ(heard_compressed({marked(binary(third.compress("\xff")))}), "binary{\xff}");
}

// aiohttp's CVE-2025-69223 and its like.
TEST(DeflatedMessage, does_not_become_more_than_the_limit) {
    const WSLimits limits{.message_bytes_max = 100'000};
    internal::Deflater most(15, true);
    WSListener fits(WSRole::client, limits, DeflateParams());
    fits.feed(bytes_of({marked(binary(most.compress(std::string(100'000, 'x'))))}, WSRole::server));
    EXPECT_EQ(fits.text().size(), 100'000 + "binary{}"s.size());

    internal::Deflater bomb(15, true);
    const std::string compressed = bomb.compress(std::string(50'000'000, 'x'));
    EXPECT_LT(compressed.size(), limits.message_bytes_max);
    EXPECT_EQ(heard_compressed({marked(binary(compressed))}, {.message_bytes_max = 60'000}),
              "! a message passes message_bytes_max, 60000");

    internal::Deflater one_more(15, true);
    EXPECT_EQ(heard_compressed({marked(binary(one_more.compress(std::string(101, 'x'))))},
                               {.message_bytes_max = 100}),
              "! a message passes message_bytes_max, 100");
}

// Bytes that become nothing are bounded, too.
TEST(DeflatedMessage, does_not_take_more_bytes_than_its_limit_could_need) {
    std::string blocks;
    for (int i = 0; i < 400; ++i) blocks += "\x00\x00\x00\xff\xff"s;
    EXPECT_EQ(
        heard_compressed({marked(begin(binary(blocks))), rest("\0"s)}, {.message_bytes_max = 1000}),
        "! a message passes message_bytes_max, 1000");
}

// ---- what is written and read

std::string talk(const std::vector<std::string>& messages, WSRole sender,
                 const DeflateParams& params, std::size_t* bytes = nullptr) {
    WebSocketWriter writer = sender == WSRole::client
                                 ? WebSocketWriter([] { return WSMask{1, 2, 3, 4}; }, params)
                                 : WebSocketWriter(params);
    Bytes out;
    for (const std::string& message : messages) writer.write(out, WSMsgType::binary, message);
    if (bytes) *bytes = out.size();
    WSListener listener(sender == WSRole::client ? WSRole::server : WSRole::client, {}, params);
    listener.feed_in_pieces(out, 777);
    return listener.text();
}

std::string noise(std::size_t size) {
    std::string out;
    for (std::uint32_t state = 1; out.size() < size;) {
        state = state * 1664525 + 1013904223;
        out += static_cast<char>(state >> 24U);
    }
    return out;
}

TEST(DeflatedMessage, is_read_as_it_was_written) {
    const std::vector<std::string> messages{
        "", "a", "Hello", "Hello", std::string(100'000, 'x'), noise(100'000), "", "Hello"};
    std::string expected;
    for (const std::string& message : messages) expected += "binary{" + message + "}";
    for (const WSRole sender : {WSRole::client, WSRole::server}) {
        for (int bits = 8; bits <= 15; ++bits) {
            for (const bool without_context : {false, true}) {
                const DeflateParams params{.server_no_context_takeover = without_context,
                                           .client_no_context_takeover = without_context,
                                           .server_max_window_bits = bits,
                                           .client_max_window_bits = bits};
                EXPECT_TRUE(talk(messages, sender, params) == expected) << bits << without_context;
            }
        }
    }
}

TEST(DeflatedMessage, is_shorter_where_one_like_it_was_before) {
    const std::vector<std::string> messages{noise(1000), noise(1000), noise(1000)};
    std::size_t with_context = 0;
    std::size_t without = 0;
    talk(messages, WSRole::server, {.client_no_context_takeover = true}, &with_context);
    talk(messages, WSRole::server, {.server_no_context_takeover = true}, &without);
    EXPECT_LT(with_context, 1200u);
    EXPECT_GT(without, 3000u);
}

// What a peer has promised not to remember, it cannot refer to.
TEST(DeflatedMessage, refers_to_no_message_before_without_context) {
    EXPECT_EQ(
        heard_compressed(
            {marked(text("\xf2\x48\xcd\xc9\xc9\x07\x00"s)), marked(text("\xf2\x00\x11\x00\x00"s))},
            {}, {.server_no_context_takeover = true, .client_no_context_takeover = true}),
        "text{Hello}! a message is marked as compressed, and cannot be decompressed");
}

// zlib has no window of 8 bits to compress with; whoever has agreed to one need not compress.
TEST(DeflatedMessage, is_not_compressed_with_a_window_of_8_bits) {
    WebSocketWriter writer(DeflateParams{.server_max_window_bits = 8});
    Bytes out;
    writer.write(out, WSMsgType::text, "Hello");
    EXPECT_EQ(out, "\x81\x05Hello");
}

}  // namespace
}  // namespace weft::http::wire
