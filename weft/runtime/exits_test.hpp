// SPDX-License-Identifier: Apache-2.0
// weft/runtime/exits_test.hpp - how an exit hears why its body was left, whatever calls it.
#pragma once

#include <string>

#include <gtest/gtest.h>

#include <weft/base/time.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/testing/virtual_loop.hpp>

namespace weft {

/// Cancels `sleeper` with a message while it sleeps, and gives what its exit was told.
inline std::string told_at_closing_time(Coro<void> (*sleeper)(std::string& told)) {
    testing::VirtualLoop loop;
    std::string told;
    loop.run([](Coro<void> (*run)(std::string&), std::string& into) -> Coro<void> {
        const auto task = create_task(run(into));
        co_await sleep(Nanoseconds::zero());
        task.cancel("closing time");
        co_await sleep(Nanoseconds::zero());
        EXPECT_TRUE(task.cancelled());
    }(sleeper, told));
    return told;
}

}  // namespace weft
