// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/async_generator.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/exceptions.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/wait.hpp>
#include <weft/testing/attack.hpp>
#include <weft/testing/virtual_loop.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;
using testing::Counted;
using testing::VirtualLoop;

AsyncGenerator<int> count(int to) {
    for (int i = 0; i < to; ++i) {
        co_await sleep(1s);
        co_yield i;
    }
}

AsyncGenerator<int> with_cleanup(std::string& trace) {
    bool closing = false;
    try {
        co_yield 1;
        co_yield 2;
    } catch (const GeneratorExit&) {
        closing = true;
    }
    if (closing) co_await sleep(1s);
    trace += "cleaned";
}

Coro<void> take_one(AsyncGenerator<int>& numbers) { co_await numbers.next(); }

TEST(AsyncGenerator, gives_its_values_and_then_its_end_for_good) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        auto numbers = count(3);
        int sum = 0;
        while (const auto number = co_await numbers.next()) sum += *number;
        EXPECT_EQ(sum, 3);
        EXPECT_FALSE(co_await numbers.next());
        const auto past_the_end = co_await as_result(numbers.anext());
        EXPECT_TRUE(!past_the_end && holds<StopAsyncIteration>(past_the_end.error()));
    }());
}

TEST(AsyncGenerator, gives_values_that_can_only_be_moved) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        auto boxes = []() -> AsyncGenerator<std::unique_ptr<int>> {
            co_yield std::make_unique<int>(1);
            auto two = std::make_unique<int>(2);
            co_yield std::move(two);
        }();
        const auto one = co_await boxes.next();
        const auto two = co_await boxes.anext();
        EXPECT_EQ(**one + *two, 3);
    }());
}

TEST(AsyncGenerator, is_at_its_end_after_an_error) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        auto numbers = []() -> AsyncGenerator<int> {
            co_await sleep(1s);
            throw ValueError("on purpose");
            co_yield 1;
        }();
        const auto failed = co_await as_result(numbers.next());
        EXPECT_TRUE(!failed && holds<ValueError>(failed.error()));
        EXPECT_FALSE(co_await numbers.next());
    }());
}

TEST(AsyncGenerator, runs_its_cleanup_when_closed) {
    VirtualLoop loop;
    std::string trace;
    loop.run([](std::string& trace) -> Coro<void> {
        auto numbers = with_cleanup(trace);
        co_await numbers.next();
        co_await numbers.aclose();
        trace += " closed";
        EXPECT_FALSE(co_await numbers.next());
        co_await numbers.aclose();
    }(trace));
    EXPECT_EQ(trace, "cleaned closed");
}

TEST(AsyncGenerator, closed_before_its_start_never_runs) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        std::string trace;
        auto numbers = with_cleanup(trace);
        co_await numbers.aclose();
        EXPECT_FALSE(co_await numbers.next());
        EXPECT_EQ(trace, "");
    }());
}

TEST(AsyncGenerator, that_yields_while_it_is_closed_is_an_error) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        auto stubborn = []() -> AsyncGenerator<int> {
            for (int i = 0;; ++i) {
                try {
                    co_yield i;
                } catch (const GeneratorExit&) {
                }
            }
        }();
        co_await stubborn.next();
        const auto ignored = co_await as_result(stubborn.aclose());
        EXPECT_TRUE(!ignored && holds<RuntimeError>(ignored.error()));
    }());
}

TEST(AsyncGenerator, refuses_a_second_consumer_and_leaves_the_first_alone) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        auto numbers = count(1);
        const auto first = create_task(numbers.next());
        co_await sleep(0s);
        const auto second = co_await as_result(numbers.next());
        EXPECT_TRUE(!second && holds<RuntimeError>(second.error()));
        const auto closing = co_await as_result(numbers.aclose());
        EXPECT_TRUE(!closing && holds<RuntimeError>(closing.error()));
        EXPECT_EQ(co_await first, 0);
    }());
}

TEST(AsyncGenerator, is_at_its_end_when_its_wait_was_cancelled) {
    VirtualLoop loop;
    const auto script = [](AsyncGenerator<int> numbers) -> Coro<void> {
        const auto task = create_task(take_one(numbers));
        co_await sleep(500ms);
        task.cancel();
        co_await wait(std::vector<Task<>>{task});
        EXPECT_TRUE(task.cancelled());
        EXPECT_FALSE(co_await numbers.next());
        co_await numbers.aclose();
    };
    loop.run(script(count(1)));
    auto transparent_one = []() -> AsyncGenerator<int> {
        co_await transparent;
        co_await sleep(1s);
        co_yield 1;
    };
    loop.run(script(transparent_one()));
    loop.run(loop.loop().shutdown_asyncgens());
    EXPECT_TRUE(loop.reports().empty());
}

TEST(AsyncGenerator, may_catch_the_cancellation_and_go_on) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        auto numbers = []() -> AsyncGenerator<int> {
            try {
                co_await sleep(24h);
            } catch (const CancelledError&) {
            }
            co_yield 7;
        }();
        const auto task = create_task(numbers.next());
        co_await sleep(1s);
        task.cancel();
        EXPECT_EQ(co_await task, 7);
    }());
}

TEST(AsyncGenerator, is_closed_by_the_shutdown_of_its_loop) {
    VirtualLoop loop;
    std::string trace;
    {
        auto numbers = with_cleanup(trace);
        loop.run(take_one(numbers));
        loop.run(loop.loop().shutdown_asyncgens());
        EXPECT_EQ(trace, "cleaned");
    }
}

TEST(AsyncGenerator, may_outlive_its_loop) {
    const int alive = Counted::alive;
    {
        auto numbers = []() -> AsyncGenerator<int> {
            const Counted frame;
            co_yield 1;
            co_await sleep(1s);
            co_yield 2;
        }();
        {
            VirtualLoop loop;
            loop.run(take_one(numbers));
            const auto waiting = loop.loop().create_task(take_one(numbers));
            loop.loop().run_one_turn();
        }
    }
    EXPECT_EQ(Counted::alive, alive);
}

}  // namespace
}  // namespace weft
