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
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/exceptions.hpp>
#include <weft/cpu/cpu_pool.hpp>
#include <weft/cpu/cpu_test.hpp>
#include <weft/cpu/cpu_wait.hpp>
#include <weft/runtime/context.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/executor.hpp>
#include <weft/runtime/task.hpp>
#include <weft/testing/trace.hpp>
#include <weft/testing/virtual_loop.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;
using testing::ended;
using testing::outcome;
using testing::spin;
using testing::thrown_by;
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
        co_await parallel_for(-2, std::int64_t{3}, see);
        EXPECT_EQ(seen, all_from(-2, 5));
        EXPECT_EQ(thrown_by([&] { static_cast<void>(parallel_for(-1, std::size_t{5}, see)); }),
                  "ValueError: parallel_for: a negative number and an unsigned one");
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
        const std::vector<int> fixed = {4, 5};
        co_await parallel_for(fixed, [&](const int& number) { sum += number; });
        EXPECT_EQ(sum, 9);
        co_await parallel_for(0, fixed.size(), [&](std::size_t i) { sum += fixed[i]; });
        EXPECT_EQ(sum, 18);
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
    ThreadPoolExecutor pool(3);
    loop.run([](ThreadPoolExecutor& given) -> Coro<void> {
        bool have_met = false;
        for (int i = 0; i < Meeting::tries && !have_met; ++i) {
            Meeting meeting(3);
            co_await parallel_for(0, 3, [&](int) { meeting.attend(); }, {.pool = &given});
            have_met = meeting.took_place();
        }
        EXPECT_TRUE(have_met);
    }(pool));
}

TEST(ParallelFor, looks_at_nothing_else_for_a_grain_of_turns) {
    VirtualLoop loop;
    ThreadPoolExecutor pool(3);
    loop.run([](ThreadPoolExecutor& given) -> Coro<void> {
        for (const std::size_t grain : {0, 1, 7, 100, 1000}) {
            std::vector<std::thread::id> taken_by(1000);
            co_await parallel_for(0, 1000,
                                  [&](int i) {
                                      std::this_thread::yield();
                                      taken_by[static_cast<std::size_t>(i)] =
                                          std::this_thread::get_id();
                                  },
                                  {.pool = &given, .grain = grain});
            std::size_t run = 1;
            for (std::size_t i = 1; i < taken_by.size(); ++i, ++run) {
                if (taken_by[i] == taken_by[i - 1]) continue;
                EXPECT_GE(run, grain) << i;
                run = 0;
            }
        }
    }(pool));
}

TEST(ParallelFor, throws_the_first_error_and_leaves_out_the_rest) {
    VirtualLoop loop;
    ThreadPoolExecutor pool(4);
    loop.run([](ThreadPoolExecutor& given) -> Coro<void> {
        std::atomic<int> begun = 0;
        std::atomic<bool> has_failed = false;
        std::atomic<int> begun_later = 0;
        const auto body = [&](int) {
            if (++begun == 1000) {
                has_failed = true;
                throw ValueError("bad");
            }
            if (has_failed) ++begun_later;
        };
        EXPECT_EQ(co_await outcome(parallel_for(0, 10'000'000, body, {.pool = &given})),
                  "ValueError: bad");
        EXPECT_LT(begun, 1'000'000);
        EXPECT_EQ(co_await outcome(parallel_for(0, 1000,
                                                [&](int i) {
                                                    if (i == 777) throw KeyError("777");
                                                })),
                  "KeyError: 777");
    }(pool));
    EXPECT_TRUE(loop.reports().empty());
}

TEST(ParallelFor, is_refused_by_a_pool_that_was_shut_down) {
    VirtualLoop loop;
    ThreadPoolExecutor pool(1);
    pool.shutdown(true);
    loop.run([](ThreadPoolExecutor& given) -> Coro<void> {
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
        EXPECT_LE(begun, static_cast<int>(cpu_count())) << "a turn for each thread";
    }());
}

TEST(ParallelFor, has_no_context_variables_of_others) {
    static ContextVar<int> number("number", 1);
    VirtualLoop loop;
    ThreadPoolExecutor pool(1);
    loop.run([](ThreadPoolExecutor& given) -> Coro<void> {
        number.set(2);
        for (int round = 0; round < 3; ++round) {
            co_await parallel_for(0, 1,
                                  [](int) {
                                      EXPECT_EQ(number.get(), 1);
                                      number.set(3);
                                  },
                                  {.pool = &given});
        }
    }(pool));
}

// Notes who takes part. The first stays until whoever else was called has come and gone: what the pool
// was given before is done before what it is given then.
class Attendance final : public internal::CpuWork {
public:
    explicit Attendance(ThreadPoolExecutor& pool) : CpuWork(pool.max_workers()), pool_(pool) {}
    void run(const std::stop_token&) noexcept override {
        if (++came_ > 1) return;
        while (came_ < static_cast<int>(threads())) std::this_thread::yield();
        for (int i = 0; i < 20; ++i) pool_.submit([] {}).result();
    }
    [[nodiscard]] int came() const { return came_; }

private:
    ThreadPoolExecutor& pool_;
    std::atomic<int> came_ = 0;
};

// Lesson: each that found nothing left called another one, all the time of the last turn.
TEST(ParallelFor, calls_each_thread_once) {
    VirtualLoop loop;
    ThreadPoolExecutor pool(3);
    Attendance work(pool);
    loop.run([](ThreadPoolExecutor& given, Attendance& attendance) -> Coro<void> {
        co_await internal::CpuWaitFor{given, attendance, internal::parallel_for_kind};
    }(pool, work));
    EXPECT_EQ(work.came(), 3);
}

// One thread is busy with something else, and the loop is over without it.
TEST(ParallelFor, does_not_wait_for_threads_that_do_not_come) {
    VirtualLoop loop;
    ThreadPoolExecutor pool(2);
    std::atomic<bool> is_free = false;
    const auto busy = pool.submit([&] {
        while (!is_free) std::this_thread::yield();
    });
    loop.run([](ThreadPoolExecutor& given) -> Coro<void> {
        std::atomic<int> turns = 0;
        co_await parallel_for(0, 1000, [&](int) { ++turns; }, {.pool = &given});
        EXPECT_EQ(turns, 1000);
    }(pool));
    is_free = true;
    busy.result();
}

}  // namespace
}  // namespace weft
