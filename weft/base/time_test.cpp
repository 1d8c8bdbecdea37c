// SPDX-License-Identifier: Apache-2.0
#include <weft/base/time.hpp>

#include <chrono>
#include <cstdint>
#include <limits>
#include <ratio>

#include <gtest/gtest.h>

#include <weft/base/exceptions.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;
using Seconds = std::chrono::duration<double>;

TEST(Delay, takes_every_unit) {
    EXPECT_EQ(Delay(1.5s).get(), 1500ms);
    EXPECT_EQ(Delay(20ms).get(), Nanoseconds(20'000'000));
    EXPECT_EQ(Delay(std::chrono::duration<int, std::pico>(1)).get(), 1ns);  // never early
    EXPECT_EQ(Delay(Seconds(1e-10)).get(), 1ns);
    EXPECT_EQ(Delay(Seconds(-1e-10)).get(), 0ns);
    EXPECT_EQ(Delay(std::chrono::microseconds(9'007'199'254'740'993)).get(),
              Nanoseconds(9'007'199'254'740'993'000));
    static_assert(Delay(3h).get() == 3h);
}

TEST(Delay, cuts_what_does_not_fit_and_refuses_what_is_no_number) {
    constexpr auto infinity = std::numeric_limits<double>::infinity();
    EXPECT_EQ(Delay(Seconds(infinity)).get(), Nanoseconds::max());
    EXPECT_EQ(Delay(Seconds(-infinity)).get(), Nanoseconds::min());
    EXPECT_EQ(Delay(std::chrono::years(1000)).get(), Nanoseconds::max());
    EXPECT_EQ(Delay(std::chrono::hours::max()).get(), Nanoseconds::max());
    EXPECT_EQ(Delay(std::chrono::hours::min()).get(), Nanoseconds::min());
    EXPECT_EQ(Delay(std::chrono::duration<std::uint64_t, std::nano>(~0ull)).get(),
              Nanoseconds::max());
    EXPECT_THROW(Delay(Seconds(std::numeric_limits<double>::quiet_NaN())), ValueError);
}

TEST(Delay, added_to_a_time_stays_in_the_clocks_range) {
    EXPECT_EQ(Delay(1s).after(TimePoint()), TimePoint(1s));
    EXPECT_EQ(Delay(-1s).after(TimePoint()), TimePoint(-1s));
    EXPECT_EQ(Delay(Nanoseconds::max()).after(TimePoint(1ns)), TimePoint::max());
    EXPECT_EQ(Delay(Nanoseconds::min()).after(TimePoint(-1ns)), TimePoint::min());
}

}  // namespace
}  // namespace weft
