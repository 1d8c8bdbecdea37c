// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/task.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/future.hpp>
#include <weft/runtime/gather.hpp>
#include <weft/runtime/promise.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task_group.hpp>
#include <weft/runtime/task_state.hpp>
#include <weft/runtime/timeout.hpp>
#include <weft/testing/attack.hpp>
#include <weft/testing/trace.hpp>
#include <weft/testing/virtual_loop.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;
using testing::Counted;
using testing::VirtualLoop;

Coro<void> nap(Nanoseconds span) { co_await sleep(span); }
Coro<int> give(int value) {
    co_await sleep(0s);
    co_return value;
}

// Cancels a task when it is destroyed, as guards of user code do.
struct CancelOnExit {
    AnyTask task;
    ~CancelOnExit() { task.cancel(); }
};

// Tasks that await each other.
Coro<void> await_in_ring(std::vector<Task<>>& ring, std::size_t next) {
    co_await sleep(0s);
    co_await ring[next];
}
Coro<void> await_in_ring_by_gather(std::vector<Task<>>& ring, std::size_t next) {
    co_await sleep(0s);
    co_await gather(nap(1h), ring[next]);
}

class RingOfTasks : public ::testing::Test {
protected:
    template <class F>
    void make(F await_next) {
        for (std::size_t i = 0; i < 3; ++i) {
            ring_.push_back(loop_.loop().create_task(await_next(ring_, (i + 1) % 3),
                                                     {.name = "abc"[i] + std::string()}));
        }
        loop_.run_turns(5);
    }
    std::vector<Task<>> ring_;
    VirtualLoop loop_;
};

TEST_F(RingOfTasks, refuses_to_be_cancelled_and_says_who_awaits_whom) {
    make(await_in_ring);
    EXPECT_EQ(testing::thrown_by([&] { return ring_[1].cancel("no"); }),
              "RecursionError: tasks that await each other in a ring cannot be cancelled: "
              "'b' awaits 'c', which awaits 'a', which awaits 'b'");
    for (const Task<>& task : ring_) {
        EXPECT_EQ(task.cancelling(), 0u);
        EXPECT_FALSE(task.done());
    }
    EXPECT_THROW(ring_[0].cancel(), RuntimeError);  // and again
}

TEST_F(RingOfTasks, refuses_also_where_a_gather_is_between) {
    make(await_in_ring_by_gather);
    EXPECT_EQ(testing::thrown_by([&] { return ring_[2].cancel(); }),
              "RecursionError: tasks that await each other in a ring cannot be cancelled: "
              "'c' awaits 'a', which awaits 'b', which awaits 'c'");
}

TEST_F(RingOfTasks, is_told_of_where_nobody_can_be_thrown_at) {
    make(await_in_ring);
    const auto waiting = loop_.loop().create_task([](Task<>& task) -> Coro<void> {
        co_await timeout(1s, [&]() -> Coro<void> { co_await task; });
    }(ring_[0]));
    const auto group = loop_.loop().create_task([](Task<>& task) -> Coro<void> {
        co_await TaskGroup::scope([&](TaskGroup& g) -> Coro<void> {
            g.create_task([&]() -> Coro<void> { co_await task; });
            co_await sleep(2s);
            throw ValueError("the others are to be cancelled");
        });
    }(ring_[0]));
    loop_.settle();
    ASSERT_EQ(loop_.reports().size(), 2u);
    for (const std::string& report : loop_.reports()) {
        EXPECT_NE(report.find("cannot be cancelled"), std::string::npos) << report;
    }
}

TEST_F(RingOfTasks, does_not_hinder_a_task_that_is_awaited_twice) {
    const auto one = loop_.loop().create_task(
        [](Future<> never) -> Coro<void> { co_await never; }(loop_.loop().create_future()));
    const auto both = loop_.loop().create_task([](Task<> task) -> Coro<void> {
        const auto wait = [](Task<> awaited) -> Coro<void> { co_await awaited; };
        co_await gather(wait(task), wait(task));
    }(one));
    loop_.run_turns(5);
    EXPECT_TRUE(both.cancel());
    loop_.run_turns(5);
    EXPECT_TRUE(one.cancelled());
    EXPECT_TRUE(both.cancelled());
}

TEST(Task, starts_in_the_next_turn_in_the_order_of_making) {
    VirtualLoop loop;
    std::string trace;
    loop.run([](std::string& trace) -> Coro<void> {
        const auto note = [&trace](char c) -> Coro<void> {
            trace += c;
            co_return;
        };
        const auto a = create_task(note('a'));
        const auto b = create_task(note('b'));
        trace += '0';
        co_await a;
        co_await b;
    }(trace));
    EXPECT_EQ(trace, "0ab");
}

TEST(Task, that_is_eager_runs_to_its_first_suspension_at_once) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        const AnyTask outer = current_task();
        AnyTask inner;
        const auto done = create_task(
            [&inner]() -> Coro<int> {
                inner = current_task();
                co_return 3;
            },
            {.eager_start = true});
        EXPECT_TRUE(done.done());
        EXPECT_EQ(done.result(), 3);
        EXPECT_TRUE(inner == done && current_task() == outer);
        const auto waiting = create_task(give(4), {.eager_start = true});
        EXPECT_FALSE(waiting.done());
        EXPECT_EQ(co_await waiting, 4);
    }());
}

TEST(Task, that_is_eager_begins_once_its_loop_runs) {
    VirtualLoop loop;
    bool began = false;
    const auto task = loop.loop().create_task(
        [](bool& runs) -> Coro<int> {
            runs = true;
            co_return 3;
        }(began),
        {.eager_start = true});
    EXPECT_FALSE(began);
    EXPECT_EQ(loop.loop().run_until_complete(task), 3);
}

struct Nest {
    int now = 0, deepest = 0, ran = 0;
};

Coro<void> make_nested_tasks(Nest& nest, int levels);

// As deep on the stack as one task can be.
Coro<void> call_and_make(Nest& nest, int calls, int levels) {
    if (calls > 0) {
        co_await call_and_make(nest, calls - 1, levels);
    } else if (levels > 0) {
        create_task(make_nested_tasks(nest, levels), {.eager_start = true});
    }
}

Coro<void> make_nested_tasks(Nest& nest, int levels) {
    ++nest.ran;
    nest.deepest = std::max(nest.deepest, ++nest.now);
    co_await call_and_make(nest, internal::PromiseBase::calls_max, levels - 1);
    --nest.now;
}

TEST(Task, that_is_eager_waits_for_its_turn_when_many_such_tasks_are_inside_each_other) {
    VirtualLoop loop;
    Nest nest;
    loop.run(make_nested_tasks(nest, 10'000));
    loop.settle();
    EXPECT_EQ(nest.ran, 10'000);
    EXPECT_EQ(nest.deepest, internal::eager_tasks_nested_max + 1);
}

TEST(Task, are_listed_for_a_loop_that_does_not_run_too) {
    VirtualLoop loop;
    const Task<> first = loop.loop().create_task(nap(1s));
    const Task<> second = loop.loop().create_task(nap(2s));
    EXPECT_EQ(all_tasks(loop.loop()), (std::vector<AnyTask>{first, second}));
    loop.settle();
    EXPECT_TRUE(all_tasks(loop.loop()).empty());
    EXPECT_THROW(static_cast<void>(all_tasks()), RuntimeError);
}

TEST(Task, has_a_name) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        const auto named = create_task(nap(0s), {.name = "carrier"});
        const auto unnamed = create_task(nap(0s));
        EXPECT_EQ(named.get_name(), "carrier");
        EXPECT_TRUE(unnamed.get_name().starts_with("Task-"));
        unnamed.set_name("other");
        EXPECT_EQ(unnamed.get_name(), "other");
        co_await named;
        co_await unnamed;
    }());
}

TEST(Task, gives_references_moves_and_void) {
    VirtualLoop loop;
    int value = 1;
    loop.run([](int& value) -> Coro<void> {
        int& reference = co_await create_task([&value]() -> Coro<int&> { co_return value; });
        EXPECT_EQ(&reference, &value);
        const auto task = create_task([]() -> Coro<std::string> { co_return "text"; });
        std::string& inside = co_await task;
        EXPECT_EQ(&inside, &task.result());
        const std::unique_ptr<int> box = co_await create_task(
            []() -> Coro<std::unique_ptr<int>> { co_return std::make_unique<int>(2); });
        EXPECT_EQ(*box, 2);
    }(value));
}

TEST(Task, refuses_a_coroutine_that_was_awaited_or_given_away) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        auto coro = nap(0s);
        co_await create_task(std::move(coro));
        // NOLINTNEXTLINE(bugprone-use-after-move): that is what it asks
        EXPECT_THROW(create_task(std::move(coro)), RuntimeError);
        bool refused = false;
        try {
            co_await std::move(coro);  // NOLINT(bugprone-use-after-move)
        } catch (const RuntimeError&) {
            refused = true;
        }
        EXPECT_TRUE(refused);
    }());
}

TEST(Task, without_a_loop_is_an_error) { EXPECT_THROW(create_task(nap(0s)), RuntimeError); }

TEST(Task, cannot_wait_for_itself) {
    VirtualLoop loop;
    Task<> self;
    self = loop.loop().create_task([](Task<>& self) -> Coro<void> { co_await self; }(self));
    loop.loop().run_until_done(self);
    EXPECT_TRUE(holds<RuntimeError>(self.exception()));
}

TEST(Task, uncancel_before_the_delivery_means_no_cancellation) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        current_task().cancel();
        current_task().cancel();
        EXPECT_EQ(current_task().cancelling(), 2u);
        EXPECT_EQ(current_task().uncancel(), 1u);
        EXPECT_EQ(current_task().uncancel(), 0u);
        EXPECT_EQ(current_task().uncancel(), 0u);
        co_await sleep(0s);
    }());
}

TEST(Task, cancelled_before_its_first_step_destroys_its_arguments) {
    VirtualLoop loop;
    const int alive = Counted::alive;
    const auto task = loop.loop().create_task([](Counted) -> Coro<void> {
        ADD_FAILURE() << "it ran";
        co_return;
    }(Counted()));
    EXPECT_EQ(Counted::alive, alive + 1);
    EXPECT_TRUE(task.cancel("why"));
    EXPECT_FALSE(task.done());
    EXPECT_THROW(loop.loop().run_until_complete(task), CancelledError);
    EXPECT_EQ(Counted::alive, alive);
    EXPECT_FALSE(task.cancel());
}

TEST(Task, that_cancels_itself_and_returns_is_cancelled_and_its_value_destroyed) {
    VirtualLoop loop;
    const int alive = Counted::alive;
    const auto task = loop.loop().create_task([]() -> Coro<Counted> {
        current_task().cancel();
        co_return Counted();
    }());
    loop.loop().run_until_done(task);
    EXPECT_TRUE(task.cancelled());
    EXPECT_EQ(Counted::alive, alive);
}

TEST(Task, an_error_that_nobody_asks_for_is_reported_with_its_name_and_place) {
    VirtualLoop loop;
    std::vector<ExceptionContext> reports;
    loop.loop().set_exception_handler(
        [&](EventLoop&, const ExceptionContext& context) { reports.push_back(context); });
    const auto failing = []() -> Coro<void> {
        throw ValueError("lost");
        co_return;
    };
    const unsigned made_at = __LINE__ + 1;
    loop.loop().create_task(failing(), {.name = "the unlucky one"});
    loop.settle();
    ASSERT_EQ(reports.size(), 1u);
    const ExceptionContext& report = reports[0];
    EXPECT_EQ(report.message, "Task exception was never retrieved");
    EXPECT_TRUE(holds<ValueError>(report.exception));
    EXPECT_TRUE(report.future.starts_with("<Task finished name='the unlucky one' coro=<"))
        << report.future;
    EXPECT_NE(report.future.find("task_test.cpp:"), std::string::npos) << report.future;
    ASSERT_TRUE(report.source);
    EXPECT_TRUE(std::string_view(report.source->file_name()).ends_with("task_test.cpp"));
    EXPECT_EQ(report.source->line(), made_at);
}

TEST(Task, a_handle_may_outlive_the_loop) {
    Task<> waiting;
    Task<> unstarted;
    Task<> failed;
    {
        VirtualLoop loop;
        waiting = loop.loop().create_task(nap(1s));
        failed = loop.loop().create_task([]() -> Coro<void> {
            throw ValueError("told by the log");
            co_return;
        }());
        loop.loop().run_one_turn();
        unstarted = loop.loop().create_task(nap(1s));
    }
    EXPECT_FALSE(waiting.done());
    EXPECT_TRUE(waiting.cancel());
    EXPECT_TRUE(unstarted.cancel());
    EXPECT_FALSE(waiting.done());
    EXPECT_TRUE(holds<ValueError>(failed.exception()));
}

TEST(Task, guards_of_others_may_cancel_it_while_the_loop_is_closed) {
    VirtualLoop loop;
    const Task<> older = loop.loop().create_task(nap(1s));
    loop.loop().create_task([](AnyTask older) -> Coro<void> {
        const CancelOnExit guard_of_older{older};
        const auto younger = create_task(nap(2s));
        const CancelOnExit guard_of_younger{younger};
        co_await sleep(3s);
    }(older));
    for (int i = 0; i < 3; ++i) loop.loop().run_one_turn();
    EXPECT_EQ(loop.task_count(), 3u);
    loop.loop().close();
    EXPECT_EQ(loop.task_count(), 0u);
    EXPECT_EQ(older.cancelling(), 1u);
    EXPECT_FALSE(older.done());
}

TEST(Task, drops_done_callbacks_that_hold_it_when_the_loop_is_closed) {
    const int alive = Counted::alive;
    {
        VirtualLoop loop;
        const Task<> waiting = loop.loop().create_task(nap(1s));
        waiting.add_done_callback([waiting, object = Counted()] {});
        loop.run_turns(1);
        const Task<> unstarted = loop.loop().create_task(nap(1s));
        unstarted.add_done_callback([waiting, unstarted, object = Counted()] {});
    }
    EXPECT_EQ(Counted::alive, alive);
}

TEST(Future, calls_done_callbacks_in_order_through_the_loop) {
    VirtualLoop loop;
    std::string trace;
    const auto future = loop.loop().create_future<int>();
    future.add_done_callback([&] { trace += 'a'; });
    const auto removed = future.add_done_callback([&] { trace += '!'; });
    future.add_done_callback(removed);
    future.add_done_callback([&](const AnyFuture& done) { trace += done == future ? 'b' : '?'; });
    EXPECT_EQ(future.remove_done_callback(removed), 2u);
    EXPECT_EQ(future.remove_done_callback(removed), 0u);
    future.set_result(1);
    EXPECT_EQ(trace, "");
    future.add_done_callback([&] { trace += 'c'; });
    loop.settle();
    EXPECT_EQ(trace, "abc");
}

TEST(Future, refuses_what_its_state_does_not_allow) {
    VirtualLoop loop;
    const auto future = loop.loop().create_future<int>();
    EXPECT_THROW(static_cast<void>(future.result()), InvalidStateError);
    EXPECT_THROW(static_cast<void>(future.exception()), InvalidStateError);
    future.set_result(1);
    EXPECT_THROW(future.set_result(2), InvalidStateError);
    EXPECT_THROW(future.set_exception(ValueError("late")), InvalidStateError);
    EXPECT_FALSE(future.cancel());
    EXPECT_EQ(future.exception(), nullptr);
    const auto cancelled = loop.loop().create_future<int>();
    EXPECT_TRUE(cancelled.cancel("why"));
    EXPECT_FALSE(cancelled.cancel());
    EXPECT_THROW(static_cast<void>(cancelled.result()), CancelledError);
    EXPECT_THROW(static_cast<void>(cancelled.exception()), CancelledError);
}

TEST(Future, refuses_to_be_awaited_in_another_loop) {
    VirtualLoop one;
    VirtualLoop two;
    const auto future = one.loop().create_future<int>();
    EXPECT_THROW(two.run([](Future<int> future) -> Coro<void> { co_await future; }(future)),
                 RuntimeError);
}

TEST(Future, an_error_that_nobody_asks_for_is_reported_once_its_last_handle_goes) {
    VirtualLoop loop;
    {
        const auto lost = loop.loop().create_future<int>();
        lost.set_exception(ValueError("lost"));
        const auto asked = loop.loop().create_future<int>();
        asked.set_exception(ValueError("asked"));
        EXPECT_NE(asked.exception(), nullptr);
        const auto silenced = loop.loop().create_future<int>();
        silenced.set_exception(ValueError("silenced"));
        silenced.cancel();
        EXPECT_TRUE(loop.reports().empty());
    }
    EXPECT_EQ(loop.reports(), std::vector<std::string>{"Future exception was never retrieved"});
}

TEST(Future, cancelling_one_who_waits_cancels_it_for_all) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        const auto future = create_future<int>();
        const auto wait = [](Future<int> future) -> Coro<void> { co_await future; };
        const auto one = create_task(wait(future));
        const auto two = create_task(wait(future));
        co_await sleep(0s);
        one.cancel();
        co_await sleep(0s);
        co_await sleep(0s);
        EXPECT_TRUE(future.cancelled() && one.cancelled() && two.cancelled());
    }());
}

TEST(Future, holds_a_result_that_can_only_be_moved) {
    VirtualLoop loop;
    auto future = loop.loop().create_future<std::unique_ptr<int>>();
    future.set_result(std::make_unique<int>(3));
    EXPECT_EQ(*future.result(), 3);
    EXPECT_EQ(*std::move(future).result(), 3);
}

// The count has an end, the requests have none.
TEST(Task, is_cancelled_also_after_a_million_requests_that_it_did_not_take_back) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        int caught = 0;
        const auto task = create_task([&]() -> Coro<void> {
            for (;;) {
                try {
                    co_await sleep(1h);
                    co_return;
                } catch (const CancelledError&) {
                    ++caught;
                }
            }
        });
        co_await sleep(1ms);
        for (int round = 0; round < 18; ++round) {
            const int before = caught;
            for (int i = 0; i < 60'000; ++i) EXPECT_TRUE(task.cancel());
            co_await sleep(1ms);
            EXPECT_GT(caught, before);
        }
        EXPECT_EQ(task.cancelling(), 1'048'575U);
        const int before = caught;
        EXPECT_TRUE(task.cancel());
        co_await sleep(1ms);
        EXPECT_EQ(caught, before + 1);
        EXPECT_EQ(task.uncancel(), 1'048'574U);
        co_await task;
    }());
}

}  // namespace
}  // namespace weft
