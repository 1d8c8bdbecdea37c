// SPDX-License-Identifier: Apache-2.0
// Goal:   a task that cannot be made for want of memory is as if it had never been asked for.
// Method: operator new fails at the n-th call, for each n until none is left to fail.
#include <limits>
#include <memory>
#include <new>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/task_group.hpp>
#include <weft/testing/attack.hpp>
#include <weft/testing/scarce_memory.hpp>
#include <weft/testing/virtual_loop.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;
using testing::Counted;
using testing::fails_at;
using testing::VirtualLoop;

// Longer than what a std::string holds without memory.
constexpr std::string_view long_name = "a task with a name that needs memory of its own";

Coro<void> sleeps(Counted) { co_await sleep(1s); }

TEST(OutOfMemory, a_group_does_not_wait_for_a_task_that_was_not_made) {
    bool failed = true;
    for (int n = 0; failed; ++n) {
        VirtualLoop loop;
        loop.run(TaskGroup::scope([&](TaskGroup& group) -> Coro<void> {
            failed = fails_at(n, [&] {
                static_cast<void>(group.create_task(sleeps(Counted()), {.name = long_name}));
            });
            co_return;
        }));
        EXPECT_EQ(Counted::alive, 0);
        ASSERT_TRUE(failed || n > 0) << "nothing was allocated";
    }
}

TEST(OutOfMemory, a_task_that_was_not_made_leaves_nothing) {
    bool failed = true;
    for (int n = 0; failed; ++n) {
        VirtualLoop loop;
        loop.run([](int at, bool& result) -> Coro<void> {
            result = fails_at(
                at, [] { static_cast<void>(create_task(sleeps(Counted()), {.name = long_name})); });
            EXPECT_EQ(all_tasks().size(), result ? 1U : 2U);
            co_await sleep(2s);
        }(n, failed));
        EXPECT_EQ(Counted::alive, 0);
        ASSERT_TRUE(failed || n > 0) << "nothing was allocated";
    }
}

// ---- the error itself needs memory

Coro<void> fails_without_memory() {
    testing::allocations_to_fail = std::numeric_limits<int>::max();
    testing::allocations_until_failure = 0;
    static_cast<void>(std::make_unique<int>());
    co_return;
}

Coro<std::string> sees_the_failure() {
    std::string seen;
    try {
        co_await fails_without_memory();
    } catch (const std::bad_alloc&) {
        testing::allocations_until_failure = -1;
        testing::allocations_to_fail = 1;
        seen = "bad_alloc";
    }
    co_return seen;
}

// More often than there are spare places.
TEST(OutOfMemory, is_an_error_like_any_other) {
    VirtualLoop loop;
    for (int i = 0; i < 1000; ++i) ASSERT_EQ(loop.run(sees_the_failure()), "bad_alloc");
}

}  // namespace
}  // namespace weft
