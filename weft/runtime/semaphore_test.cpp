// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/semaphore.hpp>

#include <vector>

#include <gtest/gtest.h>

#include <weft/base/exceptions.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
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

Coro<void> acquire_and_note(Semaphore& semaphore, Trace& trace, const char* name) {
    co_await semaphore.acquire();
    trace(name);
}

// SEM-01
Coro<void> no_barging(Semaphore& semaphore, Trace& trace) {
    co_await semaphore.acquire();
    const auto waiter = create_task(acquire_and_note(semaphore, trace, "w"));
    co_await spin();
    semaphore.release();
    trace("locked", semaphore.locked());
    const auto late = create_task(acquire_and_note(semaphore, trace, "late"));
    co_await spin(3);
    semaphore.release();
    co_await waiter;
    co_await late;
}
TEST(Semaphore, gives_a_released_permit_to_who_waits_longest) {
    VirtualLoop loop;
    Semaphore semaphore(1);
    Trace trace;
    loop.run(no_barging(semaphore, trace));
    EXPECT_EQ(trace.text(), "locked true, w, late");
}

// SEM-02
Coro<void> cancel_woken(Semaphore& semaphore, Trace& trace) {
    co_await semaphore.acquire();
    const auto visit = [](Semaphore& s, Trace& t, const char* name) -> Coro<void> {
        co_await s.acquire();
        t(name);
        s.release();
    };
    const auto a = create_task(visit(semaphore, trace, "a"));
    const auto b = create_task(visit(semaphore, trace, "b"));
    co_await spin();
    semaphore.release();
    a.cancel();
    co_await spin(4);
    trace(outcome_of(b));
    trace(semaphore.value());
}
TEST(Semaphore, gives_the_permit_of_a_cancelled_waiter_to_the_next) {
    VirtualLoop loop;
    Semaphore semaphore(1);
    Trace trace;
    loop.run(cancel_woken(semaphore, trace));
    EXPECT_EQ(trace.text(), "b, ok, 1");
}

// SEM-03
TEST(Semaphore, refuses_a_negative_value_and_a_release_above_its_bound) {
    BoundedSemaphore bounded(1);
    EXPECT_EQ(thrown_by([&] { bounded.release(); }),
              "ValueError: BoundedSemaphore released too many times");
    EXPECT_EQ(thrown_by([] { Semaphore semaphore(-1); }),
              "ValueError: Semaphore initial value must be >= 0");
    Semaphore unbounded(1);
    unbounded.release();
    EXPECT_EQ(unbounded.value(), 2);
    Semaphore& base = bounded;
    EXPECT_THROW(base.release(), ValueError);
}

// SEM-04
Coro<void> release_two(Semaphore& semaphore, Trace& trace) {
    std::vector<Task<void>> tasks;
    for (const char* name : {"a", "b", "c"}) {
        tasks.push_back(create_task(acquire_and_note(semaphore, trace, name)));
    }
    co_await spin();
    semaphore.release();
    semaphore.release();
    co_await spin();
    trace("|");
    semaphore.release();
    co_await tasks[2];
}
TEST(Semaphore, wakes_as_many_as_it_has_permits) {
    VirtualLoop loop;
    Semaphore semaphore(0);
    Trace trace;
    loop.run(release_two(semaphore, trace));
    EXPECT_EQ(trace.text(), "a, b, |, c");
}

// SEM-05
Coro<void> locked_with_waiters(Semaphore& semaphore, Trace& trace) {
    const auto task = create_task(semaphore.acquire());
    co_await spin();
    semaphore.release();
    trace(semaphore.locked(), semaphore.value());
    co_await task;
    trace(semaphore.locked());
}
TEST(Semaphore, is_locked_while_a_waiter_has_not_run) {
    VirtualLoop loop;
    Semaphore semaphore(0);
    Trace trace;
    loop.run(locked_with_waiters(semaphore, trace));
    EXPECT_EQ(trace.text(), "true 0, true");
}

Coro<void> uncontended(Semaphore& semaphore, Trace& trace) {
    get_running_loop().call_soon([&] { trace("tick"); });
    {
        const auto permit = co_await semaphore.scoped();
        trace(semaphore.value());
    }
    trace(semaphore.value());
    co_await spin();
}
TEST(Semaphore, does_not_suspend_while_there_is_a_permit) {
    VirtualLoop loop;
    BoundedSemaphore semaphore(2);
    Trace trace;
    loop.run(uncontended(semaphore, trace));
    EXPECT_EQ(trace.text(), "1, 2, tick");
}

Coro<void> visit(Semaphore& semaphore, int turns, int& visits, bool see_through = false) {
    if (see_through) co_await transparent;
    const auto permit = co_await semaphore.scoped();
    co_await spin(turns);
    ++visits;
}
// Goal:   no permit is lost or doubled, and the others are served.
TEST(Semaphore, keeps_its_permits_when_a_waiter_is_cancelled_at_any_turn) {
    for (const bool see_through : {false, true}) {
        for (const int permits : {1, 2}) {
            bool cancelled = true;
            for (int k = 0; cancelled; ++k) {
                VirtualLoop loop;
                BoundedSemaphore semaphore(permits);
                int visits = 0;
                int victim_visits = 0;
                for (int i = 0; i < 2; ++i) {
                    auto task = loop.loop().create_task(visit(semaphore, 2, visits));
                }
                const auto victim =
                    loop.loop().create_task(visit(semaphore, 1, victim_visits, see_through));
                for (int i = 0; i < 2; ++i) {
                    auto task = loop.loop().create_task(visit(semaphore, 1, visits));
                }
                loop.run_turns(k);
                cancelled = victim.cancel();
                loop.settle();
                EXPECT_EQ(visits, 4) << k;
                EXPECT_EQ(victim_visits, cancelled ? 0 : 1) << k;
                EXPECT_EQ(semaphore.value(), permits) << k;
                EXPECT_FALSE(semaphore.locked()) << k;
                EXPECT_EQ(loop.task_count(), 0U) << k;
            }
        }
    }
}

TEST(Semaphore, has_all_permits_again_once_the_loop_was_closed) {
    for (int turns = 0; turns < 8; ++turns) {
        BoundedSemaphore semaphore(2);
        VirtualLoop loop;
        int visits = 0;
        for (int i = 0; i < 6; ++i) {
            auto task = loop.loop().create_task(visit(semaphore, 1, visits, i % 2 == 1));
        }
        loop.run_turns(turns);
        loop.loop().close();
        EXPECT_EQ(semaphore.value(), 2) << turns;
        EXPECT_FALSE(semaphore.locked());
    }
}

Coro<void> own_a_semaphore(int& visits) {
    Semaphore semaphore(0);
    const auto first = create_task(visit(semaphore, 9, visits));
    const auto second = create_task(visit(semaphore, 9, visits, true));
    co_await spin();
    semaphore.release();
    first.cancel();
    second.cancel();
    co_await spin(99);
}
TEST(Semaphore, may_live_in_a_frame_that_the_closing_loop_destroys) {
    for (int turns = 0; turns < 6; ++turns) {
        VirtualLoop loop;
        int visits = 0;
        auto task = loop.loop().create_task(own_a_semaphore(visits));
        loop.run_turns(turns);
        loop.loop().close();
        EXPECT_EQ(visits, 0);
    }
}

TEST(Semaphore, refuses_to_be_waited_for_in_two_loops) {
    Semaphore semaphore(0);
    int visits = 0;
    VirtualLoop loop;
    auto task = loop.loop().create_task(visit(semaphore, 0, visits));
    loop.settle();
    VirtualLoop other;
    EXPECT_THROW(other.run(visit(semaphore, 0, visits)), RuntimeError);
}

}  // namespace
}  // namespace weft
