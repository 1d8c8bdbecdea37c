// SPDX-License-Identifier: Apache-2.0
// weft/runtime/timer_set.hpp - deadlines: adding and removing one costs the same however many wait.
//
// A timer lies in the bucket of the highest bit in which its deadline differs from `last_`, the
// time up to which all have expired. Sorting is put off until expiry, since nearly all timers
// are cancelled before: at most 63 times in its life a timer moves to a nearer bucket. A bucket's
// timers are all earlier than those of the buckets above it, and `last_` moving on changes no
// timer's bucket but those of the bucket that it moves into, so timers with the same deadline
// stay together, in the order of their making.
//
// After the timer_set of Seastar (core/timer-set.hh), with the order of equal deadlines added.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <weft/base/list.hpp>
#include <weft/base/time.hpp>
#include <weft/runtime/ready_queue.hpp>

namespace weft::internal {

/// A deadline, and what the ready queue runs when it has passed.
class Timer : public ReadyNode, public ListNode {
public:
    explicit Timer(const ReadyKind& the_kind, TimePoint deadline = {}) noexcept
        : ReadyNode(the_kind), deadline_(deadline) {}
    [[nodiscard]] TimePoint deadline() const noexcept { return deadline_; }

protected:
    friend class TimerSet;
    TimePoint deadline_;
};

class TimerSet {
public:
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    void add(Timer& timer, TimePoint deadline) noexcept;
    /// Takes out a timer that is in the set.
    void remove(Timer& timer) noexcept {
        timer.unlink();
        if (--size_ == 0) next_ = TimePoint::max();
    }
    /// Moves every timer with a deadline up to `now` to `ready`, by deadline, equal ones in the
    /// order of their making.
    void expire(TimePoint now, ReadyQueue& ready);

    /// Takes out some timer; null when there is none.
    Timer* pop_any() noexcept;
    /// No timer is due before this; max() when there is none. It is the earliest deadline, or
    /// that of a timer which was removed since.
    [[nodiscard]] TimePoint next() const noexcept { return next_; }

private:
    friend struct DebugOffsets;
    static constexpr int bucket_count = 65;  // one for each bit, and one for what is due
    [[nodiscard]] int bucket_of(TimePoint deadline) const noexcept;
    void put(Timer& timer) noexcept;
    void find_next() noexcept;

    struct Bucket {
        List<Timer> timers;
        TimePoint earliest = TimePoint::max();  // of all that were put in since it was empty
    };
    Bucket buckets_[bucket_count];
    std::uint64_t filled_[2] = {};  // a bit for each bucket that may hold timers
    TimePoint last_ = TimePoint::min();
    TimePoint next_ = TimePoint::max();
    std::size_t size_ = 0;
    struct Due {
        TimePoint deadline;
        std::size_t order;  // of equal deadlines
        Timer* timer;
    };
    std::vector<Due> due_;  // kept for its memory
};

}  // namespace weft::internal
