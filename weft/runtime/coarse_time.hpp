// SPDX-License-Identifier: Apache-2.0
// weft/runtime/coarse_time.hpp - a moment of a loop's clock in 32 bits, for ages.
#pragma once

#include <cstdint>

#include <weft/base/time.hpp>

namespace weft::internal {

/// Counts steps of 2^20 ns, about a millisecond. Of an age, 52 days remain.
class CoarseTime {
public:
    CoarseTime() = default;
    explicit CoarseTime(TimePoint moment) noexcept : steps_(steps_at(moment)) {}

    /// None for a moment of the next minute: whoever asks may have looked at the clock before.
    [[nodiscard]] Nanoseconds age_at(TimePoint now) const noexcept {
        const std::uint32_t steps = steps_at(now) - steps_;
        return steps > UINT32_MAX - steps_a_minute ? Nanoseconds::zero()
                                                   : Nanoseconds(std::int64_t{steps} * step);
    }

private:
    static constexpr std::int64_t step = 1 << 20;
    static constexpr std::uint32_t steps_a_minute = 60'000'000'000 / step;
    [[nodiscard]] static std::uint32_t steps_at(TimePoint moment) noexcept {
        return static_cast<std::uint32_t>(moment.time_since_epoch().count() / step);
    }

    std::uint32_t steps_ = 0;
};

}  // namespace weft::internal
