// SPDX-License-Identifier: Apache-2.0
// weft/runtime/stall_watch.hpp - names the callback that holds a loop up, also outside debug mode.
//
// To time each callback would cost as much as a short one takes. So the loop only writes down which
// one it runs, and a thread looks now and then whether it still is the same.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include <weft/base/time.hpp>
#include <weft/runtime/ready_queue.hpp>

namespace weft {
class EventLoop;
namespace internal {

/// What a loop is at, as its own fields tell: two that are equal are of one and the same callback.
struct LoopStep {
    const ReadyNode* running = nullptr;  // null while the loop waits
    std::uint32_t callbacks = 0;         // since the last poll
    TimePoint poll_due;                  // changes with each poll
    friend bool operator==(const LoopStep&, const LoopStep&) = default;
};

/// Decides from looks at one loop which callbacks are slow.
class StallTracker {
public:
    using Clock = std::chrono::steady_clock;

    enum class Verdict : std::uint8_t {
        fine,
        slow,     // the callback that runs has taken too long: find out which one it is
        goes_on,  // and ten times as long: tell it now, it may never end
        ended,    // it is over: tell how long it took
    };
    /// `previous`: when this loop was looked at before. `on_time`: nothing held the look up. Else
    /// the thread that looks was stopped, and the loop perhaps with it: that time does not count.
    [[nodiscard]] Verdict look(const LoopStep& step, Clock::time_point previous,
                               Clock::time_point now, bool on_time, Nanoseconds slow) noexcept;

    /// Whether a slow callback has been found and runs still.
    [[nodiscard]] bool is_slow() const noexcept { return slow_; }
    /// How long the callback ran at least; and at most, once it ended.
    [[nodiscard]] Nanoseconds took_least() const noexcept { return least_; }
    [[nodiscard]] Nanoseconds took_most() const noexcept { return most_; }

private:
    LoopStep step_;
    Clock::time_point before_;  // the look before it was seen
    Clock::time_point first_;   // seen first
    Nanoseconds least_{};
    Nanoseconds most_{};
    bool slow_ = false;
    bool told_ = false;
};

/// The loops that run, and the thread that looks at them: one in a process, started with the first
/// loop. It sleeps while they all do.
class StallWatch {
public:
    /// A loop begins to run, or ends.
    /// Thread: the loop's.
    static void add(EventLoop& loop) noexcept;
    static void remove(EventLoop& loop) noexcept;
    /// A loop has waited.
    static void loop_woke() noexcept {
        if (asleep_.load(std::memory_order_relaxed) != 0) [[unlikely]]
            wake();
    }

private:
    class Watcher;
    static void wake() noexcept;

    static std::atomic<std::uint32_t> asleep_;
};

}  // namespace internal
}  // namespace weft
