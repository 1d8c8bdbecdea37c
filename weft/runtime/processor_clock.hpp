// SPDX-License-Identifier: Apache-2.0
// weft/runtime/processor_clock.hpp - a glance at the time, for "is it later than …?".
//
// Reading the processor's counter costs half of clock_gettime. It only decides when the loop
// looks at the real clock: a wrong rate polls too early or some microseconds late.
#pragma once

#include <chrono>
#include <cstdint>

#include <weft/base/time.hpp>

namespace weft::internal {

[[nodiscard]] inline std::uint64_t processor_ticks() noexcept {
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
    std::uint64_t ticks = 0;
    asm volatile("mrs %0, cntvct_el0" : "=r"(ticks));
    return ticks;
#else
    return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
#endif
}

/// Relates loop time to processor ticks.
class ProcessorClock {
public:
    /// It is `now`.
    void set(TimePoint now) noexcept {
        const std::uint64_t ticks = processor_ticks();
        if (first_ticks_ == 0) {
            first_ticks_ = ticks;
            first_time_ = now;
        } else if (now - first_time_ > calibration_span && rate_ == 0) {
            rate_ = static_cast<double>(ticks - first_ticks_) /
                    static_cast<double>((now - first_time_).count());
        }
        ticks_ = ticks;
        time_ = now;
    }
    /// How many ticks pass in a span; 0 while the rate is not known.
    [[nodiscard]] std::uint64_t ticks_in(Nanoseconds span) const noexcept {
        return static_cast<std::uint64_t>(static_cast<double>(span.count()) * rate_);
    }
    /// When the counter will say that it is `time`; early while the rate is not known, and 0 for
    /// what has passed.
    [[nodiscard]] std::uint64_t ticks_at(TimePoint time) const noexcept {
        if (time <= time_ || rate_ == 0) return 0;
        return ticks_ +
               static_cast<std::uint64_t>(static_cast<double>((time - time_).count()) * rate_);
    }

private:
    static constexpr Nanoseconds calibration_span = std::chrono::milliseconds(2);

    std::uint64_t first_ticks_ = 0;
    TimePoint first_time_;
    std::uint64_t ticks_ = 0;
    TimePoint time_;
    double rate_ = 0;  // ticks in a nanosecond; 0 until measured
};

}  // namespace weft::internal
