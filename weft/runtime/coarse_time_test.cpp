// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/coarse_time.hpp>

#include <chrono>

#include <gtest/gtest.h>

#include <weft/base/time.hpp>

namespace weft::internal {
namespace {

using namespace std::chrono_literals;

constexpr auto step = 1048576ns;

TEST(CoarseTime, tells_an_age_to_a_millisecond_or_so) {
    for (const Nanoseconds began : {0ns, Nanoseconds(1h), Nanoseconds(24h * 400)}) {
        for (const Nanoseconds age :
             {0ns, Nanoseconds(1s), Nanoseconds(1h), Nanoseconds(24h * 52)}) {
            const Nanoseconds told = CoarseTime(TimePoint(began)).age_at(TimePoint(began + age));
            EXPECT_LE(told, age + step);
            EXPECT_GE(told, age - step);
        }
    }
}

// Somebody looks at the clock, and then at a task that has run since.
TEST(CoarseTime, has_no_age_yet_a_moment_before) {
    for (const Nanoseconds before : {step, Nanoseconds(1s), Nanoseconds(59s)}) {
        const TimePoint moment(1h);
        EXPECT_EQ(CoarseTime(moment).age_at(moment - before), 0ns);
    }
}

}  // namespace
}  // namespace weft::internal
