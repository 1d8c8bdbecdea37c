// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/with_async.hpp>

#include <string>

#include <gtest/gtest.h>

#include <weft/base/exceptions.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/exits_test.hpp>
#include <weft/runtime/sleep.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;

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
    EXPECT_EQ(told_at_closing_time(sleep_with), "CancelledError: closing time");
}

}  // namespace
}  // namespace weft
