// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/timer_set.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/time.hpp>
#include <weft/runtime/ready_queue.hpp>
#include <weft/testing/choices.hpp>
#include <weft/testing/story.hpp>
#include <weft/testing/timer_set_model.hpp>

namespace weft::internal {
namespace {

const ReadyKind timer_kind = {.run = [](ReadyNode&) {},
                              .drop = [](ReadyNode&) noexcept {},
                              .describe = [](const ReadyNode&) { return std::string(); }};

struct Numbered : Timer {
    explicit Numbered(int the_number) : Timer(timer_kind), number(the_number) {}
    int number;
};

TimePoint at(std::int64_t count) { return TimePoint(Nanoseconds(count)); }

std::vector<int> expire(TimerSet& timers, TimePoint now) {
    ReadyQueue ready;
    timers.expire(now, ready);
    std::vector<int> numbers;
    while (!ready.empty()) {
        numbers.push_back(static_cast<Numbered&>(static_cast<Timer&>(ready.pop())).number);
    }
    return numbers;
}

TEST(TimerSet, expires_equal_deadlines_in_the_order_of_their_making) {
    TimerSet timers;
    std::vector<std::unique_ptr<Numbered>> all;
    for (int i = 0; i < 6; ++i) all.push_back(std::make_unique<Numbered>(i));
    timers.add(*all[0], at(1000));
    timers.add(*all[1], at(1000));
    EXPECT_TRUE(expire(timers, at(500)).empty());  // moves them nearer
    timers.add(*all[2], at(1000));
    timers.add(*all[3], at(999));
    EXPECT_TRUE(expire(timers, at(998)).empty());
    timers.add(*all[4], at(1000));
    timers.add(*all[5], at(-5));
    EXPECT_EQ(expire(timers, at(1000)), (std::vector<int>{5, 3, 0, 1, 2, 4}));
    EXPECT_TRUE(timers.empty());
    EXPECT_EQ(timers.next(), TimePoint::max());
}

TEST(TimerSet, knows_the_ends_of_time) {
    TimerSet timers;
    Numbered never(1);
    Numbered always(2);
    Numbered now(3);
    timers.add(never, TimePoint::max());
    EXPECT_EQ(timers.next(), TimePoint::max());
    timers.add(now, at(0));
    timers.add(always, TimePoint::min());
    EXPECT_EQ(timers.next(), TimePoint::min());
    EXPECT_EQ(expire(timers, TimePoint::min()), std::vector<int>{2});
    EXPECT_EQ(expire(timers, at(0)), std::vector<int>{3});
    EXPECT_EQ(timers.size(), 1u);
    EXPECT_EQ(expire(timers, TimePoint::max()), std::vector<int>{1});
}

TEST(TimerSet, gives_all_away) {
    TimerSet timers;
    Numbered one(1);
    Numbered two(2);
    timers.add(one, at(1));
    timers.add(two, at(std::int64_t{1} << 60));
    EXPECT_NE(timers.pop_any(), nullptr);
    EXPECT_NE(timers.pop_any(), nullptr);
    EXPECT_EQ(timers.pop_any(), nullptr);
    EXPECT_TRUE(timers.empty());
}

// Method: the same random calls to a std::multimap; timer_set_fuzz.cpp lets a fuzzer choose.
TEST(TimerSet, does_what_a_multimap_does) {
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        testing::SeededChoices choices(seed);
        const testing::Story story = testing::run_timer_set(choices);
        ASSERT_TRUE(story.objections().empty()) << "seed " << seed << ": " << story.text();
    }
}

TEST(ReadyQueue, is_first_in_first_out) {
    ReadyQueue queue;
    Numbered one(1);
    Numbered two(2);
    EXPECT_TRUE(queue.empty());
    for (int round = 0; round < 3; ++round) {
        queue.push(one);
        queue.push(two);
        EXPECT_EQ(queue.size(), 2u);
        EXPECT_EQ(&queue.pop(), static_cast<ReadyNode*>(&one));
        queue.push(one);
        EXPECT_EQ(&queue.pop(), static_cast<ReadyNode*>(&two));
        EXPECT_EQ(&queue.pop(), static_cast<ReadyNode*>(&one));
        EXPECT_TRUE(queue.empty());
    }
}

}  // namespace
}  // namespace weft::internal
