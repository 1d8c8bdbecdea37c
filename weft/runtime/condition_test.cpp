// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/condition.hpp>

#include <cstddef>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/exceptions.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/lock.hpp>
#include <weft/runtime/task.hpp>
#include <weft/testing/trace.hpp>
#include <weft/testing/virtual_loop.hpp>

namespace weft {
namespace {

using testing::ended;
using testing::outcome_of;
using testing::spin;
using testing::thrown_by;
using testing::Trace;
using testing::VirtualLoop;

Coro<void> wait_and_note(Condition& condition, Trace& trace, int i, bool see_through = false) {
    if (see_through) co_await transparent;
    const auto held = co_await condition.scoped();
    co_await condition.wait();
    trace(i);
}

Coro<void> notify(Condition& condition, std::size_t n) {
    const auto held = co_await condition.scoped();
    condition.notify(n);
}

// CND-01
Coro<void> notify_two(Condition& condition, Trace& trace) {
    std::vector<Task<void>> tasks;
    for (int i = 0; i < 3; ++i) tasks.push_back(create_task(wait_and_note(condition, trace, i)));
    co_await spin(2);
    {
        const auto held = co_await condition.scoped();
        condition.notify(2);
        trace("notified, lock still held");
    }
    co_await spin(9);
    trace("|");
    {
        const auto held = co_await condition.scoped();
        condition.notify_all();
    }
    for (const auto& task : tasks) co_await task;
}
TEST(Condition, wakes_as_many_as_it_is_told_once_the_lock_is_free) {
    VirtualLoop loop;
    Condition condition;
    Trace trace;
    loop.run(notify_two(condition, trace));
    EXPECT_EQ(trace.text(), "notified, lock still held, 0, 1, |, 2");
}

// CND-02
Coro<bool> only_wait(Condition& condition) { co_return co_await condition.wait(); }
TEST(Condition, can_be_used_only_with_its_lock) {
    VirtualLoop loop;
    Condition condition;
    EXPECT_EQ(thrown_by([&] { return loop.run(only_wait(condition)); }),
              "RuntimeError: cannot wait on un-acquired lock");
    EXPECT_EQ(thrown_by([&] { condition.notify(); }),
              "RuntimeError: cannot notify on un-acquired lock");
    EXPECT_EQ(thrown_by([&] { condition.notify_all(); }),
              "RuntimeError: cannot notify on un-acquired lock");
}

// CND-03
Coro<void> note_in_handler(Condition& condition, Trace& trace) {
    const auto held = co_await condition.scoped();
    try {
        co_await condition.wait();
    } catch (const CancelledError&) {
        trace("locked in handler", condition.locked());
        throw;
    }
}
Coro<void> cancel_a_waiter(Condition& condition, Trace& trace) {
    const auto task = create_task(note_in_handler(condition, trace));
    co_await spin(2);
    task.cancel();
    trace(co_await ended(task));
    trace(condition.locked());
}
TEST(Condition, gives_a_cancelled_waiter_the_lock_back_first) {
    VirtualLoop loop;
    Condition condition;
    Trace trace;
    loop.run(cancel_a_waiter(condition, trace));
    EXPECT_EQ(trace.text(), "locked in handler true, CancelledError, false");
}

// CND-04
Coro<void> cancel_the_notified(Condition& condition, Trace& trace) {
    const auto a = create_task(wait_and_note(condition, trace, 1));
    const auto b = create_task(wait_and_note(condition, trace, 2));
    co_await spin(2);
    co_await notify(condition, 1);
    a.cancel();
    trace(co_await ended(a));
    trace(co_await ended(b));
}
TEST(Condition, passes_the_notification_of_a_cancelled_waiter_on) {
    VirtualLoop loop;
    Condition condition;
    Trace trace;
    loop.run(cancel_the_notified(condition, trace));
    EXPECT_EQ(trace.text(), "CancelledError, 2, ok");
}

// CND-06
Coro<int> wait_for_two(Condition& condition, const int& state) {
    const auto held = co_await condition.scoped();
    co_return co_await condition.wait_for([&] { return state >= 2 ? state : 0; });
}
Coro<int> count_up(Condition& condition, int& state) {
    auto task = create_task(wait_for_two(condition, state));
    co_await spin(2);
    for (int i = 0; i < 2; ++i) {
        {
            const auto held = co_await condition.scoped();
            ++state;
            condition.notify_all();
        }
        co_await spin(3);
    }
    co_return co_await task;
}
TEST(Condition, gives_the_value_of_the_predicate) {
    VirtualLoop loop;
    Condition condition;
    int state = 0;
    EXPECT_EQ(loop.run(count_up(condition, state)), 2);
}

Coro<void> throwing_predicate(Condition& condition) {
    const auto held = co_await condition.scoped();
    co_await condition.wait_for([]() -> bool { throw ValueError("no"); });
}
TEST(Condition, passes_an_error_of_the_predicate_on) {
    VirtualLoop loop;
    Condition condition;
    EXPECT_EQ(thrown_by([&] { loop.run(throwing_predicate(condition)); }), "ValueError: no");
    EXPECT_FALSE(condition.locked());
}

// Goal:   a waiter that is cancelled again and again while the lock is held goes on trying.
Coro<void> cancel_while_reacquiring(Condition& condition, Trace& trace, bool notify_first) {
    const auto task = create_task(note_in_handler(condition, trace));
    co_await spin(2);
    co_await condition.acquire();
    if (notify_first) {
        condition.notify();
        co_await spin(2);
    }
    for (int i = 0; i < 3; ++i) {
        task.cancel();
        co_await spin(2);
        trace(outcome_of(task));
    }
    condition.release();
    trace(co_await ended(task));
    trace(condition.locked());
}
TEST(Condition, keeps_trying_to_get_the_lock_however_often_it_is_cancelled) {
    for (const bool notify_first : {false, true}) {
        VirtualLoop loop;
        Condition condition;
        Trace trace;
        loop.run(cancel_while_reacquiring(condition, trace, notify_first));
        EXPECT_EQ(trace.text(),
                  "pending, pending, pending, locked in handler true, CancelledError, false");
    }
}

TEST(Condition, shares_a_lock_that_it_is_given) {
    VirtualLoop loop;
    Lock lock;
    Condition one(lock);
    Condition other(lock);
    Trace trace;
    auto first = loop.loop().create_task(wait_and_note(one, trace, 1));
    auto second = loop.loop().create_task(wait_and_note(other, trace, 2));
    loop.settle();
    ASSERT_TRUE(lock.try_acquire());
    EXPECT_TRUE(one.locked());
    other.notify();
    one.notify();
    lock.release();
    loop.settle();
    EXPECT_EQ(trace.text(), "2, 1");
}

Coro<void> notify_later(Condition& condition, int turns, std::size_t n) {
    co_await spin(turns);
    const auto held = co_await condition.scoped();
    co_await spin(2);
    condition.notify(n);
}

// Goal:   with as many notifications as other waiters, all of those go on; the lock ends free.
TEST(Condition, loses_no_notification_when_a_waiter_is_cancelled_at_any_turn) {
    for (const bool see_through : {false, true}) {
        bool cancelled = true;
        for (int k = 0; cancelled; ++k) {
            VirtualLoop loop;
            Condition condition;
            Trace trace;
            Trace victims;
            const auto victim =
                loop.loop().create_task(wait_and_note(condition, victims, 0, see_through));
            auto other = loop.loop().create_task(wait_and_note(condition, trace, 1));
            auto notifier = loop.loop().create_task(notify_later(condition, 2, 1));
            loop.run_turns(k);
            cancelled = victim.cancel();
            loop.settle();
            if (cancelled) {
                EXPECT_EQ(victims.text(), "") << k;
                EXPECT_EQ(trace.text(), "1") << k;
            } else {
                EXPECT_EQ(victims.text(), "0") << k;
                loop.run(notify(condition, 1));
                loop.settle();
                EXPECT_EQ(trace.text(), "1") << k;
            }
            EXPECT_FALSE(condition.locked()) << k;
            EXPECT_EQ(loop.task_count(), 0U) << k;
        }
    }
}

Coro<void> own_a_condition(Trace& trace) {
    Condition condition;
    const auto first = create_task(wait_and_note(condition, trace, 0));
    const auto second = create_task(wait_and_note(condition, trace, 1, true));
    co_await spin(2);
    const auto held = co_await condition.scoped();
    condition.notify();
    co_await spin();
    second.cancel();
    co_await spin(99);
}
TEST(Condition, may_go_before_or_after_the_frames_that_wait_for_it) {
    for (int turns = 0; turns < 8; ++turns) {
        Trace trace;
        {
            VirtualLoop loop;
            auto task = loop.loop().create_task(own_a_condition(trace));
            loop.run_turns(turns);
        }
        Condition condition;
        {
            VirtualLoop loop;
            auto first = loop.loop().create_task(wait_and_note(condition, trace, 0));
            auto second = loop.loop().create_task(wait_and_note(condition, trace, 1, true));
            auto third = loop.loop().create_task(notify_later(condition, 1, 1));
            loop.run_turns(turns);
        }
        EXPECT_FALSE(condition.locked());
    }
}

TEST(Condition, refuses_to_be_waited_for_in_two_loops) {
    Lock lock;
    Condition one(lock);
    Condition other(lock);
    Trace trace;
    VirtualLoop loop;
    auto task = loop.loop().create_task(wait_and_note(one, trace, 0));
    loop.settle();
    VirtualLoop second;
    EXPECT_EQ(thrown_by([&] { second.run(wait_and_note(one, trace, 0)); }),
              "RuntimeError: Condition is bound to a different event loop");
    EXPECT_EQ(thrown_by([&] { second.run(wait_and_note(other, trace, 0)); }),
              "RuntimeError: Lock is bound to a different event loop");
    EXPECT_FALSE(lock.locked());
}

}  // namespace
}  // namespace weft
