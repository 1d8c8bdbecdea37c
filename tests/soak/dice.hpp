// SPDX-License-Identifier: Apache-2.0
// tests/soak/dice.hpp - what chance decides: the same for the same seed.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>

namespace weft::soak {

class Dice {
public:
    explicit Dice(std::uint64_t seed) : engine_(seed) {}

    /// 0 to `most`.
    [[nodiscard]] std::size_t up_to(std::size_t most) {
        return std::uniform_int_distribution<std::size_t>(0, most)(engine_);
    }
    [[nodiscard]] bool one_in(std::size_t count) { return up_to(count - 1) == 0; }
    /// 1 to about `most`, of every magnitude alike.
    [[nodiscard]] std::size_t magnitude(std::size_t most) {
        std::size_t bound = 1;
        while (bound < most && !one_in(8)) bound *= 2;
        return 1 + up_to(bound);
    }
    /// None, or up to 8 ms: too short or long enough on any machine, and each size in between.
    [[nodiscard]] std::chrono::microseconds moment() {
        return std::chrono::microseconds(up_to(std::size_t{1} << up_to(13)));
    }
    /// For somebody who throws them beside.
    [[nodiscard]] Dice another() { return Dice(engine_()); }

private:
    std::mt19937_64 engine_;
};

}  // namespace weft::soak
