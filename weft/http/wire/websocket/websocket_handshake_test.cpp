// SPDX-License-Identifier: Apache-2.0
#include <weft/http/wire/websocket/websocket_handshake.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/exceptions.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/http_version.hpp>
#include <weft/http/method.hpp>
#include <weft/http/wire/message_head.hpp>

namespace weft::http::wire {
namespace {

constexpr auto key = "dGhlIHNhbXBsZSBub25jZQ==";

RequestHead request(std::vector<Headers::Field> changes = {}) {
    RequestHead head;
    head.target = "/chat";
    head.headers = {{"Host", "a.example"},
                    {"Upgrade", "websocket"},
                    {"Connection", "Upgrade"},
                    {"Sec-WebSocket-Version", "13"},
                    {"Sec-WebSocket-Key", key}};
    for (const auto& [name, value] : changes) head.headers.set(name, value);
    return head;
}
std::string refusal_of(const RequestHead& head) {
    const auto found = read_websocket_request(head);
    return found ? "" : std::to_string(found.error().status) + " " + found.error().text;
}
ResponseHead response(std::vector<Headers::Field> changes = {}) {
    ResponseHead head;
    head.status = 101;
    add_websocket_response(head.headers, key, {}, {});
    for (const auto& [name, value] : changes) head.headers.set(name, value);
    return head;
}

// RFC 6455 §1.3
TEST(WebSocketHandshake, proves_that_the_key_was_read) {
    EXPECT_EQ(websocket_accept(key), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    std::array<std::uint8_t, 16> chance{};
    for (std::size_t i = 0; i < chance.size(); ++i)
        chance[i] = static_cast<std::uint8_t>("the sample nonce"[i]);
    EXPECT_EQ(websocket_key(chance), key);
}

TEST(WebSocketHandshake, is_what_both_sides_write_and_read) {
    const std::vector<std::string> protocols{"chat", "superchat"};
    RequestHead head;
    head.headers.add("Host", "a.example");
    add_websocket_request(head.headers, key, protocols, "permessage-deflate");
    const auto asked = read_websocket_request(head);
    ASSERT_TRUE(asked) << asked.error().text;
    EXPECT_EQ(asked->key, key);
    EXPECT_EQ(asked->protocols, protocols);
    EXPECT_EQ(asked->extensions, "permessage-deflate");

    ResponseHead answer;
    answer.status = 101;
    add_websocket_response(answer.headers, asked->key, "superchat", "permessage-deflate; x");
    const auto got = read_websocket_response(answer, key, protocols);
    ASSERT_TRUE(got) << got.error();
    EXPECT_EQ(got->protocol, "superchat");
    EXPECT_EQ(got->extensions, "permessage-deflate; x");
}

// RFC 6455 §4.2.1
TEST(WebSocketHandshake, is_read_whatever_the_case_and_the_company) {
    EXPECT_EQ(refusal_of(request()), "");
    EXPECT_EQ(
        refusal_of(request({{"Upgrade", "WebSocket"}, {"Connection", "keep-alive , UPGRADE"}})),
        "");
    EXPECT_EQ(refusal_of(request({{"Upgrade", "h2c, websocket"}})), "");
    RequestHead head = request({{"Connection", "keep-alive"},
                                {"Sec-WebSocket-Protocol", "a"},
                                {"Sec-WebSocket-Extensions", "x"}});
    head.headers.add("Connection", "upgrade");
    head.headers.add("Sec-WebSocket-Protocol", "b,c");
    head.headers.add("Sec-WebSocket-Extensions", "y; z");
    const auto found = read_websocket_request(head);
    ASSERT_TRUE(found) << found.error().text;
    EXPECT_EQ(found->protocols, (std::vector<std::string>{"a", "b", "c"}));
    EXPECT_EQ(found->extensions, "x, y; z");
}

TEST(WebSocketHandshake, is_refused_with_the_status_that_says_why) {
    RequestHead post = request();
    post.method = Method::post;
    EXPECT_EQ(refusal_of(post), "405 a WebSocket is asked for with GET, not with 'POST'");
    RequestHead old = request();
    old.version = http_1_0;
    EXPECT_EQ(refusal_of(old), "400 a WebSocket is asked for with HTTP/1.1");
    for (const auto& change : std::vector<Headers::Field>{{"Upgrade", "h2c"},
                                                          {"Connection", "close"},
                                                          {"Upgrade", "websocket2"},
                                                          {"Upgrade", ""}}) {
        EXPECT_EQ(refusal_of(request({change})),
                  "400 no 'Upgrade: websocket' with 'Connection: upgrade'");
    }
    for (const auto version : {"8", "14", "", "13, 8", "013"}) {
        EXPECT_EQ(refusal_of(request({{"Sec-WebSocket-Version", version}})),
                  "426 Sec-WebSocket-Version is not 13");
    }
    for (const auto bad :
         {"", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQ===", "dGhlIHNhbXBsZSBub25j====",
          "dGhlIHNhbXBsZSBub25jZR__", "dGhlIHNhbXBsZSBub-5jZQ==", "dGhlIHNhbXBsZSBub25jZQQ="}) {
        EXPECT_EQ(refusal_of(request({{"Sec-WebSocket-Key", bad}})),
                  "400 Sec-WebSocket-Key is not 16 bytes in base64")
            << bad;
    }
    RequestHead two_keys = request();
    two_keys.headers.add("Sec-WebSocket-Key", key);
    EXPECT_EQ(refusal_of(two_keys), "400 Sec-WebSocket-Key is not 16 bytes in base64");
    for (const auto bad : {"a b", "a,a", ",", "a,,b", "\"a\"", "a;b", "\xc3\xa4"}) {
        EXPECT_EQ(refusal_of(request({{"Sec-WebSocket-Protocol", bad}})),
                  "400 Sec-WebSocket-Protocol is no list of tokens, each there once")
            << bad;
    }
}

TEST(WebSocketHandshake, chooses_the_clients_first_protocol_that_the_server_has) {
    using List = std::vector<std::string>;
    EXPECT_EQ(choose_protocol(List{"a", "b", "c"}, List{"c", "b"}), "b");
    EXPECT_EQ(choose_protocol(List{"a"}, List{"A"}), std::nullopt);
    EXPECT_EQ(choose_protocol(List{}, List{"a"}), std::nullopt);
}

// Security: no protocol becomes another header.
TEST(WebSocketHandshake, refuses_protocols_that_are_no_tokens) {
    for (const std::string bad : {"", "a b", "a\r\nX: y", "a,b", "a;b"}) {
        Headers headers;
        EXPECT_THROW(add_websocket_request(headers, key, std::vector<std::string>{"ok", bad}, {}),
                     ValueError)
            << bad;
        EXPECT_TRUE(headers.empty());
    }
    Headers headers;
    EXPECT_THROW(add_websocket_request(headers, key, std::vector<std::string>{"a", "a"}, {}),
                 ValueError);
    EXPECT_THROW(add_websocket_response(headers, key, "a\r\nX: y", {}), ValueError);
}

// RFC 6455 §4.1
TEST(WebSocketHandshake, is_refused_by_the_client_where_the_server_has_not_understood) {
    const std::vector<std::string> offered{"chat"};
    const auto refusal = [&](const ResponseHead& head) {
        const auto found = read_websocket_response(head, key, offered);
        return found ? "" : found.error();
    };
    EXPECT_EQ(refusal(response()), "");
    EXPECT_EQ(refusal(response({{"Sec-WebSocket-Protocol", "chat"}})), "");
    ResponseHead ok = response();
    ok.status = 200;
    EXPECT_EQ(refusal(ok), "the status is 200, where 101 makes a WebSocket");
    EXPECT_EQ(refusal(response({{"Upgrade", "h2c"}})),
              "no 'Upgrade: websocket' with 'Connection: upgrade'");
    EXPECT_EQ(refusal(response({{"Connection", "close"}})),
              "no 'Upgrade: websocket' with 'Connection: upgrade'");
    for (const auto bad : {"", "s3pPLMBiTxaQ9kYGzzhZRbK+xOO=", "S3PPLMBITXAQ9KYGZZHZRBK+XOO="}) {
        EXPECT_EQ(refusal(response({{"Sec-WebSocket-Accept", bad}})),
                  "Sec-WebSocket-Accept does not go with the key that was sent");
    }
    for (const auto bad : {"", "Chat", "chat, chat", "other"}) {
        EXPECT_NE(refusal(response({{"Sec-WebSocket-Protocol", bad}}))
                      .find("a protocol that was not offered"),
                  std::string::npos)
            << bad;
    }
}

}  // namespace
}  // namespace weft::http::wire
