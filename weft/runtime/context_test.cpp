// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/context.hpp>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/exceptions.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/handle.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/testing/virtual_loop.hpp>

namespace weft {
namespace {

ContextVar<int> number("number");
ContextVar<std::string> word("word", "default");

TEST(ContextVar, without_value_or_default_is_an_error) {
    Context().run([] {
        EXPECT_THROW(static_cast<void>(number.get()), LookupError);
        EXPECT_EQ(number.get(7), 7);
        EXPECT_EQ(word.get(), "default");
    });
}

TEST(ContextVar, is_reset_by_the_token_of_its_set_once) {
    Context().run([] {
        auto first = number.set(1);
        auto second = number.set(2);
        number.reset(second);
        EXPECT_EQ(number.get(), 1);
        EXPECT_THROW(number.reset(second), RuntimeError);
        number.reset(first);
        EXPECT_EQ(number.get(0), 0);
        ContextVar<int> other("other");
        auto foreign = other.set(1);
        EXPECT_THROW(number.reset(foreign), ValueError);
    });
}

TEST(ContextVar, says_that_a_token_was_used_before_it_asks_for_what) {
    ContextVar<int> other("other");
    auto token = number.set(1);
    Context().run([&] { EXPECT_THROW(other.reset(token), ValueError); });
    number.reset(token);
    EXPECT_THROW(other.reset(token), RuntimeError);
    Context().run([&] { EXPECT_THROW(number.reset(token), RuntimeError); });
}

TEST(Context, keeps_what_ran_in_it_to_itself) {
    Context context;
    context.run([] { number.set(3); });
    EXPECT_EQ(number.get(0), 0);
    EXPECT_EQ(number.get(context), 3);
    Context copy = context.copy();
    copy.run([] { number.set(4); });
    EXPECT_EQ(number.get(context), 3);
    EXPECT_EQ(number.get(copy), 4);
    EXPECT_EQ(context.size(), 1u);
}

TEST(Context, of_a_task_is_a_copy_unless_it_is_given) {
    testing::VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        number.set(1);
        const auto set_two = []() -> Coro<int> {
            const int before = number.get();
            number.set(2);
            co_await sleep(std::chrono::seconds(1));
            co_return before;
        };
        EXPECT_EQ(co_await create_task(set_two()), 1);
        EXPECT_EQ(number.get(), 1);
        Context shared = copy_context();
        co_await create_task(set_two(), {.context = &shared});
        EXPECT_EQ(number.get(shared), 2);
        EXPECT_EQ(co_await set_two(), 1);  // awaited in place: the caller's context
        EXPECT_EQ(number.get(), 2);
    }());
    EXPECT_EQ(number.get(0), 0);
}

TEST(Context, of_callbacks_is_that_of_their_making) {
    testing::VirtualLoop loop;
    std::string trace;
    Context().run([&] {
        number.set(1);
        loop.loop().call_soon([&] { trace += std::to_string(number.get()); });
        number.set(2);
        loop.loop().call_soon([&] {
            trace += std::to_string(number.get());
            number.set(99);
        });
        loop.settle();
        EXPECT_EQ(number.get(), 2);
    });
    EXPECT_EQ(trace, "12");
}

TEST(Context, that_a_callback_is_given_is_shared_both_ways) {
    testing::VirtualLoop loop;
    std::string trace;
    Context context;
    context.run([] { number.set(7); });
    const auto count = [&] {
        trace += std::to_string(number.get()) + " ";
        number.set(number.get() + 1);
    };
    EventLoop& on = loop.loop();
    on.call_soon(count, {.context = &context});
    on.call_soon_threadsafe(count, {.context = &context});
    on.call_later(std::chrono::seconds(1), count, {.context = &context});
    on.call_at(on.time() + std::chrono::seconds(2), count, {.context = &context});
    loop.settle();
    EXPECT_EQ(trace, "7 8 9 10 ");
    EXPECT_EQ(number.get(context), 11);
    EXPECT_EQ(number.get(0), 0);
}

TEST(Context, of_a_done_callback_is_a_copy_of_that_of_its_adding_unless_it_is_given) {
    testing::VirtualLoop loop;
    std::string trace;
    Context given;
    given.run([] { number.set(7); });
    const auto count = [&] {
        trace += std::to_string(number.get()) + " ";
        number.set(number.get() + 1);
    };
    const auto future = loop.loop().create_future();
    Context().run([&] {
        number.set(1);
        const auto added = future.add_done_callback(count);
        future.add_done_callback(added);  // each has a copy of its own
        future.add_done_callback(count, {.context = &given});
        future.add_done_callback(added, {.context = &given});
        number.set(2);
        future.set_result();
        loop.settle();
        EXPECT_EQ(number.get(), 2);
    });
    EXPECT_EQ(trace, "1 1 7 8 ");
    EXPECT_EQ(number.get(given), 9);
}

TEST(Context, of_a_callback_is_that_in_which_its_error_is_told) {
    testing::VirtualLoop loop;
    int told = 0;
    loop.loop().set_exception_handler([&](EventLoop&, const ExceptionContext&) {
        told = number.get(0);
        number.set(number.get(0) + 1);
    });
    Context context;
    context.run([] { number.set(7); });
    const Handle handle =
        loop.loop().call_soon([] { throw ValueError("no"); }, {.context = &context});
    EXPECT_EQ(number.get(handle.get_context()), 7);
    loop.settle();
    EXPECT_EQ(told, 7);
    EXPECT_EQ(number.get(context), 8);
}

TEST(Context, may_be_dropped_before_the_call) {
    testing::VirtualLoop loop;
    int found = 0;
    {
        Context context;
        context.run([] { number.set(7); });
        loop.loop().call_soon([&] { found = number.get(); }, {.context = &context});
        loop.loop().call_soon([] {}, {.context = &context}).cancel();
        const CallOptions none;
        loop.loop().call_soon([&] { found += number.get(0); }, none);
    }
    loop.settle();
    EXPECT_EQ(found, 7);
}

// A value whose copy fails must not take the others with it.
TEST(ContextVar, keeps_the_context_when_a_value_cannot_be_stored) {
    struct Bad {
        explicit Bad(int moves) : moves_left(moves) {}
        Bad(Bad&& other) : moves_left(other.moves_left - 1) {
            if (moves_left < 0) throw ValueError("moved");
        }
        Bad(const Bad&) = default;
        int moves_left;
    };
    ContextVar<Bad> bad("bad");
    for (int moves = 0; moves < 4; ++moves) {
        Context().run([&] {
            number.set(5);
            try {
                bad.set(Bad(moves));
            } catch (const ValueError&) {
            }
            EXPECT_EQ(number.get(0), 5);
        });
    }
}

TEST(Context, may_be_read_and_dropped_by_another_thread) {
    number.set(1);
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([context = copy_context(), i]() mutable {
            for (int j = 0; j < 1000; ++j) {
                Context copy = context.copy();
                copy.run([i, j] { number.set(i * j); });
                EXPECT_EQ(number.get(context), 1);
            }
        });
    }
    for (int j = 0; j < 1000; ++j) number.set(j);
    for (auto& thread : threads) thread.join();
}

TEST(Context, may_be_given_to_a_call_by_another_thread) {
    testing::VirtualLoop loop;
    Context context;
    context.run([] { number.set(7); });
    std::thread([&] {
        number.set(1);
        loop.loop().call_soon_threadsafe([] { number.set(number.get() + 1); },
                                         {.context = &context});
    }).join();
    loop.run_turns(1);
    EXPECT_EQ(number.get(context), 8);
}

}  // namespace
}  // namespace weft
