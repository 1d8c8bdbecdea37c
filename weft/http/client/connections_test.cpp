// SPDX-License-Identifier: Apache-2.0
// Which connections are used again, and which are not; and how they are made.
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/http/client/client_test.hpp>
#include <weft/http/client/connector.hpp>
#include <weft/http/client/exceptions.hpp>
#include <weft/http/client/fingerprint.hpp>
#include <weft/http/client/http2.hpp>
#include <weft/http/client/internal/connection_key.hpp>
#include <weft/http/client/session.hpp>
#include <weft/io/run.hpp>
#include <weft/io/server.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/testing/scripted_peer.hpp>
#include <weft/tls/tls_test.hpp>

namespace weft::http {
namespace {

using namespace std::chrono_literals;
using ssl::client_context;
using ssl::server_context;
using testing::answering;
using testing::PeerScript;

// How many connections two requests take, one after the other, of which the first is answered so.
Coro<std::size_t> connections_for_two(Bytes first_response, SessionOptions options = {}) {
    const auto peer = co_await ScriptedPeer::start(
        [&](PeerConnection& client) -> Coro<void> {
            co_await client.request();
            client.send(first_response);
            co_await client.request();
            client.send(response_of("second"));
        },
        answering(response_of("second")));
    ClientSession session(std::move(options));
    {
        auto response = co_await session.get(peer.url());
        // Its body is not read: what has come of it is taken all the same.
    }
    EXPECT_EQ(co_await session.get(peer.url()).read(), "second");
    const std::size_t connections = peer.connections();
    co_await session.close();
    co_await peer.stop();
    co_return connections;
}

TEST(Connections, are_used_again_only_where_the_message_before_is_over_and_both_agree) {
    struct Case {
        const char* response;
        std::size_t connections;
    };
    const Case cases[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", 1},
        {"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi", 1},
        {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi", 2},
        {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", 2},
        {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi", 2},
        {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi!", 2},  // what was not asked for
        {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\n\r\n", 2},
        {"HTTP/1.1 200 OK\r\nKeep-Alive: timeout=5, max=9\r\nContent-Length: 2\r\n\r\nhi", 1},
        {"HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\nContent-Length: 2\r\n\r\nhi", 2},
        {"HTTP/1.1 200 OK\r\nKeep-Alive: timeout=x\r\nContent-Length: 2\r\n\r\nhi", 1},
    };
    for (const Case& one : cases) {
        SCOPED_TRACE(one.response);
        run_clean([](const Case& expected) -> Coro<void> {
            EXPECT_EQ(co_await connections_for_two(expected.response), expected.connections);
        }(one));
    }
}

TEST(Connections, are_kept_as_long_and_as_many_as_the_connector_says) {
    run_clean([]() -> Coro<void> {
        const Bytes plain = response_of("hi");
        EXPECT_EQ(co_await connections_for_two(
                      plain, {.connector = TCPConnector({{.keepalive_timeout = 0s}})}),
                  2U);
        EXPECT_EQ(
            co_await connections_for_two(plain, {.connector = TCPConnector({{.age_max = 0s}})}),
            2U);
        EXPECT_EQ(
            co_await connections_for_two(plain, {.connector = TCPConnector({{.idle_max = 0}})}),
            2U);
    }());
}

TEST(Connections, that_are_idle_make_room_for_others) {
    run_clean([]() -> Coro<void> {
        const auto one = co_await ScriptedPeer::start(answering(response_of("one")));
        const auto two = co_await ScriptedPeer::start(answering(response_of("two")));
        ClientSession session({.connector = TCPConnector({{.idle_max = 1}})});
        co_await session.get(one.url()).read();
        co_await session.get(two.url()).read();
        EXPECT_EQ(session.connector().idle(), 1U);
        co_await session.get(two.url()).read();
        EXPECT_EQ(two.connections(), 1U);
        co_await session.get(one.url()).read();
        EXPECT_EQ(one.connections(), 2U);
        co_await session.close();
        co_await one.stop();
        co_await two.stop();
    }());
}

TEST(Connections, that_their_server_closes_while_idle_are_closed_soon) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start([](PeerConnection& client) -> Coro<void> {
            co_await client.request();
            client.send(response_of("hi"));
        });
        ClientSession session({.connector = TCPConnector({{.keepalive_timeout = 1h}})});
        co_await session.get(peer.url()).read();
        EXPECT_EQ(session.connector().idle(), 1U);
        while (session.connector().idle() > 0) co_await sleep(100ms);
        co_await session.close();
        co_await peer.stop();
    }());
}

// Goal:   a request that meets a connection which its server has just closed is sent again, if
//         twice is as good as once.
// Method: each connection but the last takes a second request and closes instead of answering it.
TEST(Connections, that_were_dead_already_cost_no_error_where_a_request_may_be_repeated) {
    run_clean([]() -> Coro<void> {
        const PeerScript answers = answering(response_of("hi"));
        const auto dies = [](PeerConnection& client) -> Coro<void> {
            co_await client.request();
            client.send(response_of("hi"));
            co_await client.request();
        };
        const auto peer = co_await ScriptedPeer::start(dies, dies, answering(response_of("hi")));
        ClientSession session;
        EXPECT_EQ(co_await session.get(peer.url()).read(), "hi");
        EXPECT_EQ(co_await session.get(peer.url()).read(), "hi");
        EXPECT_EQ(peer.connections(), 2U);
        EXPECT_EQ(co_await outcome_of(session.post(peer.url()).data("x").read()),
                  "ServerDisconnectedError: the server closed the connection without a response");
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(Connections, that_are_new_are_not_tried_twice) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(
            [](PeerConnection& client) -> Coro<void> { co_await client.request(); });
        EXPECT_EQ(co_await fetch_outcome(peer.url()),
                  "ServerDisconnectedError: the server closed the connection without a response");
        EXPECT_EQ(peer.connections(), 1U);
        co_await peer.stop();
    }());
}

TEST(Connections, end_with_their_session) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(
            answering("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe"));
        ClientSession session({.connector = TCPConnector({{.limit = 1}})});
        auto response = co_await session.get(peer.url());
        const auto waiting = create_task(outcome_of(session.get(peer.url()).read()));
        while (session.connector().waiting() == 0) co_await sleep(0s);
        co_await session.close();
        EXPECT_EQ(co_await waiting, "ClientConnectionError: the session was closed meanwhile");
        const auto body = co_await as_result(response.read());
        EXPECT_TRUE(!body && holds<ClientPayloadError>(body.error()));
        co_await peer.stop();
    }());
}

TEST(Connections, outlive_no_session_that_was_not_closed) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(answering(response_of("hi")));
        {
            ClientSession session;
            co_await session.get(peer.url()).read();
        }
        co_await peer.stop();
    }());
}

TEST(Connections, of_a_session_that_outlives_its_loop_end_with_that) {
    std::optional<ClientSession> session;
    run([](auto& kept) -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(answering(response_of("hi")));
        kept.emplace();
        EXPECT_EQ(co_await kept->get(peer.url()).read(), "hi");
        co_await peer.stop();
    }(session));
    EXPECT_EQ(session->connector().in_use(), 0U);
}

TEST(Connections, of_a_connector_are_shared_by_its_sessions) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(answering(response_of("hi")));
        const TCPConnector connector;
        for (int i = 0; i < 2; ++i) {
            ClientSession session({.connector = connector, .connector_owner = false});
            co_await session.get(peer.url()).read();
            co_await session.close();
        }
        EXPECT_EQ(peer.connections(), 1U);
        co_await connector.close();
        co_await peer.stop();
    }());
}

// ---- TLS

TEST(Connections, are_protected_for_https) {
    run_clean([]() -> Coro<void> {
        const auto peer =
            co_await ScriptedPeer::start_tls(server_context(), answering(response_of("hi")));
        const auto url = "https://localhost:" + std::to_string(peer.port()) + "/";
        ClientSession session({.connector = TCPConnector({{.ssl = client_context()}})});
        EXPECT_EQ(co_await session.get(url).read(), "hi");
        EXPECT_EQ(co_await session.get(url).read(), "hi");
        EXPECT_EQ(peer.connections(), 1U);
        // Another context, or another name, is another connection.
        EXPECT_EQ(co_await session.get(url).ssl(client_context()).read(), "hi");
        EXPECT_EQ(peer.connections(), 2U);
        EXPECT_TRUE((co_await outcome_of(session.get(url).server_hostname("other.example").read()))
                        .starts_with("ClientConnectorCertificateError: Cannot connect to host "
                                     "localhost:"));
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(Connections, to_a_server_that_is_not_to_be_trusted_are_refused) {
    run_clean([]() -> Coro<void> {
        const auto peer =
            co_await ScriptedPeer::start_tls(server_context(), answering(response_of("hi")));
        const auto plain = co_await ScriptedPeer::start([](PeerConnection& client) -> Coro<void> {
            client.send("HTTP/1.1 400 Bad Request\r\n\r\n");
            co_await client.stall();
        });
        EXPECT_TRUE((co_await fetch_outcome("https://localhost:" + std::to_string(peer.port())))
                        .starts_with("ClientConnectorCertificateError: "));
        const auto text = co_await fetch_outcome(
            "https://localhost:" + std::to_string(plain.port()), {.timeout = {.total = 5s}});
        EXPECT_TRUE(text.starts_with("ClientConnectorSSLError: ")) << text;
        co_await peer.stop();
        co_await plain.stop();
    }());
}

// Anyone on the way can close a connection: only the peer itself can end a protected body.
TEST(Connections, cut_off_under_tls_do_not_end_a_body_that_lasts_until_then) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start_tls(
            server_context(), [](PeerConnection& client) -> Coro<void> {
                co_await client.request();
                client.send("HTTP/1.0 200 OK\r\n\r\nhello");
                client.cut();
                co_await client.stall();
            });
        const auto text =
            co_await fetch_outcome("https://localhost:" + std::to_string(peer.port()),
                                   {.connector = TCPConnector({{.ssl = client_context()}})});
        EXPECT_TRUE(text.starts_with("ClientPayloadError: ")) << text;
        co_await peer.stop();
    }());
}

// ---- Unix

TEST(Connections, go_to_a_unix_socket_whatever_the_host) {
    run_clean([]() -> Coro<void> {
        const std::string path =
            std::string("\0weft-connections-test-", 23) + std::to_string(::getpid());
        const auto server = co_await start_unix_server(
            [](StreamReader reader, StreamWriter writer) -> Coro<void> {
                co_await reader.readuntil("\r\n\r\n");
                writer.write(response_of("hi"));
            },
            path);
        ClientSession session({.connector = UnixConnector(path)});
        EXPECT_EQ(co_await session.get("http://anything.example/a").read(), "hi");
        co_await session.close();
        server.close();
        co_await server.wait_closed();
        EXPECT_EQ(co_await fetch_outcome("http://a/", {.connector = UnixConnector("/no/such")}),
                  "UnixClientConnectorError: Cannot connect to unix socket /no/such: [Errno 2] "
                  "Connect call failed '/no/such'");
    }());
}

// ---- the key

// Goal:   no option that makes connections differ is forgotten by the comparison.
// Method: each field is changed alone; and there are no others.
TEST(ConnectionKey, differs_with_each_of_its_fields) {
    using internal::ConnectionKey;
    const ConnectionKey key{
        .host = "a", .port = 1, .ssl = client_context(), .server_hostname = "a"};
    EXPECT_EQ(key, ConnectionKey(key));
    const auto& [host, port, ssl, name, pins, http2, proxy, tunnels] = key;
    const std::vector<Fingerprint> other{Fingerprint::certificate(std::string(64, '0'))};
    EXPECT_NE(key, (ConnectionKey{"b", port, ssl, name, pins, http2, proxy, tunnels}));
    EXPECT_NE(key, (ConnectionKey{host, 2, ssl, name, pins, http2, proxy, tunnels}));
    EXPECT_NE(key,
              (ConnectionKey{host, port, client_context(), name, pins, http2, proxy, tunnels}));
    EXPECT_NE(key, (ConnectionKey{host, port, nullptr, name, pins, http2, proxy, tunnels}));
    EXPECT_NE(key, (ConnectionKey{host, port, ssl, "b", pins, http2, proxy, tunnels}));
    EXPECT_NE(key, (ConnectionKey{host, port, ssl, name, other, http2, proxy, tunnels}));
    EXPECT_NE(key, (ConnectionKey{host, port, ssl, name, pins, Http2::by_alpn, proxy, tunnels}));
    EXPECT_NE(key, (ConnectionKey{host, port, ssl, name, pins, http2, "http://p:80/", tunnels}));
    EXPECT_NE(key, (ConnectionKey{host, port, ssl, name, pins, http2, proxy, true}));
}

}  // namespace
}  // namespace weft::http
