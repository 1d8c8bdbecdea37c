// SPDX-License-Identifier: Apache-2.0
// How a WebSocket ends where nobody wanted it to: its connection is lost, its server silent or
// hostile.
#include <algorithm>
#include <cstddef>
#include <set>
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
#include <weft/http/client/session.hpp>
#include <weft/http/client/websocket_options.hpp>
#include <weft/http/client/websocket_peer_test.hpp>
#include <weft/http/wire/websocket/websocket_cut_test.hpp>
#include <weft/http/wire/websocket/websocket_frame.hpp>
#include <weft/http/ws_message.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/timer_set.hpp>  // NOLINT(misc-include-cleaner): what timers() gives
#include <weft/testing/log_capture.hpp>
#include <weft/testing/scripted_peer.hpp>

namespace weft::http {
namespace {

using namespace std::chrono_literals;
using testing::answering;
using wire::AnyFrame;
using wire::begin;
using wire::binary;
using wire::close_with;
using wire::ping;
using wire::pong;
using wire::rest;
using wire::text;
using wire::with_bits;

using Socket = ClientWebSocketResponse;

// ---- a connection that is lost

TEST(WebSocket, tells_that_the_connection_was_lost_each_time_it_is_asked) {
    talk(
        [](PeerConnection& client) -> Coro<void> {
            WSPeer peer = co_await WSPeer::accept(client);
            peer.send({text("last"), begin(text("ha"))});
        },
        [](Socket& ws) -> Coro<void> {
            EXPECT_EQ(co_await ws.receive_str(), "last");
            for (int i = 0; i < 2; ++i) {
                EXPECT_EQ(co_await error_of(ws.next()),
                          "ServerDisconnectedError: the server ended the connection without a "
                          "close");
            }
            EXPECT_TRUE(ws.closed());
            EXPECT_EQ(ws.close_code(), WSCloseCode::abnormal_closure);
            EXPECT_TRUE(holds<ServerDisconnectedError>(ws.exception()));
            EXPECT_FALSE(co_await ws.close());
        });
    talk(
        [](PeerConnection& client) -> Coro<void> {
            WSPeer peer = co_await WSPeer::accept(client);
            EXPECT_EQ(co_await peer.hear(), "text{there?}");
            client.reset();
        },
        [](Socket& ws) -> Coro<void> {
            co_await ws.send_str("there?");
            EXPECT_TRUE((co_await error_of(ws.receive())).starts_with("ClientOSError: "));
            EXPECT_EQ(ws.close_code(), WSCloseCode::abnormal_closure);
        });
}

TEST(WebSocket, tells_who_sends_that_the_connection_was_lost) {
    talk(
        [](PeerConnection& client) -> Coro<void> {
            co_await WSPeer::accept(client);
            client.reset();
        },
        [](Socket& ws) -> Coro<void> {
            const std::string data(1'000'000, 'x');
            std::string told = "nothing";
            while (told == "nothing") told = co_await error_of(ws.send_bytes(data));
            EXPECT_TRUE(told.starts_with(
                "ClientConnectionResetError: the connection of the WebSocket is lost: "))
                << told;
        });
}

TEST(WebSocket, ends_with_its_session) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(end_politely);
        ClientSession session;
        auto ws = co_await session.ws_connect(peer.url());
        auto other = co_await session.ws_connect(peer.url());
        auto receives = create_task(error_of(ws.receive()));
        co_await sleep(0s);
        EXPECT_EQ(session.connector().in_use(), 2U);
        co_await session.close();
        EXPECT_TRUE((co_await receives).starts_with("ServerDisconnectedError: "));
        EXPECT_TRUE(co_await other.close());
        EXPECT_EQ(other.close_code(), WSCloseCode::abnormal_closure);
        EXPECT_EQ(session.connector().in_use(), 0U);
        co_await peer.stop();
    }());
}

TEST(WebSocket, drops_its_connection_when_it_is_destroyed) {
    std::string heard = "something";
    talk(
        [&](PeerConnection& client) -> Coro<void> {
            WSPeer peer = co_await WSPeer::accept(client);
            heard = co_await peer.hear_all();
        },
        [](Socket&) -> Coro<void> { co_return; });
    EXPECT_EQ(heard, "");
}

TEST(WebSocket, holds_its_place_until_it_is_closed) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(end_politely, answering(response_of("hi")));
        ClientSession session({.connector = TCPConnector({{.limit = 1}})});
        auto ws = co_await session.ws_connect(peer.url());
        auto waits = create_task(session.get(peer.url()).read());
        co_await sleep(0s);
        EXPECT_EQ(session.connector().waiting(), 1U);
        co_await ws.close();
        EXPECT_EQ(co_await waits, "hi");
        EXPECT_EQ(peer.connections(), 2U);  // it is not one of HTTP any more
        co_await session.close();
        co_await peer.stop();
    }());
}

// ---- the heartbeat

TEST(WebSocket, goes_on_while_pings_are_answered_or_anything_else_comes) {
    talk(
        [](PeerConnection& client) -> Coro<void> {
            WSPeer peer = co_await WSPeer::accept(client);
            for (const AnyFrame& answer : {pong(), text("noise"), pong()}) {
                EXPECT_EQ(co_await peer.hear(), "ping{}");
                peer.send({answer});
            }
            peer.send({close_with(1000)});
            co_await peer.hear_all();
        },
        [](Socket& ws) -> Coro<void> {
            std::string all;
            while (auto message = co_await ws.next()) all += message->data;
            EXPECT_EQ(all, "noise");
        },
        {.heartbeat = 1s});
}

TEST(WebSocket, gives_up_a_server_that_answers_no_ping) {
    const auto silent = [](PeerConnection& client) -> Coro<void> {
        WSPeer peer = co_await WSPeer::accept(client);
        EXPECT_EQ(co_await peer.hear_all(), "ping{}");
    };
    const WSOptions options{.heartbeat = 2ms};
    talk(
        silent,
        [](Socket& ws) -> Coro<void> {
            for (int i = 0; i < 2; ++i) {
                EXPECT_EQ(co_await error_of(ws.receive()),
                          "ServerTimeoutError: the server has answered no ping for half of the "
                          "heartbeat");
            }
            EXPECT_EQ(ws.close_code(), WSCloseCode::abnormal_closure);
            EXPECT_FALSE(co_await ws.close());
        },
        options);
    // Also where nobody looks.
    talk(
        silent,
        [](Socket& ws) -> Coro<void> {
            while (!ws.closed()) co_await sleep(1ms);
            EXPECT_TRUE(holds<ServerTimeoutError>(ws.exception()));
            EXPECT_TRUE((co_await error_of(ws.send_str("?"))).starts_with("ClientConnectionReset"));
        },
        options);
}

// Else a ping would be written behind the close, and the loop would report that.
TEST(WebSocket, has_no_heartbeat_once_it_is_being_closed) {
    const testing::LogCapture log;
    talk(
        [](PeerConnection& client) -> Coro<void> {
            WSPeer peer = co_await WSPeer::accept(client);
            EXPECT_EQ(co_await peer.hear(), "close{1000}");
            co_await sleep(10ms);
            peer.send({close_with(1000)});
            EXPECT_EQ(co_await peer.hear_all(), "");
        },
        [](Socket& ws) -> Coro<void> {
            get_running_loop().slow_callback_duration = Nanoseconds::zero();
            EXPECT_TRUE(co_await ws.close());
            EXPECT_EQ(ws.close_code(), WSCloseCode::ok);
            co_await sleep(10ms);
        },
        {.heartbeat = 4ms});
    // Nor while the answer to a close cannot leave.
    const std::string much(30'000'000, 'x');
    bool is_over = false;
    talk(
        [&](PeerConnection& client) -> Coro<void> {
            WSPeer peer = co_await WSPeer::accept(client);
            peer.send({close_with(1000)});
            while (!is_over) co_await sleep(1ms);
        },
        [&](Socket& ws) -> Coro<void> {
            get_running_loop().slow_callback_duration = Nanoseconds::zero();
            auto sends = create_task(error_of(ws.send_bytes(much)));
            co_await sleep(0s);
            EXPECT_EQ((co_await ws.receive()).close_code, WSCloseCode::ok);
            const std::string told = co_await sends;
            EXPECT_TRUE(told.starts_with("ClientConnectionResetError: ")) << told;
            is_over = true;
        },
        {.timeout = {.ws_close = 30ms}, .heartbeat = 10ms});
    EXPECT_EQ(log.told(), "");
}

TEST(WebSocket, has_no_timer_once_its_connection_is_lost) {
    talk(
        [](PeerConnection& client) -> Coro<void> {
            const WSPeer peer = co_await WSPeer::accept(client);
            client.close();
        },
        [](Socket& ws) -> Coro<void> {
            const auto timers = [] { return get_running_loop().timers().size(); };
            const std::size_t before = timers();
            EXPECT_TRUE((co_await error_of(ws.receive())).starts_with("ServerDisconnectedError: "));
            EXPECT_EQ(timers(), before - 1);
        },
        {.heartbeat = 1h});
}

// Goal: a server is not given up for what its client does: to receive nothing, or to send much.
TEST(WebSocket, gives_no_server_up_that_its_client_holds_up) {
    talk(
        [](PeerConnection& client) -> Coro<void> {
            WSPeer peer = co_await WSPeer::accept(client);
            peer.send(std::vector<AnyFrame>(30, text(std::string(100'000, 'x'))));
            EXPECT_EQ((co_await peer.hear_to_the_end()).substr(0, 6), "ping{}");
        },
        [](Socket& ws) -> Coro<void> {
            co_await sleep(1800ms);
            EXPECT_FALSE(ws.closed());
            for (int i = 0; i < 30; ++i) EXPECT_EQ((co_await ws.receive_str()).size(), 100'000U);
            co_await ws.close();
            EXPECT_EQ(ws.close_code(), WSCloseCode::ok);
        },
        {.heartbeat = 1s});
    const std::string much(30'000'000, 'x');
    talk(
        [&](PeerConnection& client) -> Coro<void> {
            WSPeer peer = co_await WSPeer::accept(client);
            EXPECT_TRUE(co_await peer.hear(10ms) == "binary{" + much + "}");
            peer.send({text("at last")});
            co_await peer.hear_to_the_end();
        },
        [&](Socket& ws) -> Coro<void> {
            co_await ws.send_bytes(much);
            EXPECT_EQ(co_await ws.receive_str(), "at last");
            co_await ws.close();
            EXPECT_EQ(ws.close_code(), WSCloseCode::ok);
        },
        {.heartbeat = 2s});
}

// ---- attacks

std::string code_after(std::vector<AnyFrame> frames, WSOptions options = {}) {
    std::string heard;
    std::string told;
    talk(
        [&](PeerConnection& client) -> Coro<void> {
            WSPeer peer = co_await WSPeer::accept(client);
            peer.send(frames);
            heard = co_await peer.hear_all();
        },
        [&](Socket& ws) -> Coro<void> {
            told = co_await error_of(ws.receive());
            EXPECT_TRUE(holds<WebSocketError>(ws.exception()));
            EXPECT_EQ(co_await error_of(ws.receive()), told);
        },
        std::move(options));
    EXPECT_TRUE(told.starts_with("WebSocketError: ")) << told;
    return heard;
}

// CVE-2026-54274 (aiohttp): what was not complete did not count.
TEST(WebSocketAttacks, incomplete_frames_count_for_the_limit) {
    const std::string half(600, 'x');
    EXPECT_EQ(code_after({begin(binary(half)), rest(half, false)}, {.max_msg_size = 1000}),
              "close{1009}");
    // A frame is refused for what it announces.
    talk(
        [](PeerConnection& client) -> Coro<void> {
            WSPeer peer = co_await WSPeer::accept(client);
            client.send({"\x82\x7f\0\0\0\0\x00\x40\x00\x01", 10});  // 4 MiB and a byte
            EXPECT_EQ(co_await peer.hear_all(), "close{1009}");
        },
        [](Socket& ws) -> Coro<void> {
            EXPECT_TRUE((co_await error_of(ws.receive())).starts_with("WebSocketError: "));
            EXPECT_EQ(ws.close_code(), WSCloseCode::message_too_big);
        });
}

// aiohttp #12976.
TEST(WebSocketAttacks, compression_that_was_not_agreed_on) {
    EXPECT_EQ(code_after({with_bits(text("Hello"), 4)}), "close{1002}");
}

// aiohttp #13350: each fragment, however small, kept memory of its own.
TEST(WebSocketAttacks, tiny_fragments) {
    std::vector<AnyFrame> frames(131'073, rest("x", false));
    frames.front() = begin(binary("x"));
    EXPECT_EQ(code_after(std::move(frames)), "close{1008}");
}

TEST(WebSocketAttacks, a_server_that_masks) {
    talk(
        [](PeerConnection& client) -> Coro<void> {
            WSPeer peer = co_await WSPeer::accept(client);
            client.send(bytes_of({text("Hello")}, wire::WSRole::client));
            EXPECT_EQ(co_await peer.hear_all(), "close{1002}");
        },
        [](Socket& ws) -> Coro<void> {
            EXPECT_TRUE((co_await error_of(ws.receive())).starts_with("WebSocketError: "));
        });
}

// CVE-2025-10148 (curl): the mask of a connection stayed the same, so that a server could choose the
// bytes that proxies saw.
TEST(WebSocketAttacks, predictable_masks) {
    constexpr std::size_t count = 1000;
    std::set<Bytes> masks;
    for (int i = 0; i < 2; ++i) {
        talk(
            [&](PeerConnection& client) -> Coro<void> {
                co_await WSPeer::accept(client);
                for (std::size_t k = 0; k < count; ++k) {
                    const Bytes frame = co_await client.receive(10);
                    EXPECT_EQ(frame.substr(0, 2), "\x81\x84");
                    masks.insert(frame.substr(2, 4));
                }
            },
            [](Socket& ws) -> Coro<void> {
                for (std::size_t k = 0; k < count; ++k) co_await ws.send_str("same");
                co_await as_result(ws.receive());
            });
    }
    // Of 2,000 out of 2^32, two are the same once in two thousand times; four never.
    EXPECT_GT(masks.size(), 2 * count - 3);
    // Each bit is as often set as not.
    for (std::size_t bit = 0; bit < 32; ++bit) {
        const auto is_set = [&](const Bytes& mask) {
            return (static_cast<unsigned char>(mask[bit / 8]) >> (bit % 8) & 1) != 0;
        };
        const auto often = std::ranges::count_if(masks, is_set);
        EXPECT_GT(often, 750) << bit;  // of 2,000: 11 standard deviations away
        EXPECT_LT(often, 1250) << bit;
    }
}

// Far more than what the system takes of a connection that nobody reads.
constexpr std::size_t flood_count = 200'000;

Bytes thousand_pings() {
    const Bytes one = bytes_of({ping(std::string(125, 'x'))}, wire::WSRole::server);
    Bytes all;
    for (int i = 0; i < 1000; ++i) all += one;
    return all;
}

// CVE-2026-11586 (curl): the answers to pings piled up while the server did not read them.
TEST(WebSocketAttacks, a_flood_of_pings) {
    bool is_over = false;
    talk(
        [&](PeerConnection& client) -> Coro<void> {
            WSPeer peer = co_await WSPeer::accept(client);
            const Bytes pings = thousand_pings();
            for (std::size_t sent = 0; sent < flood_count; sent += 1000) {
                EXPECT_TRUE(co_await client.writer().write_all(pings));
            }
            peer.send({ping("the last one"), text("over")});
            while (!is_over) co_await sleep(0s);
            std::size_t heard = 0;
            std::string one = co_await peer.hear();
            for (; one.starts_with("pong{x"); one = co_await peer.hear()) ++heard;
            EXPECT_LT(heard, flood_count / 2);
            EXPECT_EQ(one, "text{and now?}");
            // Of those that could not be answered it is the last one that is.
            peer.send({text("now")});
            EXPECT_EQ(co_await peer.hear_to_the_end(), "pong{the last one}close{1000}");
        },
        [&](Socket& ws) -> Coro<void> {
            EXPECT_EQ(co_await ws.receive_str(), "over");
            is_over = true;
            co_await ws.send_str("and now?");
            EXPECT_EQ(co_await ws.receive_str(), "now");
            co_await ws.close();
        });
}

// CVE-2025-5399 (curl): where the answer to a ping could not leave, the client tried for ever.
TEST(WebSocketAttacks, endless_loop_of_an_answer_that_cannot_leave) {
    talk(
        [](PeerConnection& client) -> Coro<void> {
            co_await WSPeer::accept(client);
            const Bytes pings = thousand_pings();
            while (co_await client.writer().write_all(pings)) continue;
        },
        [](Socket& ws) -> Coro<void> {
            EXPECT_EQ(co_await error_of(ws.receive(100ms)), "TimeoutError");
            co_await ws.close();
            EXPECT_EQ(ws.close_code(), WSCloseCode::abnormal_closure);
        },
        {.timeout = {.ws_close = 1ms}});
}

}  // namespace
}  // namespace weft::http
