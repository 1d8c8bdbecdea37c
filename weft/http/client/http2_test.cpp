// SPDX-License-Identifier: Apache-2.0
// Requests that share connections of HTTP/2, with servers that behave and servers that do not.
#include <weft/http/client/http2.hpp>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/http/client/client_test.hpp>
#include <weft/http/client/connector.hpp>
#include <weft/http/client/http2_peer_test.hpp>
#include <weft/http/client/payload.hpp>
#include <weft/http/client/session.hpp>
#include <weft/http/http_version.hpp>
#include <weft/runtime/async_generator.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/gather.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/testing/http2_frames.hpp>
#include <weft/testing/scripted_peer.hpp>
#include <weft/tls/tls_test.hpp>

namespace weft::http {
namespace {

using namespace std::chrono_literals;
using ssl::client_context;
using ssl::server_context;
using testing::answering;
using testing::h2_data;
using testing::h2_frame;
using testing::h2_goaway;
using testing::h2_head;
using testing::h2_number;
using testing::h2_reset;
using testing::h2_settings;

std::string secure_url(const ScriptedPeer& peer) {
    return "https://localhost:" + std::to_string(peer.port()) + "/secure";
}

// ---- which protocol

TEST(Http2, is_spoken_where_a_server_chooses_it_under_tls) {
    run_clean([]() -> Coro<void> {
        const auto context = server_context();
        context.set_alpn_protocols({"h2", "http/1.1"});
        const auto peer = co_await ScriptedPeer::start_tls(context, tell_path);
        ClientSession session({.connector = TCPConnector({{.ssl = client_context()}})});
        for (int i = 0; i < 2; ++i) {
            auto response = co_await session.get(secure_url(peer));
            EXPECT_EQ(response.version(), http_2);
            EXPECT_EQ(response.timings().is_reused, i > 0);
            EXPECT_EQ(co_await response.read(), "/secure");
        }
        EXPECT_EQ(peer.connections(), 1U);
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(Http2, is_not_spoken_where_a_server_does_not_know_it) {
    run_clean([]() -> Coro<void> {
        const auto context = server_context();
        context.set_alpn_protocols({"http/1.1"});
        const auto peer = co_await ScriptedPeer::start_tls(context, answering(response_of("old")));
        ClientSession session({.connector = TCPConnector({{.ssl = client_context()}})});
        auto response = co_await session.get(secure_url(peer));
        EXPECT_EQ(response.version(), http_1_1);
        EXPECT_EQ(co_await response.read(), "old");
        co_await session.close();
        EXPECT_EQ(co_await fetch_outcome(
                      secure_url(peer),
                      {.connector = TCPConnector(
                           {{.ssl = client_context(), .http2 = Http2::prior_knowledge}})}),
                  "ClientConnectorError: Cannot connect to host localhost:" +
                      std::to_string(peer.port()) + ": the server does not speak HTTP/2");
        co_await peer.stop();
    }());
}

TEST(Http2, is_not_offered_where_it_is_not_wanted) {
    run_clean([]() -> Coro<void> {
        const auto context = server_context();
        context.set_alpn_protocols({"h2", "http/1.1"});
        const auto peer = co_await ScriptedPeer::start_tls(context, answering(response_of("old")));
        ClientSession session(
            {.connector = TCPConnector({{.ssl = client_context(), .http2 = Http2::never}})});
        EXPECT_EQ(co_await session.get(secure_url(peer)).read(), "old");
        co_await session.close();
        co_await peer.stop();
    }());
}

// ---- what is sent

TEST(Http2, sends_what_a_request_says) {
    run_clean([]() -> Coro<void> {
        testing::H2Fields fields;
        const auto peer = co_await ScriptedPeer::start([&](PeerConnection& client) -> Coro<void> {
            Http2Peer server(client);
            co_await server.begin();
            const auto request = co_await server.request();
            fields = request.fields;
            const h2::Frame body = co_await server.frame({h2::data});
            EXPECT_EQ(body.payload, "hello");
            EXPECT_EQ(body.flags, h2::ends);
            server.answer(request.stream, "ok");
            co_await client.stall();
        });
        ClientSession session = session_with();
        auto post = session.post(peer.url("/a?b")).data(Bytes("hello")).cookies({{"a", "1"}});
        EXPECT_EQ(co_await std::move(post).read(), "ok");
        const std::string authority = "127.0.0.1:" + std::to_string(peer.port());
        const testing::H2Fields first(fields.begin(), fields.begin() + 4);
        EXPECT_EQ(first, (testing::H2Fields{{":method", "POST"},
                                            {":scheme", "http"},
                                            {":authority", authority},
                                            {":path", "/a?b"}}));
        const testing::H2Fields last(fields.end() - 2, fields.end());
        EXPECT_EQ(last, (testing::H2Fields{{"cookie", "a=1"}, {"content-length", "5"}}));
        co_await session.close();
        co_await peer.stop();
    }());
}

// ---- sharing

Coro<void> get_all(ClientSession& session, const ScriptedPeer& peer, int count) {
    std::vector<Coro<Bytes>> all;
    for (int i = 0; i < count; ++i) {
        all.push_back(session.get(peer.url("/" + std::to_string(i))).read());
    }
    const auto bodies = co_await gather(std::move(all));
    for (int i = 0; i < count; ++i) {
        EXPECT_EQ(bodies[static_cast<std::size_t>(i)], "/" + std::to_string(i));
    }
}

TEST(Http2, lets_requests_to_a_host_share_one_connection_from_the_first_on) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(tell_path);
        ClientSession session = session_with();
        co_await get_all(session, peer, 50);
        EXPECT_EQ(peer.connections(), 1U);
        EXPECT_EQ(session.connector().in_use(), 0U);
        EXPECT_EQ(session.connector().idle(), 1U);
        co_await session.close();
        co_await peer.stop();
    }());
}

// reqwest #976: with one connection for each host, the others wait for ever.
TEST(Http2, makes_another_connection_where_the_streams_of_one_are_taken) {
    run_clean([]() -> Coro<void> {
        std::size_t heard = 0;
        const auto script = [&](PeerConnection& client) -> Coro<void> {
            Http2Peer server(client);
            co_await server.begin({{max_concurrent_streams, 2}});
            std::vector<Http2Peer::Request> requests;
            for (int i = 0; i < 2; ++i) {
                requests.push_back(co_await server.request());
                ++heard;
            }
            while (heard < 6) co_await sleep(0s);  // none is answered before all are there
            for (const auto& request : requests) server.answer(request.stream, request.path);
            co_await client.stall();
        };
        const auto peer = co_await ScriptedPeer::start(script);
        ClientSession session = session_with();
        std::vector<Task<Bytes>> tasks;
        for (int i = 0; i < 6; ++i) {
            tasks.push_back(create_task(session.get(peer.url("/a")).read()));
        }
        for (const Task<Bytes>& task : tasks) EXPECT_EQ(co_await task, "/a");
        EXPECT_EQ(peer.connections(), 3U);
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(Http2, waits_in_order_where_no_further_connection_is_allowed) {
    run_clean([]() -> Coro<void> {
        std::vector<std::string> served;
        const auto peer = co_await ScriptedPeer::start([&](PeerConnection& client) -> Coro<void> {
            Http2Peer server(client);
            co_await server.begin({{max_concurrent_streams, 1}});
            for (;;) {
                const auto request = co_await server.request();
                served.push_back(request.path);
                server.answer(request.stream, request.path);
            }
        });
        ClientSession session = session_with(1);
        co_await session.get(peer.url("/first")).read();
        served.clear();
        co_await get_all(session, peer, 4);
        EXPECT_EQ(served, (std::vector<std::string>{"/0", "/1", "/2", "/3"}));
        EXPECT_EQ(peer.connections(), 1U);
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(Http2, lets_the_next_one_have_a_stream_as_soon_as_there_is_one) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start([](PeerConnection& client) -> Coro<void> {
            Http2Peer server(client);
            co_await server.begin({{max_concurrent_streams, 2}});
            for (;;) {
                const auto request = co_await server.request();
                if (request.path == "/held") {
                    server.send(h2_head(request.stream, {{":status", "200"}}));
                } else {
                    server.answer(request.stream, request.path);
                }
            }
        });
        ClientSession session = session_with(1);
        const auto held = co_await session.get(peer.url("/held"));
        co_await get_all(session, peer, 4);
        EXPECT_EQ(peer.connections(), 1U);
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(Http2, begins_no_request_on_a_connection_that_is_too_old) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(tell_path);
        TCPConnectorOptions options = prior_knowledge();
        options.age_max = 1ns;
        ClientSession session({.connector = TCPConnector(options)});
        co_await get_all(session, peer, 3);
        EXPECT_EQ(peer.connections(), 3U);
        co_await session.close();
        co_await peer.stop();
    }());
}

// As much of a body may be on its way as the client has room for; what it has read makes room.
TEST(Http2, asks_for_more_of_a_body_as_it_is_read) {
    run_clean([]() -> Coro<void> {
        constexpr std::size_t piece = 16'000;
        constexpr std::size_t pieces = 200;  // three times the window
        const auto peer = co_await ScriptedPeer::start([](PeerConnection& client) -> Coro<void> {
            Http2Peer server(client);
            co_await server.begin();
            const auto request = co_await server.request();
            server.send(h2_head(request.stream, {{":status", "200"}}));
            std::size_t window = std::size_t{1024} * 1024;
            for (std::size_t i = 0; i < pieces; ++i) {
                while (window < piece) {
                    const h2::Frame more = co_await server.frame({h2::window_update});
                    if (more.stream == request.stream) window += testing::h2_number(more.payload);
                }
                window -= piece;
                server.send(h2_data(request.stream, Bytes(piece, 'x')));
            }
            server.send(h2_data(request.stream, "", h2::ends));
            co_await client.stall();
        });
        ClientSession session = session_with();
        EXPECT_EQ((co_await session.get(peer.url()).read()).size(), piece * pieces);
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(Http2, keeps_no_body_waiting_for_one_that_nobody_reads) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start([](PeerConnection& client) -> Coro<void> {
            Http2Peer server(client);
            co_await server.begin();
            const auto slow = co_await server.request();
            server.send(h2_head(slow.stream, {{":status", "200"}}));
            for (int i = 0; i < 60; ++i) server.send(h2_data(slow.stream, Bytes(16'000, 'x')));
            const auto quick = co_await server.request();
            server.answer(quick.stream, "quick");
            server.send(h2_data(slow.stream, "end", h2::ends));
            co_await client.stall();
        });
        ClientSession session = session_with();
        auto slow = co_await session.get(peer.url("/slow"));
        EXPECT_EQ(co_await session.get(peer.url("/quick")).read(), "quick");
        EXPECT_EQ((co_await slow.read()).size(), 60 * 16'000U + 3);
        EXPECT_EQ(peer.connections(), 1U);
        co_await session.close();
        co_await peer.stop();
    }());
}

// ---- ends

// RFC 9113 §6.8: what is beyond the last stream was not acted upon, and may be anything.
TEST(Http2, sends_again_what_a_server_leaves_behind_as_it_goes) {
    run_clean([]() -> Coro<void> {
        const auto going = [](PeerConnection& client) -> Coro<void> {
            Http2Peer server(client);
            co_await server.begin();
            const auto first = co_await server.request();
            static_cast<void>(co_await server.request());
            server.send(h2_goaway(first.stream, 0));
            server.answer(first.stream, "old");
            co_await client.stall();
        };
        const auto peer = co_await ScriptedPeer::start(going, tell_path);
        ClientSession session = session_with();
        const auto [first, second] =
            co_await gather(session.post(peer.url("/1")).data(Bytes("x")).read(),
                            session.post(peer.url("/2")).data(Bytes("x")).read());
        EXPECT_EQ(first, "old");
        EXPECT_EQ(second, "/2");
        EXPECT_EQ(peer.connections(), 2U);
        EXPECT_EQ(co_await session.get(peer.url("/3")).read(), "/3");
        EXPECT_EQ(peer.connections(), 2U);
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(Http2, sends_again_what_is_refused_but_not_for_ever) {
    run_clean([]() -> Coro<void> {
        std::size_t refused = 0;
        const auto peer = co_await ScriptedPeer::start([&](PeerConnection& client) -> Coro<void> {
            Http2Peer server(client);
            co_await server.begin();
            for (;;) {
                const auto request = co_await server.request();
                if (request.path == "/2" && refused == 2) {
                    server.answer(request.stream, "yes");
                } else {
                    ++refused;
                    server.send(h2_reset(request.stream, 7));
                }
            }
        });
        ClientSession session = session_with();
        EXPECT_EQ(co_await session.post(peer.url("/2")).data(Bytes("x")).read(), "yes");
        refused = 0;
        EXPECT_TRUE((co_await outcome_of(session.get(peer.url("/never")).read()))
                        .starts_with("ServerDisconnectedError: the server has reset the stream: "));
        EXPECT_EQ(refused, 6U);
        co_await session.close();
        co_await peer.stop();
    }());
}

// Goal:   who gives up a response ends its stream, and nobody else's.
// Method: it is closed, and cancelled; the server is told CANCEL and goes on on the same connection.
TEST(Http2, resets_the_stream_of_a_response_that_is_given_up) {
    run_clean([]() -> Coro<void> {
        std::size_t resets = 0;
        const auto peer = co_await ScriptedPeer::start([&](PeerConnection& client) -> Coro<void> {
            Http2Peer server(client);
            co_await server.begin();
            for (int i = 0; i < 2; ++i) {
                const auto request = co_await server.request();
                server.send(h2_head(request.stream, {{":status", "200"}}) +
                            h2_data(request.stream, "part"));
                const h2::Frame reset = co_await server.frame({h2::rst_stream});
                EXPECT_EQ(reset.stream, request.stream);
                EXPECT_EQ(reset.payload, h2_number(8));
                ++resets;
            }
            const auto request = co_await server.request();
            server.answer(request.stream, "whole");
            co_await client.stall();
        });
        ClientSession session = session_with();
        {
            const auto response = co_await session.get(peer.url());
        }
        while (resets == 0) co_await sleep(0s);
        auto response = co_await session.get(peer.url());
        const auto reading = create_task([&]() -> Coro<void> { co_await response.read(); });
        for (int turn = 0; turn < 20; ++turn) co_await sleep(0s);
        reading.cancel();
        while (!reading.done()) co_await sleep(0s);
        response.close();
        EXPECT_EQ(co_await session.get(peer.url()).read(), "whole");
        EXPECT_EQ(peer.connections(), 1U);
        EXPECT_EQ(session.connector().in_use(), 0U);
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(Http2, tells_what_a_server_has_done_wrong) {
    struct Case {
        Bytes frames;
        const char* outcome;
    };
    const Case cases[] = {
        {h2_head(1, {{"Bad", "x"}}), "ClientResponseError: message='"},
        {h2_reset(1, 2),
         "ServerDisconnectedError: the server has reset the stream: INTERNAL_ERROR"},
        {h2_head(1, {{":status", "200"}}) + h2_reset(1, 2),
         "ClientPayloadError: the server has reset the stream: INTERNAL_ERROR"},
        {h2_head(1, {{":status", "200"}, {"content-length", "5"}}) + h2_data(1, "abc", h2::ends),
         "ClientPayloadError: the stream ends within the message"},
        {h2_frame(h2::data, h2::none, 0, "x"), "ClientResponseError: message='"},
    };
    for (const Case& one : cases) {
        run_clean([](const Case& expected) -> Coro<void> {
            const auto peer =
                co_await ScriptedPeer::start([&](PeerConnection& client) -> Coro<void> {
                    Http2Peer server(client);
                    co_await server.begin();
                    static_cast<void>(co_await server.request());
                    server.send(expected.frames);
                    co_await client.stall();
                });
            const auto text =
                co_await fetch_outcome(peer.url(), {.connector = TCPConnector(prior_knowledge())});
            EXPECT_TRUE(text.starts_with(expected.outcome)) << text;
            co_await peer.stop();
        }(one));
    }
}

TEST(Http2, tells_that_a_connection_was_lost) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start([](PeerConnection& client) -> Coro<void> {
            Http2Peer server(client);
            co_await server.begin();
            static_cast<void>(co_await server.request());
        });
        EXPECT_EQ(
            co_await fetch_outcome(peer.url(), {.connector = TCPConnector(prior_knowledge())}),
            "ServerDisconnectedError: the server closed the connection without a response");
        EXPECT_EQ(peer.connections(), 1U);
        co_await peer.stop();
    }());
}

// ---- uploads

AsyncGenerator<Bytes> pieces_of(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) co_yield Bytes(10'000, 'x');
}

TEST(Http2, sends_a_body_in_pieces_as_fast_as_the_server_takes_it) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start([](PeerConnection& client) -> Coro<void> {
            Http2Peer server(client);
            co_await server.begin();
            for (;;) {
                const auto request = co_await server.request();
                std::size_t received = 0;
                for (bool ends = false; !ends;) {
                    const h2::Frame frame = co_await server.frame({h2::data, h2::rst_stream});
                    if (frame.type == h2::rst_stream) break;
                    received += frame.payload.size();
                    ends = (frame.flags & h2::ends) != 0;
                    server.open_window(0, frame.payload.size());
                    server.open_window(request.stream, frame.payload.size());
                }
                server.answer(request.stream, std::to_string(received));
            }
        });
        ClientSession session = session_with();
        EXPECT_EQ(co_await session.post(peer.url()).data(Payload(pieces_of(50))).read(), "500000");
        EXPECT_EQ(co_await session.post(peer.url()).data(Payload(pieces_of(0), 0)).read(), "0");
        EXPECT_EQ(co_await outcome_of(
                      session.post(peer.url()).data(Payload(pieces_of(2), 10'001)).read()),
                  "ValueError: the body of the request has more bytes, announced were 10001");
        EXPECT_EQ(co_await outcome_of(
                      session.post(peer.url()).data(Payload(pieces_of(1), 10'001)).read()),
                  "ValueError: the body of the request has 10000 bytes, announced were 10001");
        co_await session.close();
        co_await peer.stop();
    }());
}

// ---- cancellation

// The last one sends a body in pieces, which the server answers before it has come.
Coro<void> get_and_post(ClientSession& session, const ScriptedPeer& peer) {
    const auto [first, second, third] =
        co_await gather(session.get(peer.url("/1")).read(), session.get(peer.url("/2")).read(),
                        session.post(peer.url("/3")).data(Payload(pieces_of(3))).read());
    EXPECT_EQ(first + second + third, "/1/2/3");
}

// Goal:   wherever requests are cancelled, no stream, slot or descriptor is lost, and the same session
//         gives the right answers to others.
// Method: after each number of turns of the loop, until they have ended by themselves. Either they
//         make the connection, or they wait for another one to do so.
TEST(Http2, loses_nothing_to_a_cancellation) {
    bool was_cancelled = true;
    for (int turns = 0; was_cancelled && turns < 1000; ++turns) {
        was_cancelled = false;
        for (const bool dials : {true, false}) {
            run_clean([](int at, bool first, bool& cancelled) -> Coro<void> {
                const auto peer = co_await ScriptedPeer::start(tell_path);
                ClientSession session = session_with(1);
                Task<Bytes> other;
                if (!first) other = create_task(session.get(peer.url("/other")).read());
                const auto task = create_task(get_and_post(session, peer));
                if (first) other = create_task(session.get(peer.url("/other")).read());
                for (int turn = 0; turn < at && !task.done(); ++turn) co_await sleep(0s);
                cancelled |= task.cancel();
                while (!task.done()) co_await sleep(0s);
                EXPECT_EQ(co_await other, "/other");
                while (session.connector().in_use() > 0) co_await sleep(0s);
                EXPECT_EQ(session.connector().waiting(), 0U);
                co_await get_and_post(session, peer);
                EXPECT_EQ(session.connector().in_use(), 0U);
                co_await session.close();
                co_await peer.stop();
            }(turns, dials, was_cancelled));
            if (HasFailure()) FAIL() << "cancelled after " << turns << " turns";
        }
    }
    EXPECT_FALSE(was_cancelled);
}

}  // namespace
}  // namespace weft::http
