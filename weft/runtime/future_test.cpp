// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/future.hpp>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/exceptions.hpp>
#include <weft/runtime/as_completed.hpp>
#include <weft/runtime/async_generator.hpp>
#include <weft/runtime/concurrent_future.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/coro_function.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/executor.hpp>
#include <weft/runtime/gather.hpp>
#include <weft/runtime/handle.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/timeout.hpp>
#include <weft/runtime/wait.hpp>
#include <weft/testing/virtual_loop.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;
using testing::VirtualLoop;

// Longer than what a string holds in place, so that a move empties it.
const std::string long_text(64, 'x');

Coro<std::string> give_text() {
    co_await sleep(1ms);
    co_return long_text;
}

TEST(Future, keeps_its_result_for_others_whoever_waits_for_it) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        const Task<std::string> task = create_task(give_text());
        EXPECT_EQ(co_await wait_for(task, 1s), long_text);
        EXPECT_EQ(co_await wait_for(task, 0s), long_text);
        EXPECT_EQ(co_await timeout(1s, task), long_text);
        EXPECT_EQ(co_await create_task(task), long_text);
        const std::vector tasks{task};
        auto results = as_completed(tasks);
        EXPECT_EQ(co_await results.next_result(), long_text);
        EXPECT_EQ(task.result(), long_text);
    }());
}

TEST(Future, that_is_given_away_gives_its_result_away) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        // What only seems to be copyable: its copy constructor does not compile.
        auto make = []() -> Coro<std::vector<std::unique_ptr<int>>> {
            std::vector<std::unique_ptr<int>> all;
            all.push_back(std::make_unique<int>(1));
            co_return all;
        };
        Task<std::vector<std::unique_ptr<int>>> task = create_task(make());
        EXPECT_EQ((co_await std::move(task)).size(), 1u);
        EXPECT_EQ((co_await wait_for(create_task(make()), 1s)).size(), 1u);
        EXPECT_EQ((co_await timeout(1s, create_task(make()))).size(), 1u);
        EXPECT_EQ(std::get<0>(co_await wait_for(gather(make()), 1s)).size(), 1u);
    }());
}

TEST(Future, of_run_until_complete_keeps_its_result) {
    VirtualLoop loop;
    const Task<std::string> task = loop.loop().create_task(give_text());
    EXPECT_EQ(loop.loop().run_until_complete(task), long_text);
    EXPECT_EQ(task.result(), long_text);
}

TEST(Future, that_wraps_a_concurrent_one_leaves_it_its_result) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        const concurrent::Future<std::string> source;
        const Future<std::string> future = wrap_future(source);
        source.set_result(long_text);
        EXPECT_EQ(co_await future, long_text);
        EXPECT_EQ(source.result(), long_text);
    }());
}

TEST(Future, handle_that_refers_to_none_says_so) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        Task<int> none;
        const std::function<void()> uses[] = {
            [&] { static_cast<void>(none.done()); },
            [&] { static_cast<void>(none.cancelled()); },
            [&] { none.cancel(); },
            [&] { static_cast<void>(none.cancelling()); },
            [&] { static_cast<void>(none.get_name()); },
            [&] { static_cast<void>(none.exception()); },
            [&] { static_cast<void>(none.result()); },
            [&] { none.add_done_callback([] {}); },
            [&] { static_cast<void>(gather(none, none)); },
            [&] { Future<int>().set_result(1); },
            [&] { static_cast<void>(TimerHandle().when()); },
        };
        for (const auto& use : uses) EXPECT_THROW(use(), RuntimeError);
        bool thrown = false;
        try {
            co_await none;
        } catch (const RuntimeError&) {
            thrown = true;
        }
        EXPECT_TRUE(thrown);
        thrown = false;
        try {
            co_await wait(std::vector<Task<int>>(2));
        } catch (const RuntimeError&) {
            thrown = true;
        }
        EXPECT_TRUE(thrown);
    }());
}

TEST(Future, that_was_moved_from_is_not_awaited_again) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        Task<std::string> task = create_task(give_text());
        EXPECT_EQ(co_await std::move(task), long_text);
        bool thrown = false;
        try {
            co_await std::move(task);  // NOLINT(bugprone-use-after-move)
        } catch (const RuntimeError&) {
            thrown = true;
        }
        EXPECT_TRUE(thrown);
    }());
}

TEST(Future, function_and_generator_that_are_empty_say_so) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        const CoroFunction<Coro<int>()> function;
        EXPECT_THROW(static_cast<void>(function()), std::bad_function_call);
        auto one = []() -> AsyncGenerator<int> { co_yield 1; };
        AsyncGenerator<int> numbers = one();
        AsyncGenerator<int> others = std::move(numbers);
        EXPECT_EQ(co_await others.next(), 1);
        bool thrown = false;
        try {
            co_await numbers.next();  // NOLINT(bugprone-use-after-move)
        } catch (const RuntimeError&) {
            thrown = true;
        }
        EXPECT_TRUE(thrown);
        co_await others.aclose();
    }());
}

}  // namespace
}  // namespace weft
