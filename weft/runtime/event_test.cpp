// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/event.hpp>

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
using testing::Trace;
using testing::VirtualLoop;

Coro<void> wait_and_note(Event& event, Trace& trace, int i, bool see_through = false) {
    if (see_through) co_await transparent;
    const bool was_set = co_await event.wait();
    trace(i, was_set);
}

// EVT-01
Coro<void> set_and_clear(Event& event, Trace& trace) {
    std::vector<Task<void>> tasks;
    for (int i = 0; i < 3; ++i) tasks.push_back(create_task(wait_and_note(event, trace, i)));
    co_await spin();
    event.set();
    event.clear();
    for (const auto& task : tasks) co_await task;
    trace(event.is_set());
}
TEST(Event, wakes_all_who_waited_although_it_is_cleared_at_once) {
    VirtualLoop loop;
    Event event;
    Trace trace;
    loop.run(set_and_clear(event, trace));
    EXPECT_EQ(trace.text(), "0 true, 1 true, 2 true, false");
}

// EVT-02
Coro<void> wait_when_set(Event& event, Trace& trace) {
    event.set();
    get_running_loop().call_soon([&] { trace("tick"); });
    co_await event.wait();
    trace("after");
    co_await spin();
}
TEST(Event, does_not_suspend_while_it_is_set) {
    VirtualLoop loop;
    Event event;
    Trace trace;
    loop.run(wait_when_set(event, trace));
    EXPECT_EQ(trace.text(), "after, tick");
}

// EVT-03
Coro<void> cancel_one(Event& event, Trace& trace, bool set_first) {
    const auto a = create_task(event.wait());
    const auto b = create_task(event.wait());
    co_await spin();
    if (set_first) event.set();
    a.cancel();
    if (!set_first) event.set();
    trace(co_await ended(a));
    trace(co_await ended(b));
}
TEST(Event, forgets_a_waiter_that_was_cancelled_before_or_after_it_was_woken) {
    for (const bool set_first : {false, true}) {
        VirtualLoop loop;
        Event event;
        Trace trace;
        loop.run(cancel_one(event, trace, set_first));
        EXPECT_EQ(trace.text(), "CancelledError, ok");
    }
}

Coro<void> set_after(Event& event, int turns) {
    co_await spin(turns);
    event.set();
    event.clear();
}
TEST(Event, wakes_the_others_when_a_waiter_is_cancelled_at_any_turn) {
    for (const bool see_through : {false, true}) {
        bool cancelled = true;
        for (int k = 0; cancelled; ++k) {
            VirtualLoop loop;
            Event event;
            Trace trace;
            const auto setter = loop.loop().create_task(set_after(event, 3));
            const auto other = loop.loop().create_task(wait_and_note(event, trace, 1));
            Trace victim;
            cancelled = loop.run_and_cancel_at(k, wait_and_note(event, victim, 0, see_through));
            loop.settle();
            EXPECT_EQ(victim.text(), cancelled ? "" : "0 true") << k;
            EXPECT_EQ(trace.text(), "1 true") << k;
            EXPECT_EQ(loop.task_count(), 0U) << k;
        }
    }
}

TEST(Event, may_go_before_or_after_the_frames_that_wait_for_it) {
    for (const bool set : {false, true}) {
        Trace trace;
        Event event;
        VirtualLoop loop;
        auto first = loop.loop().create_task(wait_and_note(event, trace, 0));
        auto second = loop.loop().create_task(wait_and_note(event, trace, 1, true));
        loop.settle();
        if (set) event.set();
        loop.loop().close();
        EXPECT_EQ(trace.text(), "");
    }
    const auto own_an_event = [](Trace& t) -> Coro<void> {
        Event event;
        const auto child = create_task(wait_and_note(event, t, 0));
        co_await spin(99);
    };
    Trace trace;
    VirtualLoop loop;
    auto task = loop.loop().create_task(own_an_event(trace));
    loop.run_turns(1);
    loop.run_turns(1);
    loop.loop().close();
    EXPECT_EQ(trace.text(), "");
}

TEST(Event, refuses_to_be_waited_for_in_two_loops) {
    Event event;
    Trace trace;
    VirtualLoop loop;
    auto task = loop.loop().create_task(wait_and_note(event, trace, 0));
    loop.settle();
    VirtualLoop other;
    EXPECT_THROW(other.run(wait_and_note(event, trace, 1)), RuntimeError);
    event.set();
    other.run(wait_and_note(event, trace, 2));  // no wait
    EXPECT_EQ(trace.text(), "2 true");
}

}  // namespace
}  // namespace weft
