// SPDX-License-Identifier: Apache-2.0
// From a request to a WebSocket, and to none.
#include <weft/http/wire/websocket/websocket_handshake.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/base/time.hpp>
#include <weft/http/client/client_test.hpp>
#include <weft/http/client/connector.hpp>
#include <weft/http/client/exceptions.hpp>
#include <weft/http/client/proxy.hpp>
#include <weft/http/client/session.hpp>
#include <weft/http/client/websocket_builder.hpp>
#include <weft/http/client/websocket_options.hpp>
#include <weft/http/client/websocket_peer_test.hpp>
#include <weft/http/cookie_jar.hpp>
#include <weft/http/url.hpp>
#include <weft/http/wire/websocket/websocket_cut_test.hpp>
#include <weft/http/wire/websocket/websocket_frame.hpp>
#include <weft/http/ws_message.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/io/streams.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task_group.hpp>
#include <weft/testing/scripted_peer.hpp>
#include <weft/testing/trace.hpp>
#include <weft/tls/tls_test.hpp>

namespace weft::http {
namespace {

using namespace std::chrono_literals;
using ssl::client_context;
using ssl::server_context;
using testing::target_of;
using testing::thrown_by;
using wire::close_with;
using wire::text;

// Makes a WebSocket of each request, and sends back the head of that.
Coro<void> tell_head(PeerConnection& client) {
    WSPeer peer = co_await WSPeer::accept(client);
    peer.send({text(peer.request())});
    co_await peer.hear_to_the_end();
}

std::string at_ws(const ScriptedPeer& peer, const std::string& path = "/") {
    return "ws" + peer.url(path).substr(4);
}

// The head of a request, as the server has seen it.
Coro<Bytes> head_of(WSRequestBuilder request) {
    auto ws = co_await std::move(request);
    Bytes head = co_await ws.receive_str();
    co_await ws.close();
    co_return head;
}

TEST(WebSocketHandshake, asks_as_the_rfc_says) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(tell_head);
        const std::string host = "127.0.0.1:" + std::to_string(peer.port());
        ClientSession session({.headers = {{"X-All", "1"}}, .auto_decompress = false});
        const Bytes head = co_await head_of(
            session.ws_connect(at_ws(peer, "/chat?a=1#b"), {.protocols = {"chat", "v2.chat"}})
                .params({{"b", "2"}})
                .header("X-One", "2"));
        const std::string key = header_of(head, "Sec-WebSocket-Key");
        EXPECT_EQ(key.size(), 24U);
        EXPECT_EQ(head, "GET /chat?a=1&b=2 HTTP/1.1\r\nHost: " + host +
                            "\r\nX-All: 1\r\nX-One: 2\r\nUpgrade: websocket\r\n"
                            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                            "Sec-WebSocket-Key: " +
                            key +
                            "\r\nSec-WebSocket-Protocol: chat, v2.chat\r\nAccept: */*\r\n"
                            "User-Agent: weft/0.1.0\r\n\r\n");
        const Bytes again = co_await head_of(session.ws_connect(at_ws(peer)));
        EXPECT_NE(header_of(again, "Sec-WebSocket-Key"), key);
        const Bytes with_login = co_await head_of(
            session.ws_connect(at_ws(peer), {.protocols = {"chat"}, .heartbeat = 20s})
                .header("Origin", "https://example.com")
                .auth({"ada", "secret"}));
        EXPECT_EQ(header_of(with_login, "Origin"), "https://example.com");
        EXPECT_EQ(header_of(with_login, "Authorization"), "Basic YWRhOnNlY3JldA==");
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(WebSocketHandshake, has_the_example_of_its_header) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start([](PeerConnection& client) -> Coro<void> {
            WSPeer server = co_await WSPeer::accept(client, "Sec-WebSocket-Protocol: chat\r\n");
            co_await server.hear_to_the_end();
        });
        ClientSession session;
        const std::string url = at_ws(peer);
        auto ws = co_await session.ws_connect(url, {.protocols = {"chat"}, .heartbeat = 20s})
                      .header("Origin", "https://example.com")
                      .auth({"ada", "secret"});
        EXPECT_EQ(ws.protocol(), "chat");
        EXPECT_EQ(ws.peername().port(), peer.port());
        EXPECT_NE(ws.sockname().port(), peer.port());
        EXPECT_EQ(ws.ssl_object(), nullptr);
        EXPECT_EQ(ws.compress(), 0);
        EXPECT_EQ(ws.close_code(), std::nullopt);
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(WebSocketHandshake, takes_urls_of_four_schemes_and_relative_ones) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(tell_head);
        ClientSession session({.base_url = URL(at_ws(peer, "/base/"))});
        EXPECT_EQ(co_await error_of(session.ws_connect(at_ws(peer))), "nothing");
        EXPECT_EQ(co_await error_of(session.ws_connect(peer.url())), "nothing");
        EXPECT_EQ(co_await error_of(session.ws_connect(URL(at_ws(peer)))), "nothing");
        const Bytes head = co_await head_of(session.ws_connect("live"));
        EXPECT_TRUE(head.starts_with("GET /base/live HTTP/1.1\r\n")) << head;
        EXPECT_TRUE(thrown_by([&] {
                        return session.ws_connect("ftp://a/");
                    }).starts_with("http::NonHttpUrlClientError: "));
        EXPECT_EQ(thrown_by([&] { return session.ws_connect(URL("ftp://a/")); }),
                  "http::NonHttpUrlClientError: a URL of the scheme http or https was expected, "
                  "got ftp://a/");
        EXPECT_TRUE(thrown_by([&] {
                        return session.ws_connect("ws://a b/");
                    }).starts_with("http::InvalidUrlClientError: "));
        // Others do not take those of a WebSocket.
        EXPECT_TRUE(thrown_by([&] {
                        return session.get(at_ws(peer));
                    }).starts_with("http::NonHttpUrlClientError: "));
        co_await session.close();
        EXPECT_EQ(thrown_by([&] { return session.ws_connect("ws://a/"); }),
                  "RuntimeError: the session is closed");
        co_await peer.stop();
    }());
}

TEST(WebSocketHandshake, refuses_what_cannot_be_asked_for) {
    run_clean([]() -> Coro<void> {
        ClientSession session;
        const auto with = [&](WSOptions options) -> Coro<std::string> {
            co_return co_await error_of(
                session.ws_connect("ws://127.0.0.1:1/", std::move(options)));
        };
        EXPECT_TRUE(
            (co_await with({.protocols = {"a b"}})).starts_with("ValueError: 'a b' is no "));
        EXPECT_TRUE((co_await with({.protocols = {"a", "a"}})).starts_with("ValueError: "));
        EXPECT_TRUE((co_await with({.compress = 8})).starts_with("ValueError: a window of 8 bits"));
        EXPECT_TRUE((co_await with({.heartbeat = 0s})).starts_with("ValueError: the heartbeat"));
        EXPECT_TRUE((co_await with({.max_msg_size = 0})).starts_with("ValueError: max_msg_size"));
        for (const char* name :
             {"Connection", "upgrade", "Sec-WebSocket-Key", "Sec-WebSocket-Version",
              "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions", "Content-Length"}) {
            EXPECT_TRUE(
                (co_await error_of(session.ws_connect("ws://127.0.0.1:1/").header(name, "a")))
                    .starts_with("ValueError: the header "))
                << name;
        }
        co_await session.close();
    }());
}

// ---- answers

Coro<std::string> outcome_of_answer(Bytes answer, WSOptions options = {}) {
    const auto peer = co_await ScriptedPeer::start([&](PeerConnection& client) -> Coro<void> {
        const testing::PeerRequest request = co_await client.request();
        const std::string accept =
            wire::websocket_accept(header_of(request.head, "Sec-WebSocket-Key"));
        if (const auto at = answer.find("ACCEPT"); at != Bytes::npos) answer.replace(at, 6, accept);
        client.send(answer);
        co_await client.stall();
    });
    ClientSession session;
    std::string told = co_await error_of(session.ws_connect(at_ws(peer), std::move(options)));
    EXPECT_EQ(session.connector().in_use(), 0U);
    const std::string url = ", url='" + at_ws(peer) + "'";
    if (told.ends_with(url)) told.erase(told.size() - url.size());
    co_await session.close();
    co_await peer.stop();
    co_return told;
}

TEST(WebSocketHandshake, fails_where_the_answer_makes_no_websocket) {
    const std::string switching = "HTTP/1.1 101 Switching Protocols\r\n";
    const std::string upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\n";
    const std::string good = switching + upgrade + "Sec-WebSocket-Accept: ACCEPT\r\n";
    const std::string error = "WSServerHandshakeError: ";
    const std::string not_upgraded =
        error + "101, message='no 'Upgrade: websocket' with 'Connection: upgrade''";
    struct Case {
        std::string answer;
        std::string told;
    };
    const Case cases[] = {
        {good, "nothing"},
        {"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n",
         error + "404, message='the status is 404, where 101 makes a WebSocket'"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n",
         error + "200, message='the status is 200, where 101 makes a WebSocket'"},
        {"HTTP/1.1 301 Moved\r\nContent-Length: 0\r\n",
         error + "301, message='the status is 301, where 101 makes a WebSocket'"},
        {switching + "Connection: Upgrade\r\nSec-WebSocket-Accept: ACCEPT\r\n", not_upgraded},
        {switching + "Upgrade: h2c\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ACCEPT\r\n",
         not_upgraded},
        {switching + "Upgrade: websocket\r\nSec-WebSocket-Accept: ACCEPT\r\n", not_upgraded},
        {switching + upgrade,
         error + "101, message='Sec-WebSocket-Accept does not go with the key that was sent'"},
        {switching + upgrade + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n",
         error + "101, message='Sec-WebSocket-Accept does not go with the key that was sent'"},
        {good + "Sec-WebSocket-Protocol: chat\r\n",
         error + "101, message='the server has chosen a protocol that was not offered: 'chat''"},
        {good + "Sec-WebSocket-Extensions: permessage-deflate\r\n",
         error + "101, message='the server has accepted the extensions 'permessage-deflate', where "
                 "none was offered'"},
        {"HTTP/1.1 x\r\n", "ClientResponseError: "},
    };
    for (const Case& one : cases) {
        SCOPED_TRACE(one.answer);
        run_clean([](const Case& of) -> Coro<void> {
            const std::string told = co_await outcome_of_answer(of.answer + "\r\n");
            EXPECT_EQ(told.substr(0, of.told.ends_with(": ") ? of.told.size() : told.size()),
                      of.told);
        }(one));
    }
    run_clean([](const std::string& answer) -> Coro<void> {
        const auto extension = answer + "Sec-WebSocket-Extensions: permessage-deflate";
        EXPECT_EQ(co_await outcome_of_answer(extension + "\r\n\r\n", {.compress = 15}), "nothing");
        EXPECT_TRUE((co_await outcome_of_answer(extension + "; a\r\n\r\n", {.compress = 15}))
                        .starts_with("WSServerHandshakeError: 101, "));
        EXPECT_TRUE((co_await outcome_of_answer(extension + "; server_max_window_bits=15\r\n\r\n",
                                                {.compress = 9}))
                        .starts_with("WSServerHandshakeError: 101, "));
    }(good));
}

TEST(WebSocketHandshake, tells_the_answer_with_its_error) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start([](PeerConnection& client) -> Coro<void> {
            co_await client.request();
            client.send("HTTP/1.1 401 Who?\r\nX-Hint: ask\r\nContent-Length: 3\r\n\r\nno!");
            co_await client.request();
            client.send(response_of("again"));
        });
        // The session's raise_for_status would hide what it is about.
        ClientSession session({.raise_for_status = true});
        const auto ws = co_await as_result(session.ws_connect(at_ws(peer)));
        try {
            std::rethrow_exception(ws.error());
        } catch (const WSServerHandshakeError& error) {
            EXPECT_EQ(error.status(), 401);
            EXPECT_EQ(error.headers().get("X-Hint", ""), "ask");
            EXPECT_EQ(error.url().to_string(), at_ws(peer));
        }
        // The connection was still one of HTTP.
        EXPECT_EQ(co_await session.get(peer.url()).read(), "again");
        EXPECT_EQ(peer.connections(), 1U);
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(WebSocketHandshake, loses_no_frame_that_comes_with_the_answer) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start([](PeerConnection& client) -> Coro<void> {
            const testing::PeerRequest request = co_await client.request();
            client.send(switching_to_websocket(request.head) +
                        bytes_of({text("at once"), close_with(1001)}, wire::WSRole::server));
        });
        ClientSession session;
        auto ws = co_await session.ws_connect(at_ws(peer));
        EXPECT_EQ(co_await ws.receive_str(), "at once");
        EXPECT_EQ((co_await ws.receive()).close_code, WSCloseCode::going_away);
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(WebSocketHandshake, has_the_limits_of_a_request) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(
            [](PeerConnection& client) -> Coro<void> { co_await client.stall(); });
        ClientSession session;
        EXPECT_TRUE((co_await error_of(session.ws_connect(at_ws(peer)).timeout({.total = 1ms})))
                        .starts_with("ServerTimeoutError: "));
        EXPECT_TRUE((co_await error_of(session.ws_connect(at_ws(peer)).timeout({.sock_read = 1ms})))
                        .starts_with("SocketTimeoutError: "));
        co_await session.close();
        co_await peer.stop();
    }());
    // They do not end what has come of it.
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start([](PeerConnection& client) -> Coro<void> {
            WSPeer server = co_await WSPeer::accept(client);
            server.send({text(co_await server.hear())});
            co_await server.hear_to_the_end();
        });
        ClientSession session;
        auto ws = co_await session.ws_connect(at_ws(peer)).timeout({.total = 1s, .sock_read = 1s});
        co_await sleep(1100ms);
        co_await ws.send_str("still there");
        EXPECT_EQ(co_await ws.receive_str(), "text{still there}");
        EXPECT_TRUE(co_await ws.close());
        co_await session.close();
        co_await peer.stop();
    }());
}

// An answer of 101 to what asked for no other protocol has nothing behind it.
TEST(WebSocketHandshake, is_no_matter_of_other_requests) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start([](PeerConnection& client) -> Coro<void> {
            const testing::PeerRequest request = co_await client.request();
            client.send(switching_to_websocket(request.head) + "another protocol");
            co_await client.stall();
        });
        ClientSession session;
        {
            auto response = co_await session.get(peer.url());
            EXPECT_EQ(response.status(), 101);
            EXPECT_EQ(session.connector().in_use(), 1U);
            EXPECT_EQ(co_await response.read(), "");
            EXPECT_EQ(session.connector().in_use(), 0U);
        }
        {
            auto response = co_await session.get(peer.url());
            response.close();
            EXPECT_EQ(session.connector().in_use(), 0U);
        }
        EXPECT_EQ(session.connector().idle(), 0U);
        co_await session.close();
        co_await peer.stop();
    }());
}

// ---- the way to the server

TEST(WebSocketHandshake, follows_redirects_and_takes_no_secret_to_another_origin) {
    run_clean([]() -> Coro<void> {
        const auto target = co_await ScriptedPeer::start(tell_head);
        const std::string other = target.url("/there");
        const auto peer = co_await ScriptedPeer::start([&](PeerConnection& client) -> Coro<void> {
            for (;;) {
                const testing::PeerRequest request = co_await client.request();
                const std::string path(target_of(request));
                if (path == "/last") break;
                const std::string to = path == "/far"    ? other
                                       : path == "/ws"   ? "ws://127.0.0.1/"
                                       : path == "/loop" ? "/loop"
                                                         : "/far";
                client.send("HTTP/1.1 302 Found\r\nLocation: " + to +
                            "\r\nContent-Length: 0\r\n\r\n");
            }
        });
        ClientSession session;
        const Bytes head = co_await head_of(
            session.ws_connect(at_ws(peer, "/near")).auth({"ada", "secret"}).cookies({{"a", "1"}}));
        EXPECT_TRUE(head.starts_with("GET /there HTTP/1.1\r\n")) << head;
        EXPECT_EQ(header_of(head, "Authorization"), "");
        EXPECT_EQ(header_of(head, "Cookie"), "");
        EXPECT_EQ(header_of(head, "Upgrade"), "websocket");
        EXPECT_EQ(header_of(head, "Host"), "127.0.0.1:" + std::to_string(target.port()));
        EXPECT_TRUE(
            (co_await error_of(session.ws_connect(at_ws(peer, "/near")).allow_redirects(false)))
                .starts_with("WSServerHandshakeError: 302"));
        EXPECT_TRUE((co_await error_of(session.ws_connect(at_ws(peer, "/loop")).max_redirects(3)))
                        .starts_with("TooManyRedirects: "));
        EXPECT_TRUE((co_await error_of(session.ws_connect(at_ws(peer, "/ws"))))
                        .starts_with("NonHttpUrlRedirectClientError: "));
        co_await session.close();
        co_await peer.stop();
        co_await target.stop();
    }());
}

TEST(WebSocketHandshake, gives_and_keeps_cookies) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start([](PeerConnection& client) -> Coro<void> {
            WSPeer server = co_await WSPeer::accept(client, "Set-Cookie: id=7; Path=/\r\n");
            server.send({text(server.request())});
            co_await server.hear_to_the_end();
        });
        ClientSession session(
            {.cookie_jar = std::make_shared<CookieJar>(CookieJarOptions{.unsafe = true})});
        EXPECT_EQ(header_of(co_await head_of(session.ws_connect(at_ws(peer))), "Cookie"), "");
        EXPECT_EQ(header_of(co_await head_of(session.ws_connect(at_ws(peer)).cookies({{"a", "1"}})),
                            "Cookie"),
                  "id=7; a=1");
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(WebSocketHandshake, is_made_again_where_an_idle_connection_was_dead) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(
            [](PeerConnection& client) -> Coro<void> {
                co_await client.request();
                client.send(response_of("hi"));
                co_await client.request();
            },
            tell_head);
        ClientSession session;
        EXPECT_EQ(co_await session.get(peer.url()).read(), "hi");
        EXPECT_EQ(co_await error_of(session.ws_connect(at_ws(peer))), "nothing");
        EXPECT_EQ(peer.connections(), 2U);
        co_await session.close();
        co_await peer.stop();
    }());
}

// Passes bytes on, both ways, until either side has ended.
Coro<void> pass_on(StreamReader from, StreamWriter to) {
    for (;;) {
        const Bytes data = co_await from.read(64 * 1024);
        if (data.empty()) break;
        to.write(data);
    }
    to.close();
}

// As browsers do it: a proxy that forwards would have to understand the protocol.
TEST(WebSocketHandshake, goes_through_a_tunnel_of_an_http_proxy_though_it_is_plain) {
    run_clean([]() -> Coro<void> {
        const auto server = co_await ScriptedPeer::start(tell_head);
        const std::string there = "127.0.0.1:" + std::to_string(server.port());
        std::vector<Bytes> asked;
        const auto proxy = co_await ScriptedPeer::start([&](PeerConnection& client) -> Coro<void> {
            for (;;) {
                const testing::PeerRequest request = co_await client.request();
                asked.push_back(request.head.substr(0, request.head.find(" HTTP")));
                if (!request.head.starts_with("CONNECT ")) {
                    client.send(response_of("forwarded"));
                    continue;
                }
                auto [reader, writer] = co_await open_connection("127.0.0.1", server.port());
                client.send("HTTP/1.1 200 Connection established\r\n\r\n");
                co_await TaskGroup::scope([&](TaskGroup& group) {
                    group.create_task(pass_on(client.reader(), writer));
                    group.create_task(pass_on(reader, client.writer()));
                });
                co_return;
            }
        });
        ClientSession session({.proxy = Proxy{.url = URL(proxy.url())}});
        // One that forwards is left idle, and is of no use to a WebSocket.
        EXPECT_EQ(co_await session.get("http://" + there + "/").read(), "forwarded");
        const Bytes head = co_await head_of(session.ws_connect("ws://" + there + "/live"));
        EXPECT_TRUE(head.starts_with("GET /live HTTP/1.1\r\nHost: " + there + "\r\n")) << head;
        EXPECT_EQ(co_await session.get("http://" + there + "/").read(), "forwarded");
        EXPECT_EQ(asked, (std::vector<Bytes>{"GET http://" + there + "/", "CONNECT " + there,
                                             "GET http://" + there + "/"}));
        EXPECT_EQ(proxy.connections(), 2U);
        co_await session.close();
        co_await proxy.stop();
        co_await server.stop();
    }());
}

TEST(WebSocketHandshake, is_protected_at_wss) {
    run_clean([]() -> Coro<void> {
        bool has_said_the_end = false;
        const auto peer = co_await ScriptedPeer::start_tls(
            server_context(), [&](PeerConnection& client) -> Coro<void> {
                co_await tell_head(client);
                const auto rest = co_await as_result(client.reader().read());
                has_said_the_end = rest.has_value();  // else an SSLEOFError
            });
        const std::string url = "wss://localhost:" + std::to_string(peer.port()) + "/";
        ClientSession session;
        EXPECT_TRUE((co_await error_of(session.ws_connect(url)))
                        .starts_with("ClientConnectorCertificateError: "));
        auto ws = co_await session.ws_connect(url).ssl(client_context());
        EXPECT_EQ(ws.ssl_object()->version(), "TLSv1.3");
        EXPECT_TRUE((co_await ws.receive_str()).starts_with("GET / HTTP/1.1\r\n"));
        EXPECT_TRUE(co_await ws.close());
        EXPECT_EQ(ws.close_code(), WSCloseCode::ok);
        EXPECT_EQ(session.connector().in_use(), 0U);
        while (!has_said_the_end) co_await sleep(1ms);
        co_await session.close();
        co_await peer.stop();
    }());
}

}  // namespace
}  // namespace weft::http
