// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/with_async.hpp>

#include <string>

#include <gtest/gtest.h>

#include <weft/base/exceptions.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/testing/virtual_loop.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;
using testing::VirtualLoop;

// Keeps what aexit() was told.
struct Asking {
    std::string* told;
    static Coro<void> aenter() { co_return; }
    Coro<bool> aexit(const ExitReason& reason) {
        *told = describe(reason.error);
        co_return false;
    }
};

Coro<void> sleep_with(std::string& told) {
    Asking resource{&told};
    co_await with_async(resource, []() -> Coro<void> { co_await sleep(1s); });
}

TEST(WithAsync, tells_aexit_the_message_of_the_cancellation) {
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
