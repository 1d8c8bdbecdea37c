// SPDX-License-Identifier: Apache-2.0
// Goal:   wherever a request is cancelled, no slot, connection, waiter or descriptor is lost, and no
//         half-used connection serves another request.
// Method: real sockets and a scripted server in one loop; the request is cancelled after k turns of
//         it, for each k until it has ended by itself. Then the same session must give the right
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
#include <weft/http/client_error.hpp>
#include <weft/http/url.hpp>
#include <weft/runtime/async_generator.hpp>
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

AsyncGenerator<Bytes> pieces() {
    for (int i = 0; i < 3; ++i) {
        co_yield Bytes(1000, 'x');
        co_await sleep(Nanoseconds::zero());
    }
}

// Answers each request with its own target, in one piece or slowly; but "/to/…" sends there, and
// "/asks" is asked for its body.
Coro<void> tell_target(PeerConnection& client) {
    for (bool slowly = false;; slowly = !slowly) {
        if ((co_await client.reader().peek()).starts_with("PUT /asks ")) {
            client.send("HTTP/1.1 100 Continue\r\n\r\n");
        }
        const testing::PeerRequest request = co_await client.request();
        const Bytes target(target_of(request));
        Bytes response = response_of(target);
        if (target.starts_with("/to/")) {
            response = "HTTP/1.1 302 Found\r\nLocation: " + target.substr(3) +
                       "\r\nContent-Length: 5\r\n\r\nmoved";
        }
        if (slowly) {
            co_await client.send_slowly(response);
        } else {
            client.send(response);
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

Coro<bool> attacked_at(int turns, const Case& attack) {
    const auto peer = co_await ScriptedPeer::start(tell_target);
    ClientSession session({.connector = TCPConnector({{.limit = 2}})});
    const bool was_cancelled = co_await cancelled_after(turns, attack.body(session, peer));
    EXPECT_EQ(session.connector().in_use(), 0U);
    EXPECT_EQ(session.connector().waiting(), 0U);
    for (const char* target : {"/one", "/two", "/three"}) {
        EXPECT_EQ(co_await session.get(peer.url(target)).read(), target);
    }
    co_await session.close();
    co_await peer.stop();
    co_return was_cancelled;
}

std::vector<Case> cases() {
    std::vector<Case> all;
    all.push_back({"get", [](ClientSession& session, const ScriptedPeer& peer) -> Coro<void> {
                       co_await transparent;
                       EXPECT_EQ(co_await session.get(peer.url("/a")).read(), "/a");
                   }});
    all.push_back({"get_in_a_frame_that_unwinds",
                   [](ClientSession& session, const ScriptedPeer& peer) -> Coro<void> {
                       EXPECT_EQ(co_await session.get(peer.url("/a")).read(), "/a");
                   }});
    all.push_back({"get_on_connections_used_before",
                   [](ClientSession& session, const ScriptedPeer& peer) -> Coro<void> {
                       for (const char* target : {"/a", "/b", "/c", "/d"}) {
                           auto response = co_await session.get(peer.url(target));
                           EXPECT_EQ(co_await response.read(), target);
                       }
                   }});
    all.push_back({"post", [](ClientSession& session, const ScriptedPeer& peer) -> Coro<void> {
                       const Bytes body(1'000'000, 'x');
                       EXPECT_EQ(co_await session.post(peer.url("/a")).data(body).read(), "/a");
                   }});
    all.push_back({"upload", [](ClientSession& session, const ScriptedPeer& peer) -> Coro<void> {
                       EXPECT_EQ(co_await session.post(peer.url("/a")).data(pieces()).read(), "/a");
                   }});
    all.push_back(
        {"upload_that_waits", [](ClientSession& session, const ScriptedPeer& peer) -> Coro<void> {
             auto request = session.put(peer.url("/asks")).data(pieces()).expect100();
             EXPECT_EQ(co_await std::move(request).read(), "/asks");
         }});
    all.push_back(
        {"body_in_pieces", [](ClientSession& session, const ScriptedPeer& peer) -> Coro<void> {
             co_await session.get(peer.url("/a")).read();
             auto response = co_await session.get(peer.url("/slow"));  // the second
             auto pieces = response.content();
             Bytes all_pieces;
             while (auto piece = co_await pieces.next()) all_pieces += *piece;
             EXPECT_EQ(all_pieces, "/slow");
         }});
    all.push_back({"more_at_once_than_connections",
                   [](ClientSession& session, const ScriptedPeer& peer) -> Coro<void> {
                       co_await TaskGroup::scope([&](TaskGroup& group) {
                           for (const char* target : {"/a", "/b", "/c", "/d", "/e"}) {
                               group.create_task(session.get(peer.url(target)).read());
                           }
                       });
                   }});
    all.push_back({"redirect", [](ClientSession& session, const ScriptedPeer& peer) -> Coro<void> {
                       EXPECT_EQ(co_await session.get(peer.url("/to/to/a")).read(), "/a");
                   }});
    all.push_back(
        {"forwarding_proxy", [](ClientSession& session, const ScriptedPeer& peer) -> Coro<void> {
             co_await transparent;
             const Proxy proxy{.url = URL(peer.url())};
             EXPECT_EQ(co_await session.get("http://a/b").proxy(proxy).read(), "http://a/b");
         }});
    // The tunnel is refused by what does not speak its protocol: with a body, after some turns.
    all.push_back({"tunnel", [](ClientSession& session, const ScriptedPeer& peer) -> Coro<void> {
                       const Proxy proxy{.url = URL(peer.url())};
                       const auto failed =
                           co_await as_result(session.get("https://a/b").proxy(proxy).read());
                       EXPECT_TRUE(!failed && holds<ClientError>(failed.error()));
                   }});
    all.push_back(
        {"socks_proxy", [](ClientSession& session, const ScriptedPeer& peer) -> Coro<void> {
             const Proxy proxy{.url = URL(peer.url()).with_scheme("http")};
             const Proxy socks{.url = URL("socks5h" + proxy.url.to_string().substr(4))};
             const auto failed = co_await as_result(
                 session.get("http://a/b").proxy(socks).timeout({.total = 1ms}).read());
             EXPECT_TRUE(!failed && holds<ClientError>(failed.error()));
         }});
    all.push_back({"timeout", [](ClientSession& session, const ScriptedPeer& peer) -> Coro<void> {
                       const auto late = co_await as_result(
                           session.get(peer.url("/a")).timeout({.total = 0s}).read());
                       EXPECT_TRUE(!late && holds<TimeoutError>(late.error()));
                   }});
    return all;
}

class CancelFuzz : public ::testing::TestWithParam<std::size_t> {};

TEST_P(CancelFuzz, loses_nothing) {
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

INSTANTIATE_TEST_SUITE_P(, CancelFuzz, ::testing::Range<std::size_t>(0, cases().size()),
                         [](const auto& info) { return std::string(cases()[info.param].name); });

}  // namespace
}  // namespace weft::http
