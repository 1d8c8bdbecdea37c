// SPDX-License-Identifier: Apache-2.0
// weft/base/time.hpp - the loop's clock types, and delays as callers write them.
#pragma once

#include <chrono>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <type_traits>

namespace weft {

using Nanoseconds = std::chrono::nanoseconds;

/// The time of an event loop: nanoseconds on CLOCK_MONOTONIC, or a virtual clock's.
struct LoopClock {
    using duration = Nanoseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<LoopClock>;
    static constexpr bool is_steady = true;
};
using TimePoint = LoopClock::time_point;

/// A span of time in any chrono unit, whole or floating: `sleep(1.5s)`, `sleep(20ms)`.
///
/// What does not fit into 64-bit nanoseconds (292 years) is cut to the largest that does; part of
/// a nanosecond is rounded up, so that nothing wakes early.
/// Errors: ValueError for a NaN.
class Delay {
public:
    template <class Rep, class Period>
    constexpr Delay(std::chrono::duration<Rep, Period> span) : value_(convert(span)) {}

    [[nodiscard]] constexpr Nanoseconds get() const noexcept { return value_; }

    /// `from + this`, cut to the clock's range.
    [[nodiscard]] constexpr TimePoint after(TimePoint from) const noexcept {
        const std::int64_t base = from.time_since_epoch().count();
        std::int64_t sum = 0;
        if (__builtin_add_overflow(base, value_.count(), &sum)) {
            return value_.count() > 0 ? TimePoint::max() : TimePoint::min();
        }
        return TimePoint(Nanoseconds(sum));
    }

private:
    template <class Rep, class Period>
    static constexpr Nanoseconds convert(std::chrono::duration<Rep, Period> span) {
        if constexpr (std::is_same_v<std::chrono::duration<Rep, Period>, Nanoseconds>) {
            return span;
        } else {
            using Exact = std::chrono::duration<long double, std::nano>;
            return cut(Exact(span).count());
        }
    }
    static constexpr Nanoseconds cut(long double nanoseconds) {
        if (nanoseconds != nanoseconds) throw_nan();
        if (nanoseconds >= 9.2e18L) return Nanoseconds::max();
        if (nanoseconds <= -9.2e18L) return Nanoseconds::min();
        const auto whole = static_cast<std::int64_t>(nanoseconds);
        return Nanoseconds(static_cast<long double>(whole) < nanoseconds ? whole + 1 : whole);
    }
    [[noreturn]] static void throw_nan();

    Nanoseconds value_;
};

}  // namespace weft
