// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/coro.hpp>

#include <cstdint>
#include <exception>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include <weft/base/await_chain.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/gather.hpp>
#include <weft/runtime/result.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/timeout.hpp>
#include <weft/testing/attack.hpp>
#include <weft/testing/log_capture.hpp>
#include <weft/testing/virtual_loop.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;
using testing::Counted;
using testing::VirtualLoop;

// The stack is 8 MiB as a rule; a chain of frames is destroyed from within, one call in the other.
#ifdef __OPTIMIZE__
constexpr int deep = 40'000;
#else
constexpr int deep = 2'000;  // twice Python's limit
#endif

Coro<int> give(int value) { co_return value; }

Coro<int> descend(int depth, bool transparent_frames) {
    if (transparent_frames) co_await transparent;
    if (depth == 0) {
        co_await sleep(1s);
        co_return 0;
    }
    co_return co_await descend(depth - 1, transparent_frames) + 1;
}

TEST(Coro, a_million_awaits_that_complete_at_once_use_no_stack) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        std::int64_t sum = 0;
        for (int i = 0; i < 1'000'000; ++i) sum += co_await give(1);
        EXPECT_EQ(sum, 1'000'000);
    }());
}

// Something that becomes a coroutine when it is awaited.
struct Question {
    int answer;
    [[nodiscard, clang::coro_wrapper,
      clang::coro_disable_lifetimebound]] Coro<int> operator co_await() && {
        if (answer < 0) throw ValueError("no question");
        return give(answer);
    }
};

TEST(Coro, may_be_stood_for_by_an_object_that_gives_one) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        EXPECT_EQ(co_await Question{1}, 1);
        EXPECT_EQ(co_await create_task(Question{2}), 2);
        EXPECT_EQ(co_await as_result(Question{3}), 3);
        EXPECT_EQ(co_await wait_for(Question{4}, 1s), 4);
        const auto [five, six] = co_await gather(Question{5}, Question{6});
        EXPECT_EQ(five + six, 11);
        EXPECT_THROW((void)co_await Question{-1}, ValueError);
    }());
}

TEST(Coro, a_deep_chain_returns) {
    VirtualLoop loop;
    EXPECT_EQ(loop.run(descend(deep, false)), deep);
    EXPECT_EQ(loop.run(descend(deep, true)), deep);
}

TEST(Coro, a_deep_chain_can_be_cancelled) {
    for (const bool transparent_frames : {false, true}) {
        VirtualLoop loop;
        // A throw in each frame is slow under a sanitizer.
        const auto task = loop.loop().create_task(
            descend(transparent_frames ? deep : deep / 20, transparent_frames));
        loop.loop().run_one_turn();
        task.cancel();
        loop.loop().run_until_done(task);
        EXPECT_TRUE(task.cancelled());
    }
}

// Goal: the frames, each destroyed by the one above, do not overflow the stack.
TEST(Coro, a_deep_chain_can_be_destroyed_with_its_loop) {
    VirtualLoop loop;
    const auto task = loop.loop().create_task(descend(deep, false));
    loop.loop().run_one_turn();
    EXPECT_EQ(loop.task_count(), 1u);
    loop.loop().close();
    EXPECT_EQ(loop.task_count(), 0u);
    EXPECT_FALSE(task.done());
}

TEST(Coro, an_over_aligned_local_is_aligned) {
    VirtualLoop loop;
    const auto aligned = []() -> Coro<std::uintptr_t> {
        alignas(64) char buffer[64] = {};
        co_await sleep(1ms);
        buffer[3] = 1;
        co_return reinterpret_cast<std::uintptr_t>(&buffer) % 64;
    };
    for (int i = 0; i < 8; ++i) EXPECT_EQ(loop.run(aligned()), 0u);
}

TEST(Coro, can_be_awaited_once) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        auto coro = give(1);
        EXPECT_TRUE(coro);
        EXPECT_EQ(co_await std::move(coro), 1);
        EXPECT_FALSE(coro);  // NOLINT(bugprone-use-after-move): that is what it asks
        bool refused = false;
        try {
            co_await std::move(coro);
        } catch (const RuntimeError&) {
            refused = true;
        }
        EXPECT_TRUE(refused);
    }());
}

TEST(Coro, never_awaited_is_reported_with_its_function_unless_closed) {
    const testing::LogCapture log;
    {
        auto closed = give(1);
        closed.close();
    }
    EXPECT_EQ(log.told(), "");
    {
        auto forgotten = give(2);
    }
    EXPECT_TRUE(log.told_of("give")) << log.told();
    EXPECT_TRUE(log.told_of("was never awaited")) << log.told();
}

TEST(Coro, destroys_its_arguments_and_locals_however_it_ends) {
    const int alive = Counted::alive;
    VirtualLoop loop;
    const auto failing = [](Counted) -> Coro<Counted> {
        const Counted local;
        co_await sleep(0s);
        throw ValueError("on purpose");
    };
    EXPECT_THROW(loop.run(failing(Counted())), ValueError);
    {
        const Counted returned =
            loop.run([](Counted c) -> Coro<Counted> { co_return c; }(Counted()));
    }
    EXPECT_EQ(Counted::alive, alive);
}

Coro<void> innermost() {
    co_await sleep(0s);
    throw ValueError("deep down");
}
Coro<void> middle() {
    co_await transparent;
    co_await innermost();
}
Coro<void> outermost() { co_await middle(); }

std::string names(const AwaitChain& chain) {
    std::string text;
    for (const auto& where : chain) {
        const std::string name = where.function_name();
        for (const char* one : {"innermost", "middle", "outermost", "throws_again"}) {
            if (name.find(one) != std::string::npos) text += std::string(one) + " ";
        }
    }
    return text;
}

TEST(AwaitChain, names_the_awaits_that_an_error_came_through_nearest_first) {
    VirtualLoop loop;
    const auto task = loop.loop().create_task(outermost());
    loop.loop().run_until_done(task);
    EXPECT_EQ(names(task.await_chain()), "innermost middle outermost ");
    EXPECT_TRUE(holds<ValueError>(task.exception()));
    std::string caught;
    loop.run([](std::string& caught) -> Coro<void> {
        try {
            co_await outermost();
        } catch (const ValueError&) {
            caught = names(current_await_chain());
        }
        co_await sleep(0s);
        EXPECT_TRUE(current_await_chain().empty());
    }(caught));
    EXPECT_EQ(caught, "innermost middle outermost ");
}

Coro<void> throws_again(bool in_a_task) {
    const auto failed =
        in_a_task ? co_await as_result(create_task(outermost())) : co_await as_result(outermost());
    std::rethrow_exception(failed.error());
}

TEST(AwaitChain, goes_on_where_an_error_that_was_a_result_is_thrown_again_at_once) {
    for (const bool in_a_task : {false, true}) {
        VirtualLoop loop;
        const auto task = loop.loop().create_task(throws_again(in_a_task));
        loop.loop().run_until_done(task);
        EXPECT_EQ(names(task.await_chain()), "innermost middle outermost throws_again ");
        EXPECT_TRUE(holds<ValueError>(task.exception()));
    }
}

TEST(AsResult, is_a_value_or_the_error_and_lets_a_cancellation_pass) {
    VirtualLoop loop;
    const auto task = loop.loop().create_task([]() -> Coro<void> {
        const auto good = co_await as_result(give(1));
        EXPECT_EQ(*good, 1);
        const auto bad = co_await as_result(outermost());
        EXPECT_TRUE(!bad && holds<ValueError>(bad.error()));
        static_cast<void>(co_await as_result(sleep(24h)));
        ADD_FAILURE() << "the cancellation did not pass";
    }());
    loop.loop().call_later(1s, [task] { task.cancel(); });
    loop.loop().run_until_done(task);
    EXPECT_TRUE(task.cancelled());
}

}  // namespace
}  // namespace weft
