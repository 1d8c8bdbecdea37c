// SPDX-License-Identifier: Apache-2.0
#include <weft/cpu/cpu_pool.hpp>

#include <atomic>
#include <barrier>
#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <weft/base/exceptions.hpp>
#include <weft/cpu/cpu_test.hpp>
#include <weft/runtime/concurrent_future.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/testing/trace.hpp>
#include <weft/testing/virtual_loop.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;
using testing::thrown_by;
using testing::VirtualLoop;

bool meets(CpuPool& pool, std::size_t count) {
    for (int i = 0; i < Meeting::tries; ++i) {
        Meeting meeting(static_cast<int>(count));
        std::vector<concurrent::Future<>> calls;
        for (std::size_t each = 0; each < count; ++each) {
            calls.push_back(pool.submit([&] { meeting.attend(); }));
        }
        for (const auto& call : calls) call.result();
        if (meeting.took_place()) return true;
    }
    return false;
}

TEST(CpuPool, makes_calls_and_gives_what_they_return_and_throw) {
    CpuPool pool(2);
    EXPECT_EQ(pool.submit([](int a, int b) { return a * b; }, 6, 7).result(), 42);
    EXPECT_THROW(pool.submit([] { throw ValueError("no"); }).result(), ValueError);
    const auto moved =
        pool.submit([](const std::unique_ptr<int>& i) { return *i; }, std::make_unique<int>(5));
    EXPECT_EQ(moved.result(), 5);
}

TEST(CpuPool, has_as_many_threads_as_it_was_told) {
    for (const std::size_t workers : {1, 2, 5}) {
        CpuPool pool(workers);
        EXPECT_EQ(pool.workers(), workers);
        EXPECT_TRUE(meets(pool, workers));
    }
    EXPECT_EQ(thrown_by([] { CpuPool none(0); }), "ValueError: workers must be greater than 0");
}

TEST(CpuPool, never_makes_more_calls_at_once) {
    CpuPool pool(3);
    std::atomic<int> running = 0;
    std::atomic<int> most = 0;
    std::vector<concurrent::Future<>> calls;
    for (int i = 0; i < 200; ++i) {
        calls.push_back(pool.submit([&] {
            const int now = ++running;
            for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
            }
            std::this_thread::sleep_for(100us);
            --running;
        }));
    }
    for (const auto& call : calls) call.result();
    EXPECT_LE(most, 3);
}

TEST(CpuPool, leaves_others_their_threads) {
    CpuPool one(2);
    CpuPool other(4);
    std::barrier both(2);
    const auto in_one = one.submit([&] {
        both.arrive_and_wait();
        both.arrive_and_wait();
    });
    both.arrive_and_wait();
    EXPECT_TRUE(meets(other, 4));
    {
        CpuPool gone(3);
        EXPECT_TRUE(meets(gone, 3));
    }
    EXPECT_TRUE(meets(other, 4));
    both.arrive_and_wait();
    in_one.result();
    EXPECT_TRUE(meets(one, 2));
}

TEST(CpuPool, the_default_one_has_the_processors) {
    EXPECT_EQ(default_cpu_pool().workers(), CpuPool::default_workers());
    EXPECT_EQ(&default_cpu_pool(), &default_cpu_pool());
    EXPECT_TRUE(meets(default_cpu_pool(), CpuPool::default_workers()));
}

TEST(CpuPool, is_destroyed_when_all_calls_have_ended) {
    std::atomic<int> ended = 0;
    {
        CpuPool pool(2);
        for (int i = 0; i < 20; ++i) {
            static_cast<void>(pool.submit([&] {
                std::this_thread::sleep_for(1ms);
                ++ended;
            }));
        }
    }
    EXPECT_EQ(ended, 20);
}

TEST(CpuPool, refuses_calls_after_shutdown) {
    CpuPool pool(1);
    std::barrier both(2);
    const auto call = pool.submit([&] { both.arrive_and_wait(); });
    EXPECT_FALSE(pool.shutdown_within(10ms));
    EXPECT_EQ(thrown_by([&] { return pool.submit([] {}); }),
              "RuntimeError: cannot schedule new futures after shutdown");
    both.arrive_and_wait();
    call.result();
    EXPECT_TRUE(pool.shutdown_within(10s));
    pool.shutdown(true);
}

TEST(CpuPool, is_an_executor_for_a_loop) {
    CpuPool pool(2);
    VirtualLoop loop;
    loop.run([](CpuPool& given) -> Coro<void> {
        const auto here = std::this_thread::get_id();
        const auto there = co_await get_running_loop().run_in_executor(
            &given, [] { return std::this_thread::get_id(); });
        EXPECT_NE(here, there);
    }(pool));
}

TEST(CpuPool, destroys_what_a_call_held_before_it_is_idle) {
    std::atomic<int> held = 0;
    struct Held {
        explicit Held(std::atomic<int>& held) : count(&held) { ++*count; }
        Held(Held&& other) noexcept : count(std::exchange(other.count, nullptr)) {}
        ~Held() {
            if (count) --*count;
        }
        std::atomic<int>* count;
    };
    CpuPool pool(2);
    for (int i = 0; i < 50; ++i) {
        pool.submit_job([one = Held(held)] { static_cast<void>(one); });
    }
    pool.shutdown(true);
    EXPECT_EQ(held, 0);
}

TEST(CpuPool, refuses_the_child_of_a_fork) {
    CpuPool pool(2);
    EXPECT_TRUE(meets(pool, 2));
    const int child = ::fork();
    if (child == 0) {
        const std::string refusal = thrown_by([&] { return pool.submit([] {}); });
        const bool is_well =
            refusal ==
            "RuntimeError: the threads of this CpuPool are those of the process that forked";
        ::_exit(is_well ? 0 : 1);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    EXPECT_TRUE(meets(pool, 2));
}

}  // namespace
}  // namespace weft
