// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/queue.hpp>

#include <cstddef>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
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

template <class Q>
Coro<void> get_and_note(Q& queue, Trace& trace, const char* name, bool see_through = false) {
    if (see_through) co_await transparent;
    const auto item = co_await queue.get();
    trace(name, item);
}

// QUE-01
Coro<void> put_three(Queue<int>& queue, Trace& trace) {
    for (int i = 0; i < 3; ++i) {
        co_await queue.put(i);
        trace("put", i);
    }
}
Coro<void> block(Queue<int>& queue, Trace& trace) {
    const auto task = create_task(put_three(queue, trace));
    co_await spin(2);
    trace("|");
    for (int i = 0; i < 3; ++i) {
        const int item = co_await queue.get();
        trace("got", item);
    }
    co_await task;
}
TEST(Queue, makes_put_wait_while_it_is_full) {
    VirtualLoop loop;
    Queue<int> queue(1);
    Trace trace;
    loop.run(block(queue, trace));
    EXPECT_EQ(trace.text(), "put 0, |, got 0, put 1, got 1, put 2, got 2");
}

// QUE-02
Coro<void> three_getters(Queue<const char*>& queue, Trace& trace) {
    std::vector<Task<void>> tasks;
    for (const char* name : {"0", "1", "2"}) {
        tasks.push_back(create_task(get_and_note(queue, trace, name)));
    }
    co_await spin();
    for (const char* item : {"a", "b", "c"}) queue.put_nowait(item);
    for (const auto& task : tasks) co_await task;
}
TEST(Queue, serves_getters_in_the_order_of_their_coming) {
    VirtualLoop loop;
    Queue<const char*> queue;
    Trace trace;
    loop.run(three_getters(queue, trace));
    EXPECT_EQ(trace.text(), "0 a, 1 b, 2 c");
}

// QUE-03. asyncio sends the overtaken getter to the end: there B gets 2, and A gets 3.
Coro<void> barging(Queue<int>& queue, Trace& trace) {
    const auto a = create_task(get_and_note(queue, trace, "A"));
    const auto b = create_task(get_and_note(queue, trace, "B"));
    co_await spin();
    queue.put_nowait(1);
    trace("thief", queue.get_nowait());
    co_await spin(2);
    queue.put_nowait(2);
    queue.put_nowait(3);
    co_await a;
    co_await b;
}
TEST(Queue, keeps_the_place_of_a_getter_that_was_overtaken) {
    VirtualLoop loop;
    Queue<int> queue;
    Trace trace;
    loop.run(barging(queue, trace));
    EXPECT_EQ(trace.text(), "thief 1, A 2, B 3");
}

Coro<void> several_overtaken(Queue<int>& queue, Trace& trace) {
    std::vector<Task<void>> tasks;
    for (const char* name : {"A", "B", "C", "D"}) {
        tasks.push_back(create_task(get_and_note(queue, trace, name)));
    }
    co_await spin();
    for (int i = 0; i < 3; ++i) queue.put_nowait(i);
    for (int i = 0; i < 3; ++i) trace("thief", queue.get_nowait());
    co_await spin(2);
    queue.put_nowait(3);  // wakes A
    trace("thief", queue.get_nowait());
    co_await spin(2);
    for (int i = 4; i < 8; ++i) queue.put_nowait(i);
    for (const auto& task : tasks) co_await task;
}
TEST(Queue, keeps_the_places_of_several_getters_that_were_overtaken) {
    VirtualLoop loop;
    Queue<int> queue;
    Trace trace;
    loop.run(several_overtaken(queue, trace));
    EXPECT_EQ(trace.text(), "thief 0, thief 1, thief 2, thief 3, A 4, B 5, C 6, D 7");
}

Coro<void> put_and_note(Queue<int>& queue, Trace& trace, int item) {
    co_await queue.put(item);
    trace("put", item);
}
Coro<void> overtaken_putter(Queue<int>& queue, Trace& trace) {
    queue.put_nowait(0);
    const auto a = create_task(put_and_note(queue, trace, 1));
    const auto b = create_task(put_and_note(queue, trace, 2));
    co_await spin();
    trace("got", queue.get_nowait());
    queue.put_nowait(9);
    co_await spin(2);
    for (int i = 0; i < 3; ++i) {
        const int item = co_await queue.get();
        trace("got", item);
        co_await spin(2);
    }
}
TEST(Queue, keeps_the_place_of_a_putter_that_was_overtaken) {
    VirtualLoop loop;
    Queue<int> queue(1);
    Trace trace;
    loop.run(overtaken_putter(queue, trace));
    EXPECT_EQ(trace.text(), "got 0, got 9, put 1, got 1, put 2, got 2");
}

// QUE-04
Coro<void> cancel_woken_getter(Queue<int>& queue, Trace& trace) {
    const auto a = create_task(get_and_note(queue, trace, "A"));
    const auto b = create_task(get_and_note(queue, trace, "B"));
    co_await spin();
    queue.put_nowait(1);
    a.cancel();
    co_await ended(a);
    co_await ended(b);
}
TEST(Queue, gives_the_item_of_a_cancelled_getter_to_the_next) {
    VirtualLoop loop;
    Queue<int> queue;
    Trace trace;
    loop.run(cancel_woken_getter(queue, trace));
    EXPECT_EQ(trace.text(), "B 1");
}

// QUE-05
Coro<void> cancel_putter(Queue<int>& queue, Trace& trace, bool woken) {
    queue.put_nowait(0);
    const auto a = create_task(put_and_note(queue, trace, 1));
    const auto b = create_task(put_and_note(queue, trace, 2));
    co_await spin();
    if (woken) trace("got", queue.get_nowait());
    a.cancel();
    if (!woken) trace("got", queue.get_nowait());
    co_await spin(5);
    trace(outcome_of(a));
    trace(outcome_of(b));
    trace("got", queue.get_nowait());
    trace(queue.qsize());
}
TEST(Queue, does_not_get_the_item_of_a_cancelled_putter) {
    for (const bool woken : {false, true}) {
        VirtualLoop loop;
        Queue<int> queue(1);
        Trace trace;
        loop.run(cancel_putter(queue, trace, woken));
        EXPECT_EQ(trace.text(), "got 0, put 2, CancelledError, ok, got 2, 0") << woken;
    }
}

// QUE-06
Coro<void> join(Queue<int>& queue, Trace& trace) {
    queue.put_nowait(1);
    queue.put_nowait(2);
    const auto joiner = [](Queue<int>& q, Trace& t) -> Coro<void> {
        co_await q.join();
        t("joined");
    };
    const auto task = create_task(joiner(queue, trace));
    co_await spin();
    queue.get_nowait();
    queue.task_done();
    co_await spin(2);
    trace("one left");
    queue.get_nowait();
    queue.task_done();
    co_await task;
    trace(thrown_by([&] { queue.task_done(); }));
}
TEST(Queue, is_joined_when_the_work_on_each_item_is_done) {
    VirtualLoop loop;
    Queue<int> queue;
    Trace trace;
    loop.run(join(queue, trace));
    EXPECT_EQ(trace.text(), "one left, joined, ValueError: task_done() called too many times");
}

// QUE-07
TEST(Queue, refuses_what_would_have_to_wait) {
    Queue<int> queue(1);
    EXPECT_EQ(thrown_by([&] { queue.get_nowait(); }), "QueueEmpty");
    queue.put_nowait(1);
    EXPECT_EQ(thrown_by([&] { queue.put_nowait(1); }), "QueueFull");
    EXPECT_TRUE(queue.full());
    EXPECT_EQ(queue.maxsize(), 1);
    EXPECT_FALSE(Queue<int>(-5).full());
    EXPECT_EQ(Queue<int>(-5).maxsize(), -5);
}

// QUE-08
Coro<void> shut_down(Queue<int>& queue, Trace& trace) {
    queue.put_nowait(1);
    queue.put_nowait(2);
    const auto putter = create_task(queue.put(3));
    co_await spin();
    queue.shutdown();
    trace(co_await ended(putter));
    trace(co_await ended(create_task(queue.put(4))));
    for (int i = 0; i < 3; ++i) {
        const auto task = create_task(queue.get());
        trace(co_await ended(task));
    }
    trace(thrown_by([&] { queue.get_nowait(); }));
    const auto joiner = create_task(queue.join());
    co_await spin(2);
    trace(joiner.done());
    queue.task_done();
    queue.task_done();
    co_await joiner;
}
TEST(Queue, that_is_shut_down_refuses_puts_at_once_and_gets_when_it_is_empty) {
    VirtualLoop loop;
    Queue<int> queue(2);
    Trace trace;
    loop.run(shut_down(queue, trace));
    EXPECT_EQ(trace.text(),
              "QueueShutDown, QueueShutDown, ok, ok, QueueShutDown, QueueShutDown, false");
}

Coro<void> shut_down_at_once(Queue<int>& queue, Trace& trace) {
    queue.put_nowait(1);
    const auto joiner = create_task(queue.join());
    const auto putter = create_task(queue.put(2));
    co_await spin();
    queue.shutdown(true);
    queue.shutdown(true);
    trace(queue.qsize());
    trace(co_await ended(joiner));
    trace(co_await ended(putter));
    trace(co_await ended(create_task(queue.get())));
}
TEST(Queue, that_is_shut_down_immediately_drops_its_items) {
    VirtualLoop loop;
    Queue<int> queue(1);
    Trace trace;
    loop.run(shut_down_at_once(queue, trace));
    EXPECT_EQ(trace.text(), "0, ok, QueueShutDown, QueueShutDown");
}

Coro<void> shut_down_with_getters(Queue<int>& queue, Trace& trace) {
    const auto a = create_task(queue.get());
    const auto b = create_task(queue.get());
    co_await spin();
    queue.put_nowait(1);
    queue.shutdown();
    trace(co_await ended(a));
    trace(co_await ended(b));
}
TEST(Queue, that_is_shut_down_wakes_its_getters) {
    VirtualLoop loop;
    Queue<int> queue;
    Trace trace;
    loop.run(shut_down_with_getters(queue, trace));
    EXPECT_EQ(trace.text(), "ok, QueueShutDown");
}

// QUE-10
template <class Q>
std::string order_of(std::initializer_list<int> items) {
    Q queue;
    for (const int item : items) queue.put_nowait(item);
    Trace trace;
    while (!queue.empty()) trace(queue.get_nowait());
    return trace.text();
}
TEST(PriorityQueue, gives_the_smallest_first) {
    EXPECT_EQ(order_of<PriorityQueue<int>>({3, 1, 2}), "1, 2, 3");
    EXPECT_EQ(order_of<PriorityQueue<int>>({5, 2, 9, 2, 7, 1, 8, 2, 0, 3}),
              "0, 1, 2, 2, 2, 3, 5, 7, 8, 9");
    EXPECT_EQ((order_of<PriorityQueue<int, std::greater<int>>>({3, 1, 2})), "3, 2, 1");
}
TEST(LifoQueue, gives_the_newest_first) {
    EXPECT_EQ(order_of<LifoQueue<int>>({3, 1, 2}), "2, 1, 3");
}
// heapq of CPython gives equal items in this order.
TEST(PriorityQueue, gives_equal_items_in_the_order_of_heapq) {
    const auto by_tens = [](int a, int b) { return a / 10 < b / 10; };
    PriorityQueue<int, decltype(by_tens)> queue;
    for (const int item : {31, 12, 23, 14, 35, 16, 27, 18}) queue.put_nowait(item);
    Trace trace;
    while (!queue.empty()) trace(queue.get_nowait());
    EXPECT_EQ(trace.text(), "12, 16, 14, 18, 27, 23, 31, 35");
}

// QUE-11
Coro<void> uncontended(Queue<int>& queue, Trace& trace) {
    get_running_loop().call_soon([&] { trace("tick"); });
    for (int i = 0; i < 3; ++i) {
        co_await queue.put(i);
        co_await queue.get();
    }
    co_await queue.put(3);
    queue.get_nowait();
    for (int i = 0; i < 4; ++i) queue.task_done();
    co_await queue.join();
    trace("after");
    co_await spin();
}
TEST(Queue, does_not_suspend_when_it_need_not) {
    VirtualLoop loop;
    Queue<int> queue;
    Trace trace;
    loop.run(uncontended(queue, trace));
    EXPECT_EQ(trace.text(), "after, tick");
}

template <class Q>
Coro<int> through(Q& queue) {
    co_await queue.put(std::make_unique<int>(7));
    auto item = co_await queue.get();
    co_return *item;
}
TEST(Queue, carries_items_that_can_only_be_moved) {
    VirtualLoop loop;
    Queue<std::unique_ptr<int>> queue;
    EXPECT_EQ(loop.run(through(queue)), 7);
    LifoQueue<std::unique_ptr<int>> lifo;
    EXPECT_EQ(loop.run(through(lifo)), 7);
    PriorityQueue<std::unique_ptr<int>> priority;
    EXPECT_EQ(loop.run(through(priority)), 7);
}

// Goal:   the ring grows in any position, and destroys what is left in it.
TEST(Queue, grows_and_keeps_the_order) {
    for (int offset = 0; offset < 20; ++offset) {
        Queue<std::shared_ptr<int>> queue;
        for (int i = 0; i < offset; ++i) {
            queue.put_nowait(nullptr);
            queue.get_nowait();
        }
        std::vector<std::weak_ptr<int>> seen;
        for (int i = 0; i < 40; ++i) {
            auto item = std::make_shared<int>(i);
            seen.push_back(item);
            queue.put_nowait(std::move(item));
        }
        for (int i = 0; i < 30; ++i) EXPECT_EQ(*queue.get_nowait(), i);
        EXPECT_EQ(queue.qsize(), 10U);
        queue.shutdown(true);
        for (const auto& item : seen) EXPECT_TRUE(item.expired());
    }
}

// ---- cancellation at every turn

Coro<void> produce(Queue<std::unique_ptr<int>>& queue, int from, int to, bool see_through = false) {
    if (see_through) co_await transparent;
    for (int i = from; i < to; ++i) co_await queue.put(std::make_unique<int>(i));
}
Coro<void> consume(Queue<std::unique_ptr<int>>& queue, std::vector<int>& into,
                   bool see_through = false) {
    if (see_through) co_await transparent;
    for (;;) {
        auto item = co_await queue.get();
        if (*item < 0) co_return;
        into.push_back(*item);
        queue.task_done();
    }
}
Coro<void> stop_consumers(Queue<std::unique_ptr<int>>& queue, int consumers) {
    co_await queue.join();
    for (int i = 0; i < consumers; ++i) co_await queue.put(std::make_unique<int>(-1));
}

// Goal:   each item is got exactly once, in order for each producer, whoever is cancelled when.
// Method: a consumer is cancelled at turn k; it has what it got, the other one gets the rest.
TEST(Queue, loses_and_doubles_no_item_when_a_getter_is_cancelled_at_any_turn) {
    for (const bool see_through : {false, true}) {
        for (const int maxsize : {0, 1, 2}) {
            for (int k = 0; k < 20; ++k) {
                VirtualLoop loop;
                Queue<std::unique_ptr<int>> queue(maxsize);
                std::vector<int> got;
                const auto victim = loop.loop().create_task(consume(queue, got, see_through));
                const auto other = loop.loop().create_task(consume(queue, got));
                loop.run_turns(1);
                auto producer = loop.loop().create_task(produce(queue, 0, 6));
                loop.run_turns(k);
                victim.cancel();
                loop.settle();
                EXPECT_EQ(got, (std::vector<int>{0, 1, 2, 3, 4, 5})) << k << " " << maxsize;
                loop.run(stop_consumers(queue, 1));
                loop.settle();
                EXPECT_EQ(outcome_of(other), "ok");
                EXPECT_EQ(loop.task_count(), 0U) << k;
            }
        }
    }
}

TEST(Queue, loses_and_doubles_no_item_when_a_putter_is_cancelled_at_any_turn) {
    for (const bool see_through : {false, true}) {
        for (const int maxsize : {1, 2}) {
            bool cancelled = true;
            for (int k = 0; cancelled; ++k) {
                VirtualLoop loop;
                Queue<std::unique_ptr<int>> queue(maxsize);
                std::vector<int> got;
                const auto victim = loop.loop().create_task(produce(queue, 100, 104, see_through));
                auto producer = loop.loop().create_task(produce(queue, 0, 4));
                loop.run_turns(1);
                auto consumer = loop.loop().create_task(consume(queue, got));
                loop.run_turns(k);
                cancelled = victim.cancel();
                loop.settle();
                std::vector<int> victims;
                std::vector<int> others;
                for (const int i : got) (i >= 100 ? victims : others).push_back(i);
                EXPECT_EQ(others, (std::vector<int>{0, 1, 2, 3})) << k << " " << maxsize;
                for (std::size_t i = 0; i < victims.size(); ++i) {
                    EXPECT_EQ(victims[i], 100 + static_cast<int>(i)) << k;
                }
                if (!cancelled) EXPECT_EQ(victims.size(), 4U);
                loop.run(stop_consumers(queue, 1));
                loop.settle();
                EXPECT_EQ(loop.task_count(), 0U) << k;
            }
        }
    }
}

Coro<void> own_a_queue(std::vector<int>& got) {
    Queue<std::unique_ptr<int>> queue(1);
    const auto a = create_task(consume(queue, got));
    const auto b = create_task(consume(queue, got, true));
    co_await spin();
    const auto c = create_task(produce(queue, 0, 9));
    const auto d = create_task(produce(queue, 0, 9, true));
    co_await spin(2);
    a.cancel();
    c.cancel();
    co_await spin(99);
}
TEST(Queue, may_go_before_or_after_the_frames_that_wait_for_it) {
    for (int turns = 0; turns < 10; ++turns) {
        std::vector<int> got;
        {
            VirtualLoop loop;
            auto task = loop.loop().create_task(own_a_queue(got));
            loop.run_turns(turns);
        }
        Queue<std::unique_ptr<int>> queue(1);
        {
            VirtualLoop loop;
            auto a = loop.loop().create_task(consume(queue, got));
            auto b = loop.loop().create_task(consume(queue, got, true));
            auto c = loop.loop().create_task(produce(queue, 0, 3));
            auto d = loop.loop().create_task(produce(queue, 0, 3, true));
            loop.run_turns(turns);
        }
        EXPECT_LE(queue.qsize(), 1U);
    }
}

TEST(Queue, refuses_to_be_waited_for_in_two_loops) {
    Queue<int> queue;
    Trace trace;
    VirtualLoop loop;
    auto task = loop.loop().create_task(get_and_note(queue, trace, "A"));
    loop.settle();
    VirtualLoop other;
    EXPECT_EQ(thrown_by([&] { other.run(get_and_note(queue, trace, "B")); }),
              "RuntimeError: Queue is bound to a different event loop");
}

Coro<void> ask_for_the_error(Queue<int>& queue, Trace& trace) {
    queue.shutdown();
    const auto item = co_await as_result(queue.get());
    trace(item.has_value() ? "item" : describe(item.error()));
}
TEST(Queue, gives_its_errors_as_results) {
    VirtualLoop loop;
    Queue<int> queue;
    Trace trace;
    loop.run(ask_for_the_error(queue, trace));
    EXPECT_EQ(trace.text(), "QueueShutDown");
}

}  // namespace
}  // namespace weft
