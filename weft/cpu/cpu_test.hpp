// SPDX-License-Identifier: Apache-2.0
// weft/cpu/cpu_test.hpp - what the tests of the pool share.
#pragma once

#include <atomic>
#include <chrono>
#include <thread>

namespace weft {

/// So many calls that are to run at the same time. A busy machine may keep some from it, so one meeting
/// after the other is tried.
class Meeting {
public:
    static constexpr int tries = 50;
    explicit Meeting(int expected) : expected_(expected) {}

    /// Waits for the others, but not for ever.
    void attend() {
        const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(200);
        ++there_;
        while (there_ < expected_) {
            if (std::chrono::steady_clock::now() > end) is_missed_ = true;
            if (is_missed_) return;
            std::this_thread::yield();
        }
    }
    /// Whether nobody had left when the last one came.
    [[nodiscard]] bool took_place() const { return !is_missed_ && there_ == expected_; }

private:
    const int expected_;
    std::atomic<int> there_ = 0;
    std::atomic<bool> is_missed_ = false;
};

}  // namespace weft
