// SPDX-License-Identifier: Apache-2.0
#include <weft/cpu/parallel_for.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <mutex>
#include <numeric>
#include <set>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/exceptions.hpp>
#include <weft/cpu/cpu_pool.hpp>
#include <weft/cpu/cpu_test.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/task.hpp>
#include <weft/testing/trace.hpp>
#include <weft/testing/virtual_loop.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;
using testing::ended;
using testing::outcome;
using testing::spin;
using testing::VirtualLoop;

TEST(ParallelFor, takes_each_turn_once) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        for (const int count : {0, 1, 2, 3, 1000, 100'000}) {
            std::vector<int> times(static_cast<std::size_t>(count));
            co_await parallel_for(0, count, [&](int i) { ++times[static_cast<std::size_t>(i)]; });
            EXPECT_EQ(std::ranges::count(times, 1), count);
        }
    }());
}

TEST(ParallelFor, counts_in_any_integer) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        std::mutex mutex;
        std::multiset<std::int64_t> seen;
        const auto see = [&](auto i) {
            const std::lock_guard lock(mutex);
            seen.insert(static_cast<std::int64_t>(i));
        };
        const auto all_from = [](std::int64_t first, std::size_t count) {
            std::vector<std::int64_t> all(count);
            std::iota(all.begin(), all.end(), first);
            return std::multiset<std::int64_t>(all.begin(), all.end());
        };
        co_await parallel_for(std::int8_t{-128}, std::int8_t{127}, see);
        EXPECT_EQ(seen, all_from(-128, 255));
        seen.clear();
        const std::int64_t lowest = std::numeric_limits<std::int64_t>::min();
        co_await parallel_for(lowest, lowest + 10, see);
        EXPECT_EQ(seen, all_from(lowest, 10));
        seen.clear();
        const std::uint64_t high = std::uint64_t{1} << 40;
        co_await parallel_for(high, high + 10, see);
        EXPECT_EQ(seen, all_from(std::int64_t{1} << 40, 10));
        seen.clear();
        co_await parallel_for(5, 5, see);
        co_await parallel_for(5, 2, see);
        co_await parallel_for(3u, 2u, see);
        EXPECT_TRUE(seen.empty());
    }());
}

TEST(ParallelFor, takes_the_elements_of_any_range_that_can_be_indexed) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        std::vector<int> numbers(1000, 2);
        co_await parallel_for(numbers, [](int& number) { number *= 3; });
        EXPECT_EQ(numbers, std::vector<int>(1000, 6));
        co_await parallel_for(std::span(numbers).first(500), [](int& number) { number = 1; });
        EXPECT_EQ(std::ranges::count(numbers, 1), 500);
        std::array<std::string, 3> words = {"a", "b", "c"};
        co_await parallel_for(words, [](std::string& word) { word += "!"; });
        EXPECT_EQ(words[2], "c!");
        std::atomic<int> sum = 0;
        co_await parallel_for(std::vector<int>{1, 2, 3}, [&](int number) { sum += number; });
        EXPECT_EQ(sum, 6);
        const std::vector<int> fixed = {4, 5};
        co_await parallel_for(fixed, [&](const int& number) { sum += number; });
        EXPECT_EQ(sum, 15);
        struct Point {
            void move() { ++x; }
            int x = 0;
        };
        std::vector<Point> points(10);
        co_await parallel_for(points, &Point::move);
        EXPECT_EQ(std::ranges::count(points, 1, &Point::x), 10);
    }());
}

TEST(ParallelFor, uses_all_workers_of_its_pool) {
    VirtualLoop loop;
    CpuPool pool(3);
    loop.run([](CpuPool& given) -> Coro<void> {
        bool have_met = false;
        for (int i = 0; i < Meeting::tries && !have_met; ++i) {
            Meeting meeting(3);
            co_await parallel_for(0, 3, [&](int) { meeting.attend(); }, {.pool = &given});
            have_met = meeting.took_place();
        }
        EXPECT_TRUE(have_met);
    }(pool));
}

TEST(ParallelFor, hands_out_no_less_than_the_grain) {
    VirtualLoop loop;
    CpuPool pool(4);
    loop.run([](CpuPool& given) -> Coro<void> {
        std::mutex mutex;
        std::set<std::thread::id> threads;
        co_await parallel_for(0, 100,
                              [&](int) {
                                  const std::lock_guard lock(mutex);
                                  threads.insert(std::this_thread::get_id());
                              },
                              {.pool = &given, .grain = 100});
        EXPECT_EQ(threads.size(), 1u);
    }(pool));
}

TEST(ParallelFor, throws_the_first_error_and_leaves_out_the_rest) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        std::atomic<int> turns = 0;
        EXPECT_EQ(co_await outcome(parallel_for(0, 10'000'000,
                                                [&](int) {
                                                    ++turns;
                                                    throw ValueError("bad");
                                                })),
                  "ValueError: bad");
        EXPECT_GE(turns, 1);
        EXPECT_LT(turns, 100'000);
        EXPECT_EQ(co_await outcome(parallel_for(0, 1000,
                                                [&](int i) {
                                                    if (i == 777) throw KeyError("777");
                                                })),
                  "KeyError: 777");
    }());
    EXPECT_TRUE(loop.reports().empty());
}

TEST(ParallelFor, is_refused_by_a_pool_that_was_shut_down) {
    VirtualLoop loop;
    CpuPool pool(1);
    pool.shutdown(true);
    loop.run([](CpuPool& given) -> Coro<void> {
        EXPECT_EQ(co_await outcome(parallel_for(0, 3, [](int) {}, {.pool = &given})),
                  "RuntimeError: cannot schedule new futures after shutdown");
    }(pool));
}

TEST(ParallelFor, that_is_cancelled_waits_for_the_turns_at_hand_and_leaves_out_the_rest) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        std::atomic<int> begun = 0;
        std::atomic<int> over = 0;
        std::atomic<bool> is_free = false;
        const auto task = create_task(parallel_for(0, 1'000'000, [&](int) {
            ++begun;
            while (!is_free) std::this_thread::yield();
            ++over;
        }));
        while (begun == 0) co_await spin();
        task.cancel();
        co_await spin(3);
        EXPECT_FALSE(task.done());
        is_free = true;
        EXPECT_EQ(co_await ended(task), "CancelledError");
        EXPECT_EQ(begun, over);
        EXPECT_LT(begun, 1'000'000);
    }());
}

// Goal:   whoever waits for the rest of its own turns takes none of another loop's, which may be long.
// Method: the one turn of `slow` lasts until the other loop is over; with one more worker it can.
TEST(ParallelFor, does_not_wait_for_the_turns_of_another) {
    VirtualLoop loop;
    CpuPool pool(2);
    loop.run([](CpuPool& given) -> Coro<void> {
        for (int i = 0; i < 50; ++i) {
            std::atomic<bool> slow_has_begun = false;
            std::atomic<bool> other_is_over = false;
            const auto slow = create_task(parallel_for(0, 1,
                                                       [&](int) {
                                                           slow_has_begun = true;
                                                           while (!other_is_over)
                                                               std::this_thread::yield();
                                                       },
                                                       {.pool = &given}));
            while (!slow_has_begun) co_await spin();
            co_await parallel_for(0, 100, [](int) {}, {.pool = &given});
            other_is_over = true;
            co_await slow;
        }
    }(pool));
}

}  // namespace
}  // namespace weft
