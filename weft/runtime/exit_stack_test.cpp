// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/exit_stack.hpp>

#include <string>
#include <utility>

#include <gtest/gtest.h>

#include <weft/base/exceptions.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/exits_test.hpp>
#include <weft/runtime/sleep.hpp>
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
    EXPECT_EQ(told_at_closing_time(sleep_with), "CancelledError: closing time");
}

TEST(AsyncExitStack, is_not_replaced_while_cleanups_are_left) {
    VirtualLoop loop;
    std::string ran;
    AsyncExitStack kept;
    kept.callback([&] { ran += "a"; });
    AsyncExitStack other;
    other.callback([&] { ran += "b"; });
    EXPECT_THROW(kept = std::move(other), RuntimeError);
    loop.run(kept.aclose());
    EXPECT_EQ(ran, "a");
    kept = other.pop_all();  // NOLINT(bugprone-use-after-move): the move threw
    loop.run(other.aclose());
    EXPECT_EQ(ran, "a");
    loop.run(kept.aclose());
    EXPECT_EQ(ran, "ab");
}

}  // namespace
}  // namespace weft
