// SPDX-License-Identifier: Apache-2.0
// Objects that are gone when a task looks at them: what debug mode tells, and what it must not.
#include <weft/runtime/debug_mode.hpp>

#include <coroutine>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/exceptions.hpp>
#include <weft/base/log.hpp>
#include <weft/base/time.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/coro_function.hpp>
#include <weft/runtime/event.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/future.hpp>
#include <weft/runtime/gather.hpp>
#include <weft/runtime/lock.hpp>
#include <weft/runtime/queue.hpp>
#include <weft/runtime/semaphore.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/task_group.hpp>
#include <weft/testing/virtual_loop.hpp>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
// It keeps locals elsewhere, to find by itself what is read of them too late.
#define WEFT_LOCALS_ON_STACK 0
#endif
#endif
#ifndef WEFT_LOCALS_ON_STACK
#define WEFT_LOCALS_ON_STACK 1
#endif

namespace weft {
namespace {

using testing::VirtualLoop;

// So that nothing is really read of what is gone.
bool look_at_it = false;

class DebugMode : public ::testing::Test {
protected:
    void SetUp() override {
        told.clear();
        loop_.loop().set_debug(true);
        before_ = set_log_hook([](LogLevel, std::string_view text) noexcept { told += text; });
    }
    void TearDown() override { set_log_hook(before_); }
    static bool told_of(std::string_view text) { return told.find(text) != std::string::npos; }

    static inline std::string told;
    VirtualLoop loop_;

private:
    LogHook before_ = nullptr;
};

Coro<void> use(int& value) {
    if (look_at_it) ++value;
    co_await sleep(Nanoseconds::zero());
    if (look_at_it) ++value;
}

struct Server {
    int requests = 0;
    Coro<void> serve() {
        if (look_at_it) ++requests;
        co_return;
    }
};

// A function of its own each, so that its locals are on the stack and gone when it returns.
[[gnu::noinline]] Task<> start_lambda_with_local() {
    int local = 0;
    auto task = create_task([](int& value) -> Coro<void> {
        if (look_at_it) ++value;
        co_return;
    }(local));
    return task;
}
[[gnu::noinline]] Task<> start_with_local() {
    int local = 0;
    auto task = create_task(use(local));
    return task;
}
[[gnu::noinline]] Task<> start_member_of_local() {
    Server local;
    auto task = create_task(local.serve());
    return task;
}
[[gnu::noinline]] Task<> start_eagerly_with_local() {
    int local = 0;
    auto task = create_task(use(local), {.eager_start = true});
    return task;
}
[[gnu::noinline]] auto gather_with_local() {
    int local = 0;
    return gather(use(local));
}

// A call of another thread that would wake a task of this one is refused before it does anything.
TEST_F(DebugMode, refuses_calls_from_other_threads) {
    loop_.run([]() -> Coro<void> {
        Event event;
        Queue<int> queue;
        Semaphore semaphore(0);
        Lock lock;
        co_await lock.acquire();
        const auto future = create_future<int>();
        const std::vector<Task<>> waiting{
            create_task([&]() -> Coro<void> { co_await event.wait(); }),
            create_task([&]() -> Coro<void> { co_await queue.get(); }),
            create_task([&]() -> Coro<void> { co_await semaphore.acquire(); }),
            create_task([&]() -> Coro<void> { co_await lock.acquire(); }),
            create_task([&]() -> Coro<void> { co_await future; })};
        co_await sleep(Nanoseconds::zero());
        int refused = 0;
        std::thread([&] {
            const auto count = [&](auto call) {
                try {
                    call();
                } catch (const RuntimeError&) {
                    ++refused;
                }
            };
            count([&] { event.set(); });
            count([&] { queue.put_nowait(1); });
            count([&] { queue.shutdown(); });
            count([&] { semaphore.release(); });
            count([&] { lock.release(); });
            count([&] { future.set_result(1); });
            count([&] { future.set_exception(ValueError()); });
            count([&] { future.cancel(); });
            count([&] { waiting[0].cancel(); });
        }).join();
        EXPECT_EQ(refused, 9);
        EXPECT_TRUE(!event.is_set() && queue.empty() && lock.locked() && !future.done());
        for (const Task<>& task : waiting) task.cancel();
        co_await sleep(Nanoseconds::zero());
        for (const Task<>& task : waiting) EXPECT_TRUE(task.done());
    }());
}

TEST(DebugStack, is_known_for_each_thread) {
    const int local = 0;
    const void* const here = __builtin_frame_address(0);
    EXPECT_TRUE(internal::is_on_stack(here));
    EXPECT_FALSE(internal::is_left_on_stack(here, here));
    EXPECT_FALSE(internal::is_on_stack(&look_at_it));
    EXPECT_FALSE(internal::is_left_on_stack(&look_at_it, here));
    if (WEFT_LOCALS_ON_STACK) {
        EXPECT_TRUE(internal::is_on_stack(&local));
    }
    std::thread([&] {
        EXPECT_FALSE(internal::is_on_stack(here));
        EXPECT_FALSE(internal::is_left_on_stack(here, __builtin_frame_address(0)));
        EXPECT_TRUE(internal::is_on_stack(__builtin_frame_address(0)));
    }).join();
}

TEST_F(DebugMode, tells_of_a_task_that_refers_to_a_local_that_is_gone) {
    for (const auto start : {start_with_local, start_member_of_local, start_eagerly_with_local,
                             start_lambda_with_local}) {
        told.clear();
        loop_.run([](Task<> (*begin)()) -> Coro<void> { co_await begin(); }(start));
        if (WEFT_LOCALS_ON_STACK) {
            EXPECT_TRUE(told_of("the object that it took by reference has gone")) << told;
            EXPECT_TRUE(told_of("<Task pending name='Task-")) << told;
            EXPECT_TRUE(told_of("debug_mode_test.cpp:")) << told;
        }
    }
    told.clear();
    loop_.run([]() -> Coro<void> { co_await gather_with_local(); }());
    if (WEFT_LOCALS_ON_STACK) {
        EXPECT_TRUE(told_of("the object that it took by reference has gone")) << told;
    }
}

TEST_F(DebugMode, tells_nothing_of_a_lambda_that_is_kept) {
    int runs = 0;
    const auto count = [&runs]() -> Coro<void> {
        ++runs;
        co_await sleep(Nanoseconds::zero());
        ++runs;
    };
    const CoroFunction<Coro<void>()> function = count;
    loop_.run(count());
    const auto before = loop_.loop().create_task(count());
    loop_.settle();
    loop_.run([&]() -> Coro<void> {
        co_await create_task(count);
        co_await create_task([&runs]() -> Coro<void> {
            ++runs;
            co_await sleep(Nanoseconds::zero());
            ++runs;
        });
        const auto local = [&runs]() -> Coro<void> {
            ++runs;
            co_await sleep(Nanoseconds::zero());
            ++runs;
        };
        co_await create_task(local());
        co_await gather(local(), local());
        co_await create_task(function());
        co_await TaskGroup::scope([&](TaskGroup& group) -> Coro<void> {
            group.create_task(local());
            group.create_task([&]() -> Coro<void> { co_await local(); });
            co_await local();
        });
        // Nothing is captured, so nothing can be read of it.
        co_await create_task([]() -> Coro<void> { co_await sleep(Nanoseconds::zero()); }());
    }());
    EXPECT_EQ(runs, 22);
    EXPECT_EQ(told, "");
}

TEST_F(DebugMode, tells_nothing_of_references_to_what_is_there) {
    int outer = 0;
    Server server;
    const auto early = loop_.loop().create_task(use(outer));
    loop_.run([](int& given, Server& serving) -> Coro<void> {
        int local = 0;
        std::vector<int> kept(3);
        co_await create_task(use(given));
        co_await create_task(use(local));
        co_await gather(use(local), use(kept[1]));
        co_await create_task(serving.serve());
        Server own;
        co_await create_task(own.serve());
    }(outer, server));
    EXPECT_EQ(told, "");
}

TEST_F(DebugMode, is_needed_to_tell) {
    loop_.loop().set_debug(false);
    loop_.run([]() -> Coro<void> { co_await start_with_local(); }());
    EXPECT_EQ(told, "");
}

// What a coroutine refers to is kept in no byte of its own.
struct Nothing {};
template <class... Args>
using PromiseFor = typename std::coroutine_traits<Coro<void>, Args...>::promise_type;
static_assert(sizeof(PromiseFor<int&>) == sizeof(PromiseFor<int>));
static_assert(alignof(PromiseFor<int&>) == alignof(PromiseFor<int>));
static_assert(std::is_same_v<PromiseFor<int, std::string>, internal::CoroPromise<void>>);
static_assert(std::is_same_v<PromiseFor<const Nothing&>, internal::CoroPromise<void>>);
static_assert(std::is_same_v<PromiseFor<void (&)()>, internal::CoroPromise<void>>);
static_assert(!std::is_same_v<PromiseFor<int, std::string&&>, internal::CoroPromise<void>>);

}  // namespace
}  // namespace weft
