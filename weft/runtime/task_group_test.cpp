// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/task_group.hpp>

#include <chrono>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/exception_group.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/exit_stack.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/with_async.hpp>
#include <weft/testing/virtual_loop.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;
using testing::VirtualLoop;

Coro<void> nap(Nanoseconds span) { co_await sleep(span); }

Coro<void> failing(Nanoseconds span, const char* why = "on purpose") {
    co_await sleep(span);
    throw ValueError(why);
}

Coro<void> lingering(Nanoseconds cleanup) {
    co_await try_finally([]() -> Coro<void> { co_await sleep(24h); },
                         [&]() -> Coro<void> { co_await sleep(cleanup); });
}

// TG-04 with the failure while the group waits: 3.11 left the count at 1, 3.13 does not.
TEST(TaskGroup, a_failure_while_it_waits_at_the_end_leaves_no_cancellation_behind) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        const auto failed = co_await as_result(TaskGroup::scope([](TaskGroup& group) -> Coro<void> {
            group.create_task(failing(1s));
            co_return;
        }));
        EXPECT_FALSE(failed);
        EXPECT_EQ(current_task().cancelling(), 0u);
        co_await sleep(1s);
    }());
}

TEST(TaskGroup, in_the_cleanup_of_a_cancelled_task_raises_no_old_cancellation_again) {
    VirtualLoop loop;
    bool finished = false;
    const Task<> task = loop.loop().create_task([](bool& finished) -> Coro<void> {
        bool cancelled = false;
        try {
            co_await sleep(24h);
        } catch (const CancelledError&) {
            cancelled = true;
        }
        EXPECT_TRUE(cancelled);
        const auto failed = co_await as_result(TaskGroup::scope([](TaskGroup& group) -> Coro<void> {
            group.create_task(failing(1s));
            co_await sleep(24h);
        }));
        EXPECT_TRUE(!failed && holds<ExceptionGroup>(failed.error()));
        co_await sleep(1s);
        finished = true;
    }(finished));
    loop.loop().call_later(1s, [task] { task.cancel(); });
    loop.loop().run_until_done(task);
    EXPECT_TRUE(finished);
    EXPECT_EQ(task.cancelling(), 1u);
}

// gh-155433: the group that cancels itself does not swallow somebody else's cancellation.
TEST(TaskGroup, that_cancelled_itself_passes_on_an_outside_cancellation) {
    VirtualLoop loop;
    bool went_on = false;
    const Task<> task = loop.loop().create_task([](bool& went_on) -> Coro<void> {
        co_await TaskGroup::scope([](TaskGroup& group) -> Coro<void> {
            group.create_task(lingering(5s));
            co_await sleep(1s);
            group.cancel();
        });
        co_await sleep(1s);
        went_on = true;
    }(went_on));
    loop.loop().call_later(3s, [task] { task.cancel(); });
    loop.loop().run_until_done(task);
    EXPECT_TRUE(task.cancelled());
    EXPECT_FALSE(went_on);
}

TEST(TaskGroup, errors_come_in_the_order_in_which_tasks_ended_the_body_last) {
    VirtualLoop loop;
    std::string order;
    loop.run([](std::string& order) -> Coro<void> {
        try {
            co_await TaskGroup::scope([](TaskGroup& group) -> Coro<void> {
                group.create_task([]() -> Coro<void> {
                    co_await try_finally([]() -> Coro<void> { co_await sleep(24h); },
                                         []() -> Coro<void> { co_await failing(2s, "b"); });
                });
                group.create_task([]() -> Coro<void> {
                    co_await try_finally([]() -> Coro<void> { co_await sleep(24h); },
                                         []() -> Coro<void> { co_await failing(1s, "a"); });
                });
                co_await sleep(1s);
                throw ValueError("body");
            });
        } catch (const ExceptionGroup& errors) {
            for (const auto& error : errors.exceptions()) order += describe(error) + " ";
        }
    }(order));
    EXPECT_EQ(order, "ValueError: a ValueError: b ValueError: body ");
}

TEST(TaskGroup, refuses_tasks_before_it_is_entered_after_its_end_and_while_it_cancels) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        TaskGroup group;
        EXPECT_THROW(group.create_task(nap(1s)), RuntimeError);
        const auto failed = co_await as_result(with_async(group, [&]() -> Coro<void> {
            group.create_task(failing(0s));
            group.create_task(lingering(1s));
            bool refused = false;
            try {
                co_await sleep(24h);
            } catch (const CancelledError&) {
                try {
                    group.create_task(nap(1s));
                } catch (const RuntimeError&) {
                    refused = true;
                }
            }
            EXPECT_TRUE(refused);
        }));
        EXPECT_FALSE(failed);
        EXPECT_THROW(group.create_task(nap(1s)), RuntimeError);
        const auto again = co_await as_result(with_async(group, []() -> Coro<void> { co_return; }));
        EXPECT_TRUE(!again && holds<RuntimeError>(again.error()));
    }());
}

TEST(TaskGroup, a_body_that_throws_in_its_call_ends_the_group_all_the_same) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        Task<> task;
        bool thrown = false;
        try {
            co_await TaskGroup::scope(
                [&] [[clang::coro_wrapper]] (TaskGroup & group) -> Coro<void> {
                    task = group.create_task(sleep(1h));
                    throw ValueError("before there is a coroutine");
                });
        } catch (const ExceptionGroup& errors) {
            thrown = holds<ValueError>(errors.exceptions().at(0));
        }
        EXPECT_TRUE(thrown);
        EXPECT_TRUE(task.cancelled());
        AsyncExitStack stack;
        bool cleaned = false;
        stack.callback([&] { cleaned = true; });
        stack.push_async_exit([] [[clang::coro_wrapper]] (const ExitReason&) -> Coro<bool> {
            throw ValueError("before there is a coroutine");
        });
        EXPECT_FALSE(co_await as_result(stack.aclose()));
        EXPECT_TRUE(cleaned);
    }());
}

Coro<void> fail_below() {
    co_await sleep(0s);
    throw ValueError("below");
}

TEST(TaskGroup, its_error_tells_the_awaits_of_its_members) {
    VirtualLoop loop;
    try {
        loop.run(TaskGroup::scope([](TaskGroup& group) -> Coro<void> {
            group.create_task(fail_below());
            co_return;
        }));
        FAIL() << "no error";
    } catch (const ExceptionGroup& errors) {
        ASSERT_EQ(errors.await_chain(0).size(), 1U);
        EXPECT_NE(std::string_view(errors.await_chain(0)[0].function_name()).find("fail_below"),
                  std::string_view::npos);
        EXPECT_NE(describe(std::current_exception()).find("task_group_test.cpp:"),
                  std::string::npos);
    }
}

TEST(TaskGroup, an_empty_one_does_not_suspend) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        bool ran = false;
        get_running_loop().call_soon([&] { ran = true; });
        co_await TaskGroup::scope([](TaskGroup&) -> Coro<void> { co_return; });
        EXPECT_FALSE(ran);
        co_await sleep(0s);
    }());
}

TEST(TaskGroup, cancelled_before_it_is_entered_ends_at_its_first_await) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        TaskGroup group;
        group.cancel();
        bool past_the_await = false;
        co_await with_async(group, [&]() -> Coro<void> {
            co_await sleep(1s);
            past_the_await = true;
        });
        EXPECT_FALSE(past_the_await);
        EXPECT_EQ(current_task().cancelling(), 0u);
    }());
}

TEST(TaskGroup, an_eager_task_that_fails_at_once_cancels_the_body) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        bool past_the_await = false;
        const auto failed =
            co_await as_result(TaskGroup::scope([&](TaskGroup& group) -> Coro<void> {
                group.create_task(
                    []() -> Coro<void> {
                        throw ValueError("at once");
                        co_return;
                    },
                    {.eager_start = true});
                co_await sleep(1s);
                past_the_await = true;
            }));
        EXPECT_FALSE(failed);
        EXPECT_FALSE(past_the_await);
    }());
}

TEST(TaskGroupStart, gives_what_the_task_started_with) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        co_await TaskGroup::scope([](TaskGroup& group) -> Coro<void> {
            const int port = co_await group.start<int>([](TaskStatus<int> status) -> Coro<void> {
                co_await sleep(1s);
                status.started(8080);
                EXPECT_THROW(status.started(1), RuntimeError);
                co_await sleep(1s);
            });
            EXPECT_EQ(port, 8080);
        });
    }());
}

TEST(TaskGroupStart, throws_what_the_task_threw_before_it_started) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        co_await TaskGroup::scope([](TaskGroup& group) -> Coro<void> {
            const auto failed = co_await as_result(
                group.start<>([](TaskStatus<>) -> Coro<void> { co_await failing(1s); }));
            EXPECT_TRUE(!failed && holds<ValueError>(failed.error()));
            const auto silent =
                co_await as_result(group.start<>([](TaskStatus<>) -> Coro<void> { co_return; }));
            EXPECT_TRUE(!silent && holds<RuntimeError>(silent.error()));
        });
    }());
}

TEST(TaskGroupStart, ends_when_the_task_is_cancelled_before_its_first_step) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        co_await TaskGroup::scope([](TaskGroup& group) -> Coro<void> {
            get_running_loop().call_soon([] { all_tasks().back().cancel(); });
            bool cancelled = false;
            try {
                co_await group.start<>([](TaskStatus<>) -> Coro<void> { co_await sleep(1s); });
            } catch (const CancelledError&) {
                cancelled = true;
            }
            EXPECT_TRUE(cancelled);
        });
    }());
}

}  // namespace
}  // namespace weft
