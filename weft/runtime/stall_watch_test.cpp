// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/stall_watch.hpp>

#include <chrono>
#include <cstdint>
#include <utility>

#include <gtest/gtest.h>

#include <weft/base/time.hpp>
#include <weft/runtime/ready_queue.hpp>

namespace weft::internal {
namespace {

using namespace std::chrono_literals;
using Verdict = StallTracker::Verdict;

constexpr ReadyKind kind{};

// Looks at times that the test gives.
class Looks {
public:
    Verdict at(Nanoseconds when, const LoopStep& step, bool on_time = true) {
        const StallTracker::Clock::time_point now(1h + when);
        return tracker.look(step, std::exchange(previous_, now), now, on_time, 100ms);
    }
    StallTracker tracker;

private:
    StallTracker::Clock::time_point previous_{1h};
};

LoopStep running(const ReadyNode& node, std::uint32_t callbacks = 1) {
    return {.running = &node, .callbacks = callbacks, .poll_due = {}};
}

TEST(StallTracker, finds_the_callback_that_takes_too_long_and_tells_how_long) {
    const ReadyNode one(kind);
    const ReadyNode other(kind);
    Looks looks;
    EXPECT_EQ(looks.at(0ms, running(other)), Verdict::fine);
    EXPECT_EQ(looks.at(25ms, running(one)), Verdict::fine);
    EXPECT_EQ(looks.at(50ms, running(one)), Verdict::fine);
    EXPECT_EQ(looks.at(124ms, running(one)), Verdict::fine);
    EXPECT_FALSE(looks.tracker.is_slow());
    EXPECT_EQ(looks.at(125ms, running(one)), Verdict::slow);
    EXPECT_TRUE(looks.tracker.is_slow());
    EXPECT_EQ(looks.at(140ms, running(one)), Verdict::fine);
    EXPECT_EQ(looks.at(150ms, running(other)), Verdict::ended);
    EXPECT_EQ(looks.tracker.took_least(), 115ms);
    EXPECT_EQ(looks.tracker.took_most(), 150ms);
    EXPECT_EQ(looks.at(160ms, running(other)), Verdict::fine);
    EXPECT_EQ(looks.at(249ms, running(other)), Verdict::fine);
    EXPECT_EQ(looks.at(250ms, running(other)), Verdict::slow);
}

TEST(StallTracker, finds_nothing_in_many_callbacks_of_one_task) {
    const ReadyNode node(kind);
    Looks looks;
    for (int i = 0; i < 100; ++i) {
        const Nanoseconds when = i * 25ms;
        EXPECT_EQ(looks.at(when, running(node, static_cast<std::uint32_t>(i))), Verdict::fine);
    }
    for (int i = 0; i < 100; ++i) {
        const LoopStep step{
            .running = &node, .callbacks = 1, .poll_due = TimePoint(Nanoseconds(i))};
        EXPECT_EQ(looks.at(3s + i * 25ms, step), Verdict::fine);
    }
}

TEST(StallTracker, finds_nothing_in_a_loop_that_waits) {
    Looks looks;
    for (int i = 0; i < 100; ++i) EXPECT_EQ(looks.at(i * 25ms, {}), Verdict::fine);
}

TEST(StallTracker, concludes_nothing_from_a_look_that_came_late) {
    const ReadyNode node(kind);
    Looks looks;
    EXPECT_EQ(looks.at(0ms, running(node)), Verdict::fine);
    EXPECT_EQ(looks.at(10s, running(node), false), Verdict::fine);
    EXPECT_EQ(looks.at(10s + 99ms, running(node)), Verdict::fine);
    EXPECT_EQ(looks.at(10s + 100ms, running(node)), Verdict::slow);
    EXPECT_EQ(looks.at(10s + 110ms, {}), Verdict::ended);
    EXPECT_EQ(looks.tracker.took_least(), 100ms);
    EXPECT_EQ(looks.tracker.took_most(), 10s + 110ms);
}

TEST(StallTracker, tells_once_of_a_callback_that_goes_on) {
    const ReadyNode node(kind);
    Looks looks;
    int slow = 0;
    int goes_on = 0;
    for (int i = 0; i < 1000; ++i) {
        const Verdict verdict = looks.at(i * 25ms, running(node));
        slow += verdict == Verdict::slow ? 1 : 0;
        goes_on += verdict == Verdict::goes_on ? 1 : 0;
        EXPECT_EQ(verdict == Verdict::goes_on, i == 40);
    }
    EXPECT_EQ(slow, 1);
    EXPECT_EQ(goes_on, 1);
}

}  // namespace
}  // namespace weft::internal
