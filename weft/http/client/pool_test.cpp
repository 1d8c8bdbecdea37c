// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/internal/pool.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/exceptions.hpp>
#include <weft/base/ref.hpp>
#include <weft/http/client/exceptions.hpp>
#include <weft/http/client/internal/connection_key.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/gather.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/testing/virtual_loop.hpp>

namespace weft::http::internal {
namespace {

using namespace std::chrono_literals;
using testing::VirtualLoop;
using Names = std::vector<std::string>;

ConnectionKey key_of(std::string host) { return {.host = std::move(host), .port = 80}; }

struct Users {
    Ref<Pool> pool;
    Names served{};  // in their order
    std::size_t most = 0;
};

// Takes a slot, and holds it for a second.
Coro<void> use(Users& users, std::string host) {
    const ConnectionKey key = key_of(host);
    const Place place = co_await users.pool->acquire(key);
    users.served.push_back(host);
    users.most = std::max(users.most, users.pool->in_use());
    co_await sleep(1s);
}

Coro<void> use_all(Users& users, Names hosts) {
    std::vector<Coro<void>> all;
    for (const std::string& host : hosts) all.push_back(use(users, host));
    co_await gather(std::move(all));
}

class PoolTest : public ::testing::Test {
protected:
    Users users_of(std::size_t in_use, std::size_t per_host = 0) {
        return {.pool = Ref<Pool>(new Pool(loop_.loop(), {.in_use = in_use,
                                                          .in_use_per_host = per_host,
                                                          .idle = 10,
                                                          .idle_time = 15s,
                                                          .age = 1h}))};
    }
    static void expect_unused(const Users& users) {
        EXPECT_EQ(users.pool->in_use(), 0U);
        EXPECT_EQ(users.pool->waiting(), 0U);
    }

    VirtualLoop loop_;
};

TEST_F(PoolTest, gives_as_many_slots_as_its_limit_and_in_the_order_of_asking) {
    Users users = users_of(2);
    loop_.run(use_all(users, {"a", "b", "c", "a", "d"}));
    EXPECT_EQ(users.served, (Names{"a", "b", "c", "a", "d"}));
    EXPECT_EQ(users.most, 2U);
    expect_unused(users);
}

TEST_F(PoolTest, has_no_limit_when_that_is_zero) {
    Users users = users_of(0);
    loop_.run(use_all(users, {"a", "b", "c", "a", "d"}));
    EXPECT_EQ(users.most, 5U);
    expect_unused(users);
}

TEST_F(PoolTest, lets_nobody_wait_behind_a_host_that_is_full) {
    Users users = users_of(3, 1);
    loop_.run(use_all(users, {"a", "a", "a", "b", "c", "b"}));
    EXPECT_EQ(users.served, (Names{"a", "b", "c", "a", "b", "a"}));
    expect_unused(users);
}

TEST_F(PoolTest, serves_the_first_of_all_whose_host_has_room) {
    Users users = users_of(2, 1);
    loop_.run(use_all(users, {"a", "b", "c", "b", "a", "c"}));
    EXPECT_EQ(users.served, (Names{"a", "b", "c", "b", "a", "c"}));
    expect_unused(users);
}

TEST_F(PoolTest, lets_nobody_overtake_those_who_wait) {
    Users users = users_of(1);
    loop_.run([](Users& all) -> Coro<void> {
        const ConnectionKey key = key_of("a");
        const auto waiting = create_task(use_all(all, {"a", "a"}));
        co_await sleep(500ms);
        EXPECT_FALSE(all.pool->acquire_nowait(key));
        co_await waiting;
        EXPECT_TRUE(all.pool->acquire_nowait(key));
    }(users));
    expect_unused(users);
}

// Goal:   a slot is never lost: not with a waiter that gives up, nor with one that was given it
//         already and is cancelled before it runs.
// Method: the second of four is cancelled after each number of turns, with and without a limit per
//         host.
TEST_F(PoolTest, loses_no_slot_to_a_cancelled_waiter) {
    for (const std::size_t per_host : {0U, 1U}) {
        bool was_cancelled = true;
        for (int k = 0; was_cancelled; ++k) {
            Users users = users_of(1, per_host);
            const auto others = loop_.loop().create_task(use(users, "a"));
            const auto after = loop_.loop().create_task(use_all(users, {"b", "a"}));
            was_cancelled = loop_.run_and_cancel_at(k, use(users, "a"));
            loop_.loop().run_until_complete(others);
            loop_.loop().run_until_complete(after);
            EXPECT_EQ(users.served.size(), was_cancelled && users.served.size() == 3 ? 3U : 4U);
            expect_unused(users);
            ASSERT_LT(k, 1000);
        }
    }
}

TEST_F(PoolTest, ends_all_waiting_when_it_is_closed) {
    Users users = users_of(1);
    loop_.run([](Users& all) -> Coro<void> {
        const auto first = create_task(use(all, "a"));
        const auto second = create_task(use(all, "a"));
        co_await sleep(500ms);
        all.pool->close();
        const auto refused = co_await as_result(second);
        EXPECT_TRUE(!refused && holds<ClientConnectionError>(refused.error()));
        co_await first;
        const auto late = co_await as_result(use(all, "a"));
        EXPECT_TRUE(!late && holds<ClientConnectionError>(late.error()));
    }(users));
    expect_unused(users);
}

}  // namespace
}  // namespace weft::http::internal
