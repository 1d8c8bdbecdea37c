// SPDX-License-Identifier: Apache-2.0
// weft/runtime/condition.hpp - Condition: wait, without the lock, until somebody says "look again".
#pragma once

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <type_traits>
#include <utility>

#include <weft/base/list.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/lock.hpp>
#include <weft/runtime/loop_bound.hpp>
#include <weft/runtime/op.hpp>
#include <weft/runtime/promise.hpp>
#include <weft/runtime/waiter.hpp>

namespace weft {

class Condition;

namespace internal {

// Two stages: in line for a notification, then, cancelled or not, in line for the lock.
class ConditionWait : public Waiter {
public:
    explicit ConditionWait(Condition& condition) noexcept : condition_(condition) {}

    CancelAck cancel() noexcept override;
    bool may_resume() noexcept override;
    // A scope that is cancelled would interrupt each attempt to get the lock back.
    [[nodiscard]] bool level_exempt() const noexcept override { return reacquiring_; }

    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> frame) {
        start(frame.promise());
    }
    bool await_resume() const {
        raise_if_cancelled();
        return true;
    }

private:
    static const OpKind kind_of_wait;
    void start(PromiseBase& frame);
    bool has_lock() noexcept;

    Condition& condition_;
    bool reacquiring_ = false;
    bool was_cancelled_ = false;
};

}  // namespace internal

/// Lets tasks that hold a lock wait, without it, for what other holders of the lock do.
///
///     const auto held = co_await condition.scoped();    // async with condition:
///     co_await condition.wait_for([&] { return !items.empty(); });
///
/// Thread:   the loop's; it belongs to the first loop in which a task waits for it.
/// Lifetime: must outlive those who wait for it; the given lock must outlive the condition.
/// Spec:     asyncio.Condition.
class Condition {
public:
    /// Has a lock of its own.
    Condition() noexcept : lock_(own_lock_) {}
    /// Uses the lock, which others may use as well.
    explicit Condition(Lock& lock) noexcept : lock_(lock) {}
    Condition(const Condition&) = delete;
    Condition& operator=(const Condition&) = delete;

    /// The lock's.
    [[nodiscard]] auto acquire() noexcept { return lock_.acquire(); }
    [[nodiscard]] auto scoped() noexcept { return lock_.scoped(); }
    void release() { lock_.release(); }
    [[nodiscard]] bool locked() const noexcept { return lock_.locked(); }

    /// Releases the lock, waits to be notified, and locks it again.
    ///
    /// Returns:  true; ask again for what was waited for, since others may have run in between.
    /// Errors:   RuntimeError   the lock is not locked, or one of the two belongs to another loop.
    /// Cancel:   safe; the lock is locked again first, however long that takes, and a notification
    ///           goes to the next in line.
    /// Suspends: always.
    /// Cost:     no allocation.
    [[nodiscard]] internal::WaitAt<internal::ConditionWait, Condition> wait() noexcept {
        return internal::WaitAt<internal::ConditionWait, Condition>(*this);
    }

    /// Waits until `predicate()` is true. It is called at first and after each notification, with
    /// the lock locked.
    ///
    /// Returns:  what the predicate gave: anything that can be asked whether it is true.
    /// Errors:   those of wait(), and what the predicate throws.
    /// Cancel:   as wait().
    /// Suspends: maybe; never while the predicate is true.
    template <std::invocable P>
    [[nodiscard]] Coro<std::decay_t<std::invoke_result_t<P&>>> wait_for(P predicate) {
        co_await transparent;
        auto result = predicate();
        while (!result) {
            co_await wait();
            result = predicate();
        }
        co_return result;
    }

    /// Wakes the first `n` who wait; they go on once they get the lock, which the caller keeps.
    /// Errors: RuntimeError when the lock is not locked.
    void notify(std::size_t n = 1);
    /// Wakes all who wait.
    /// Errors: as notify().
    void notify_all();

    // Implementation: for those who may have lost the lock, as when the loop closes.
    void notify_unchecked(std::size_t n) noexcept;

private:
    friend class internal::ConditionWait;

    List<internal::Waiter> waiting_;  // none of them done
    List<internal::Waiter> leaving_;  // notified or cancelled; their tasks have not run yet
    internal::LoopBound loop_;
    Lock own_lock_;
    Lock& lock_;
};

}  // namespace weft
