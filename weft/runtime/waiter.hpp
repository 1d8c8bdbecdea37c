// SPDX-License-Identifier: Apache-2.0
// weft/runtime/waiter.hpp - a task's place in the line before a lock, semaphore or queue.
//
//   in line ──give()──▶ given ──the task's turn──▶ resumed: it takes what it was given
//      │                  └──cancelled before its turn──▶ left: it hands that on
//      └──cancelled──▶ done, until the task's turn ──▶ left
//
// A waiter that may have something to hand on is linked to its lock until it was resumed or left,
// so that "linked" also says whether the lock is still there: a loop that is closed destroys frames
// in any state and order.
#pragma once

#include <coroutine>

#include <weft/base/list.hpp>
#include <weft/runtime/event_loop.hpp>  // IWYU pragma: keep (Op::wake)
#include <weft/runtime/op.hpp>

namespace weft::internal {

class Waiter : public Op, public ListNode {
public:
    CancelAck cancel() noexcept override { return CancelAck::now; }

    /// Wakes the task. The waiter must not be done.
    void give() noexcept {
        given_ = true;
        wake();
    }
    /// Whether it was woken, be it that a cancellation met it afterwards.
    [[nodiscard]] bool given() const noexcept { return given_; }
    /// Whether it was cancelled while it was in line.
    [[nodiscard]] bool gave_up() const noexcept { return outcome == Outcome::cancelled && !given_; }
    [[nodiscard]] bool done() const noexcept { return given_ || outcome == Outcome::cancelled; }

protected:
    ~Waiter() = default;
    /// It goes into a line again.
    void take_back() noexcept {
        given_ = false;
        outcome = Outcome::pending;
    }

private:
    bool given_ = false;
};

/// What `lock.acquire()` and its like return: `co_await` of it makes a `Wait` of a `Place`.
template <class Wait, class Place>
class [[nodiscard]] WaitAt {
public:
    explicit WaitAt(Place& place) noexcept : place_(&place) {}
    [[nodiscard]] Wait make_awaiter() const noexcept { return Wait(*place_); }

private:
    Place* place_;
};

}  // namespace weft::internal
