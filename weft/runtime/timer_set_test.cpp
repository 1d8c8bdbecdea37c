// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/timer_set.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/time.hpp>
#include <weft/runtime/ready_queue.hpp>

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

// Method: the same random calls to a std::multimap, which keeps equal keys in order.
TEST(TimerSet, does_what_a_multimap_does) {
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        std::mt19937_64 random(seed);
        const auto below = [&](std::int64_t end) {
            return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(end));
        };
        const std::int64_t spans[] = {4, 1000, 1'000'000'000, std::int64_t{1} << 55};
        TimerSet timers;
        std::multimap<TimePoint, Numbered*> model;
        std::vector<std::unique_ptr<Numbered>> all;
        TimePoint now = at(below(2) ? 0 : below(std::int64_t{1} << 50));
        for (int step = 0; step < 2000; ++step) {
            const auto action = below(10);
            if (action < 6) {
                all.push_back(std::make_unique<Numbered>(step));
                const TimePoint deadline = now + Nanoseconds(below(spans[below(4)]) - 2);
                timers.add(*all.back(), deadline);
                model.emplace(deadline, all.back().get());
            } else if (action < 8 && !model.empty()) {
                const auto victim = std::next(
                    model.begin(),
                    below(static_cast<std::int64_t>(std::min<std::size_t>(model.size(), 50))));
                timers.remove(*victim->second);
                model.erase(victim);
            } else {
                now += Nanoseconds(below(spans[below(4)]));
                std::vector<int> expected;
                while (!model.empty() && model.begin()->first <= now) {
                    expected.push_back(model.begin()->second->number);
                    model.erase(model.begin());
                }
                ASSERT_EQ(expire(timers, now), expected) << "seed " << seed << ", step " << step;
            }
            ASSERT_EQ(timers.size(), model.size());
            if (model.empty()) {
                ASSERT_EQ(timers.next(), TimePoint::max());
            } else {
                ASSERT_LE(timers.next(), model.begin()->first);
            }
        }
        while (Timer* timer = timers.pop_any()) static_cast<void>(timer);
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
