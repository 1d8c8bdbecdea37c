// SPDX-License-Identifier: Apache-2.0
// weft/runtime/semaphore.hpp - Semaphore: so many tasks at a time.
#pragma once

#include <coroutine>
#include <cstddef>
#include <limits>

#include <weft/base/list.hpp>
#include <weft/runtime/held.hpp>
#include <weft/runtime/loop_bound.hpp>
#include <weft/runtime/op.hpp>
#include <weft/runtime/promise.hpp>
#include <weft/runtime/waiter.hpp>

namespace weft {

class Semaphore;

namespace internal {

class SemaphoreWait : public Waiter {
public:
    explicit SemaphoreWait(Semaphore& semaphore) noexcept : semaphore_(semaphore) {}
    ~SemaphoreWait() {
        if (linked()) [[unlikely]]
            leave();
    }

    CancelAck cancel() noexcept override;

    [[nodiscard]] bool await_ready() noexcept;
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> frame) {
        start(frame.promise(), kind_of_wait);
    }
    bool await_resume() {
        if (outcome != Outcome::pending) [[unlikely]]
            finish();
        return true;
    }

    [[nodiscard]] Semaphore& place() const noexcept { return semaphore_; }

protected:
    void start(PromiseBase& frame, const OpKind& kind);

private:
    static const OpKind kind_of_wait;
    void finish();
    void leave() noexcept;

    Semaphore& semaphore_;
};

}  // namespace internal

/// A number of permits, of which each task that gets through takes one.
///
///     const auto permit = co_await semaphore.scoped();    // async with semaphore:
///
/// First come, first served: a released permit belongs at once to the task that waits longest, and
/// who comes before that task has run gets in line behind it.
///
/// Thread:   the loop's; it belongs to the first loop in which a task waits for it.
/// Lifetime: must outlive those who wait for it or hold it.
/// Spec:     asyncio.Semaphore.
class Semaphore {
public:
    /// Errors: ValueError for a negative value.
    explicit Semaphore(std::ptrdiff_t value = 1) : Semaphore(value, unbounded) {}
    Semaphore(const Semaphore&) = delete;
    Semaphore& operator=(const Semaphore&) = delete;

    /// Waits for a permit, and takes it.
    ///
    /// Returns:  true.
    /// Errors:   RuntimeError   it would have to wait, and the semaphore belongs to another loop.
    /// Cancel:   safe; a permit that was about to be had goes to the next in line.
    /// Suspends: maybe; never while there is a permit and nobody waits.
    /// Cost:     no allocation.
    [[nodiscard]] internal::WaitAt<internal::SemaphoreWait, Semaphore> acquire() noexcept {
        return internal::WaitAt<internal::SemaphoreWait, Semaphore>(*this);
    }
    /// acquire() that gives a Held, which releases the permit when it is destroyed.
    [[nodiscard]] auto scoped() noexcept {
        return internal::WaitAt<internal::ScopedWait<internal::SemaphoreWait, Semaphore>,
                                Semaphore>(*this);
    }

    /// Adds a permit, and hands it to the first who waits.
    /// Errors: ValueError when a BoundedSemaphore has all of its permits.
    void release() {
        if (value_ >= bound_) [[unlikely]]
            throw_released_too_often();
        if (!waiting_.empty()) [[unlikely]]
            loop_.check_thread();
        add(1);
    }
    /// Whether acquire() would have to wait.
    [[nodiscard]] bool locked() const noexcept {
        return value_ <= 0 || !waiting_.empty() || given_ > 0;
    }
    /// The permits that nobody has.
    [[nodiscard]] std::ptrdiff_t value() const noexcept { return value_; }

    // Implementation: for those who wait, and for CapacityLimiter.
    void add(std::ptrdiff_t permits) noexcept {
        value_ += permits;
        // One for one, as in asyncio: those who queue behind a woken task are woken by it.
        if (!waiting_.empty()) [[unlikely]]
            hand_out(permits);
    }
    void release_if_held() noexcept {
        if (value_ < bound_) [[likely]]
            add(1);
    }
    /// May be below zero, for a CapacityLimiter that lends more than it has by now.
    [[nodiscard]] bool try_acquire() noexcept {
        if (locked()) [[unlikely]]
            return false;
        --value_;
        return true;
    }

protected:
    Semaphore(std::ptrdiff_t value, std::ptrdiff_t bound) : value_(value), bound_(bound) {
        if (value < 0) [[unlikely]]
            throw_negative();
    }

private:
    friend class internal::SemaphoreWait;
    static constexpr std::ptrdiff_t unbounded = std::numeric_limits<std::ptrdiff_t>::max();
    [[noreturn]] static void throw_negative();
    [[noreturn]] static void throw_released_too_often();
    void hand_out(std::ptrdiff_t most) noexcept;

    std::ptrdiff_t value_;
    std::ptrdiff_t bound_;
    List<internal::Waiter> waiting_;  // none of them done
    List<internal::Waiter> leaving_;  // given a permit, or cancelled; their tasks have not run yet
    std::size_t given_ = 0;           // those with a permit
    internal::LoopBound loop_;
};

/// A Semaphore that refuses to get more permits than it had at first.
/// Spec: asyncio.BoundedSemaphore.
class BoundedSemaphore : public Semaphore {
public:
    /// Errors: ValueError for a negative value.
    explicit BoundedSemaphore(std::ptrdiff_t value = 1) : Semaphore(value, value) {}
};

inline bool internal::SemaphoreWait::await_ready() noexcept { return semaphore_.try_acquire(); }

}  // namespace weft
