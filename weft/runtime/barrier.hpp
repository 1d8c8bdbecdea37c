// SPDX-License-Identifier: Apache-2.0
// weft/runtime/barrier.hpp - Barrier: tasks that go on together.
//
//   filling ──the last one comes──▶ draining ──the last one goes──▶ filling
//      │ reset() with tasks inside ──▶ resetting ──the last one goes──▶ filling
//      └ abort() ──▶ broken ──reset()──▶ resetting or filling
#pragma once

#include <cstddef>

#include <weft/runtime/condition.hpp>
#include <weft/runtime/coro.hpp>

namespace weft {

/// A point that tasks pass together, so many at a time; again and again.
///
/// Thread:   the loop's; it belongs to the first loop in which a task waits for it.
/// Lifetime: must outlive those who wait for it.
/// Spec:     asyncio.Barrier.
class Barrier {
public:
    /// Errors: ValueError unless there is at least one party.
    explicit Barrier(std::ptrdiff_t parties);
    Barrier(const Barrier&) = delete;
    Barrier& operator=(const Barrier&) = delete;

    /// Waits until as many tasks as there are parties wait.
    ///
    /// Returns:  0 for the first that came, to parties - 1 for the last.
    /// Errors:   BrokenBarrierError   it was aborted or reset meanwhile, or is broken.
    ///           RuntimeError         it would have to wait, and belongs to another loop.
    /// Cancel:   safe; the place is free again, and the barrier is not broken by it.
    /// Suspends: maybe; the last one does not wait unless others hold the barrier's lock.
    [[nodiscard]] Coro<std::size_t> wait();
    /// Makes it as new. Who waits gets a BrokenBarrierError.
    ///
    /// Errors:   RuntimeError   it would have to wait, and belongs to another loop.
    /// Cancel:   safe; nothing has changed then.
    /// Suspends: maybe; never unless others hold the barrier's lock.
    [[nodiscard]] Coro<void> reset();
    /// Breaks it: who waits, and who comes until reset(), gets a BrokenBarrierError.
    ///
    /// Errors, Cancel and Suspends as reset().
    [[nodiscard]] Coro<void> abort();

    [[nodiscard]] std::size_t parties() const noexcept { return parties_; }
    /// How many wait for the others to come.
    [[nodiscard]] std::size_t n_waiting() const noexcept {
        return state_ == State::filling ? count_ : 0;
    }
    [[nodiscard]] bool broken() const noexcept { return state_ == State::broken; }

private:
    enum class State : unsigned char { filling, draining, resetting, broken };
    class Inside;
    void last_left() noexcept;

    Condition condition_;  // notified when the state changes
    std::size_t parties_;
    std::size_t count_ = 0;  // tasks inside
    State state_ = State::filling;
};

}  // namespace weft
