// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/internal/retries.hpp>

#include <chrono>
#include <cstddef>
#include <exception>
#include <optional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/http/client/client_test.hpp>
#include <weft/http/client/exceptions.hpp>
#include <weft/http/client/retry_policy.hpp>
#include <weft/http/client/session.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/method.hpp>
#include <weft/http/url.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/testing/scripted_peer.hpp>

namespace weft::http {
namespace {

using namespace std::chrono_literals;
using internal::backoff;
using internal::may_retry;
using internal::retry_after;
using testing::answering;

// ---- what is decided

template <class E>
bool repeats(const Method& method, E error) {
    return may_retry(RetryPolicy(), method, std::make_exception_ptr(std::move(error)));
}

TEST(RetryPolicy, repeats_what_was_not_sent_and_what_may_be_sent_twice) {
    EXPECT_TRUE(may_retry(RetryPolicy(), Method::get, 503));
    EXPECT_TRUE(may_retry(RetryPolicy(), Method::put, 429));
    EXPECT_FALSE(may_retry(RetryPolicy(), Method::post, 503));
    EXPECT_FALSE(may_retry(RetryPolicy(), Method::get, 500));
    EXPECT_TRUE(may_retry({.any_method = true}, Method::post, 503));

    const ClientConnectorError refused("a", 80, 111, "refused");
    EXPECT_TRUE(repeats(Method::get, refused));
    EXPECT_TRUE(repeats(Method::post, refused));
    EXPECT_TRUE(repeats(Method::post, ConnectionTimeoutError("connect")));
    EXPECT_TRUE(repeats(Method::get, ServerDisconnectedError("gone")));
    EXPECT_FALSE(repeats(Method::post, ServerDisconnectedError("gone")));
    EXPECT_TRUE(repeats(Method::get, ClientOSError(104, "reset")));
    EXPECT_TRUE(repeats(Method::get, SocketTimeoutError("sock_read")));
    EXPECT_FALSE(repeats(Method::get, ServerTimeoutError("total")));
    EXPECT_FALSE(repeats(Method::get, ClientConnectorCertificateError("a", 443, 0, "not trusted")));
    EXPECT_FALSE(repeats(Method::get, ClientPayloadError("cut off")));
    EXPECT_FALSE(repeats(Method::get, ClientResponseError(URL("http://a/"), 0, "garbage")));
    EXPECT_FALSE(repeats(Method::get, CancelledError()));
}

TEST(RetryPolicy, waits_longer_each_time_up_to_a_limit) {
    const RetryPolicy policy{.backoff = 1s, .backoff_max = 10s};
    EXPECT_EQ(backoff(policy, 1, 1), 1s);
    EXPECT_EQ(backoff(policy, 2, 1), 2s);
    EXPECT_EQ(backoff(policy, 3, 0.5), 2s);
    EXPECT_EQ(backoff(policy, 4, 1), 8s);
    EXPECT_EQ(backoff(policy, 5, 1), 10s);
    EXPECT_EQ(backoff(policy, 1'000'000, 1), 10s);
    EXPECT_EQ(backoff(policy, 3, 0), 0s);
}

// RFC 9110 §10.2.3.
TEST(RetryPolicy, reads_when_a_server_wants_to_be_asked_again) {
    const std::chrono::sys_seconds now(784111777s);  // Sun, 06 Nov 1994 08:49:37 GMT
    const auto said = [&](const char* value) { return retry_after({{"Retry-After", value}}, now); };
    EXPECT_EQ(retry_after({}, now), std::nullopt);
    EXPECT_EQ(said("120"), 120s);
    EXPECT_EQ(said("0"), 0s);
    EXPECT_EQ(said("Sun, 06 Nov 1994 08:50:37 GMT"), 60s);
    EXPECT_EQ(said("Sun, 06 Nov 1994 08:49:00 GMT"), 0s) << "that is over";
    for (const char* nonsense : {"", "-1", "+1", "1.5", "soon", "99999999999"}) {
        EXPECT_EQ(said(nonsense), std::nullopt) << nonsense;
    }
}

TEST(RetryBudget, is_spent_by_retries_and_earned_by_requests_that_need_none) {
    internal::RetryBudget budget({.budget_max = 2, .budget_ratio = 0.5});
    EXPECT_TRUE(budget.take());
    EXPECT_TRUE(budget.take());
    EXPECT_FALSE(budget.take());
    budget.give_back();
    EXPECT_FALSE(budget.take());
    budget.give_back();
    EXPECT_TRUE(budget.take());
    for (int i = 0; i < 100; ++i) budget.give_back();
    EXPECT_TRUE(budget.take() && budget.take());
    EXPECT_FALSE(budget.take());
}

// ---- what is done

const RetryPolicy at_once{.attempts = 3, .backoff = 0s};

// Fails so often, each time in this way, and then answers.
testing::PeerScript failing(int times, Bytes answer) {
    return [times, answer = std::move(answer)](PeerConnection& client) -> Coro<void> {
        for (int left = times;; --left) {
            co_await client.request();
            client.send(left > 0 ? answer : response_of("at last"));
        }
    };
}

const Bytes busy = "HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy";

TEST(Retries, go_on_until_it_works_or_the_attempts_are_used_up) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(failing(2, busy), failing(9, busy));
        {
            ClientSession session({.retry = at_once});
            auto response = co_await session.get(peer.url());
            EXPECT_EQ(co_await response.read(), "at last");
            EXPECT_EQ(response.attempts(), 3U);
            EXPECT_EQ((co_await session.get(peer.url())).attempts(), 1U);
            co_await session.close();
        }
        ClientSession session({.retry = at_once});
        auto response = co_await session.get(peer.url());
        EXPECT_EQ(response.status(), 503);
        EXPECT_EQ(co_await response.read(), "busy");
        EXPECT_EQ(response.attempts(), 3U);
        EXPECT_EQ((co_await session.post(peer.url())).attempts(), 1U);
        EXPECT_EQ((co_await session.get(peer.url()).retry({})).attempts(), 1U);
        EXPECT_EQ(peer.connections(), 2U) << "the bodies of the failures were read";
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(Retries, repeat_what_failed_with_an_error) {
    run_clean([]() -> Coro<void> {
        const auto gone = [](PeerConnection& client) -> Coro<void> { co_await client.request(); };
        const auto peer =
            co_await ScriptedPeer::start(gone, gone, answering(response_of("at last")));
        ClientSession session({.retry = at_once});
        EXPECT_EQ(co_await session.get(peer.url()).read(), "at last");
        EXPECT_EQ(peer.connections(), 3U);
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(Retries, raise_for_a_status_after_the_last_attempt_alone) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(failing(2, busy), failing(9, busy));
        ClientSession session({.retry = at_once, .raise_for_status = true});
        EXPECT_EQ(co_await session.get(peer.url()).read(), "at last");
        co_await session.close();
        ClientSession other({.retry = at_once, .raise_for_status = true});
        EXPECT_TRUE((co_await outcome_of(other.get(peer.url()).read()))
                        .starts_with("ClientResponseError: 503"));
        co_await other.close();
        co_await peer.stop();
    }());
}

TEST(Retries, leave_a_server_alone_that_wants_it_for_long) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(
            failing(1, "HTTP/1.1 429 Slow\r\nRetry-After: 61\r\nContent-Length: 0\r\n\r\n"),
            failing(1, "HTTP/1.1 429 Slow\r\nRetry-After: 20\r\nContent-Length: 0\r\n\r\n"));
        EXPECT_EQ(co_await fetch_outcome(peer.url(), {.retry = at_once}), "");
        // There is no time for that.
        EXPECT_EQ(co_await fetch_outcome(peer.url(), {.timeout = {.total = 10s}, .retry = at_once}),
                  "");
        co_await peer.stop();
    }());
}

TEST(Retries, are_limited_by_the_budget_of_the_session) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(failing(1000, busy));
        ClientSession session({.retry = {.attempts = 3, .backoff = 0s, .budget_max = 5}});
        std::size_t attempts = 0;
        for (int i = 0; i < 10; ++i) attempts += (co_await session.get(peer.url())).attempts();
        EXPECT_EQ(attempts, 10U + 5U);
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(Retries, of_a_dead_connection_can_be_switched_off) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start([](PeerConnection& client) -> Coro<void> {
            co_await client.request();
            client.send(response_of("hi"));
            co_await client.request();
        });
        ClientSession session({.retry = {.reused_connection = false}});
        EXPECT_EQ(co_await session.get(peer.url()).read(), "hi");
        EXPECT_TRUE((co_await outcome_of(session.get(peer.url()).read()))
                        .starts_with("ServerDisconnectedError: "));
        co_await session.close();
        co_await peer.stop();
    }());
}

}  // namespace
}  // namespace weft::http
