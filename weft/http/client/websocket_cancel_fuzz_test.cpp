// SPDX-License-Identifier: Apache-2.0
// Goal:   wherever a conversation over a WebSocket is cancelled, no slot, connection, waiter or
//         descriptor is lost, and the session goes on.
// Method: real sockets and a scripted server in one loop; the conversation is cancelled after k turns
//         of it, for each k until it has ended by itself. Then the same session must give the right
//         answers to others.
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/http/client/client_test.hpp>
#include <weft/http/client/connector.hpp>
#include <weft/http/client/proxy.hpp>
#include <weft/http/client/session.hpp>
#include <weft/http/client/websocket_peer_test.hpp>
#include <weft/http/client_error.hpp>
#include <weft/http/url.hpp>
#include <weft/http/wire/websocket/websocket_cut_test.hpp>
#include <weft/http/wire/websocket/websocket_frame.hpp>
#include <weft/http/ws_message.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/coro_function.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/task_group.hpp>
#include <weft/testing/scripted_peer.hpp>

namespace weft::http {
namespace {

using namespace std::chrono_literals;
using testing::target_of;
using wire::begin;
using wire::ping;
using wire::rest;
using wire::text;

// Sends each message back, in fragments with a ping between, and answers a close.
Coro<void> echo(PeerConnection& client, const WSPeer& peer, const std::string& message) {
    const std::string data = message.substr(5, message.size() - 6);
    const std::size_t half = data.size() / 2;
    const Bytes answer =
        bytes_of({begin(text(data.substr(0, half))), ping("?"), rest(data.substr(half))},
                 wire::WSRole::server);
    if (answer.size() < 100) {
        co_await client.send_slowly(answer);
    } else {
        peer.send({text(data)});
    }
}

// A WebSocket for whoever asks for one, and for others what they ask for.
Coro<void> serve(PeerConnection& client) {
    for (;;) {
        testing::PeerRequest request = co_await client.request();
        const std::string target(target_of(request));
        if (target == "/moved") {
            client.send("HTTP/1.1 302 Found\r\nLocation: /chat\r\nContent-Length: 5\r\n\r\nmoved");
            continue;
        }
        if (header_of(request.head, "Upgrade").empty()) {
            client.send(response_of(target));
            continue;
        }
        WSPeer peer(client, std::move(request.head));
        co_await client.send_slowly(switching_to_websocket(peer.request()));
        for (;;) {
            const std::string message = co_await peer.hear();
            if (message.empty()) co_return;
            if (message.starts_with("text{")) co_await echo(client, peer, message);
            if (!message.starts_with("close{")) continue;
            peer.send({wire::close_with(1000)});
            co_return;
        }
    }
}

using Attacked = CoroFunction<Coro<void>(ClientSession&, const ScriptedPeer&)>;

struct Case {
    const char* name;
    Attacked body;
};

// Whether it was cancelled before it had ended.
Coro<bool> cancelled_after(int turns, Coro<void> body) {
    const Task<void> task = create_task(std::move(body));
    for (int turn = 0; turn < turns && !task.done(); ++turn) co_await sleep(Nanoseconds::zero());
    const bool cancels = task.cancel();
    while (!task.done()) co_await sleep(Nanoseconds::zero());
    EXPECT_TRUE(task.cancelled() || !task.exception());
    co_return cancels;
}

Coro<void> talk_politely(ClientSession& session, std::string url) {
    auto ws = co_await session.ws_connect(url);
    for (const char* said : {"hello", "and", "goodbye"}) {
        co_await ws.send_str(said);
        EXPECT_EQ(co_await ws.receive_str(), said);
    }
    EXPECT_TRUE(co_await ws.close());
    EXPECT_EQ(ws.close_code(), WSCloseCode::ok);
}

Coro<bool> attacked_at(int turns, const Case& attack) {
    const auto peer = co_await ScriptedPeer::start(serve);
    ClientSession session({.connector = TCPConnector({{.limit = 2}})});
    const bool was_cancelled = co_await cancelled_after(turns, attack.body(session, peer));
    EXPECT_EQ(session.connector().in_use(), 0U);
    EXPECT_EQ(session.connector().waiting(), 0U);
    EXPECT_EQ(co_await session.get(peer.url("/one")).read(), "/one");
    co_await talk_politely(session, peer.url());
    EXPECT_EQ(session.connector().in_use(), 0U);
    co_await session.close();
    co_await peer.stop();
    co_return was_cancelled;
}

std::vector<Case> cases() {
    std::vector<Case> all;
    all.push_back({"talk", [](ClientSession& session, const ScriptedPeer& peer) -> Coro<void> {
                       co_await transparent;
                       co_await talk_politely(session, peer.url("/chat"));
                   }});
    all.push_back({"talk_in_a_frame_that_unwinds",
                   [](ClientSession& session, const ScriptedPeer& peer) -> Coro<void> {
                       auto ws = co_await session.ws_connect(peer.url("/chat"));
                       co_await ws.send_str("hello");
                       EXPECT_EQ(co_await ws.receive_str(), "hello");
                   }});
    all.push_back({"redirect", [](ClientSession& session, const ScriptedPeer& peer) -> Coro<void> {
                       auto ws = co_await session.ws_connect(peer.url("/moved"));
                       co_await ws.close();
                   }});
    all.push_back({"tunnel", [](ClientSession& session, const ScriptedPeer& peer) -> Coro<void> {
                       const Proxy proxy{.url = URL(peer.url())};
                       const auto failed =
                           co_await as_result(session.ws_connect("ws://a/b").proxy(proxy));
                       EXPECT_TRUE(!failed && holds<ClientError>(failed.error()));
                   }});
    all.push_back(
        {"large_messages", [](ClientSession& session, const ScriptedPeer& peer) -> Coro<void> {
             auto ws = co_await session.ws_connect(peer.url("/chat"), {.compress = 15});
             const std::string data(1'000'000, 'x');
             co_await ws.send_str(data);
             EXPECT_EQ((co_await ws.receive_str()).size(), data.size());
             co_await ws.close();
         }});
    all.push_back({"limits", [](ClientSession& session, const ScriptedPeer& peer) -> Coro<void> {
                       auto ws = co_await session.ws_connect(peer.url("/chat"));
                       const auto late = co_await as_result(ws.receive(0s));
                       EXPECT_TRUE(!late && holds<TimeoutError>(late.error()));
                       co_await ws.send_str("hello");
                       EXPECT_EQ(co_await ws.receive_str(), "hello");
                   }});
    all.push_back(
        {"several_tasks", [](ClientSession& session, const ScriptedPeer& peer) -> Coro<void> {
             auto ws = co_await session.ws_connect(peer.url("/chat"));
             co_await TaskGroup::scope([&](TaskGroup& group) {
                 group.create_task([](ClientWebSocketResponse& of) -> Coro<void> {
                     while (co_await of.next()) continue;
                 }(ws));
                 group.create_task([](ClientWebSocketResponse& of) -> Coro<void> {
                     co_await of.send_str("hello");
                     co_await of.ping();
                     co_await of.close();
                 }(ws));
                 group.create_task(ws.close());
             });
             EXPECT_TRUE(ws.closed());
         }});
    return all;
}

class WebSocketCancelFuzz : public ::testing::TestWithParam<std::size_t> {};

TEST_P(WebSocketCancelFuzz, loses_nothing) {
    const Case attack = std::move(cases()[GetParam()]);
    SCOPED_TRACE(attack.name);
    constexpr int turns_max = 100'000;
    bool was_cancelled = true;
    int turns = 0;
    for (; was_cancelled && turns < turns_max; ++turns) {
        run_clean([](int at, const Case& of, bool& cancelled) -> Coro<void> {
            cancelled = co_await attacked_at(at, of);
        }(turns, attack, was_cancelled));
        if (HasFailure()) FAIL() << "cancelled after " << turns << " turns";
    }
    EXPECT_LT(turns, turns_max);
    RecordProperty("turns", turns);
}

INSTANTIATE_TEST_SUITE_P(, WebSocketCancelFuzz, ::testing::Range<std::size_t>(0, cases().size()),
                         [](const auto& info) { return std::string(cases()[info.param].name); });

// Goal:   a cancelled receive() loses no message, and what was sent when send_str() was cancelled is
//         whole.
// Method: the same, of one call of a WebSocket that is used on.
TEST(WebSocketCancel, breaks_no_message) {
    bool was_cancelled = true;
    for (int turns = 0; was_cancelled; ++turns) {
        run_clean([](int at, bool& cancelled) -> Coro<void> {
            const auto peer = co_await ScriptedPeer::start(serve);
            ClientSession session;
            auto ws = co_await session.ws_connect(peer.url());
            co_await ws.send_str("one");
            std::string got;
            cancelled = co_await cancelled_after(
                at, [](ClientWebSocketResponse& of, std::string& to) -> Coro<void> {
                    to = co_await of.receive_str();
                }(ws, got));
            if (got.empty()) got = co_await ws.receive_str();
            EXPECT_EQ(got, "one");
            const std::string data(1'000'000, 'x');
            const bool sends = co_await cancelled_after(at, ws.send_str(data));
            co_await ws.send_str("two");
            std::string next = co_await ws.receive_str();
            // Cancelled before its first step, it has sent nothing.
            EXPECT_TRUE(next.size() == data.size() || (sends && at == 0));
            if (next.size() == data.size()) next = co_await ws.receive_str();
            EXPECT_EQ(next, "two");
            EXPECT_TRUE(co_await ws.close());
            co_await session.close();
            co_await peer.stop();
        }(turns, was_cancelled));
        ASSERT_FALSE(HasFailure()) << "cancelled after " << turns << " turns";
    }
}

}  // namespace
}  // namespace weft::http
