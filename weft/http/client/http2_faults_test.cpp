// SPDX-License-Identifier: Apache-2.0
// What becomes of requests that share a connection of HTTP/2 when something goes wrong with it, and of
// those that wait for one.
#include <cstddef>
#include <cstdint>
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
#include <weft/http/client/payload.hpp>
#include <weft/http/client/response.hpp>
#include <weft/http/client/session.hpp>
#include <weft/http/client/timeout.hpp>
#include <weft/io/run.hpp>
#include <weft/runtime/async_generator.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/gather.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/timeout.hpp>
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

constexpr std::uint16_t max_concurrent_streams = 3;
constexpr std::uint16_t initial_window_size = 4;

ClientSession session_with(std::size_t limit = 100) {
    return ClientSession({.connector = TCPConnector(prior_knowledge(limit))});
}

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
        options.http2_ping_timeout = 20ms;
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
            co_await sleep(700ms);  // longer than the client waits for a pong
            server.answer(patient.stream, "patient");
            co_await client.stall();
        });
        TCPConnectorOptions options = prior_knowledge(1);
        options.http2_ping_timeout = 500ms;
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
        ClientSession session({.timeout = {.connect = 300ms},
                               .connector = TCPConnector({{.ssl = client_context()}})});
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

// Goal:   what was given a stream of a connection that ended since is sent on another one.
// Method: the answer and the end of the connection come in one turn.
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
            co_await gather(session.post(peer.url("/1")).data(Bytes("x")).read(),
                            session.post(peer.url("/2")).data(Bytes("x")).read());
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

// ---- uploads

AsyncGenerator<Bytes> without_end(std::size_t& pieces) {
    for (;;) {
        ++pieces;
        co_yield Bytes(100'000, 'x');
    }
}

// Until nothing has been asked of the body for a while.
Coro<void> settle(const std::size_t& pieces) {
    std::size_t seen = 0;
    do {
        seen = pieces;
        co_await sleep(50ms);
    } while (pieces != seen);
}

// Goal:   a body is asked for no more than the server takes, be it by HTTP/2's window or by TCP's.
// Method: the server reads nothing more, and has room for little in the first, and for all in the second
//         case, where the system's buffers take some megabytes.
TEST(Http2Faults, an_upload_waits_for_a_server_that_takes_nothing) {
    for (const std::uint32_t window : {65'535U, 0x7fff'ffffU}) {
        run_clean([](std::uint32_t room) -> Coro<void> {
            const auto peer =
                co_await ScriptedPeer::start([&](PeerConnection& client) -> Coro<void> {
                    Http2Peer server(client);
                    co_await server.begin({{initial_window_size, room}});
                    co_await server.request();
                    if (room > 65'535) server.open_window(0, room - 65'535);
                    co_await sleep(1h);
                });
            ClientSession session = session_with();
            std::size_t pieces = 0;
            const auto upload = create_task(
                outcome_of(session.post(peer.url()).data(Payload(without_end(pieces))).read()));
            while (pieces == 0) co_await sleep(0s);
            co_await settle(pieces);
            EXPECT_LT(pieces, room == 65'535 ? 3U : 200U);
            EXPECT_FALSE(upload.done());
            upload.cancel();
            co_await as_result(upload);
            co_await session.close();
            co_await peer.stop();
        }(window));
    }
}

// As of HTTP/1.1: nobody wants the rest of what was refused.
TEST(Http2Faults, a_refusal_ends_the_upload_before_its_own_body_is_over) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start([](PeerConnection& client) -> Coro<void> {
            Http2Peer server(client);
            co_await server.begin();
            const auto request = co_await server.request();
            server.send(h2_head(request.stream, {{":status", "413"}}));
            for (;;) {  // it takes what comes
                const h2::Frame frame = co_await server.frame({h2::data, h2::rst_stream});
                if (frame.type == h2::rst_stream) break;
                server.open_window(0, frame.payload.size());
                server.open_window(request.stream, frame.payload.size());
            }
            const auto next = co_await server.request();
            server.answer(next.stream, "next");
            co_await client.stall();
        });
        ClientSession session = session_with();
        std::size_t pieces = 0;
        auto response = co_await session.post(peer.url()).data(Payload(without_end(pieces)));
        co_await settle(pieces);
        response.close();
        EXPECT_EQ(co_await session.get(peer.url()).read(), "next");
        co_await session.close();
        co_await peer.stop();
    }());
}

// RFC 9113 §8.1: an answer may come before the request is complete, and then NO_ERROR.
TEST(Http2Faults, an_early_answer_ends_the_upload_and_not_the_connection) {
    run_clean([]() -> Coro<void> {
        std::size_t pieces = 0;
        const auto peer = co_await ScriptedPeer::start([](PeerConnection& client) -> Coro<void> {
            Http2Peer server(client);
            co_await server.begin();
            const auto large = co_await server.request();
            co_await server.frame({h2::data});
            server.send(h2_head(large.stream, {{":status", "413"}}) +
                        h2_data(large.stream, "too large", h2::ends) + h2_reset(large.stream, 0));
            const auto next = co_await server.request();
            server.answer(next.stream, "next");
            co_await client.stall();
        });
        ClientSession session = session_with();
        auto response = co_await session.post(peer.url()).data(Payload(without_end(pieces)));
        EXPECT_EQ(response.status(), 413);
        EXPECT_EQ(co_await response.read(), "too large");
        EXPECT_EQ(co_await session.get(peer.url()).read(), "next");
        EXPECT_EQ(peer.connections(), 1U);
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(Http2Faults, a_body_that_is_lost_resets_its_stream_alone) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start([](PeerConnection& client) -> Coro<void> {
            Http2Peer server(client);
            co_await server.begin();
            const auto lost = co_await server.request();
            EXPECT_EQ((co_await server.frame({h2::rst_stream})).stream, lost.stream);
            const auto next = co_await server.request();
            server.answer(next.stream, "next");
            co_await client.stall();
        });
        ClientSession session = session_with();
        const auto broken = []() -> AsyncGenerator<Bytes> {
            co_yield "a part";
            throw OSError("the disk is gone");
        };
        EXPECT_EQ(co_await outcome_of(session.post(peer.url()).data(Payload(broken())).read()),
                  "OSError: the disk is gone");
        EXPECT_EQ(co_await session.get(peer.url()).read(), "next");
        EXPECT_EQ(peer.connections(), 1U);
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(Http2Faults, a_body_waits_until_the_server_asks_for_it) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start([](PeerConnection& client) -> Coro<void> {
            Http2Peer server(client);
            co_await server.begin();
            const auto request = co_await server.request();
            EXPECT_EQ(request.fields.back().first, "content-length");
            const auto early =
                co_await as_result(wait_for(server.frame({h2::data, h2::rst_stream}), 20ms));
            EXPECT_FALSE(early.has_value());
            server.send(h2_head(request.stream, {{":status", "100"}}));
            EXPECT_EQ((co_await server.frame({h2::data})).payload, "body");
            server.answer(request.stream, "thanks");
            co_await client.stall();
        });
        ClientSession session = session_with();
        const TimePoint asked = get_running_loop().time();
        EXPECT_EQ(co_await session.put(peer.url()).data("body").expect100().read(), "thanks");
        EXPECT_LT(get_running_loop().time() - asked, 900ms)
            << "it does not wait to be asked in vain";
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
