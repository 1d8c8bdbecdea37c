// SPDX-License-Identifier: Apache-2.0
// What requests pass on their way: middlewares in general, and the one that limits their rate.
#include <cstddef>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/log.hpp>
#include <weft/base/time.hpp>
#include <weft/http/client/client_test.hpp>
#include <weft/http/client/connector.hpp>
#include <weft/http/client/middleware.hpp>
#include <weft/http/client/rate_limit.hpp>
#include <weft/http/client/request.hpp>
#include <weft/http/client/response.hpp>
#include <weft/http/client/session.hpp>
#include <weft/http/method.hpp>
#include <weft/http/url.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/task_group.hpp>
#include <weft/testing/scripted_peer.hpp>

namespace weft::http {
namespace {

using namespace std::chrono_literals;
using testing::answering;

// What the server is sent comes back as the body of its response; but "/to/…" sends there.
Coro<void> mirror(PeerConnection& client) {
    for (;;) {
        const testing::PeerRequest request = co_await client.request();
        const Bytes target(testing::target_of(request));
        if (target.starts_with("/to/")) {
            client.send("HTTP/1.1 302 Found\r\nLocation: " + target.substr(3) +
                        "\r\nContent-Length: 0\r\n\r\n");
        } else {
            client.send(response_of(request.head + request.body));
        }
    }
}

using Notes = std::vector<std::string>;

Middleware noting(Notes& notes, std::string name) {
    return [&notes, name](ClientRequest& request, const Next& next) -> Coro<ClientResponse> {
        notes.push_back(name + " " + std::string(request.url.raw_path_qs()));
        auto response = co_await next(request);
        notes.push_back(name + " " + std::to_string(response.status()));
        co_return response;
    };
}

TEST(Middlewares, are_passed_in_their_order_by_each_request) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(mirror);
        Notes notes;
        ClientSession session({.middlewares = {noting(notes, "outer"), noting(notes, "inner")}});
        co_await session.get(peer.url("/to/b")).middleware(noting(notes, "own")).read();
        EXPECT_EQ(notes, (Notes{"outer /to/b", "inner /to/b", "own /to/b", "own 302", "inner 302",
                                "outer 302", "outer /b", "inner /b", "own /b", "own 200",
                                "inner 200", "outer 200"}));
        notes.clear();
        co_await session.get(peer.url("/c")).read();
        EXPECT_EQ(notes.size(), 4U) << "that of another request is gone";
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(Middlewares, may_change_what_is_sent) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(mirror);
        const auto changing = [](ClientRequest& request, const Next& next) -> Coro<ClientResponse> {
            request.method = Method::put;
            request.headers.set("X-Signed", "yes");
            request.body = Payload(Bytes("longer than before"));
            co_return co_await next(request);
        };
        ClientSession session({.middlewares = {changing}});
        const Bytes sent = co_await session.post(peer.url("/a")).data("body").read();
        EXPECT_TRUE(sent.starts_with("PUT /a ")) << sent;
        EXPECT_TRUE(sent.contains("\r\nX-Signed: yes\r\n")) << sent;
        EXPECT_TRUE(sent.contains("\r\nContent-Length: 18\r\n")) << sent;
        EXPECT_TRUE(sent.ends_with("\r\n\r\nlonger than before")) << sent;
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(Middlewares, may_send_it_to_another_host) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(mirror);
        const auto replica = [&](ClientRequest& request, const Next& next) -> Coro<ClientResponse> {
            request.url = URL(peer.url("/replica"));
            co_return co_await next(request);
        };
        ClientSession session({.middlewares = {replica}});
        EXPECT_TRUE((co_await session.get("http://main.example/").read())
                        .starts_with("GET /replica HTTP/1.1\r\nHost: 127.0.0.1:" +
                                     std::to_string(peer.port()) + "\r\n"));
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(Middlewares, cannot_say_how_a_body_is_framed) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(mirror);
        for (const char* name : {"Content-Length", "transfer-encoding"}) {
            const auto smuggling = [name](ClientRequest& request,
                                          const Next& next) -> Coro<ClientResponse> {
                request.headers.set(name, "5");
                co_return co_await next(request);
            };
            ClientSession session({.middlewares = {smuggling}});
            EXPECT_TRUE((co_await outcome_of(session.get(peer.url()).read()))
                            .ends_with(" is not for the caller to set: it follows from the body"));
            co_await session.close();
        }
        EXPECT_EQ(peer.connections(), 0U);
        co_await peer.stop();
    }());
}

TEST(Middlewares, may_send_again_or_not_at_all) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(mirror);
        const auto twice = [](ClientRequest& request, const Next& next) -> Coro<ClientResponse> {
            auto first = co_await next(request);
            co_await first.drain();
            request.headers.set("X-Time", "second");
            co_return co_await next(request);
        };
        const auto never = [](ClientRequest&, const Next&) -> Coro<ClientResponse> {
            throw KeyError("not today");
            co_return co_await get_running_loop().create_future<ClientResponse>();
        };
        ClientSession session({.middlewares = {twice}});
        EXPECT_TRUE((co_await session.get(peer.url("/a")).read()).contains("\r\nX-Time: second"));
        EXPECT_EQ(peer.connections(), 1U);
        EXPECT_EQ(co_await outcome_of(session.get(peer.url()).middleware(never).read()),
                  "KeyError: not today");
        EXPECT_EQ(session.connector().in_use(), 0U);
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(Middlewares, are_passed_by_each_attempt) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(
            answering("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"));
        Notes notes;
        ClientSession session(
            {.retry = {.attempts = 3, .backoff = 0s}, .middlewares = {noting(notes, "m")}});
        EXPECT_EQ((co_await session.get(peer.url("/a"))).status(), 503);
        EXPECT_EQ(notes, (Notes{"m /a", "m 503", "m /a", "m 503", "m /a", "m 503"}));
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(Middlewares, take_time_that_counts_for_the_total) {
    run_clean([]() -> Coro<void> {
        const auto slow = [](ClientRequest& request, const Next& next) -> Coro<ClientResponse> {
            co_await sleep(10s);
            co_return co_await next(request);
        };
        EXPECT_EQ(co_await fetch_outcome("http://127.0.0.1:1/",
                                         {.timeout = {.total = 20ms}, .middlewares = {slow}}),
                  "ServerTimeoutError: the request took longer than its limit total, 0.02 s");
    }());
}

std::string new_id() { return "7"; }

// The example of middleware.hpp.
TEST(Middlewares, example) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(mirror);
        const auto traced = [](ClientRequest& request, const Next& next) -> Coro<ClientResponse> {
            request.headers.set("X-Trace", new_id());
            auto response = co_await next(request);
            log(LogLevel::info, std::to_string(response.status()));
            co_return response;
        };
        ClientSession session({.middlewares = {traced}});
        EXPECT_TRUE((co_await session.get(peer.url()).read()).contains("\r\nX-Trace: 7\r\n"));
        co_await session.close();
        co_await peer.stop();
    }());
}

// ---- how many requests a host gets

// How long so many requests take.
Coro<Nanoseconds> taken_by(std::size_t count, const ClientSession& session, std::string url) {
    const TimePoint start = get_running_loop().time();
    co_await TaskGroup::scope([&](TaskGroup& group) {
        for (std::size_t i = 0; i < count; ++i) group.create_task(session.get(url).read());
    });
    co_return get_running_loop().time() - start;
}

TEST(RateLimit, lets_requests_to_a_host_wait_for_their_turn) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(mirror);
        const auto other = co_await ScriptedPeer::start(mirror);
        ClientSession session(
            {.middlewares = {RateLimitMiddleware({.requests = 2, .per = 20ms, .burst = 3})}});
        const TimePoint start = get_running_loop().time();
        EXPECT_GE(co_await taken_by(8, session, peer.url()), 50ms);
        EXPECT_LT(co_await taken_by(1, session, other.url()), 5s) << "another host";
        co_await taken_by(2, session, peer.url());
        EXPECT_GE(get_running_loop().time() - start, 65ms) << "its burst is used up";
        co_await session.close();
        co_await peer.stop();
        co_await other.stop();
    }());
}

TEST(RateLimit, keeps_their_order_and_those_who_give_up_take_no_turn) {
    run_clean([]() -> Coro<void> {
        Notes order;
        const auto peer = co_await ScriptedPeer::start([&](PeerConnection& client) -> Coro<void> {
            for (;;) {
                order.emplace_back(testing::target_of(co_await client.request()));
                client.send(response_of(""));
            }
        });
        ClientSession session({.middlewares = {RateLimitMiddleware({.requests = 10})}});
        const TimePoint start = get_running_loop().time();
        std::vector<Task<Bytes>> tasks;
        for (int i = 0; i < 200; ++i) {
            tasks.push_back(create_task(session.get(peer.url("/" + std::to_string(i))).read()));
        }
        co_await sleep(Nanoseconds::zero());
        for (int i = 0; i < 200; ++i) {
            if (i % 50 != 7) tasks[static_cast<std::size_t>(i)].cancel();
        }
        for (const Task<Bytes>& task : tasks) {
            while (!task.done()) co_await sleep(1ms);
        }
        EXPECT_EQ(order, (Notes{"/7", "/57", "/107", "/157"}));
        EXPECT_LT(get_running_loop().time() - start, 15s) << "all of them would take 20 s";
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(RateLimit, refuses_what_is_none) {
    for (const RateLimit& limit :
         {RateLimit{.requests = 0}, RateLimit{.requests = -1}, RateLimit{.per = 0s},
          RateLimit{.burst = 0}, RateLimit{.requests = std::stod("nan")}}) {
        EXPECT_THROW(RateLimitMiddleware{limit}, ValueError);
    }
}

// The example of rate_limit.hpp.
TEST(RateLimit, example) {
    ClientSession session({.middlewares = {RateLimitMiddleware({.requests = 5, .burst = 10})}});
    EXPECT_FALSE(session.closed());
}

}  // namespace
}  // namespace weft::http
