// SPDX-License-Identifier: Apache-2.0
#include <weft/cpu/spawn_cpu.hpp>

#include <atomic>
#include <barrier>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/cpu/cpu_test.hpp>
#include <weft/runtime/cancel_scope.hpp>
#include <weft/runtime/concurrent_future.hpp>
#include <weft/runtime/context.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/executor.hpp>
#include <weft/runtime/gather.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/virtual_clock.hpp>
#include <weft/testing/fork.hpp>
#include <weft/testing/trace.hpp>
#include <weft/testing/virtual_loop.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;
using testing::ended;
using testing::in_fork;
using testing::outcome;
using testing::spin;
using testing::VirtualLoop;

TEST(SpawnCpu, gives_what_the_call_returns_and_throws) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        EXPECT_EQ(co_await spawn_cpu([](int a, int b) { return a + b; }, 1, 2), 3);
        co_await spawn_cpu([] {});
        EXPECT_EQ(
            *co_await spawn_cpu([](std::unique_ptr<int> i) { return i; }, std::make_unique<int>(4)),
            4);
        EXPECT_EQ(co_await outcome(spawn_cpu([] { throw ValueError("no"); })), "ValueError: no");
        EXPECT_EQ(co_await outcome(spawn_cpu([]() -> int { throw ValueError("none"); })),
                  "ValueError: none");
    }());
}

TEST(SpawnCpu, computes_beside_the_loop_and_beside_each_other) {
    VirtualLoop loop;
    ThreadPoolExecutor pool(2);
    loop.run([](ThreadPoolExecutor& given) -> Coro<void> {
        bool have_met = false;
        for (int i = 0; i < Meeting::tries && !have_met; ++i) {
            Meeting meeting(2);
            const auto attend = [&] {
                meeting.attend();
                return std::this_thread::get_id();
            };
            const auto [one, other] =
                co_await gather(spawn_cpu(given, attend), spawn_cpu(given, attend));
            EXPECT_NE(one, std::this_thread::get_id());
            have_met = meeting.took_place();
            EXPECT_TRUE(!have_met || one != other);
        }
        EXPECT_TRUE(have_met);
    }(pool));
}

TEST(SpawnCpu, refers_to_what_the_caller_owns_and_sees_its_context) {
    static ContextVar<int> number("number");
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        number.set(5);
        std::vector<int> numbers(100, 1);
        co_await spawn_cpu([&] {
            for (int& each : numbers) each *= number.get();
            number.set(6);  // in the copy
        });
        EXPECT_EQ(numbers, std::vector<int>(100, 5));
        EXPECT_EQ(number.get(), 5);
    }());
}

TEST(SpawnCpu, is_refused_by_a_pool_that_was_shut_down) {
    VirtualLoop loop;
    ThreadPoolExecutor pool(1);
    pool.shutdown(true);
    loop.run([](ThreadPoolExecutor& given) -> Coro<void> {
        EXPECT_EQ(co_await outcome(spawn_cpu(given, [] {})),
                  "RuntimeError: cannot schedule new futures after shutdown");
    }(pool));
}

// ---- cancelled

// A pool of one whose worker is held until the test lets it go.
class HeldPool {
public:
    HeldPool() {
        call_ = pool.submit([this] {
            both_.arrive_and_wait();
            both_.arrive_and_wait();
        });
        both_.arrive_and_wait();
    }
    ~HeldPool() {
        if (!is_free_) let_go();
    }
    void let_go() {
        is_free_ = true;
        both_.arrive_and_wait();
        call_.result();
    }
    ThreadPoolExecutor pool{1};

private:
    std::barrier<> both_{2};
    concurrent::Future<> call_;
    bool is_free_ = false;
};

TEST(SpawnCpu, that_has_not_begun_is_cancelled_at_once_and_never_made) {
    VirtualLoop loop;
    HeldPool held;
    std::atomic<bool> was_made = false;
    const auto alive = std::make_shared<int>();
    loop.run([](ThreadPoolExecutor& pool, std::atomic<bool>& made,
                std::shared_ptr<int> kept) -> Coro<void> {
        const auto task = create_task(spawn_cpu(pool, [&made, kept] { made = true; }));
        kept.reset();
        co_await spin(2);
        EXPECT_TRUE(task.cancel());
        EXPECT_EQ(co_await ended(task), "CancelledError");
    }(held.pool, was_made, alive));
    EXPECT_EQ(alive.use_count(), 1) << "what it held is destroyed with the task";
    held.let_go();
    held.pool.shutdown(true);
    EXPECT_FALSE(was_made);
}

TEST(SpawnCpu, that_runs_is_asked_to_stop_and_waited_for) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        std::atomic<bool> begun = false;
        std::atomic<bool> was_asked = false;
        std::atomic<bool> is_free = false;
        const auto task = create_task(spawn_cpu([&](const std::stop_token& stop) {
            begun = true;
            while (!stop.stop_requested()) std::this_thread::yield();
            was_asked = true;
            while (!is_free) std::this_thread::yield();
            return 1;
        }));
        while (!begun) co_await spin();
        task.cancel("enough");
        task.cancel();
        while (!was_asked) co_await spin();
        co_await spin(3);
        EXPECT_FALSE(task.done());
        is_free = true;
        EXPECT_EQ(co_await ended(task), "CancelledError");
    }());
    EXPECT_TRUE(loop.reports().empty());
}

TEST(SpawnCpu, that_fails_after_it_was_cancelled_is_reported) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        std::atomic<bool> begun = false;
        const auto task = create_task(spawn_cpu([&](const std::stop_token& stop) {
            begun = true;
            while (!stop.stop_requested()) std::this_thread::yield();
            throw ValueError("half done");
        }));
        while (!begun) co_await spin();
        task.cancel();
        EXPECT_EQ(co_await ended(task), "CancelledError");
    }());
    EXPECT_EQ(loop.reports(),
              std::vector<std::string>{"work on a pool failed, and its task was cancelled"});
}

// Lesson: one that was over, and had failed, when the cancellation came was forgotten.
TEST(SpawnCpu, tells_of_each_failure_whenever_it_is_cancelled) {
    int delivered = 0;
    for (int k = 0; k < 300; ++k) {
        VirtualLoop loop;
        std::atomic<int> failures = 0;
        int caught = 0;
        loop.run_and_cancel_at(k, [](std::atomic<int>& thrown, int& seen) -> Coro<void> {
            for (int i = 0; i < 3; ++i) {
                const auto result = co_await as_result(spawn_cpu([&] {
                    ++thrown;
                    throw ValueError("one more");
                }));
                if (!result && describe(result.error()) == "ValueError: one more") ++seen;
            }
        }(failures, caught));
        EXPECT_EQ(failures, caught + static_cast<int>(loop.reports().size())) << k;
        delivered += caught;
    }
    EXPECT_GT(delivered, 0);
}

TEST(SpawnCpu, is_ended_by_a_scope_and_waits_in_a_shield) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        const auto until_asked = [](const std::stop_token& stop) {
            while (!stop.stop_requested()) std::this_thread::yield();
            return 1;
        };
        CancelScope scope;
        const auto ending = create_task([&]() -> Coro<void> {
            co_await spin(3);
            scope.cancel();
        });
        EXPECT_EQ(co_await with_async(
                      scope, [&]() -> Coro<int> { co_return co_await spawn_cpu(until_asked); }),
                  std::nullopt);
        co_await ending;
        std::atomic<bool> is_free = false;
        int got = 0;
        const auto shielding = create_task([&]() -> Coro<void> {
            co_await shielded([&]() -> Coro<void> {
                got = co_await spawn_cpu([&] {
                    while (!is_free) std::this_thread::yield();
                    return 7;
                });
            });
            co_await spin();
        });
        co_await spin(2);
        shielding.cancel();
        co_await spin(2);
        is_free = true;
        EXPECT_EQ(co_await ended(shielding), "CancelledError");
        EXPECT_EQ(got, 7);
    }());
}

TEST(SpawnCpu, withstands_a_cancellation_at_any_turn) {
    for (int k = 0; k < 200; ++k) {
        VirtualLoop loop;
        std::atomic<int> begun = 0;
        std::atomic<int> over = 0;
        loop.run_and_cancel_at(k, [](std::atomic<int>& in, std::atomic<int>& out) -> Coro<void> {
            for (int i = 0; i < 5; ++i) {
                co_await spawn_cpu([&] {
                    ++in;
                    for (volatile int spins = 0; spins < 300; spins = spins + 1) {
                    }
                    ++out;
                });
            }
        }(begun, over));
        EXPECT_EQ(begun, over) << k;
    }
}

// ---- the loop

TEST(SpawnCpu, holds_up_the_end_of_a_loop_that_is_closed_in_the_middle) {
    std::atomic<bool> begun = false;
    std::atomic<bool> over = false;
    {
        VirtualLoop loop;
        const auto task = loop.loop().create_task(spawn_cpu([&](const std::stop_token& stop) {
            begun = true;
            while (!stop.stop_requested()) std::this_thread::yield();
            for (int i = 0; i < 10'000; ++i) std::this_thread::yield();
            over = true;
        }));
        loop.run([](std::atomic<bool>& is_there) -> Coro<void> {
            while (!is_there) co_await spin();
        }(begun));
    }
    EXPECT_TRUE(over);
}

TEST(SpawnCpu, of_a_loop_that_is_closed_is_dropped_in_the_queue_and_in_the_inbox) {
    HeldPool held;
    {
        VirtualLoop loop;
        loop.loop().create_task(spawn_cpu(held.pool, [] { ADD_FAILURE() << "was made"; }));
        loop.run(spin(3));
    }
    held.let_go();
    std::atomic<bool> over = false;
    {
        VirtualLoop loop;
        std::atomic<bool> is_free = false;
        loop.loop().create_task(spawn_cpu(held.pool, [&] {
            while (!is_free) std::this_thread::yield();
            over = true;
        }));
        loop.run_turns(2);
        is_free = true;  // now that the loop does not run
        while (loop.loop().inbox()->empty()) std::this_thread::yield();
        EXPECT_TRUE(over);
    }
}

// The threads, and what they do, are the parent's.
TEST(SpawnCpu, of_a_loop_that_the_child_of_a_fork_destroys_is_not_waited_for) {
    HeldPool held;
    ThreadPoolExecutor pool(1);
    std::atomic<bool> begun = false;
    std::atomic<bool> is_free = false;
    auto loop = std::make_unique<EventLoop>(make_virtual_backend());
    const auto running = loop->create_task(spawn_cpu(pool, [&] {
        begun = true;
        while (!is_free) std::this_thread::yield();
    }));
    const auto queued = loop->create_task(spawn_cpu(held.pool, [] {}));
    loop->run_until_complete([](std::atomic<bool>& is_there) -> Coro<void> {
        while (!is_there) co_await spin();
    }(begun));
    EXPECT_EQ(in_fork([&] {
                  loop.reset();
                  return 0;
              }),
              0);
    is_free = true;
    held.let_go();
    loop->run_until_complete([](AnyTask one, AnyTask other) -> Coro<void> {
        EXPECT_EQ(co_await ended(one), "ok");
        EXPECT_EQ(co_await ended(other), "ok");
    }(running, queued));
}

// Lesson: in the turn between the end of the work and that of the task, a failure was nobody's.
TEST(SpawnCpu, of_a_loop_that_is_closed_tells_of_its_failure_in_any_turn) {
    for (int turns = 0; turns < 6; ++turns) {
        std::vector<std::string> reports;
        {
            EventLoop loop(make_virtual_backend());
            loop.set_exception_handler([&](EventLoop&, const ExceptionContext& context) {
                reports.push_back(describe(context.exception));
            });
            std::atomic<bool> has_begun = false;
            std::atomic<bool> is_free = false;
            loop.create_task(spawn_cpu([&] {
                has_begun = true;
                while (!is_free) std::this_thread::yield();
                throw ValueError("too late");
            }));
            loop.run_until_complete([](std::atomic<bool>& begun) -> Coro<void> {
                while (!begun) co_await spin();
            }(has_begun));
            is_free = true;  // now that the loop does not run
            while (loop.inbox()->empty()) std::this_thread::yield();
            for (int turn = 0; turn < turns; ++turn) {
                loop.stop();
                loop.run_forever();
            }
        }
        EXPECT_EQ(reports, std::vector<std::string>{"ValueError: too late"}) << turns;
    }
}

TEST(SpawnCpu, serves_several_loops_at_once) {
    std::vector<std::thread> threads;
    std::atomic<int> sum = 0;
    for (int t = 0; t < 3; ++t) {
        threads.emplace_back([&] {
            VirtualLoop().run([](std::atomic<int>& all) -> Coro<void> {
                for (int i = 0; i < 200; ++i) {
                    all += co_await spawn_cpu([](int number) { return number; }, i);
                }
            }(sum));
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(sum, 3 * 199 * 100);
}

TEST(SpawnCpu, keeps_a_virtual_clock_from_running_ahead) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        std::atomic<bool> is_late = false;
        const auto late = create_task([&]() -> Coro<void> {
            co_await sleep(1h);
            is_late = true;
        });
        const TimePoint before = get_running_loop().time();
        co_await spawn_cpu([&] {
            for (int i = 0; i < 10'000 && !is_late; ++i) std::this_thread::yield();
        });
        EXPECT_FALSE(is_late);
        EXPECT_EQ(get_running_loop().time(), before);
        late.cancel();
    }());
}

}  // namespace
}  // namespace weft
