// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/timer_set.hpp>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <utility>

#include <weft/base/list.hpp>
#include <weft/base/time.hpp>
#include <weft/runtime/ready_queue.hpp>

namespace weft::internal {
namespace {

// Bucket 0 holds what is due already; bucket b > 0 what first differs in bit b - 1.
constexpr int due_bucket = 0;

std::uint64_t bits(TimePoint time) noexcept {
    // Order-preserving map of the signed count to unsigned.
    return static_cast<std::uint64_t>(time.time_since_epoch().count()) ^ (1ull << 63);
}

}  // namespace

int TimerSet::bucket_of(TimePoint deadline) const noexcept {
    if (deadline <= last_) return due_bucket;
    return std::bit_width(bits(deadline) ^ bits(last_));
}

void TimerSet::put(Timer& timer) noexcept {
    const int bucket = bucket_of(timer.deadline_);
    buckets_[bucket].timers.push_back(timer);
    buckets_[bucket].earliest = std::min(buckets_[bucket].earliest, timer.deadline_);
    filled_[bucket / 64] |= 1ull << (bucket % 64);
}

void TimerSet::add(Timer& timer, TimePoint deadline) noexcept {
    timer.deadline_ = deadline;
    put(timer);
    ++size_;
    next_ = std::min(next_, deadline);
}

void TimerSet::expire(TimePoint now, ReadyQueue& ready) {
    if (now < next_) return;
    const int reached = bucket_of(now);
    last_ = std::max(last_, now);
    due_.clear();
    // Buckets below the one that `now` falls into lie wholly in the past.
    for (int bucket = due_bucket; bucket <= reached; ++bucket) {
        if (!(filled_[bucket / 64] >> (bucket % 64) & 1)) continue;
        filled_[bucket / 64] &= ~(1ull << (bucket % 64));
        List<Timer> moved;
        moved.splice_back(buckets_[bucket].timers);
        buckets_[bucket].earliest = TimePoint::max();
        while (Timer* timer = moved.pop_front()) {
            if (timer->deadline_ <= now) {
                due_.push_back({timer->deadline_, due_.size(), timer});
            } else {
                put(*timer);  // into a nearer bucket, which was emptied before
            }
        }
    }
    std::ranges::sort(due_, {}, [](const Due& due) { return std::pair(due.deadline, due.order); });
    for (const Due& due : due_) ready.push(*due.timer);
    size_ -= due_.size();
    find_next();
}

Timer* TimerSet::pop_any() noexcept {
    for (Bucket& bucket : buckets_) {
        if (bucket.timers.empty()) continue;
        Timer& timer = bucket.timers.front();
        remove(timer);
        return &timer;
    }
    return nullptr;
}

void TimerSet::find_next() noexcept {
    next_ = TimePoint::max();
    for (int bucket = 0; bucket < bucket_count; ++bucket) {
        if (!(filled_[bucket / 64] >> (bucket % 64) & 1)) continue;
        if (buckets_[bucket].timers.empty()) {
            filled_[bucket / 64] &= ~(1ull << (bucket % 64));
            buckets_[bucket].earliest = TimePoint::max();
            continue;
        }
        next_ = buckets_[bucket].earliest;
        break;
    }
}

}  // namespace weft::internal
