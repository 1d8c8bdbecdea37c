// SPDX-License-Identifier: Apache-2.0
// weft/runtime/timeout.hpp - timeout() and wait_for(): a deadline for a stretch of code.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>

#include <weft/base/time.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/ensure_future.hpp>
#include <weft/runtime/handle.hpp>
#include <weft/runtime/scope_body.hpp>
#include <weft/runtime/this_task.hpp>

namespace weft {

class Timeout;

/// A deadline for the code that runs inside of it.
///
///     auto page = co_await timeout(10s, fetch(url));                // the short forms
///     co_await timeout(10s, [&]() -> Coro<void> { … });
///
///     Timeout limit(10s);                                          // async with … as limit:
///     try {
///         co_await with_async(limit, [&]() -> Coro<void> {
///             limit.reschedule(loop.time() + 5s);
///             …
///         });
///     } catch (const TimeoutError&) {
///         if (!limit.expired()) throw;    // an error of the body
///     }
///
/// Errors:   TimeoutError when the deadline cancelled the body, caused by the CancelledError. An
///           error that the body throws instead goes on, with a TimeoutError as its context().
/// Cancel:   a cancellation from outside goes on as CancelledError. The scope does not end before
///           its body.
/// Suspends: maybe; where the body does. The deadline takes effect only there.
/// Spec:     asyncio.timeout, asyncio.timeout_at.
class Timeout {
public:
    /// A deadline so far from the moment of entering; nullopt for none.
    explicit Timeout(std::optional<Delay> delay) noexcept;
    /// A deadline at a time of the loop's clock; nullopt for none.
    [[nodiscard]] static Timeout at(std::optional<TimePoint> when) noexcept;
    Timeout(const Timeout&) = delete;
    Timeout& operator=(const Timeout&) = delete;
    ~Timeout();

    /// The present deadline; nullopt for none, and before it was entered by a delay.
    [[nodiscard]] std::optional<TimePoint> when() const noexcept { return when_; }
    /// Changes the deadline; nullopt for none. One that has passed fires in the next turn.
    /// Errors: RuntimeError before it was entered, and once it has expired or was left.
    void reschedule(std::optional<TimePoint> when);
    /// Whether the deadline passed inside the scope.
    [[nodiscard]] bool expired() const noexcept {
        return state_ == State::expiring || state_ == State::expired;
    }

    // Implementation of the scope.
    void enter(internal::TaskBase* task);
    void leave(internal::ResultBase& body);
    /// Lets a result that is there when the deadline passes win over it.
    void watch(const internal::FutureBase* future) noexcept { watched_ = future; }

private:
    Timeout(std::optional<TimePoint> when, std::nullptr_t) noexcept : when_(when) {}

    enum class State : std::uint8_t { created, entered, expiring, expired, exited };
    void on_timeout();

    std::optional<Nanoseconds> delay_;
    std::optional<TimePoint> when_;
    State state_ = State::created;
    std::uint32_t cancelling_ = 0;
    std::uint32_t shields_ = 0;
    Ref<internal::TaskBase> task_;
    const internal::FutureBase* watched_ = nullptr;
    TimerHandle timer_;
    Handle soon_;
};

extern template Coro<void> internal::run_inside(Timeout&, Timeout&, BodyRef<void, Timeout>);

/// Runs `body` inside the timeout; it may take the Timeout as its parameter.
/// Returns:  what the body returns.
/// Errors:   see Timeout; RuntimeError when it was entered before.
/// Cancel:   see Timeout.
/// Suspends: maybe; where the body does.
template <internal::BodyOf<Timeout> F>
Coro<internal::scope_value_t<F, Timeout>> with_async(Timeout& scope, F body) {
    co_await transparent;
    co_return co_await internal::run_inside(scope, scope, internal::ref_to_body<Timeout>(body));
}

/// Runs `body` with a deadline: `co_await timeout(10s, [&]() -> Coro<void> { … });`
/// Returns:  what the body returns.
/// Errors:   see Timeout.
/// Cancel:   see Timeout.
/// Suspends: maybe; where the body does.
template <internal::BodyOf<Timeout> F>
Coro<internal::scope_value_t<F, Timeout>> timeout(std::optional<Delay> delay, F body) {
    co_await transparent;
    Timeout scope(delay);
    co_return co_await internal::run_inside(scope, scope, internal::ref_to_body<Timeout>(body));
}
/// The same with a deadline on the loop's clock. One that has passed fires in the next turn.
template <internal::BodyOf<Timeout> F>
Coro<internal::scope_value_t<F, Timeout>> timeout_at(std::optional<TimePoint> when, F body) {
    co_await transparent;
    Timeout scope = Timeout::at(when);
    co_return co_await internal::run_inside(scope, scope, internal::ref_to_body<Timeout>(body));
}
/// Python's `async with timeout(…) as limit`: use it with with_async(limit, body).
[[nodiscard]] inline Timeout timeout(std::optional<Delay> delay) noexcept { return Timeout(delay); }
[[nodiscard]] inline Timeout timeout_at(std::optional<TimePoint> when) noexcept {
    return Timeout::at(when);
}

namespace internal {

/// Cancels the future and waits for its end; for a timeout of zero. The error of the awaiting
/// coroutine is TimeoutError when that cancelled it.
Coro<void> cancel_and_wait(AnyFuture future);
[[noreturn]] void throw_timeout(const FutureBase& cancelled);

template <class F>
Coro<std::remove_cvref_t<await_result_t<F>>> wait_for_done(F future) {
    co_await transparent;
    if (!future.done()) {
        co_await cancel_and_wait(future);
        if (future.cancelled()) throw_timeout(*future.state());
    }
    co_return co_await std::move(future);
}

template <class A>
Coro<std::remove_cvref_t<await_result_t<A>>> wait_so_long(A awaitable, std::optional<Delay> limit) {
    co_await transparent;
    if (limit && limit->get() <= Nanoseconds::zero()) {
        co_return co_await wait_for_done(ensure_future(std::move(awaitable)));
    }
    Timeout scope(limit);
    co_return co_await with_async(scope, [&]() -> Coro<std::remove_cvref_t<await_result_t<A>>> {
        co_await transparent;
        if constexpr (std::derived_from<A, AnyFuture>) scope.watch(awaitable.state().get());
        co_return co_await std::move(awaitable);
    });
}

}  // namespace internal

/// Waits for something for so long at most: `auto page = co_await wait_for(fetch(url), 5s);`
///
/// A coroutine runs in the calling task. With zero or less, only what is done already counts, and
/// a coroutine is not started.
/// Returns:  the result; one that comes in the same turn as the deadline wins. That of a future to
///           which others have handles is copied, if it can be.
/// Errors:   TimeoutError, after what was waited for has ended; else what it throws.
/// Cancel:   cancels what is waited for.
/// Suspends: maybe; where what is waited for does. With zero or less always, unless it is a future
///           that is done.
/// Spec:     asyncio.wait_for of 3.12 and later; where result and deadline meet in one turn,
///           asyncio loses the result.
template <class A>
    requires Awaitable<std::remove_cvref_t<A>>
[[clang::coro_wrapper, clang::coro_disable_lifetimebound]] Coro<
    std::remove_cvref_t<await_result_t<std::remove_cvref_t<A>>>>
wait_for(A&& awaitable, std::optional<Delay> limit) {
    static_assert(internal::is_given<A>,
                  "a coroutine is awaited once: write wait_for(std::move(coro), …)");
    return internal::wait_so_long<std::remove_cvref_t<A>>(std::forward<A>(awaitable), limit);
}

}  // namespace weft
