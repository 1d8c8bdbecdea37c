// SPDX-License-Identifier: Apache-2.0
// Bodies of requests over HTTP/2: windows, limits, answers that come early, bodies that are lost.
#include <algorithm>
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
#include <weft/http/client/http2_peer_test.hpp>
#include <weft/http/client/payload.hpp>
#include <weft/http/client/response.hpp>
#include <weft/http/client/session.hpp>
#include <weft/runtime/async_generator.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/timeout.hpp>
#include <weft/testing/http2_frames.hpp>
#include <weft/testing/scripted_peer.hpp>

namespace weft::http {
namespace {

using namespace std::chrono_literals;
using testing::h2_data;
using testing::h2_head;
using testing::h2_reset;

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
TEST(Http2Uploads, an_upload_waits_for_a_server_that_takes_nothing) {
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
TEST(Http2Uploads, a_refusal_ends_the_upload_before_its_own_body_is_over) {
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
TEST(Http2Uploads, an_early_answer_ends_the_upload_and_not_the_connection) {
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

TEST(Http2Uploads, a_body_that_is_lost_resets_its_stream_alone) {
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

TEST(Http2Uploads, a_body_waits_until_the_server_asks_for_it) {
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

// Takes a whole body, in steps of what servers read, and tells its size after a while.
testing::PeerScript take_and_tell(Delay after) {
    return [after](PeerConnection& client) -> Coro<void> {
        Http2Peer server(client);
        co_await server.begin();
        const auto request = co_await server.request();
        std::size_t received = 0;
        for (bool ends = false; !ends;) {
            const h2::Frame frame = co_await server.frame({h2::data});
            ends = (frame.flags & h2::ends) != 0;
            received += frame.payload.size();
            for (std::size_t left = frame.payload.size(); left > 0;) {
                const std::size_t step = std::min<std::size_t>(left, 1024);
                server.open_window(0, step);
                server.open_window(request.stream, step);
                left -= step;
            }
        }
        co_await sleep(after);
        server.answer(request.stream, std::to_string(received));
        co_await client.stall();
    };
}

// A server that thinks has taken all there was.
TEST(Http2Uploads, sock_write_ends_with_the_last_piece) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(take_and_tell(1500ms));
        ClientSession session = session_with();
        auto put = session.put(peer.url()).data(Bytes(50'000, 'x')).timeout({.sock_write = 1s});
        EXPECT_EQ(co_await outcome_of(std::move(put).read()), "50000");
        co_await session.close();
        co_await peer.stop();
    }());
}

// The server is waited for from when it has all of the body, and not from when the last piece is there.
TEST(Http2Uploads, sock_read_begins_when_the_last_piece_has_left) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start([](PeerConnection& client) -> Coro<void> {
            Http2Peer server(client);
            co_await server.begin();
            const auto request = co_await server.request();
            std::size_t received = 0;
            for (bool ends = false; !ends;) {
                const h2::Frame frame = co_await server.frame({h2::data});
                ends = (frame.flags & h2::ends) != 0;
                received += frame.payload.size();
                co_await sleep(100ms);
                server.open_window(0, frame.payload.size());
                server.open_window(request.stream, frame.payload.size());
            }
            server.answer(request.stream, std::to_string(received));
            co_await client.stall();
        });
        ClientSession session = session_with();
        auto put = session.put(peer.url()).data(Bytes(250'000, 'x')).timeout({.sock_read = 1s});
        EXPECT_EQ(co_await outcome_of(std::move(put).read()), "250000");
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(Http2Uploads, go_on_where_a_server_opens_its_windows_in_small_steps) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(take_and_tell(0s));
        ClientSession session = session_with();
        EXPECT_EQ(co_await outcome_of(session.put(peer.url()).data(Bytes(2'000'000, 'x')).read()),
                  "2000000");
        co_await session.close();
        co_await peer.stop();
    }());
}

AsyncGenerator<Bytes> two_pieces() {
    co_yield Bytes(10'000, 'x');
    co_yield Bytes(1, 'x');
}

TEST(Http2Uploads, with_more_than_was_announced_are_told_to_have_too_much) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(take_and_tell(1h));
        ClientSession session = session_with();
        auto put = session.put(peer.url()).data(Payload(two_pieces(), 10'000));
        EXPECT_EQ(co_await outcome_of(std::move(put).read()),
                  "ValueError: the body of the request has more bytes, announced were 10000");
        co_await session.close();
        co_await peer.stop();
    }());
}

}  // namespace
}  // namespace weft::http
