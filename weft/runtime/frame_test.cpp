// SPDX-License-Identifier: Apache-2.0
// How coroutine frames call each other, leave, and end.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <source_location>
#include <string>

#include <gtest/gtest.h>

#include <weft/base/await_chain.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/runtime/async_generator.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/result.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/testing/attack.hpp>
#include <weft/testing/log_capture.hpp>
#include <weft/testing/virtual_loop.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;
using testing::Counted;
using testing::VirtualLoop;

// The frame address is that of the caller's native frame, so it tells how deep the calls go.
[[gnu::noinline]] std::uintptr_t stack_pointer() {
    return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
}

class StackUse {
public:
    void look() {
        const std::uintptr_t here = stack_pointer();
        low_ = std::min(low_, here);
        high_ = std::max(high_, here);
    }
    [[nodiscard]] std::uintptr_t bytes() const { return high_ - low_; }

private:
    std::uintptr_t low_ = UINTPTR_MAX;
    std::uintptr_t high_ = 0;
};

// 32 calls are allowed; each takes some 100 bytes, in a sanitizer's build a few times that.
constexpr std::uintptr_t stack_bytes_max = 128 * 1024;

Coro<int> descend(int depth, bool waits, StackUse& use) {
    use.look();
    if (depth == 0) {
        if (waits) co_await sleep(1s);
        co_return 0;
    }
    const int below = co_await descend(depth - 1, waits, use);
    use.look();
    co_return below + 1;
}

TEST(Frames, a_chain_needs_no_more_stack_than_its_first_calls) {
    for (const bool waits : {false, true}) {
        for (const int depth : {1, 31, 32, 33, 34, 65, 5000}) {
            VirtualLoop loop;
            StackUse use;
            EXPECT_EQ(loop.run(descend(depth, waits, use)), depth);
            EXPECT_LT(use.bytes(), stack_bytes_max) << depth;
        }
    }
}

AsyncGenerator<int> nested(int depth, StackUse& use) {
    use.look();
    if (depth == 0) {
        co_yield 0;
        co_return;
    }
    StackUse between;
    co_await descend(5, false, between);
    auto inner = nested(depth - 1, use);
    while (auto value = co_await inner.next()) co_yield *value + 1;
}

TEST(Frames, generators_in_generators_need_no_more_stack) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        StackUse use;
        auto numbers = nested(2000, use);
        EXPECT_EQ(co_await numbers.next(), 2000);
        EXPECT_EQ(co_await numbers.next(), std::nullopt);
        EXPECT_LT(use.bytes(), stack_bytes_max);
    }());
}

Coro<void> takes_only_a_place(std::source_location) { co_return; }
Coro<void> takes_a_reference_and_a_place(const int&, std::source_location) { co_return; }

// The place of a coroutine is its own, whatever places it is given.
TEST(Frames, a_source_location_among_the_parameters_is_only_a_parameter) {
    const testing::LogCapture log;
    const int number = 1;
    {
        const auto dropped = takes_only_a_place(std::source_location::current());
    }
    {
        const auto dropped = takes_a_reference_and_a_place(number, std::source_location::current());
    }
    EXPECT_TRUE(log.told_of("takes_only_a_place(")) << log.told();
    EXPECT_TRUE(log.told_of("takes_a_reference_and_a_place(")) << log.told();
}

Coro<int> reads(const volatile int& flag) { co_return flag; }

TEST(Frames, a_parameter_may_be_volatile) {
    VirtualLoop loop;
    const volatile int flag = 3;
    EXPECT_EQ(loop.run(reads(flag)), 3);
}

class ThrowsInDestructor {
public:
    ~ThrowsInDestructor() noexcept(false) { throw ValueError("from a destructor"); }
};

Coro<Counted> ends_twice() {
    const ThrowsInDestructor thrower;
    co_return Counted();
}

TEST(Frames, an_error_after_co_return_drops_the_result) {
    VirtualLoop loop;
    EXPECT_THROW(loop.run([]() -> Coro<void> { co_await ends_twice(); }()), ValueError);
    EXPECT_THROW(loop.run(ends_twice()), ValueError);
    EXPECT_EQ(Counted::alive, 0);
}

// Goes on after a co_return, the result of which a destructor has spoilt.
Coro<Counted> ends_at_the_second_try(bool waits) {
    try {
        const ThrowsInDestructor thrower;
        co_return Counted();
    } catch (const ValueError&) {
    }
    if (waits) co_await sleep(1h);
    co_return Counted();
}
Coro<void> returns_at_the_second_try() {
    try {
        const ThrowsInDestructor thrower;
        co_return;
    } catch (const ValueError&) {
    }
    co_await sleep(1h);
}

TEST(Frames, a_coroutine_that_goes_on_after_co_return_has_not_ended) {
    VirtualLoop loop;
    for (const bool waits : {false, true}) {
        loop.run([](bool also) -> Coro<void> {
            const Counted one = co_await ends_at_the_second_try(also);
            EXPECT_EQ(Counted::alive, 1);
        }(waits));
        EXPECT_EQ(Counted::alive, 0);
        loop.run(ends_at_the_second_try(waits));
        EXPECT_EQ(Counted::alive, 0);
    }
    const TimePoint begun = loop.loop().time();
    loop.run([]() -> Coro<void> { co_await returns_at_the_second_try(); }());
    EXPECT_EQ(loop.loop().time() - begun, 1h);
    const Task<> task = loop.loop().create_task(returns_at_the_second_try());
    loop.run_turns(1);
    EXPECT_FALSE(task.done());
    loop.settle();
    EXPECT_TRUE(task.done());
    EXPECT_EQ(loop.loop().time() - begun, 2h);
}

class CancelsItsTask {
public:
    explicit CancelsItsTask(bool& accepted) : accepted_(accepted) {}
    ~CancelsItsTask() { accepted_ = current_task().cancel(); }

private:
    bool& accepted_;
};

Coro<int> cancelled_at_its_end(bool& accepted) {
    const CancelsItsTask canceller(accepted);
    co_return 1;
}

// As in a `finally` of CPython's coroutine that has its result already.
TEST(Frames, a_task_can_be_cancelled_until_its_last_destructor) {
    VirtualLoop loop;
    bool accepted = false;
    const Task<int> task = loop.loop().create_task(cancelled_at_its_end(accepted));
    loop.settle();
    EXPECT_TRUE(accepted);
    EXPECT_TRUE(task.cancelled());
}

Coro<void> fails() {
    co_await sleep(1s);
    throw ValueError("far below");
}
Coro<void> awaits_a_task() {
    co_await transparent;
    co_await create_task(fails());
}
Coro<void> awaits_it_all() {
    co_await transparent;
    co_await awaits_a_task();
}

TEST(Frames, the_await_chain_names_transparent_frames_that_wait_themselves) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        std::string chain;
        try {
            co_await awaits_it_all();
        } catch (const ValueError&) {
            chain = format_await_chain(current_await_chain());
        }
        EXPECT_NE(chain.find("fails()"), std::string::npos) << chain;
        EXPECT_NE(chain.find("awaits_a_task()"), std::string::npos) << chain;
        EXPECT_NE(chain.find("awaits_it_all()"), std::string::npos) << chain;
    }());
}

Coro<void> fails_at_once() {
    throw ValueError("at once");
    co_return;
}

TEST(Frames, an_eager_task_leaves_the_error_that_is_being_handled_alone) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        std::string chain;
        try {
            co_await awaits_it_all();
        } catch (const ValueError&) {
            const auto task = create_task(fails_at_once(), {.eager_start = true});
            EXPECT_NE(task.exception(), nullptr);
            chain = format_await_chain(current_await_chain());
        }
        EXPECT_NE(chain.find("awaits_it_all()"), std::string::npos) << chain;
    }());
}

}  // namespace
}  // namespace weft
