// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/cancel_scope.hpp>

#include <optional>

#include <gtest/gtest.h>

#include <weft/base/exception_group.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/task_group.hpp>
#include <weft/runtime/timeout.hpp>
#include <weft/runtime/with_async.hpp>
#include <weft/testing/virtual_loop.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;
using testing::VirtualLoop;

// Runs a coroutine in a task that is cancelled from outside after a second.
template <class T>
Task<T> run_and_cancel_after_a_second(VirtualLoop& virtual_loop, Coro<T> coro) {
    EventLoop& loop = virtual_loop.loop();
    const Task<T> task = loop.create_task(std::move(coro));
    loop.call_later(1s, [task] { task.cancel(); });
    loop.run_until_done(task);
    return task;
}

TEST(CancelScope, interrupts_every_await_until_it_is_left) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        CancelScope scope;
        int interrupted = 0;
        const bool whole = co_await with_async(scope, [&]() -> Coro<void> {
            scope.cancel();
            for (int i = 0; i < 3; ++i) {
                try {
                    co_await sleep(1s);
                } catch (const CancelledError&) {
                    ++interrupted;
                }
            }
            co_await sleep(1s);
        });
        EXPECT_FALSE(whole);
        EXPECT_TRUE(scope.cancelled_caught());
        EXPECT_EQ(interrupted, 3);
        EXPECT_EQ(current_task().cancelling(), 0u);
    }());
}

TEST(CancelScope, catches_nothing_when_the_body_ends_all_the_same) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        CancelScope scope;
        EXPECT_TRUE(co_await with_async(scope, [&]() -> Coro<void> {
            scope.cancel();
            co_return;
        }));
        EXPECT_TRUE(scope.cancel_called());
        EXPECT_FALSE(scope.cancelled_caught());
    }());
}

TEST(CancelScope, reaches_into_the_tasks_of_a_group) {
    VirtualLoop loop;
    int interrupted = 0;
    loop.run([](int& interrupted) -> Coro<void> {
        CancelScope scope;
        co_await with_async(scope, [&]() -> Coro<void> {
            co_await TaskGroup::scope([&](TaskGroup& group) -> Coro<void> {
                group.create_task([&interrupted]() -> Coro<void> {
                    for (int i = 0; i < 2; ++i) {
                        try {
                            co_await sleep(9s);
                        } catch (const CancelledError&) {
                            ++interrupted;
                        }
                    }
                });
                co_await sleep(0s);
                scope.cancel();
            });
        });
        EXPECT_TRUE(scope.cancelled_caught());
    }(interrupted));
    EXPECT_EQ(interrupted, 2);
}

TEST(CancelScope, takes_another_deadline_while_it_is_entered) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        EventLoop& loop = get_running_loop();
        const TimePoint start = loop.time();
        CancelScope scope({.deadline = start + 1s});
        const bool whole = co_await with_async(scope, [&]() -> Coro<void> {
            scope.set_deadline(start + 5s);
            EXPECT_EQ(scope.deadline(), start + 5s);
            co_await sleep(2s);
            scope.set_deadline(std::nullopt);
            co_await sleep(10s);
            EXPECT_FALSE(scope.cancel_called());
            scope.set_deadline(start + 15s);
            co_await sleep(1h);
        });
        EXPECT_FALSE(whole);
        EXPECT_EQ(loop.time(), start + 15s);
    }());
    EXPECT_EQ(loop.timer_count(), 0u);
}

TEST(CancelScope, a_deadline_that_has_passed_cancels_the_next_await) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        EventLoop& loop = get_running_loop();
        co_await sleep(2s);
        CancelScope scope;
        const bool whole = co_await with_async(scope, [&]() -> Coro<void> {
            scope.set_deadline(loop.time() - 1s);
            co_await sleep(1h);
        });
        EXPECT_FALSE(whole);
        EXPECT_LT(loop.time() - TimePoint(), 1h);
    }());
}

TEST(CancelScope, may_be_entered_once) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        CancelScope scope;
        co_await with_async(scope, []() -> Coro<void> { co_return; });
        const auto again = co_await as_result(with_async(scope, []() -> Coro<void> { co_return; }));
        EXPECT_TRUE(!again && holds<RuntimeError>(again.error()));
    }());
}

TEST(MoveOnAfter, does_nothing_without_a_delay) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        EXPECT_TRUE(
            co_await move_on_after(std::nullopt, []() -> Coro<void> { co_await sleep(24h); }));
    }());
}

TEST(Shielded, raises_an_outside_cancellation_at_the_first_await_after_it) {
    VirtualLoop loop;
    bool finished = false;
    bool went_on = false;
    const Task<> task =
        run_and_cancel_after_a_second(loop, [](bool& finished, bool& went_on) -> Coro<void> {
            co_await shielded([&]() -> Coro<void> {
                co_await sleep(5s);
                finished = true;
            });
            went_on = true;
            co_await sleep(0s);
            ADD_FAILURE() << "the cancellation was lost";
        }(finished, went_on));
    EXPECT_TRUE(finished && went_on && task.cancelled());
    EXPECT_EQ(task.cancelling(), 1u);
}

// A timeout's own request must not wait for shields outside of it.
TEST(Shielded, a_timeout_inside_fires_after_a_shield_further_in) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        co_await shielded([]() -> Coro<void> {
            const auto late = co_await as_result(timeout(1s, []() -> Coro<void> {
                co_await shielded([]() -> Coro<void> { co_await sleep(2s); });
                co_await sleep(100s);
            }));
            EXPECT_TRUE(!late && holds<TimeoutError>(late.error()));
            EXPECT_EQ(get_running_loop().time().time_since_epoch(), 2s);
        });
    }());
}

TEST(Shielded, a_timeout_inside_does_not_see_the_cancellation_that_is_held_off) {
    VirtualLoop loop;
    bool timed_out = false;
    const Task<> task = run_and_cancel_after_a_second(loop, [](bool& timed_out) -> Coro<void> {
        co_await shielded([&]() -> Coro<void> {
            const auto late =
                co_await as_result(timeout(2s, []() -> Coro<void> { co_await sleep(100s); }));
            timed_out = !late && holds<TimeoutError>(late.error());
        });
        co_await sleep(1s);
    }(timed_out));
    EXPECT_TRUE(timed_out);
    EXPECT_TRUE(task.cancelled());
}

TEST(Shielded, a_group_inside_that_fails_does_not_let_the_cancellation_in) {
    VirtualLoop loop;
    bool failed = false;
    bool finished = false;
    const Task<> task =
        run_and_cancel_after_a_second(loop, [](bool& failed, bool& finished) -> Coro<void> {
            co_await shielded([&]() -> Coro<void> {
                const auto result =
                    co_await as_result(TaskGroup::scope([](TaskGroup& group) -> Coro<void> {
                        group.create_task([]() -> Coro<void> {
                            co_await sleep(2s);
                            throw ValueError("on purpose");
                        });
                        co_await sleep(100s);
                    }));
                failed = !result && holds<ExceptionGroup>(result.error());
                co_await sleep(1s);
                finished = true;
            });
            co_await sleep(1s);
        }(failed, finished));
    EXPECT_TRUE(failed && finished && task.cancelled());
}

TEST(Shielded, a_group_inside_that_cancels_itself_ends_without_an_error) {
    VirtualLoop loop;
    bool finished = false;
    const Task<> task = run_and_cancel_after_a_second(loop, [](bool& finished) -> Coro<void> {
        co_await shielded([&]() -> Coro<void> {
            co_await TaskGroup::scope([](TaskGroup& group) -> Coro<void> {
                co_await sleep(2s);
                group.cancel();
                co_await sleep(5s);
            });
            finished = true;
        });
        co_await sleep(1s);
    }(finished));
    EXPECT_TRUE(finished && task.cancelled());
}

TEST(Shielded, what_was_held_off_can_be_taken_back) {
    VirtualLoop loop;
    const Task<> task = run_and_cancel_after_a_second(loop, []() -> Coro<void> {
        co_await shielded([]() -> Coro<void> {
            co_await sleep(2s);
            EXPECT_EQ(current_task().cancelling(), 1u);
            EXPECT_EQ(current_task().uncancel(), 0u);
        });
        co_await sleep(1s);
    }());
    EXPECT_FALSE(task.cancelled());
}

TEST(TryFinally, a_cancellation_in_the_cleanup_of_a_timeout_is_raised_once) {
    VirtualLoop loop;
    int raised = 0;
    const Task<> task = loop.loop().create_task([](int& raised) -> Coro<void> {
        try {
            co_await timeout(1s, []() -> Coro<void> {
                co_await try_finally([]() -> Coro<void> { co_await sleep(9s); },
                                     []() -> Coro<void> { co_await sleep(9s); });
            });
        } catch (const CancelledError&) {
            ++raised;
        } catch (const TimeoutError&) {
        }
        try {
            co_await sleep(0s);
        } catch (const CancelledError&) {
            ++raised;
        }
    }(raised));
    loop.loop().call_later(5s, [task] { task.cancel(); });
    loop.loop().run_until_done(task);
    EXPECT_EQ(raised, 1);
}

}  // namespace
}  // namespace weft
