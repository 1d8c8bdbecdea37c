// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/capacity_limiter.hpp>

#include <vector>

#include <gtest/gtest.h>

#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/task.hpp>
#include <weft/testing/trace.hpp>
#include <weft/testing/virtual_loop.hpp>

namespace weft {
namespace {

using testing::spin;
using testing::thrown_by;
using testing::Trace;
using testing::VirtualLoop;

Coro<void> borrow(CapacityLimiter& limiter, Trace& trace, int i, int turns,
                  bool see_through = false) {
    if (see_through) co_await transparent;
    const auto token = co_await limiter.scoped();
    trace(i);
    co_await spin(turns);
}

TEST(CapacityLimiter, counts_what_it_lends) {
    VirtualLoop loop;
    CapacityLimiter limiter(2);
    Trace trace;
    std::vector<Task<void>> tasks;
    for (int i = 0; i < 3; ++i) {
        tasks.push_back(loop.loop().create_task(borrow(limiter, trace, i, 3)));
    }
    loop.run_turns(1);
    EXPECT_EQ(limiter.total_tokens(), 2);
    EXPECT_EQ(limiter.borrowed_tokens(), 2);
    EXPECT_EQ(limiter.available_tokens(), 0);
    loop.settle();
    EXPECT_EQ(trace.text(), "0, 1, 2");
    EXPECT_EQ(limiter.borrowed_tokens(), 0);
}

TEST(CapacityLimiter, refuses_misuse) {
    CapacityLimiter limiter(1);
    EXPECT_EQ(thrown_by([&] { limiter.release(); }),
              "RuntimeError: this borrower isn't holding any of this CapacityLimiter's tokens");
    EXPECT_EQ(thrown_by([] { CapacityLimiter negative(-1); }),
              "ValueError: total_tokens must be >= 0");
    EXPECT_EQ(thrown_by([&] { limiter.set_total_tokens(-1); }),
              "ValueError: total_tokens must be >= 0");
    EXPECT_EQ(limiter.total_tokens(), 1);
}

TEST(CapacityLimiter, lets_more_in_when_its_total_grows_and_takes_none_away_when_it_shrinks) {
    VirtualLoop loop;
    CapacityLimiter limiter(1);
    Trace trace;
    for (int i = 0; i < 5; ++i) {
        auto task = loop.loop().create_task(borrow(limiter, trace, i, 4));
    }
    loop.run_turns(1);
    limiter.set_total_tokens(3);
    loop.run_turns(1);
    EXPECT_EQ(trace.text(), "0, 1, 2");
    limiter.set_total_tokens(1);
    EXPECT_EQ(limiter.borrowed_tokens(), 3);
    EXPECT_EQ(limiter.available_tokens(), -2);
    while (limiter.borrowed_tokens() > 1) loop.run_turns(1);
    EXPECT_EQ(trace.text(), "0, 1, 2");
    loop.settle();
    EXPECT_EQ(trace.text(), "0, 1, 2, 3, 4");
    EXPECT_EQ(limiter.available_tokens(), 1);
}

TEST(CapacityLimiter, keeps_its_tokens_when_a_waiter_is_cancelled_at_any_turn) {
    for (const bool see_through : {false, true}) {
        bool cancelled = true;
        for (int k = 0; cancelled; ++k) {
            VirtualLoop loop;
            CapacityLimiter limiter(1);
            Trace trace;
            Trace victims;
            auto first = loop.loop().create_task(borrow(limiter, trace, 0, 2));
            const auto victim =
                loop.loop().create_task(borrow(limiter, victims, 1, 1, see_through));
            auto last = loop.loop().create_task(borrow(limiter, trace, 2, 1));
            loop.run_turns(k);
            cancelled = victim.cancel();
            loop.settle();
            EXPECT_EQ(trace.text(), "0, 2") << k;
            EXPECT_EQ(limiter.borrowed_tokens(), 0) << k;
            EXPECT_EQ(loop.task_count(), 0U) << k;
        }
    }
}

TEST(CapacityLimiter, has_all_tokens_again_once_the_loop_was_closed) {
    for (int turns = 0; turns < 6; ++turns) {
        CapacityLimiter limiter(1);
        Trace trace;
        VirtualLoop loop;
        for (int i = 0; i < 4; ++i) {
            auto task = loop.loop().create_task(borrow(limiter, trace, i, 1, i % 2 == 1));
        }
        loop.run_turns(turns);
        loop.loop().close();
        EXPECT_EQ(limiter.borrowed_tokens(), 0);
    }
}

}  // namespace
}  // namespace weft
