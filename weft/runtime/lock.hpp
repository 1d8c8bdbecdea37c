// SPDX-License-Identifier: Apache-2.0
// weft/runtime/lock.hpp - Lock: one task at a time.
#pragma once

#include <atomic>
#include <coroutine>
#include <cstdint>

#include <weft/base/list.hpp>
#include <weft/runtime/debug_mode.hpp>
#include <weft/runtime/held.hpp>
#include <weft/runtime/loop_bound.hpp>
#include <weft/runtime/op.hpp>
#include <weft/runtime/promise.hpp>
#include <weft/runtime/waiter.hpp>

namespace weft {

class Lock;

namespace internal {

class LockWait : public Waiter {
public:
    explicit LockWait(Lock& lock) noexcept : lock_(lock) {}
    ~LockWait() {
        if (linked()) [[unlikely]]
            leave();
    }

    [[nodiscard]] bool await_ready() noexcept;
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> frame) {
        start(frame.promise());
    }
    bool await_resume() {
        if (outcome != Outcome::pending) [[unlikely]]
            finish();
        return true;
    }

    [[nodiscard]] Lock& place() const noexcept { return lock_; }

private:
    static const OpKind kind_of_wait;
    void start(PromiseBase& frame);
    void finish();
    void leave() noexcept;

    Lock& lock_;
};

}  // namespace internal

/// Lets one task at a time go on. Not re-entrant, and not owned: any task may release it.
///
///     const auto held = co_await lock.scoped();    // async with lock:
///
/// First come, first served: release() wakes the task that waits longest, and nobody gets in
/// between, although locked() is false until that task runs.
///
/// A task that acquires it twice waits forever, unless another one releases it: debug mode warns.
///
/// Thread:   the loop's; it belongs to the first loop in which a task waits for it.
/// Lifetime: must outlive those who wait for it or hold it.
/// Spec:     asyncio.Lock.
class Lock {
public:
    Lock() = default;
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

    /// Waits until it is free, and locks it.
    ///
    /// Returns:  true.
    /// Errors:   RuntimeError   it would have to wait, and the lock belongs to another loop.
    /// Cancel:   safe; a lock that was about to be had goes to the next in line.
    /// Suspends: maybe; never while it is free and nobody waits.
    /// Cost:     no allocation.
    [[nodiscard]] internal::WaitAt<internal::LockWait, Lock> acquire() noexcept {
        return internal::WaitAt<internal::LockWait, Lock>(*this);
    }
    /// acquire() that gives a Held, which releases the lock when it is destroyed.
    [[nodiscard]] auto scoped() noexcept {
        return internal::WaitAt<internal::ScopedWait<internal::LockWait, Lock>, Lock>(*this);
    }

    /// Unlocks it, and wakes the first who waits.
    /// Errors: RuntimeError when it is not locked.
    void release() {
        if (!locked()) [[unlikely]]
            throw_not_acquired();
        if (!waiters_.empty()) [[unlikely]]
            loop_.check_thread();
        unlock();
    }
    [[nodiscard]] bool locked() const noexcept { return state_ == State::locked; }

    // Implementation: for those who wait.
    [[nodiscard]] bool try_acquire() noexcept {
        if (state_ != State::free) [[unlikely]] {
            if (locked() || !all_gave_up()) return false;
        }
        lock();
        return true;
    }
    void release_if_held() noexcept {
        if (locked()) [[likely]]
            unlock();
    }
    void bind(EventLoop& loop) { loop_.bind(loop, "Lock"); }
    void line_up(internal::Waiter& waiter) noexcept { waiters_.push_back(waiter); }
    /// The waiter's turn came: it takes the lock that it was woken for.
    void take_turn(internal::Waiter& waiter) noexcept {
        waiter.unlink();
        lock();
    }
    /// The waiter goes away without the lock.
    void leave_line(internal::Waiter& waiter) noexcept {
        waiter.unlink();
        if (!locked()) wake_first();
    }
    /// In debug mode: whether that task is the one that locked it.
    [[nodiscard]] bool was_locked_by(const internal::TaskBase& task) const noexcept;

private:
    // Nobody lines up while it is free, so that one look tells whether it can be had.
    enum class State : std::uint8_t { free, free_for_waiters, locked };

    void lock() noexcept {
        state_ = State::locked;
        if (internal::debug_mode_seen.load(std::memory_order_relaxed)) [[unlikely]]
            note_holder();
    }
    void unlock() noexcept {
        state_ = State::free;
        if (!waiters_.empty()) [[unlikely]] {
            state_ = State::free_for_waiters;
            wake_first();
        }
    }
    void note_holder() noexcept;
    [[noreturn]] static void throw_not_acquired();
    [[nodiscard]] bool all_gave_up() const noexcept;
    void wake_first() noexcept;

    // One that was woken or cancelled keeps its place until its task runs: the first one alone
    // decides who is woken next.
    List<internal::Waiter> waiters_;
    internal::LoopBound loop_;
    State state_ = State::free;
    std::uint32_t holder_ = 0;  // in debug mode, the mark of the task that locked it; 0 for none
};

inline bool internal::LockWait::await_ready() noexcept { return lock_.try_acquire(); }

}  // namespace weft
