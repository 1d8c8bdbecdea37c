// SPDX-License-Identifier: Apache-2.0
// The examples of conditions, events and queues.
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <weft/io/run.hpp>
#include <weft/runtime/condition.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/gather.hpp>
#include <weft/runtime/queue.hpp>
#include <weft/testing/trace.hpp>
#include <weft/testing/virtual_loop.hpp>

namespace weft {
namespace {

using testing::spin;
using testing::Trace;
using testing::VirtualLoop;

Coro<void> consume(Condition& condition, std::vector<int>& items, Trace& trace) {
    const auto held = co_await condition.scoped();
    co_await condition.wait_for([&] { return !items.empty(); });
    trace("found", items.front(), condition.locked());
}
Coro<void> produce(Condition& condition, std::vector<int>& items, Trace& trace) {
    const auto held = co_await condition.scoped();
    condition.notify();  // too early
    items.push_back(7);
    co_await spin(3);
    trace("made");
    condition.notify();
}
TEST(Condition, is_waited_for_with_its_lock_held_before_and_after) {
    VirtualLoop loop;
    Condition condition;
    std::vector<int> items;
    Trace trace;
    const auto main = [&]() -> Coro<void> {
        co_await gather(consume(condition, items, trace), produce(condition, items, trace));
    };
    loop.run(main());
    EXPECT_EQ(trace.text(), "made, found 7 true");
    EXPECT_FALSE(condition.locked());
}

Coro<void> wait_for_thread() {
    EventLoop& loop = get_running_loop();
    Event event;
    const std::jthread other([&] { loop.call_soon_threadsafe([&] { event.set(); }); });
    co_await event.wait();
}
TEST(Event, is_set_from_another_thread_through_the_loop) { run(wait_for_thread()); }

Coro<int> through(int item) {
    Queue<int> queue;
    co_await queue.put(item);
    auto next = co_await queue.get();
    co_return next;
}
TEST(Queue, gives_what_was_put) { EXPECT_EQ(VirtualLoop().run(through(7)), 7); }

}  // namespace
}  // namespace weft
