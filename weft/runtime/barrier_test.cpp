// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/barrier.hpp>

#include <algorithm>
#include <cstddef>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/exceptions.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/task.hpp>
#include <weft/testing/attack.hpp>
#include <weft/testing/trace.hpp>
#include <weft/testing/virtual_loop.hpp>

namespace weft {
namespace {

using testing::Counted;
using testing::ended;
using testing::outcome_of;
using testing::spin;
using testing::thrown_by;
using testing::Trace;
using testing::VirtualLoop;

Coro<void> pass(Barrier& barrier, int times, Trace& trace) {
    std::vector<Task<std::size_t>> tasks;
    for (int i = 0; i < times; ++i) tasks.push_back(create_task(barrier.wait()));
    std::vector<std::size_t> indexes;
    for (const auto& task : tasks) indexes.push_back(co_await task);
    std::ranges::sort(indexes);
    for (const std::size_t index : indexes) trace(index);
}

// BAR-01
Coro<void> pass_twice(Barrier& barrier, Trace& trace) {
    co_await pass(barrier, 3, trace);
    co_await pass(barrier, 3, trace);
    trace(barrier.n_waiting());
}
TEST(Barrier, releases_its_parties_together_each_with_its_index) {
    VirtualLoop loop;
    Barrier barrier(3);
    Trace trace;
    loop.run(pass_twice(barrier, trace));
    EXPECT_EQ(trace.text(), "0, 1, 2, 0, 1, 2, 0");
    EXPECT_EQ(barrier.parties(), 3U);
}

// BAR-02
Coro<void> abort_and_reset(Barrier& barrier, Trace& trace) {
    const auto task = create_task(barrier.wait());
    co_await spin(2);
    co_await barrier.abort();
    trace(co_await ended(task));
    trace(barrier.broken());
    trace(co_await ended(create_task(barrier.wait())));
    co_await barrier.reset();
    trace(barrier.broken());
}
TEST(Barrier, that_is_aborted_is_broken_until_it_is_reset) {
    VirtualLoop loop;
    Barrier barrier(2);
    Trace trace;
    loop.run(abort_and_reset(barrier, trace));
    EXPECT_EQ(trace.text(),
              "BrokenBarrierError: Abort or reset of barrier, true, "
              "BrokenBarrierError: Barrier aborted, false");
}

// BAR-03
Coro<void> cancel_one(Barrier& barrier, Trace& trace) {
    const auto task = create_task(barrier.wait());
    co_await spin(2);
    trace(barrier.n_waiting());
    task.cancel();
    co_await ended(task);
    trace(barrier.n_waiting(), barrier.broken());
    co_await pass(barrier, 2, trace);
}
TEST(Barrier, is_not_broken_by_a_cancelled_waiter) {
    VirtualLoop loop;
    Barrier barrier(2);
    Trace trace;
    loop.run(cancel_one(barrier, trace));
    EXPECT_EQ(trace.text(), "1, 0 false, 0, 1");
}

Coro<void> reset_with_waiters(Barrier& barrier, Trace& trace) {
    const auto task = create_task(barrier.wait());
    co_await spin(2);
    co_await barrier.reset();
    const auto next = create_task(barrier.wait());  // waits until the others have left
    trace(co_await ended(task));
    trace(co_await ended(create_task(barrier.wait())));
    trace(co_await ended(next));
}
TEST(Barrier, sends_its_waiters_away_when_it_is_reset) {
    VirtualLoop loop;
    Barrier barrier(2);
    Trace trace;
    loop.run(reset_with_waiters(barrier, trace));
    EXPECT_EQ(trace.text(), "BrokenBarrierError: Abort or reset of barrier, ok, ok");
}

TEST(Barrier, needs_a_party) {
    EXPECT_EQ(thrown_by([] { Barrier barrier(0); }), "ValueError: parties must be > 0");
    EXPECT_THROW(Barrier(-1), ValueError);
}

// Goal:   after a cancellation at any turn the barrier works, with nobody counted who is not there.
TEST(Barrier, can_be_passed_again_when_a_waiter_is_cancelled_at_any_turn) {
    bool cancelled = true;
    for (int k = 0; cancelled; ++k) {
        VirtualLoop loop;
        Barrier barrier(3);
        const auto victim = loop.loop().create_task(barrier.wait());
        auto second = loop.loop().create_task(barrier.wait());
        auto third = loop.loop().create_task(barrier.wait());
        loop.run_turns(k);
        cancelled = victim.cancel();
        loop.settle();
        if (!second.done()) {  // it was cancelled early: a place is free
            EXPECT_EQ(barrier.n_waiting(), 2U) << k;
            Trace late;
            loop.run(pass(barrier, 1, late));
        }
        loop.settle();
        EXPECT_EQ(outcome_of(second), "ok") << k;
        EXPECT_EQ(outcome_of(third), "ok") << k;
        EXPECT_EQ(barrier.n_waiting(), 0U) << k;
        Trace trace;
        loop.run(pass(barrier, 3, trace));
        EXPECT_EQ(trace.text(), "0, 1, 2") << k;
    }
}

Coro<void> own_a_barrier() {
    const Counted frame;
    Barrier barrier(3);
    const auto first = create_task(barrier.wait());
    const auto second = create_task(barrier.wait());
    co_await spin(2);
    const auto third = create_task(barrier.wait());
    co_await spin(99);
}
TEST(Barrier, may_live_in_a_frame_that_the_closing_loop_destroys) {
    for (int turns = 0; turns < 8; ++turns) {
        VirtualLoop loop;
        auto task = loop.loop().create_task(own_a_barrier());
        loop.run_turns(turns);
        EXPECT_EQ(Counted::alive, turns > 0 ? 1 : 0) << turns;
        loop.loop().close();
        EXPECT_EQ(Counted::alive, 0) << turns;
        EXPECT_EQ(loop.task_count(), 0U) << turns;
        EXPECT_FALSE(task.done()) << turns;
    }
}

}  // namespace
}  // namespace weft
