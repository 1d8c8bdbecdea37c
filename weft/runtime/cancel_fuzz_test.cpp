// SPDX-License-Identifier: Apache-2.0
// Goal:   nothing that can be awaited leaks, hangs or loses a cancellation, whenever it comes.
// Method: each awaitable and combinator is attacked at every turn of its life; see attack.hpp.
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/runtime/as_completed.hpp>
#include <weft/runtime/async_generator.hpp>
#include <weft/runtime/cancel_scope.hpp>
#include <weft/runtime/concurrent_future.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/executor.hpp>
#include <weft/runtime/exit_stack.hpp>
#include <weft/runtime/future.hpp>
#include <weft/runtime/gather.hpp>
#include <weft/runtime/shield.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/task_group.hpp>
#include <weft/runtime/timeout.hpp>
#include <weft/runtime/wait.hpp>
#include <weft/runtime/with_async.hpp>
#include <weft/testing/attack.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;
using testing::Counted;

struct Case {
    std::string name;
    testing::Attacked body;
    testing::AttackOptions options{};
};

Coro<int> nap(Nanoseconds span, int value = 1) {
    const Counted frame;
    co_await sleep(span);
    co_return value;
}

Coro<Counted> slow_object() {
    Counted object;
    co_await sleep(1s);
    co_return object;
}

// Cleans up for a while when it is cancelled.
Coro<void> lingering(Nanoseconds span) {
    co_await try_finally(
        [&]() -> Coro<void> {
            const Counted frame;
            co_await sleep(span);
        },
        []() -> Coro<void> { co_await sleep(1s); });
}

Coro<void> failing(Nanoseconds span) {
    const Counted frame;
    co_await sleep(span);
    throw ValueError("on purpose");
}

AsyncGenerator<int> counting(int to) {
    const Counted frame;
    for (int i = 0; i < to; ++i) {
        co_await sleep(1s);
        co_yield i;
    }
}

// For what ends a concurrent future: no timer, since the virtual clock stands still until it ends.
Coro<Counted> some_turns() {
    Counted object;
    for (int i = 0; i < 4; ++i) co_await sleep(0s);
    co_return object;
}

struct SlowResource {
    Coro<Counted> aenter() {
        co_await sleep(1s);
        co_return Counted();
    }
    Coro<bool> aexit(const ExitReason&) {
        co_await sleep(1s);
        co_return false;
    }
    Counted itself;
};

std::vector<Coro<int>> three_naps() {
    std::vector<Coro<int>> naps;
    for (const auto span : {1s, 2s, 3s}) naps.push_back(nap(span));
    return naps;
}

template <class F>
void set_later(const F& future, Nanoseconds span = 2s) {
    get_running_loop().call_later(span, [future] {
        if (!future.done()) future.set_result();
    });
}

std::vector<Case> waits() {
    std::vector<Case> cases;
    cases.push_back({"sleep_of_nothing", [](bool t) -> Coro<void> {
                         if (t) co_await transparent;
                         co_await sleep(0s);
                     }});
    cases.push_back({"sleep", [](bool t) -> Coro<void> {
                         if (t) co_await transparent;
                         const Counted local;
                         co_await sleep(1s);
                         co_await sleep(1s, Counted());
                     }});
    cases.push_back({"future", [](bool t) -> Coro<void> {
                         if (t) co_await transparent;
                         const Future<> future = create_future();
                         set_later(future);
                         co_await future;
                     }});
    cases.push_back({"future_with_a_result", [](bool t) -> Coro<void> {
                         if (t) co_await transparent;
                         Future<Counted> future = create_future<Counted>();
                         get_running_loop().call_later(1s, [future] {
                             if (!future.done()) future.set_result(Counted());
                         });
                         const Counted result = co_await std::move(future);
                     }});
    cases.push_back({"task", [](bool t) -> Coro<void> {
                         if (t) co_await transparent;
                         co_await create_task(slow_object());
                     }});
    cases.push_back({"task_started_eagerly", [](bool t) -> Coro<void> {
                         if (t) co_await transparent;
                         co_await create_task(slow_object(), {.eager_start = true});
                     }});
    cases.push_back({"task_that_cleans_up", [](bool t) -> Coro<void> {
                         if (t) co_await transparent;
                         co_await create_task(lingering(2s));
                     }});
    cases.push_back({"coro", [](bool t) -> Coro<void> {
                         if (t) co_await transparent;
                         const Counted object = co_await slow_object();
                     }});
    cases.push_back({"as_result",
                     [](bool t) -> Coro<void> {
                         if (t) co_await transparent;
                         const auto one = co_await as_result(failing(1s));
                         const auto two = co_await as_result(create_task(failing(1s)));
                         const auto three = co_await as_result(gather(nap(1s), nap(2s)));
                         const auto four = co_await as_result(sleep(1s));
                         EXPECT_TRUE(!one && !two && three && four);
                     },
                     // A failure that a cancellation meets in the same turn is nobody's.
                     {.may_report = true}});
    cases.push_back({"generator", [](bool t) -> Coro<void> {
                         if (t) co_await transparent;
                         auto numbers = counting(2);
                         while (co_await numbers.next()) {
                         }
                     }});
    cases.push_back({"transparent_generator", [](bool t) -> Coro<void> {
                         if (t) co_await transparent;
                         auto numbers = []() -> AsyncGenerator<int> {
                             co_await transparent;
                             const Counted frame;
                             co_await sleep(1s);
                             co_yield 1;
                             co_await sleep(1s);
                         }();
                         while (co_await numbers.next()) {
                         }
                     }});
    cases.push_back({"generator_closed", [](bool t) -> Coro<void> {
                         if (t) co_await transparent;
                         auto numbers = []() -> AsyncGenerator<int> {
                             bool closing = false;
                             try {
                                 co_yield 1;
                             } catch (const GeneratorExit&) {
                                 closing = true;
                             }
                             if (closing) co_await sleep(1s);
                         }();
                         co_await numbers.next();
                         co_await numbers.aclose();
                     }});
    cases.push_back({"aclosing", [](bool t) -> Coro<void> {
                         if (t) co_await transparent;
                         auto numbers = counting(3);
                         co_await aclosing(std::move(numbers), [](auto& all) -> Coro<void> {
                             co_await all.next();
                             co_await sleep(1s);
                         });
                     }});
    cases.push_back({"to_thread", [](bool t) -> Coro<void> {
                         if (t) co_await transparent;
                         co_await to_thread([object = Counted()] { return object; });
                     }});
    cases.push_back({"to_thread_with_stop_token", [](bool t) -> Coro<void> {
                         if (t) co_await transparent;
                         co_await to_thread([object = Counted()](std::stop_token token) {
                             return token.stop_requested() ? 1 : 2;
                         });
                     }});
    cases.push_back({"run_in_executor", [](bool t) -> Coro<void> {
                         if (t) co_await transparent;
                         const auto future = get_running_loop().run_in_executor(
                             nullptr, [object = Counted()] { return object; });
                         co_await future;
                     }});
    cases.push_back({"wrap_future", [](bool t) -> Coro<void> {
                         if (t) co_await transparent;
                         const concurrent::Future<Counted> source;
                         // As executors do: a future that nobody ends any more is abandoned.
                         auto ending =
                             std::make_shared<internal::CancelUnlessEnded<Counted>>(source);
                         create_task([source, ending = std::move(ending)]() -> Coro<void> {
                             co_await some_turns();
                             if (source.set_running_or_notify_cancel()) {
                                 source.set_result(Counted());
                             }
                         });
                         const auto wrapped = wrap_future(source);
                         co_await wrapped;
                     }});
    // The loop's own thread stands for the other one: it must only not wait for the result.
    cases.push_back({"run_coroutine_threadsafe", [](bool t) -> Coro<void> {
                         if (t) co_await transparent;
                         const auto there =
                             run_coroutine_threadsafe(some_turns(), get_running_loop());
                         const auto here = wrap_future(there);
                         co_await here;
                     }});
    cases.push_back({"shutdown_asyncgens", [](bool t) -> Coro<void> {
                         if (t) co_await transparent;
                         const auto closing_slowly = [](Nanoseconds span) -> AsyncGenerator<int> {
                             const Counted frame;
                             bool closing = false;
                             try {
                                 co_yield 1;
                             } catch (const GeneratorExit&) {
                                 closing = true;
                             }
                             if (closing) co_await sleep(span);
                         };
                         auto one = closing_slowly(1s);
                         auto two = closing_slowly(2s);
                         co_await one.next();
                         co_await two.next();
                         co_await get_running_loop().shutdown_asyncgens();
                     }});
    return cases;
}

std::vector<Case> combinators() {
    std::vector<Case> cases;
    cases.push_back({"gather", [](bool t) -> Coro<void> {
                         if (t) co_await transparent;
                         co_await gather(nap(1s), slow_object(), lingering(2s));
                     }});
    cases.push_back({"gather_of_nothing", [](bool t) -> Coro<void> {
                         if (t) co_await transparent;
                         co_await gather();
                         co_await gather(std::vector<Coro<int>>());
                     }});
    cases.push_back({"gather_with_exceptions", [](bool t) -> Coro<void> {
                         if (t) co_await transparent;
                         co_await gather(return_exceptions, nap(1s), failing(2s), lingering(3s));
                     }});
    cases.push_back({"gather_of_a_range", [](bool t) -> Coro<void> {
                         if (t) co_await transparent;
                         co_await gather(three_naps());
                         co_await gather(return_exceptions, three_naps());
                     }});
    cases.push_back({"gather_or_cancel", [](bool t) -> Coro<void> {
                         if (t) co_await transparent;
                         co_await gather_or_cancel(nap(1s), lingering(2s));
                         co_await gather_or_cancel(three_naps());
                     }});
    for (const auto mode : {first_completed, first_exception, all_completed}) {
        for (const bool limited : {false, true}) {
            // The tasks are not the waiter's: it leaves them to end by themselves.
            cases.push_back(
                {"wait_" + std::to_string(static_cast<int>(mode)) + (limited ? "_limited" : ""),
                 [mode, limited](bool t) -> Coro<void> {
                     if (t) co_await transparent;
                     const std::vector<Task<int>> tasks{create_task(nap(1s)), create_task(nap(3s))};
                     WaitOptions options{.return_when = mode};
                     if (limited) options.timeout = Delay(2s);
                     co_await wait(tasks, options);
                 }});
        }
    }
    cases.push_back({"as_completed", [](bool t) -> Coro<void> {
                         if (t) co_await transparent;
                         auto results = as_completed(three_naps());
                         while (results.left() > 0) co_await results.next_result();
                     }});
    cases.push_back({"as_completed_in_time", [](bool t) -> Coro<void> {
                         if (t) co_await transparent;
                         auto results = as_completed(three_naps(), 2500ms);
                         int ended = 0;
                         auto next = co_await as_result(results.next());
                         while (next && *next) {
                             ++ended;
                             next = co_await as_result(results.next());
                         }
                         EXPECT_EQ(ended, 2);
                         EXPECT_TRUE(!next && holds<TimeoutError>(next.error()));
                     }});
    cases.push_back({"wait_for", [](bool t) -> Coro<void> {
                         if (t) co_await transparent;
                         co_await wait_for(nap(1s), 2s);
                         co_await wait_for(create_task(slow_object()), 2s);
                         const auto late = co_await as_result(wait_for(lingering(5s), 1s));
                         EXPECT_FALSE(late);
                         const auto unstarted = co_await as_result(wait_for(nap(1s), 0s));
                         EXPECT_FALSE(unstarted);
                     }});
    cases.push_back({"wait_for_a_gather", [](bool t) -> Coro<void> {
                         if (t) co_await transparent;
                         auto both = gather(nap(1s), nap(2s));
                         co_await wait_for(std::move(both), 5s);
                         const auto late =
                             co_await as_result(wait_for(gather_or_cancel(nap(5s)), 1s));
                         EXPECT_TRUE(!late && holds<TimeoutError>(late.error()));
                     }});
    cases.push_back({"shield", [](bool t) -> Coro<void> {
                         if (t) co_await transparent;
                         co_await shield(slow_object());
                     }});
    cases.push_back({"timeout", [](bool t) -> Coro<void> {
                         if (t) co_await transparent;
                         const auto late = co_await as_result(timeout(1s, []() -> Coro<void> {
                             const Counted frame;
                             co_await sleep(5s);
                         }));
                         EXPECT_FALSE(late);
                         Timeout limit(2s);
                         co_await with_async(limit, [&]() -> Coro<void> {
                             co_await sleep(1s);
                             limit.reschedule(std::nullopt);
                             co_await sleep(2s);
                         });
                     }});
    cases.push_back({"timeout_at", [](bool t) -> Coro<void> {
                         if (t) co_await transparent;
                         const TimePoint start = get_running_loop().time();
                         const auto late = co_await as_result(timeout_at(
                             start + 1s, []() -> Coro<void> { co_await lingering(5s); }));
                         EXPECT_TRUE(!late && holds<TimeoutError>(late.error()));
                         co_await timeout_at(start + 9s, []() -> Coro<void> {
                             const Counted frame;
                             co_await sleep(1s);
                         });
                     }});
    cases.push_back({"task_group", [](bool t) -> Coro<void> {
                         if (t) co_await transparent;
                         co_await TaskGroup::scope([](TaskGroup& group) -> Coro<void> {
                             group.create_task(nap(1s));
                             group.create_task(lingering(3s));
                             group.create_task([]() -> Coro<void> { co_await sleep(2s); });
                             co_await sleep(1s);
                         });
                     }});
    cases.push_back({"task_group_that_fails", [](bool t) -> Coro<void> {
                         if (t) co_await transparent;
                         const auto failed = co_await as_result(
                             TaskGroup::scope([](TaskGroup& group) -> Coro<void> {
                                 group.create_task(failing(1s));
                                 group.create_task(lingering(3s));
                                 co_await sleep(2s);
                             }));
                         EXPECT_FALSE(failed);
                         co_await sleep(1s);
                     }});
    cases.push_back({"task_group_cancelled_by_itself", [](bool t) -> Coro<void> {
                         if (t) co_await transparent;
                         co_await TaskGroup::scope([](TaskGroup& group) -> Coro<void> {
                             group.create_task(lingering(9s));
                             co_await sleep(1s);
                             group.cancel();
                             co_await sleep(9s);
                         });
                         co_await sleep(1s);
                     }});
    cases.push_back({"task_group_start", [](bool t) -> Coro<void> {
                         if (t) co_await transparent;
                         TaskGroup group;
                         co_await with_async(group, [&]() -> Coro<void> {
                             const int value = co_await group.start<int>(
                                 [](TaskStatus<int> status) -> Coro<void> {
                                     const Counted frame;
                                     co_await sleep(1s);
                                     status.started(7);
                                     co_await sleep(1s);
                                 });
                             EXPECT_EQ(value, 7);
                         });
                     }});
    cases.push_back({"exit_stack", [](bool t) -> Coro<void> {
                         if (t) co_await transparent;
                         AsyncExitStack stack;
                         stack.push_async_callback([]() -> Coro<void> {
                             co_await shielded([]() -> Coro<void> {
                                 const Counted frame;
                                 co_await sleep(1s);
                             });
                         });
                         co_await with_async(stack, []() -> Coro<void> { co_await sleep(1s); });
                     }});
    cases.push_back({"enter_async_context", [](bool t) -> Coro<void> {
                         if (t) co_await transparent;
                         AsyncExitStack stack;
                         co_await with_async(stack, [&]() -> Coro<void> {
                             for (int i = 0; i < 2; ++i) {
                                 const Counted entered =
                                     co_await stack.enter_async_context(SlowResource());
                                 co_await sleep(1s);
                             }
                         });
                     }});
    return cases;
}

std::vector<Case> scopes() {
    std::vector<Case> cases;
    cases.push_back({"cancel_scope", [](bool t) -> Coro<void> {
                         if (t) co_await transparent;
                         CancelScope scope;
                         const bool whole = co_await with_async(scope, [&]() -> Coro<void> {
                             co_await sleep(1s);
                             scope.cancel();
                             co_await sleep(9s);
                         });
                         EXPECT_FALSE(whole);
                     }});
    cases.push_back({"move_on_after", [](bool t) -> Coro<void> {
                         if (t) co_await transparent;
                         const auto value = co_await move_on_after(
                             2s, []() -> Coro<Counted> { co_return co_await slow_object(); });
                         EXPECT_TRUE(value);
                         const bool whole = co_await move_on_after(
                             1s, []() -> Coro<void> { co_await lingering(9s); });
                         EXPECT_FALSE(whole);
                     }});
    cases.push_back({"fail_after", [](bool t) -> Coro<void> {
                         if (t) co_await transparent;
                         const auto late = co_await as_result(
                             fail_after(1s, []() -> Coro<void> { co_await lingering(9s); }));
                         EXPECT_FALSE(late);
                     }});
    cases.push_back({"shielded", [](bool t) -> Coro<void> {
                         if (t) co_await transparent;
                         bool ended = false;
                         co_await shielded([&]() -> Coro<void> {
                             const Counted frame;
                             co_await sleep(1s);
                             co_await sleep(1s);
                             ended = true;
                         });
                         EXPECT_TRUE(ended);
                     }});
    cases.push_back({"shielded_timeout", [](bool t) -> Coro<void> {
                         if (t) co_await transparent;
                         co_await shielded([]() -> Coro<void> {
                             const auto late = co_await as_result(
                                 timeout(1s, []() -> Coro<void> { co_await lingering(9s); }));
                             EXPECT_TRUE(!late && holds<TimeoutError>(late.error()));
                         });
                     }});
    cases.push_back({"shielded_group", [](bool t) -> Coro<void> {
                         if (t) co_await transparent;
                         co_await shielded([]() -> Coro<void> {
                             const auto failed = co_await as_result(
                                 TaskGroup::scope([](TaskGroup& group) -> Coro<void> {
                                     group.create_task(failing(1s));
                                     co_await sleep(9s);
                                 }));
                             EXPECT_FALSE(failed);
                             co_await sleep(1s);
                         });
                     }});
    cases.push_back({"try_finally", [](bool t) -> Coro<void> {
                         if (t) co_await transparent;
                         int cleaned = 0;
                         const auto body = [&]() -> Coro<void> {
                             const auto count = [&]() -> Coro<void> {
                                 const Counted frame;
                                 co_await sleep(1s);
                                 ++cleaned;
                             };
                             co_await try_finally([]() -> Coro<void> { co_await sleep(2s); },
                                                  count);
                         };
                         co_await body();
                         EXPECT_EQ(cleaned, 1);
                     }});
    cases.push_back({"with_async_of_a_resource", [](bool t) -> Coro<void> {
                         if (t) co_await transparent;
                         SlowResource resource;
                         co_await with_async(resource,
                                             [](Counted&) -> Coro<void> { co_await sleep(1s); });
                     }});
    return cases;
}

class CancelFuzz : public ::testing::TestWithParam<std::size_t> {};

const std::vector<Case>& all_cases() {
    static const std::vector<Case> cases = [] {
        std::vector<Case> all;
        for (auto part : {waits, combinators, scopes}) {
            for (Case& one : part()) all.push_back(std::move(one));
        }
        return all;
    }();
    return cases;
}

TEST_P(CancelFuzz, survives_a_cancellation_at_every_turn) {
    const Case& one = all_cases()[GetParam()];
    for (const std::string& complaint : testing::attack(one.body, one.options)) {
        ADD_FAILURE() << one.name << ": " << complaint;
    }
}

INSTANTIATE_TEST_SUITE_P(All, CancelFuzz, ::testing::Range<std::size_t>(0, all_cases().size()),
                         [](const auto& info) { return all_cases()[info.param].name; });

}  // namespace
}  // namespace weft
