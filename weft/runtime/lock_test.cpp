// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/lock.hpp>

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/exceptions.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/gather.hpp>
#include <weft/runtime/held.hpp>
#include <weft/runtime/task.hpp>
#include <weft/testing/log_capture.hpp>
#include <weft/testing/trace.hpp>
#include <weft/testing/virtual_loop.hpp>

namespace weft {
namespace {

using testing::ended;
using testing::LogCapture;
using testing::outcome_of;
using testing::spin;
using testing::thrown_by;
using testing::Trace;
using testing::VirtualLoop;

Coro<void> lock_and_note(Lock& lock, Trace& trace, int i) {
    co_await lock.acquire();
    trace(i);
    lock.release();
}

// LCK-07
Coro<void> acquire_twice(Lock& lock) {
    co_await lock.acquire();
    co_await lock.acquire();
    lock.release();
}
Coro<void> release_for_other(Lock& lock) {
    co_await spin(3);
    lock.release();
}

std::string told_of_acquiring_twice(bool debug) {
    const LogCapture log;
    VirtualLoop loop;
    loop.loop().set_debug(debug);
    Lock lock;
    const auto task = loop.loop().create_task(acquire_twice(lock), {.name = "greedy"});
    loop.run(release_for_other(lock));
    loop.settle();
    EXPECT_TRUE(task.done());
    return log.told();
}

TEST(Lock, that_a_task_waits_for_while_it_holds_it_is_told_of_in_debug_mode) {
    const std::string told = told_of_acquiring_twice(true);
    EXPECT_NE(told.find("name='greedy'"), std::string::npos) << told;
    EXPECT_NE(told.find(" waits for a Lock that it holds itself, at "), std::string::npos) << told;
    EXPECT_NE(told.find("lock_test.cpp:"), std::string::npos) << told;
    EXPECT_EQ(told_of_acquiring_twice(false), "");
}

TEST(Lock, that_others_hold_is_not_told_of_in_debug_mode) {
    const LogCapture log;
    VirtualLoop loop;
    loop.loop().set_debug(true);
    Lock lock;
    loop.run([](Lock& l) -> Coro<void> {
        const auto twice = [](Lock& one) -> Coro<void> {
            for (int i = 0; i < 2; ++i) {
                const auto held = co_await one.scoped();
                co_await spin(2);
            }
        };
        co_await gather(twice(l), twice(l), twice(l));
    }(lock));
    EXPECT_EQ(log.told(), "");
}

// LCK-01
Coro<void> four_in_turn(Lock& lock, Trace& trace) {
    const auto visit = [](Lock& l, Trace& t, int i) -> Coro<void> {
        const auto held = co_await l.scoped();
        t(i);
        co_await spin();
    };
    std::vector<Task<void>> tasks;
    for (int i = 0; i < 4; ++i) tasks.push_back(create_task(visit(lock, trace, i)));
    for (const auto& task : tasks) co_await task;
}
TEST(Lock, lets_waiters_in_first_come_first_served) {
    VirtualLoop loop;
    Lock lock;
    Trace trace;
    loop.run(four_in_turn(lock, trace));
    EXPECT_EQ(trace.text(), "0, 1, 2, 3");
}

// LCK-02
Coro<void> no_barging(Lock& lock, Trace& trace) {
    co_await lock.acquire();
    const auto waiter = [](Lock& l, Trace& t) -> Coro<void> {
        co_await l.acquire();
        t("waiter");
        l.release();
    };
    const auto task = create_task(waiter(lock, trace));
    co_await spin();
    lock.release();
    trace("locked?", lock.locked());
    co_await lock.acquire();
    trace("me");
    lock.release();
    co_await task;
}
TEST(Lock, goes_to_the_waiter_before_whoever_released_it) {
    VirtualLoop loop;
    Lock lock;
    Trace trace;
    loop.run(no_barging(lock, trace));
    EXPECT_EQ(trace.text(), "locked? false, waiter, me");
}

// LCK-03
Coro<void> misuse(Lock& lock, Trace& trace) {
    trace(thrown_by([&] { lock.release(); }));
    co_await lock.acquire();
    const auto releaser = [](Lock& l) -> Coro<void> {
        l.release();
        co_return;
    };
    co_await create_task(releaser(lock));
    trace("locked", lock.locked());
}
TEST(Lock, may_be_released_by_any_task_but_only_when_locked) {
    VirtualLoop loop;
    Lock lock;
    Trace trace;
    loop.run(misuse(lock, trace));
    EXPECT_EQ(trace.text(), "RuntimeError: Lock is not acquired., locked false");
}

// LCK-04 and LCK-05
Coro<void> cancel_first(Lock& lock, Trace& trace, bool release_first) {
    co_await lock.acquire();
    std::vector<Task<void>> tasks;
    for (int i = 0; i < 3; ++i) tasks.push_back(create_task(lock_and_note(lock, trace, i)));
    co_await spin();
    if (release_first) lock.release();
    tasks[0].cancel();
    if (!release_first) lock.release();
    co_await spin(5);
    for (const auto& task : tasks) trace(outcome_of(task));
}
TEST(Lock, passes_over_a_waiter_that_was_cancelled) {
    for (const bool release_first : {false, true}) {
        VirtualLoop loop;
        Lock lock;
        Trace trace;
        loop.run(cancel_first(lock, trace, release_first));
        EXPECT_EQ(trace.text(), "1, 2, CancelledError, ok, ok") << release_first;
        EXPECT_FALSE(lock.locked());
    }
}

// LCK-06
Coro<void> uncontended(Lock& lock, Trace& trace) {
    get_running_loop().call_soon([&] { trace("tick"); });
    {
        const auto held = co_await lock.scoped();
        trace("in");
    }
    trace("out");
    co_await spin();
}
TEST(Lock, does_not_suspend_while_it_is_free) {
    VirtualLoop loop;
    Lock lock;
    Trace trace;
    loop.run(uncontended(lock, trace));
    EXPECT_EQ(trace.text(), "in, out, tick");
}

// LCK-07
Coro<void> twice(Lock& lock) {
    co_await lock.acquire();
    co_await lock.acquire();
}
TEST(Lock, is_not_reentrant) {
    VirtualLoop loop;
    Lock lock;
    EXPECT_THROW(loop.run(twice(lock)), RuntimeError);  // a deadlock
}

Coro<void> acquire_as_task(Lock& lock, Trace& trace) {
    trace(co_await create_task(lock.acquire()));
    const auto second = create_task(lock.acquire());
    second.cancel();
    co_await spin();
    trace(outcome_of(second));
}
TEST(Lock, that_is_awaited_by_a_task_cancelled_before_its_start_stays_as_it_is) {
    VirtualLoop loop;
    Lock lock;
    Trace trace;
    loop.run(acquire_as_task(lock, trace));
    EXPECT_EQ(trace.text(), "true, CancelledError");
    EXPECT_TRUE(lock.locked());
    lock.release();
    EXPECT_EQ(thrown_by([&] { lock.release(); }), "RuntimeError: Lock is not acquired.");
}

TEST(Lock, is_released_once_by_a_Held_that_was_moved_or_released_early) {
    Lock lock;
    ASSERT_TRUE(lock.try_acquire());
    {
        Held<Lock> first(lock);
        Held<Lock> second(std::move(first));
        EXPECT_FALSE(first);  // NOLINT(bugprone-use-after-move): that is what it asks
        EXPECT_TRUE(second);
        first = std::move(second);
        EXPECT_TRUE(lock.locked());
        first.release();
        EXPECT_FALSE(lock.locked());
        first.release();
    }
    EXPECT_FALSE(lock.locked());
    ASSERT_TRUE(lock.try_acquire());
    {
        const Held<Lock> held(lock);
        lock.release();
    }
    EXPECT_FALSE(lock.locked());
}

// ---- cancellation at every turn

Coro<void> hold_for(Lock& lock, int turns, int& visits, bool see_through = false) {
    if (see_through) co_await transparent;
    const auto held = co_await lock.scoped();
    co_await spin(turns);
    ++visits;
}

// Goal:   a cancelled waiter neither keeps the lock nor loses it for those behind it.
// Method: cancel it in each state that it can be in, in unwound and in transparent frames.
TEST(Lock, is_not_lost_when_a_waiter_is_cancelled_at_any_turn) {
    for (const bool see_through : {false, true}) {
        bool cancelled = true;
        for (int k = 0; cancelled; ++k) {
            VirtualLoop loop;
            Lock lock;
            int visits = 0;
            int victim_visits = 0;
            const auto before = loop.loop().create_task(hold_for(lock, 2, visits));
            const auto task =
                loop.loop().create_task(hold_for(lock, 1, victim_visits, see_through));
            const auto after = loop.loop().create_task(hold_for(lock, 2, visits));
            loop.run_turns(k);
            cancelled = task.cancel();
            loop.settle();
            EXPECT_EQ(visits, 2) << k;
            EXPECT_EQ(victim_visits, cancelled ? 0 : 1) << k;
            EXPECT_FALSE(lock.locked()) << k;
            EXPECT_EQ(loop.task_count(), 0U) << k;
        }
    }
}

// Goal:   all that are in line may be cancelled in one turn.
TEST(Lock, survives_that_all_waiters_are_cancelled_together) {
    for (const bool released : {false, true}) {
        VirtualLoop loop;
        Lock lock;
        ASSERT_TRUE(lock.try_acquire());
        int visits = 0;
        std::vector<Task<void>> tasks;
        for (int i = 0; i < 3; ++i) {
            tasks.push_back(loop.loop().create_task(hold_for(lock, 0, visits, i == 1)));
        }
        loop.settle();
        if (released) lock.release();
        for (const auto& task : tasks) task.cancel();
        if (!released) lock.release();
        const auto late = loop.loop().create_task(hold_for(lock, 0, visits));
        loop.settle();
        EXPECT_EQ(visits, 1);
        EXPECT_EQ(outcome_of(late), "ok");
        EXPECT_FALSE(lock.locked());
    }
}

TEST(Lock, is_free_again_once_the_loop_was_closed) {
    int visits = 0;
    Lock lock;
    {
        VirtualLoop loop;
        for (int i = 0; i < 3; ++i) {
            auto task = loop.loop().create_task(hold_for(lock, 9, visits, i == 1));
        }
        loop.run_turns(1);
        EXPECT_TRUE(lock.locked());
    }
    EXPECT_FALSE(lock.locked());
    EXPECT_EQ(visits, 0);
}

Coro<void> own_a_lock(int& visits, bool release) {
    Lock lock;
    co_await lock.acquire();
    const auto first = create_task(hold_for(lock, 99, visits));
    const auto second = create_task(hold_for(lock, 99, visits, true));
    co_await spin();
    if (release) lock.release();
    co_await spin(99);
}
TEST(Lock, may_live_in_a_frame_that_the_closing_loop_destroys) {
    for (const bool release : {false, true}) {
        for (int turns = 0; turns < 5; ++turns) {
            int visits = 0;
            VirtualLoop loop;
            auto task = loop.loop().create_task(own_a_lock(visits, release));
            loop.run_turns(turns);
            loop.loop().close();
            EXPECT_EQ(visits, 0);
        }
    }
}

TEST(Lock, refuses_to_be_waited_for_in_two_loops) {
    Lock lock;
    ASSERT_TRUE(lock.try_acquire());
    int visits = 0;
    VirtualLoop loop;
    auto task = loop.loop().create_task(hold_for(lock, 0, visits));
    loop.settle();
    VirtualLoop other;
    try {
        other.run(hold_for(lock, 0, visits));
        FAIL();
    } catch (const RuntimeError& error) {
        EXPECT_STREQ(error.what(), "Lock is bound to a different event loop");
    }
}

}  // namespace
}  // namespace weft
