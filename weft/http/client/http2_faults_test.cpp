// SPDX-License-Identifier: Apache-2.0
// What becomes of requests that share a connection of HTTP/2 when something goes wrong with it, and of
// those that wait for one.
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/http/client/client_test.hpp>
#include <weft/http/client/connector.hpp>
#include <weft/http/client/exceptions.hpp>
#include <weft/http/client/http2_peer_test.hpp>
#include <weft/http/client/response.hpp>
#include <weft/http/client/session.hpp>
#include <weft/http/client/timeout.hpp>
#include <weft/io/run.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/gather.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/testing/http2_frames.hpp>
#include <weft/testing/scripted_peer.hpp>
#include <weft/testing/trace.hpp>
#include <weft/tls/tls_test.hpp>

namespace weft::http {
namespace {

using namespace std::chrono_literals;
using ssl::client_context;
using ssl::server_context;
using testing::h2_data;
using testing::h2_frame;
using testing::h2_head;
using testing::h2_reset;

Coro<void> say_nothing(PeerConnection& client) {
    Http2Peer server(client);
    server.answers_pings = false;
    co_await server.begin();
    co_await client.stall();
}

// ---- a server that has gone

TEST(Http2Faults, a_server_that_leaves_a_ping_unanswered_loses_all_requests) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(say_nothing, tell_path);
        TCPConnectorOptions options = prior_knowledge();
        options.http2_ping_timeout = 1s;
        ClientSession session({.connector = TCPConnector(options)});
        const auto patient = create_task(outcome_of(session.get(peer.url("/patient")).read()));
        auto late = session.get(peer.url("/late")).timeout({.sock_read = 20ms}).read();
        EXPECT_TRUE((co_await outcome_of(std::move(late))).starts_with("SocketTimeoutError: "));
        EXPECT_EQ(co_await session.get(peer.url("/next")).read(), "/next")
            << "meanwhile another connection is made";
        EXPECT_EQ(co_await patient, "ServerDisconnectedError: the server does not answer any more");
        EXPECT_EQ(peer.connections(), 2U);
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(Http2Faults, a_server_may_ask_whether_the_client_is_there) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start([](PeerConnection& client) -> Coro<void> {
            Http2Peer server(client);
            co_await server.begin();
            const auto request = co_await server.request();
            server.send(h2_frame(h2::ping, h2::none, 0, "12345678"));
            const h2::Frame pong = co_await server.frame({h2::ping});
            EXPECT_EQ(pong.flags, h2::ack);
            EXPECT_EQ(pong.payload, "12345678");
            server.answer(request.stream, "yes");
            co_await client.stall();
        });
        ClientSession session = session_with();
        EXPECT_EQ(co_await session.get(peer.url()).read(), "yes");
        co_await session.close();
        co_await peer.stop();
    }());
}

// Goal:   a limit of one request is no other's end where the server still answers.
// Method: there is but one connection. What waits for it goes on with the answer to the ping; what was
//         there before gets its own, which comes long after.
TEST(Http2Faults, a_server_that_answers_the_ping_keeps_its_other_requests) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start([](PeerConnection& client) -> Coro<void> {
            Http2Peer server(client);
            co_await server.begin();
            auto patient = co_await server.request();
            auto late = co_await server.request();
            if (patient.path == "/late") std::swap(patient, late);
            for (int i = 0; i < 2; ++i) {  // the ping, and the end of the stream
                const h2::Frame frame = co_await server.frame({h2::ping, h2::rst_stream});
                EXPECT_EQ(frame.stream, frame.type == h2::ping ? 0 : late.stream);
            }
            const auto next = co_await server.request();
            server.answer(next.stream, "next");
            co_await sleep(2500ms);  // longer than the client waits for a pong
            server.answer(patient.stream, "patient");
            co_await client.stall();
        });
        TCPConnectorOptions options = prior_knowledge(1);
        options.http2_ping_timeout = 2s;
        ClientSession session({.connector = TCPConnector(options)});
        const auto patient = create_task(session.get(peer.url("/patient")).read());
        auto late = session.get(peer.url("/late")).timeout({.sock_read = 20ms}).read();
        EXPECT_EQ(co_await outcome_of(std::move(late)),
                  "SocketTimeoutError: nothing came from the server within the limit sock_read, "
                  "0.02 s");
        EXPECT_EQ(co_await session.get(peer.url("/next")).read(), "next");
        EXPECT_EQ(co_await patient, "patient");
        EXPECT_EQ(peer.connections(), 1U);
        co_await session.close();
        co_await peer.stop();
    }());
}

// RFC 9110 §9.2.2: what may be done twice is sent again on another connection.
TEST(Http2Faults, a_connection_that_died_while_it_was_idle_is_noticed) {
    const auto serve_one = [](PeerConnection& client) -> Coro<void> {
        Http2Peer server(client);
        co_await server.begin();
        const auto first = co_await server.request();
        server.answer(first.stream, "first");
        static_cast<void>(co_await server.request());
    };
    run_clean([](auto dying) -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(dying, tell_path, dying);
        ClientSession session = session_with();
        EXPECT_EQ(co_await session.get(peer.url()).read(), "first");
        EXPECT_EQ(co_await session.get(peer.url("/again")).read(), "/again");
        co_await session.close();
        ClientSession careful = session_with();
        EXPECT_EQ(co_await careful.get(peer.url()).read(), "first");
        EXPECT_EQ(co_await outcome_of(careful.post(peer.url()).read()),
                  "ServerDisconnectedError: the server closed the connection without a response");
        EXPECT_EQ(peer.connections(), 3U);
        co_await careful.close();
        co_await peer.stop();
    }(serve_one));
}

TEST(Http2Faults, a_session_that_is_closed_ends_what_is_being_read) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start([](PeerConnection& client) -> Coro<void> {
            Http2Peer server(client);
            co_await server.begin();
            const auto request = co_await server.request();
            server.send(h2_head(request.stream, {{":status", "200"}}));
            co_await client.stall();
        });
        ClientSession session = session_with();
        auto response = co_await session.get(peer.url());
        const auto reading = create_task([&]() -> Coro<std::string> {
            const auto body = co_await as_result(response.read());
            co_return body ? "ok" : weft::describe(body.error());
        });
        co_await testing::spin(3);
        co_await session.close();
        EXPECT_TRUE((co_await reading).starts_with("http::ClientPayloadError: "));
        co_await peer.stop();
    }());
}

TEST(Http2Faults, a_response_that_outlives_its_loop_has_an_end) {
    std::optional<ClientSession> session;
    std::optional<ClientResponse> response;
    run([](auto& kept_session, auto& kept) -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start([](PeerConnection& client) -> Coro<void> {
            Http2Peer server(client);
            co_await server.begin();
            const auto request = co_await server.request();
            server.send(h2_head(request.stream, {{":status", "200"}}));
            co_await client.stall();
        });
        kept_session.emplace(SessionOptions{.connector = TCPConnector(prior_knowledge())});
        kept.emplace(co_await kept_session->get(peer.url()));
        co_await peer.stop();
    }(session, response));
    run([](ClientResponse& late) -> Coro<void> {
        const auto body = co_await as_result(late.read());
        EXPECT_TRUE(!body && holds<ClientPayloadError>(body.error()));
    }(*response));
}

// ---- waiting for a connection

TEST(Http2Faults, requests_that_wait_for_a_connection_which_fails_try_their_own) {
    run_clean([]() -> Coro<void> {
        auto peer = co_await ScriptedPeer::start(tell_path);
        const std::string url = peer.url();
        co_await peer.stop();
        ClientSession session = session_with();
        std::vector<Coro<std::string>> all;
        for (int i = 0; i < 5; ++i) all.push_back(outcome_of(session.get(url).read()));
        for (const std::string& text : co_await gather(std::move(all))) {
            EXPECT_TRUE(text.starts_with("ClientConnectorError: ")) << text;
        }
        EXPECT_EQ(session.connector().waiting(), 0U);
        co_await session.close();
    }());
}

TEST(Http2Faults, requests_that_wait_go_on_at_once_where_the_server_speaks_no_http2) {
    run_clean([]() -> Coro<void> {
        std::size_t heard = 0;
        const auto peer = co_await ScriptedPeer::start_tls(
            server_context(), [&](PeerConnection& client) -> Coro<void> {
                co_await client.request();
                ++heard;
                while (heard < 5) co_await sleep(0s);  // none is answered before all are there
                client.send(testing::response_of("old"));
                co_await client.stall();
            });
        const auto url = "https://localhost:" + std::to_string(peer.port()) + "/";
        ClientSession session({.connector = TCPConnector({{.ssl = client_context()}})});
        std::vector<Coro<Bytes>> all;
        for (int i = 0; i < 5; ++i) all.push_back(session.get(url).read());
        for (const Bytes& body : co_await gather(std::move(all))) EXPECT_EQ(body, "old");
        EXPECT_EQ(peer.connections(), 5U);
        co_await session.close();
        co_await peer.stop();
    }());
}

// One that leads nowhere must not keep them waiting one after the other.
TEST(Http2Faults, requests_that_wait_for_a_connection_which_times_out_try_their_own_at_once) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(
            [](PeerConnection& client) -> Coro<void> { co_await client.stall(); });
        const auto url = "https://localhost:" + std::to_string(peer.port()) + "/";
        ClientSession session(
            {.timeout = {.connect = 2s}, .connector = TCPConnector({{.ssl = client_context()}})});
        std::vector<Task<std::string>> all;
        for (int i = 0; i < 4; ++i) {
            all.push_back(create_task(outcome_of(session.get(url).read())));
        }
        EXPECT_TRUE((co_await all[0]).starts_with("ConnectionTimeoutError: "));
        while (peer.connections() < 4) co_await sleep(0s);
        for (int i = 1; i < 4; ++i) EXPECT_FALSE(all[static_cast<std::size_t>(i)].done());
        for (const auto& task : all) co_await task;
        co_await session.close();
        co_await peer.stop();
    }());
}

// Those that wait are given a stream when the settings come, and with those comes the end.
TEST(Http2Faults, requests_that_are_given_a_connection_which_ends_go_to_another_one) {
    run_clean([]() -> Coro<void> {
        const auto going = [](PeerConnection& client) -> Coro<void> {
            co_await client.receive(testing::h2_preface.size());
            Bytes frames = testing::h2_settings() + testing::h2_goaway(1, 0);
            frames += h2_head(1, {{":status", "200"}}) + h2_data(1, "last", h2::ends);
            client.send(frames);
            co_await client.stall();
        };
        const auto peer = co_await ScriptedPeer::start(going, tell_path);
        ClientSession session = session_with();
        const auto [first, second, third] = co_await gather(session.post(peer.url("/1")).read(),
                                                            session.post(peer.url("/2")).read(),
                                                            session.post(peer.url("/3")).read());
        EXPECT_EQ(first + second + third, "last/2/3");
        EXPECT_EQ(peer.connections(), 2U);
        co_await session.close();
        co_await peer.stop();
    }());
}

// The answer and the end of the connection come together: the next request may have been begun between
// them.
TEST(Http2Faults, requests_that_are_given_a_stream_as_its_connection_ends_go_to_another_one) {
    run_clean([]() -> Coro<void> {
        const auto ending = [](PeerConnection& client) -> Coro<void> {
            Http2Peer server(client);
            co_await server.begin({{max_concurrent_streams, 1}});
            const auto request = co_await server.request();
            server.answer(request.stream, request.path);
        };
        const auto peer = co_await ScriptedPeer::start(ending, tell_path);
        ClientSession session = session_with(1);
        const auto [first, second] =
            co_await gather(session.get(peer.url("/1")).read(), session.get(peer.url("/2")).read());
        EXPECT_EQ(first + second, "/1/2");
        EXPECT_EQ(peer.connections(), 2U);
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(Http2Faults, low_speed_counts_what_comes_of_a_body) {
    const auto outcome_at = [](Delay pause) -> Coro<std::string> {
        const auto peer = co_await ScriptedPeer::start([&](PeerConnection& client) -> Coro<void> {
            Http2Peer server(client);
            co_await server.begin();
            const auto request = co_await server.request();
            server.send(h2_head(request.stream, {{":status", "200"}}));
            for (int i = 0; i < 24; ++i) {
                server.send(h2_data(request.stream, "x"));
                co_await sleep(pause);
            }
            server.send(h2_data(request.stream, "", h2::ends));
            co_await client.stall();
        });
        const ClientTimeout::LowSpeed limit{.bytes = 1, .window = 1s};
        ClientSession session = session_with();
        auto text =
            co_await outcome_of(session.get(peer.url()).timeout({.low_speed = limit}).read());
        co_await session.close();
        co_await peer.stop();
        co_return text.substr(0, text.find(':'));
    };
    run_clean([](auto& outcome) -> Coro<void> {
        EXPECT_EQ(co_await outcome(50ms), std::string(24, 'x'));
        EXPECT_EQ(co_await outcome(10s), "SocketTimeoutError");
    }(outcome_at));
}

TEST(Http2Faults, a_session_that_is_closed_says_goodbye) {
    run_clean([]() -> Coro<void> {
        std::optional<h2::Frame> goodbye;
        const auto peer = co_await ScriptedPeer::start([&](PeerConnection& client) -> Coro<void> {
            Http2Peer server(client);
            co_await server.begin();
            const auto request = co_await server.request();
            server.answer(request.stream, "hi");
            goodbye = co_await server.frame({h2::goaway});
        });
        ClientSession session = session_with();
        EXPECT_EQ(co_await session.get(peer.url()).read(), "hi");
        co_await session.close();
        while (!goodbye) co_await sleep(0s);
        EXPECT_EQ(goodbye->payload, testing::h2_number(0) + testing::h2_number(0));
        co_await peer.stop();
    }());
}

// It takes the time of nobody, and so ends no request.
TEST(Http2Faults, a_read_that_was_cancelled_waits_no_longer) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start([](PeerConnection& client) -> Coro<void> {
            Http2Peer server(client);
            co_await server.begin();
            const auto request = co_await server.request();
            server.send(h2_head(request.stream, {{":status", "200"}}));
            co_await sleep(2s);
            server.send(h2_data(request.stream, "body", h2::ends));
            co_await client.stall();
        });
        ClientSession session = session_with();
        auto response = co_await session.get(peer.url()).timeout({.sock_read = 1s});
        const auto reading = create_task([&]() -> Coro<void> { co_await response.read(); });
        co_await testing::spin(5);
        reading.cancel();
        while (!reading.done()) co_await sleep(0s);
        co_await sleep(2s);
        EXPECT_EQ(co_await response.read(), "body");
        co_await session.close();
        co_await peer.stop();
    }());
}

// ---- servers that take no more, or say nothing

TEST(Http2Faults, a_server_that_sends_no_settings_has_gone) {
    run_clean([]() -> Coro<void> {
        const auto mute = [](PeerConnection& client) -> Coro<void> { co_await client.stall(); };
        const auto peer = co_await ScriptedPeer::start(mute, tell_path);
        TCPConnectorOptions options = prior_knowledge();
        options.http2_ping_timeout = 1s;
        ClientSession session({.connector = TCPConnector(options)});
        const auto first = create_task(outcome_of(session.get(peer.url("/1")).read()));
        while (session.connector().in_use() == 0) co_await sleep(0s);
        EXPECT_EQ(co_await session.get(peer.url("/2")).read(), "/2");
        EXPECT_EQ(co_await first, "ServerDisconnectedError: the server does not answer any more");
        EXPECT_EQ(peer.connections(), 2U);
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(Http2Faults, a_server_that_takes_no_streams_any_more_gets_another_connection) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(
            [](PeerConnection& client) -> Coro<void> {
                Http2Peer server(client);
                co_await server.begin();
                const auto request = co_await server.request();
                server.send(testing::h2_settings({{max_concurrent_streams, 0}}));
                server.answer(request.stream, "first");
                co_await client.stall();
            },
            tell_path);
        ClientSession session = session_with();
        EXPECT_EQ(co_await session.get(peer.url()).read(), "first");
        EXPECT_EQ(co_await session.get(peer.url("/2")).read(), "/2");
        EXPECT_EQ(peer.connections(), 2U);
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(Http2Faults, a_server_that_goes_away_tells_why) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start([](PeerConnection& client) -> Coro<void> {
            Http2Peer server(client);
            co_await server.begin();
            co_await server.request();
            server.send(testing::h2_goaway(1, 11));
        });
        EXPECT_EQ(
            co_await fetch_outcome(peer.url(), {.connector = TCPConnector(prior_knowledge())}),
            "ServerDisconnectedError: the server closed the connection without a response: "
            "ENHANCE_YOUR_CALM");
        co_await peer.stop();
    }());
}

// RFC 9113 §7: HTTP_1_1_REQUIRED.
TEST(Http2Faults, a_request_that_wants_http_1_1_is_sent_by_that) {
    run_clean([]() -> Coro<void> {
        const auto context = server_context();
        context.set_alpn_protocols({"h2", "http/1.1"});
        const auto peer = co_await ScriptedPeer::start_tls(
            context,
            [](PeerConnection& client) -> Coro<void> {
                Http2Peer server(client);
                co_await server.begin();
                const auto request = co_await server.request();
                server.send(h2_reset(request.stream, 13));
                co_await client.stall();
            },
            testing::answering(testing::response_of("old")));
        const auto url = "https://localhost:" + std::to_string(peer.port()) + "/";
        ClientSession session({.connector = TCPConnector({{.ssl = client_context()}})});
        EXPECT_EQ(co_await session.post(url).data(Bytes("x")).read(), "old");
        EXPECT_EQ(peer.connections(), 2U);
        co_await session.close();
        co_await peer.stop();
    }());
}

// Who gives up says nothing about the server: those who wait must not all make a connection.
TEST(Http2Faults, a_dial_that_is_cancelled_leaves_it_to_one_other_to_dial) {
    run_clean([]() -> Coro<void> {
        const auto context = server_context();
        context.set_alpn_protocols({"h2", "http/1.1"});
        const auto peer = co_await ScriptedPeer::start_tls(context, tell_path);
        const auto url = "https://localhost:" + std::to_string(peer.port()) + "/";
        ClientSession session({.connector = TCPConnector({{.ssl = client_context()}})});
        std::vector<Task<std::string>> all;
        for (int i = 0; i < 30; ++i) {
            all.push_back(create_task(outcome_of(session.get(url).read())));
        }
        co_await testing::spin(2);
        all[0].cancel();
        for (std::size_t i = 1; i < all.size(); ++i) EXPECT_EQ(co_await all[i], "/");
        EXPECT_LE(peer.connections(), 2U);
        co_await session.close();
        co_await peer.stop();
    }());
}

// ---- what is no message of HTTP/2

TEST(Http2Faults, trailers_are_no_part_of_the_body) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start([](PeerConnection& client) -> Coro<void> {
            Http2Peer server(client);
            co_await server.begin();
            const auto request = co_await server.request();
            server.send(h2_head(request.stream, {{":status", "200"}}) +
                        h2_data(request.stream, "body") +
                        h2_head(request.stream, {{"checksum", "7"}}, h2::ends));
            co_await client.stall();
        });
        ClientSession session = session_with();
        auto response = co_await session.get(peer.url());
        EXPECT_EQ(co_await response.read(), "body");
        EXPECT_FALSE(response.headers().contains("checksum"));
        co_await session.close();
        co_await peer.stop();
    }());
}

// RFC 8441 is not spoken: a WebSocket has a connection of HTTP/1.1 for itself.
TEST(Http2Faults, a_websocket_offers_no_http2) {
    run_clean([]() -> Coro<void> {
        const auto context = server_context();
        context.set_alpn_protocols({"h2", "http/1.1"});
        const auto peer = co_await ScriptedPeer::start_tls(
            context, testing::answering("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"));
        ClientSession session({.connector = TCPConnector({{.ssl = client_context()}})});
        const auto url = "wss://localhost:" + std::to_string(peer.port()) + "/";
        const auto text = co_await outcome_of([](auto& from, auto to) -> Coro<Bytes> {
            co_await from.ws_connect(to);
            co_return "it is one";
        }(session, url));
        EXPECT_TRUE(text.starts_with("WSServerHandshakeError: 404")) << text;
        co_await session.close();
        co_await peer.stop();
    }());
}

}  // namespace
}  // namespace weft::http
