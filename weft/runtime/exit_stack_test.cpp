// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/exit_stack.hpp>

#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include <weft/base/exceptions.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/with_async.hpp>
#include <weft/testing/virtual_loop.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;
using testing::VirtualLoop;

Coro<void> sleep_with(std::string& told) {
    AsyncExitStack stack;
    stack.push_async_exit([](std::string* into) {
        return [into](const ExitReason& reason) -> Coro<bool> {
            *into = describe(reason.error);
            co_return false;
        };
    }(&told));
    co_await with_async(stack, []() -> Coro<void> { co_await sleep(1s); });
}

TEST(AsyncExitStack, tells_its_exits_the_message_of_the_cancellation) {
    VirtualLoop loop;
    std::string told;
    loop.run([](std::string& into) -> Coro<void> {
        const auto task = create_task(sleep_with(into));
        co_await sleep(0s);
        task.cancel("closing time");
        co_await sleep(0s);
        EXPECT_TRUE(task.cancelled());
    }(told));
    EXPECT_EQ(told, "CancelledError: closing time");
}

}  // namespace
}  // namespace weft
