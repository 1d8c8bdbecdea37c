// SPDX-License-Identifier: Apache-2.0
// weft/runtime/capacity_limiter.hpp - CapacityLimiter: a semaphore whose size can be changed.
#pragma once

#include <coroutine>
#include <cstddef>

#include <weft/runtime/held.hpp>
#include <weft/runtime/semaphore.hpp>
#include <weft/runtime/waiter.hpp>

namespace weft {

class CapacityLimiter;

namespace internal {

class CapacityWait : public SemaphoreWait {
public:
    explicit CapacityWait(CapacityLimiter& limiter) noexcept;

    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> frame) {
        start(frame.promise(), kind_of_wait);
    }
    [[nodiscard]] CapacityLimiter& place() const noexcept { return limiter_; }

private:
    static const OpKind kind_of_wait;

    CapacityLimiter& limiter_;
};

}  // namespace internal

/// Lends tokens, so many at a time, to the tasks that ask, first come, first served.
///
///     const auto token = co_await limiter.scoped();    // async with limiter:
///
/// Thread:   the loop's; it belongs to the first loop in which a task waits for it.
/// Lifetime: must outlive those who wait for it or hold a token.
/// Spec:     anyio.CapacityLimiter, which also keeps a list of its borrowers and refuses a second
///           token to the same one. Here tokens are counted only, and to take one that is free is
///           no suspension.
class CapacityLimiter {
public:
    /// Errors: ValueError for a negative number.
    explicit CapacityLimiter(std::ptrdiff_t total_tokens);

    /// Waits for a token, and borrows it.
    ///
    /// Returns:  true.
    /// Errors:   RuntimeError   it would have to wait, and the limiter belongs to another loop.
    /// Cancel:   safe; a token that was about to be had goes to the next in line.
    /// Suspends: maybe; never while there is a token and nobody waits.
    /// Cost:     no allocation.
    [[nodiscard]] internal::WaitAt<internal::CapacityWait, CapacityLimiter> acquire() noexcept {
        return internal::WaitAt<internal::CapacityWait, CapacityLimiter>(*this);
    }
    /// acquire() that gives a Held, which gives the token back when it is destroyed.
    [[nodiscard]] auto scoped() noexcept {
        return internal::WaitAt<internal::ScopedWait<internal::CapacityWait, CapacityLimiter>,
                                CapacityLimiter>(*this);
    }
    /// Gives a token back.
    /// Errors: RuntimeError when none is borrowed.
    void release() {
        if (borrowed_tokens() <= 0) [[unlikely]]
            throw_not_borrowed();
        tokens_.add(1);
    }

    [[nodiscard]] std::ptrdiff_t total_tokens() const noexcept { return total_; }
    /// More tokens go to those who wait; fewer take none away from who has one.
    /// Errors: ValueError for a negative number.
    void set_total_tokens(std::ptrdiff_t total);
    /// A token that was given to a task which has not run since is borrowed.
    [[nodiscard]] std::ptrdiff_t borrowed_tokens() const noexcept {
        return total_ - tokens_.value();
    }
    /// Below zero when the total was lowered below what is borrowed.
    [[nodiscard]] std::ptrdiff_t available_tokens() const noexcept { return tokens_.value(); }

    // Implementation.
    void release_if_held() noexcept {
        if (borrowed_tokens() > 0) [[likely]]
            tokens_.add(1);
    }

private:
    friend class internal::CapacityWait;
    [[noreturn]] static void throw_not_borrowed();

    Semaphore tokens_;
    std::ptrdiff_t total_;
};

inline internal::CapacityWait::CapacityWait(CapacityLimiter& limiter) noexcept
    : SemaphoreWait(limiter.tokens_), limiter_(limiter) {}

}  // namespace weft
