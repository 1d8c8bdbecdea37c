// SPDX-License-Identifier: Apache-2.0
// Goal:   a client keeps RFC 6455 and 7692, whatever a server sends. The cases are those of the
//         Autobahn testsuite for clients, written anew from the RFCs: group 1 messages, 2 pings,
//         3 reserved bits, 4 opcodes, 5 fragments, 6 UTF-8, 7 closes, 9 large messages, 10 fragments
//         of any size, 12 and 13 compression.
// Method: the server sends frames, and a client that echoes what it gets answers. Where nothing is
//         wrong the server closes in the end. Short cases also come byte by byte.
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/base/time.hpp>
#include <weft/http/client/client_test.hpp>
#include <weft/http/client/session.hpp>
#include <weft/http/client/websocket_options.hpp>
#include <weft/http/client/websocket_peer_test.hpp>
#include <weft/http/wire/websocket/permessage_deflate.hpp>
#include <weft/http/wire/websocket/websocket_cut_test.hpp>
#include <weft/http/wire/websocket/websocket_frame.hpp>
#include <weft/http/wire/websocket/websocket_writer.hpp>
#include <weft/http/ws_message.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/sleep.hpp>

namespace weft::http {
namespace {

using wire::AnyFrame;
using wire::begin;
using wire::binary;
using wire::close_with;
using wire::closing;
using wire::ping;
using wire::pong;
using wire::rest;
using wire::text;
using wire::with_bits;
using Frames = std::vector<AnyFrame>;

constexpr std::size_t large_bytes = std::size_t{16} << 20U;

Coro<void> echo(ClientWebSocketResponse& ws) {
    while (auto message = co_await ws.next()) {
        if (message->type == WSMsgType::text) co_await ws.send_str(message->data);
        if (message->type == WSMsgType::binary) co_await ws.send_bytes(message->data);
    }
}

// What the server hears of a client that echoes, when it sends these bytes in pieces of that size.
std::string echo_of(const Bytes& sent, std::size_t piece_bytes, WSOptions options = {},
                    const std::string& more = "",
                    const std::optional<wire::DeflateParams>& deflate = std::nullopt) {
    std::string heard;
    options.max_msg_size = large_bytes;
    const auto server = [&](PeerConnection& client) -> Coro<void> {
        WSPeer peer = co_await WSPeer::accept(client, more, deflate);
        for (std::size_t at = 0; at < sent.size(); at += piece_bytes) {
            if (!co_await client.writer().write_all(BytesView(sent).substr(at, piece_bytes))) break;
            if (piece_bytes < 1000) co_await sleep(Nanoseconds::zero());
        }
        heard = co_await peer.hear_all();
    };
    // What is wrong with it, the server hears as well.
    const auto client = [](ClientWebSocketResponse& ws) -> Coro<void> {
        co_await as_result(echo(ws));
    };
    talk(server, client, std::move(options));
    return heard;
}

struct Case {
    std::string id;
    Frames frames;
    std::string heard;
};

void expect(const std::vector<Case>& cases) {
    for (const Case& one : cases) {
        SCOPED_TRACE(one.id);
        const Bytes sent = bytes_of(one.frames, wire::WSRole::server);
        EXPECT_EQ(echo_of(sent, sent.size()), one.heard);
        if (sent.size() < 300) EXPECT_EQ(echo_of(sent, 1), one.heard) << "byte by byte";
    }
}

const AnyFrame end = close_with(1000);
const char* const violation = "close{1002}";

TEST(WebSocketCases, group_1_messages) {
    std::vector<Case> cases;
    int number = 0;
    for (const std::size_t size : {0, 125, 126, 127, 128, 65535, 65536}) {
        const std::string id = std::to_string(++number);
        const std::string text_data(size, '*');
        const std::string bytes(size, '\xfe');
        cases.push_back(
            {"1.1." + id, {text(text_data), end}, "text{" + text_data + "}close{1000}"});
        cases.push_back({"1.2." + id, {binary(bytes), end}, "binary{" + bytes + "}close{1000}"});
    }
    expect(cases);
    const Bytes sent = bytes_of({text(std::string(65536, '*')), end}, wire::WSRole::server);
    EXPECT_EQ(echo_of(sent, 997), "text{" + std::string(65536, '*') + "}close{1000}") << "1.1.8";
}

TEST(WebSocketCases, group_2_pings_and_pongs) {
    const std::string bytes("\x00\xff\xfe\xfd\xfc\xfb\x00\xff", 8);
    const std::string longest(125, '\xfe');
    Frames ten;
    std::string answers;
    for (char digit = '0'; digit <= '9'; ++digit) {
        ten.push_back(ping({digit}));
        answers += std::string("pong{") + digit + "}";
    }
    ten.push_back(end);
    expect({
        {"2.1", {ping(), end}, "pong{}close{1000}"},
        {"2.2", {ping("Hello, world!"), end}, "pong{Hello, world!}close{1000}"},
        {"2.3", {ping(bytes), end}, "pong{" + bytes + "}close{1000}"},
        {"2.4", {ping(longest), end}, "pong{" + longest + "}close{1000}"},
        {"2.5", {ping(longest + "\xfe"), end}, violation},
        {"2.7", {pong(), end}, "close{1000}"},
        {"2.8", {pong("unsolicited"), end}, "close{1000}"},
        {"2.9", {pong("unsolicited"), ping("our ping"), end}, "pong{our ping}close{1000}"},
        {"2.10", ten, answers + "close{1000}"},
    });
}

TEST(WebSocketCases, group_3_reserved_bits) {
    const AnyFrame hello = text("Hello");
    expect({
        {"3.1", {with_bits(hello, 1), end}, violation},
        {"3.2", {hello, with_bits(hello, 2), ping()}, std::string("text{Hello}") + violation},
        {"3.4", {hello, with_bits(hello, 4), ping()}, std::string("text{Hello}") + violation},
        {"3.5", {with_bits(binary("\xfe\xfe"), 5), end}, violation},
        {"3.6", {with_bits(ping("a"), 6), end}, violation},
        {"3.7", {with_bits(close_with(1000), 7)}, violation},
    });
}

TEST(WebSocketCases, group_4_opcodes) {
    std::vector<Case> cases;
    for (const int opcode : {3, 4, 5, 6, 7, 11, 12, 13, 14, 15}) {
        const std::string id = "opcode " + std::to_string(opcode);
        cases.push_back({id, {{.opcode = opcode}, ping()}, violation});
        cases.push_back({id + " behind a text",
                         {text("Hello"), {.opcode = opcode, .payload = "reserved"}, ping()},
                         std::string("text{Hello}") + violation});
    }
    expect(cases);
}

TEST(WebSocketCases, group_5_fragments) {
    const AnyFrame first = begin(text("one"));
    const std::string all_three = "text{onetwothree}close{1000}";
    const AnyFrame lost = rest("lost");
    const AnyFrame lost_begin = rest("lost", false);
    expect({
        {"5.1", {begin(ping("one")), rest("two"), end}, violation},
        {"5.2", {begin(pong("one")), rest("two"), end}, violation},
        {"5.3", {first, rest("two"), end}, "text{onetwo}close{1000}"},
        {"5.6", {first, ping("p"), rest("two"), end}, "pong{p}text{onetwo}close{1000}"},
        {"5.9", {lost, text("Hello"), end}, violation},
        {"5.12", {lost_begin, text("Hello"), end}, violation},
        {"5.15",
         {first, rest("two"), lost_begin, text("Hello"), end},
         std::string("text{onetwo}") + violation},
        {"5.16", {lost_begin, first, rest("two"), end}, violation},
        {"5.17", {lost, first, rest("two"), end}, violation},
        {"5.18", {first, text("two"), end}, violation},
        {"5.19",
         {first, rest("two", false), ping("p"), rest("three", false), ping("q"), rest(""), end},
         "pong{p}pong{q}text{onetwothree}close{1000}"},
        {"5.20", {first, rest("", false), rest("two", false), rest("three"), end}, all_three},
    });
}

TEST(WebSocketCases, group_6_utf8) {
    const std::string greek = "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5";
    std::vector<Case> cases = {
        {"6.1.1", {text(""), end}, "text{}close{1000}"},
        {"6.1.2", {begin(text("")), rest("", false), rest(""), end}, "text{}close{1000}"},
        {"6.1.3", {begin(text("")), rest("x", false), rest(""), end}, "text{x}close{1000}"},
        {"6.2.1", {text(greek), end}, "text{" + greek + "}close{1000}"},
        {"6.2.3",
         {begin(text(greek.substr(0, 1))), rest(greek.substr(1)), end},
         "text{" + greek + "}close{1000}"},
        // The rest never comes: what cannot be right must not be waited for.
        {"6.4.1", {begin(text(greek)), rest("\xf4\x90\x80\x80", false)}, "close{1007}"},
        {"6.4.3", {begin(text(greek + "\xf4\x90"))}, "close{1007}"},
    };
    for (const char* right : {"\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbd", "\xf4\x8f\xbf\xbf",
                              "\x7f", "\xdf\xbf", "\xef\xbf\xbf", "\xc2\x80", "\xe0\xa0\x80",
                              "\xf0\x90\x80\x80", "\xef\xbf\xbe", "\xf0\x9f\xbf\xbe"}) {
        cases.push_back({right, {text(right), end}, std::string("text{") + right + "}close{1000}"});
    }
    for (const char* wrong : {"\xf5",
                              "\x80",
                              "\xbf",
                              "\x80\xbf",
                              "\xc0 ",
                              "\xe0 ",
                              "\xf0 ",
                              "\xf8 ",
                              "\xfc ",
                              "\xc0",
                              "\xe0\x80",
                              "\xf0\x80\x80",
                              "\xf8\x80\x80\x80",
                              "\xfc\x80\x80\x80\x80",
                              "\xdf",
                              "\xef\xbf",
                              "\xf7\xbf\xbf",
                              "\xfe",
                              "\xff",
                              "\xc0\xaf",
                              "\xe0\x80\xaf",
                              "\xf0\x80\x80\xaf",
                              "\xc1\xbf",
                              "\xe0\x9f\xbf",
                              "\xf0\x8f\xbf\xbf",
                              "\xc0\x80",
                              "\xed\xa0\x80",
                              "\xed\xbf\xbf",
                              "\xed\xa0\x80\xed\xb0\x80",
                              "\xf4\x90\x80\x80"}) {
        cases.push_back({::testing::PrintToString(wrong), {text(wrong), end}, "close{1007}"});
    }
    expect(cases);
}

TEST(WebSocketCases, group_7_closes) {
    const std::string longest(123, '*');
    std::vector<Case> cases = {
        {"7.1.1", {text("Hello"), end}, "text{Hello}close{1000}"},
        {"7.1.2", {end, end}, "close{1000}"},
        {"7.1.3", {end, ping()}, "close{1000}"},
        {"7.1.4", {end, text("Hello")}, "close{1000}"},
        {"7.1.5", {begin(text("one")), end, rest("two")}, "close{1000}"},
        {"7.1.6",
         {text(std::string(256 * 1024, '*')), text("Hello"), end, ping()},
         "text{" + std::string(256 * 1024, '*') + "}text{Hello}close{1000}"},
        {"7.3.1", {closing()}, "close{1005}"},
        {"7.3.2", {closing("a")}, violation},
        {"7.3.4", {close_with(1000, "Hello")}, "close{1000}"},
        {"7.3.5", {close_with(1000, longest)}, "close{1000}"},
        {"7.3.6", {close_with(1000, longest + "*")}, violation},
        {"7.5.1", {close_with(1000, "\xce\xba\xe1\xbd\xb9\xed\xa0\x80")}, "close{1007}"},
    };
    for (const int code :
         {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999}) {
        cases.push_back({"7.7", {close_with(code)}, "close{" + std::to_string(code) + "}"});
    }
    for (const int code : {0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 5000, 65535}) {
        cases.push_back({"7.9, " + std::to_string(code), {close_with(code)}, violation});
    }
    expect(cases);
}

// Fragments of `size` bytes.
Frames cut(const AnyFrame& message, std::size_t size) {
    Frames frames;
    const std::string& all = message.payload;
    for (std::size_t at = 0; at < all.size(); at += size) {
        AnyFrame frame = at == 0 ? message : rest("");
        frame.payload = all.substr(at, size);
        frame.is_final = at + size >= all.size();
        frames.push_back(std::move(frame));
    }
    frames.push_back(end);
    return frames;
}

TEST(WebSocketCases, group_9_large_messages) {
    for (const std::size_t size : {std::size_t{64} << 10U, std::size_t{1} << 20U, large_bytes}) {
        const std::string data(size, '*');
        const Bytes texts = bytes_of({text(data), end}, wire::WSRole::server);
        EXPECT_EQ(echo_of(texts, texts.size()), "text{" + data + "}close{1000}") << "9.1";
        const Bytes bytes = bytes_of({binary(data), end}, wire::WSRole::server);
        EXPECT_EQ(echo_of(bytes, 64 * 1024), "binary{" + data + "}close{1000}") << "9.2";
    }
    const std::string data(std::size_t{4} << 20U, '*');
    for (const std::size_t size : {64U, 1024U, 65536U, 1U << 20U}) {
        const Bytes sent = bytes_of(cut(binary(data), size), wire::WSRole::server);
        EXPECT_EQ(echo_of(sent, sent.size()), "binary{" + data + "}close{1000}") << "9.4 " << size;
    }
    for (const std::size_t size : {16U, 4096U}) {  // 9.7 and 9.8
        Frames many(1000, text(std::string(size, '*')));
        many.push_back(end);
        std::string heard;
        for (int i = 0; i < 1000; ++i) heard += "text{" + std::string(size, '*') + "}";
        const Bytes sent = bytes_of(many, wire::WSRole::server);
        EXPECT_EQ(echo_of(sent, sent.size()), heard + "close{1000}") << size;
    }
}

TEST(WebSocketCases, group_10_fragments_of_any_size) {
    const std::string data(65536, '*');
    const Bytes sent = bytes_of(cut(text(data), 1300), wire::WSRole::server);
    EXPECT_EQ(echo_of(sent, sent.size()), "text{" + data + "}close{1000}");
}

// Text that has patterns at several distances, so that a wrong window shows.
std::string prose(std::size_t size) {
    std::string out;
    for (unsigned i = 0; out.size() < size; ++i)
        out += "line " + std::to_string(i * i % 977) + "; ";
    out.resize(size);
    return out;
}

TEST(WebSocketCases, groups_12_and_13_compression) {
    struct Way {
        int compress;
        const char* accepted;
        wire::DeflateParams agreed;
    };
    const Way ways[] = {
        {15, "", {}},
        {15, "; server_no_context_takeover", {.server_no_context_takeover = true}},
        {15, "; client_no_context_takeover", {.client_no_context_takeover = true}},
        {15,
         "; server_no_context_takeover; client_no_context_takeover",
         {.server_no_context_takeover = true, .client_no_context_takeover = true}},
        {15, "; server_max_window_bits=9", {.server_max_window_bits = 9}},
        {15, "; client_max_window_bits=9", {.client_max_window_bits = 9}},
        {9,
         "; server_max_window_bits=9; client_max_window_bits=9",
         {.server_max_window_bits = 9, .client_max_window_bits = 9}},
    };
    for (const Way& way : ways) {
        SCOPED_TRACE(way.accepted);
        wire::WebSocketWriter writer(way.agreed);
        Bytes sent;
        std::string heard;
        for (const std::size_t size :
             {0, 1, 16, 64, 256, 1024, 4096, 8192, 16384, 32768, 65536, 131072}) {
            for (const WSMsgType type : {WSMsgType::text, WSMsgType::binary}) {
                writer.write(sent, type, prose(size));
                heard += (type == WSMsgType::text ? "text{" : "binary{") + prose(size) + "}";
            }
        }
        writer.write_close(sent);
        const std::string header =
            std::string("Sec-WebSocket-Extensions: permessage-deflate") + way.accepted + "\r\n";
        for (const std::size_t piece_bytes : {sent.size(), std::size_t{997}}) {
            EXPECT_EQ(echo_of(sent, piece_bytes, {.compress = way.compress}, header, way.agreed),
                      heard + "close{1000}");
        }
    }
}

}  // namespace
}  // namespace weft::http
