// SPDX-License-Identifier: Apache-2.0
// weft/runtime/cancel_scope.hpp - CancelScope: cancellation that lasts, and shields against it.
//
// Task::cancel() raises one error once. A cancelled scope interrupts every await inside of it
// until it is left, so code that swallows the error cannot go on waiting. These are trio's and
// anyio's scopes beside asyncio's protocol: a scope neither uses nor changes cancelling().
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>

#include <weft/base/time.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/ensure_future.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/handle.hpp>
#include <weft/runtime/scope_body.hpp>
#include <weft/runtime/scope_node.hpp>
#include <weft/runtime/this_task.hpp>

namespace weft {

struct CancelScopeOptions {
    std::optional<TimePoint> deadline = std::nullopt;  ///< when it cancels itself
    bool shield = false;  ///< cancellations from outside wait until the scope is left
};

/// A stretch of code that can be cancelled, or shielded, as a whole.
///
///     CancelScope scope;
///     co_await with_async(scope, [&]() -> Coro<void> { … scope.cancel(); … });
///     if (scope.cancelled_caught()) …
///
/// Tasks that a TaskGroup inside the scope starts are in it, too.
/// Errors: none of its own; the CancelledError of its cancellation ends with it.
/// Cancel: a cancellation from outside passes through; with `shield`, also one by Task::cancel()
///         is raised only after the scope. When the program ends, shields hold for the grace
///         period of the Runner at most.
/// Spec:   anyio.CancelScope.
class CancelScope {
public:
    explicit CancelScope(CancelScopeOptions options = {}) noexcept;
    CancelScope(const CancelScope&) = delete;
    CancelScope& operator=(const CancelScope&) = delete;
    ~CancelScope();

    /// Interrupts the await at hand and every later one inside the scope.
    void cancel() noexcept;
    [[nodiscard]] bool cancel_called() const noexcept { return node_.cancelled; }
    /// Whether the scope ended the body by its cancellation.
    [[nodiscard]] bool cancelled_caught() const noexcept { return caught_; }

    [[nodiscard]] std::optional<TimePoint> deadline() const noexcept { return deadline_; }
    /// Moves the deadline; nullopt for none.
    void set_deadline(std::optional<TimePoint> deadline);

    // Implementation of the scope.
    void enter(internal::TaskBase* task);
    /// Takes the body's cancellation away if it is this scope's.
    void leave(internal::ResultBase& body) noexcept;

private:
    void arm();

    internal::ScopeNode node_;
    std::optional<TimePoint> deadline_;
    Ref<internal::TaskBase> task_;
    std::uint32_t cancelling_ = 0;
    TimerHandle timer_;
    Handle soon_;
    bool entered_ = false;
    bool caught_ = false;
};

namespace internal {

// What a scope that may be cut short gives: whether it was not, or the value.
template <class T>
using cut_short_t = std::conditional_t<std::is_void_v<T>, bool, std::optional<element_t<T>>>;

template <class T>
Coro<cut_short_t<T>> run_until_cancelled(CancelScope& scope, BodyRef<T, CancelScope> body) {
    co_await transparent;
    scope.enter(co_await this_task());
    Result<T> result;
    if (auto inside = body.start(scope, result)) {
        co_await as_outcome(std::move(*inside), result);
    }
    scope.leave(result);
    if (scope.cancelled_caught()) {
        if constexpr (std::is_void_v<T>) {
            co_return false;
        } else {
            co_return std::nullopt;
        }
    }
    if (result.outcome != Outcome::value) co_await PassOn(result);
    if constexpr (std::is_void_v<T>) {
        co_return true;
    } else {
        co_return take_value(result);
    }
}
extern template Coro<bool> run_until_cancelled(CancelScope&, BodyRef<void, CancelScope>);

// A CancelScope whose own cancellation leaves it as a TimeoutError.
class FailingScope : public CancelScope {
public:
    void leave(ResultBase& body);
};
extern template Coro<void> run_inside(FailingScope&, CancelScope&, BodyRef<void, CancelScope>);

extern template Coro<void> run_inside(CancelScope&, NoScope&, BodyRef<void, NoScope>);

}  // namespace internal

/// Runs `body` inside the scope.
/// Returns:  for a void body, whether it was not cut short; else its value, or nullopt.
/// Errors:   what the body throws; RuntimeError when the scope was entered before.
/// Cancel:   see CancelScope.
/// Suspends: maybe; where the body does.
template <internal::BodyOf<CancelScope> F>
Coro<internal::cut_short_t<internal::scope_value_t<F, CancelScope>>> with_async(CancelScope& scope,
                                                                                F body) {
    co_await transparent;
    co_return co_await internal::run_until_cancelled(scope,
                                                     internal::ref_to_body<CancelScope>(body));
}

/// Gives up on `body` after a delay and goes on.
/// Returns:  as with_async(CancelScope&): `if (!co_await move_on_after(5s, body)) …`
/// Errors:   what the body throws.
/// Cancel:   a cancellation from outside reaches the body, and passes through.
/// Suspends: maybe; where the body does, and it is given up on only there.
/// Spec:     anyio.move_on_after.
template <internal::BodyOf<CancelScope> F>
Coro<internal::cut_short_t<internal::scope_value_t<F, CancelScope>>> move_on_after(
    std::optional<Delay> delay, F body) {
    co_await transparent;
    CancelScope scope;
    if (delay) scope.set_deadline(delay->after(get_running_loop().time()));
    co_return co_await internal::run_until_cancelled(scope,
                                                     internal::ref_to_body<CancelScope>(body));
}

/// Gives up on `body` after a delay with a TimeoutError.
/// Returns:  what the body returns.
/// Errors:   TimeoutError; what the body throws.
/// Cancel:   as move_on_after().
/// Suspends: as move_on_after().
/// Spec:     anyio.fail_after: unlike timeout(), it interrupts every await of a body that goes on.
template <internal::BodyOf<CancelScope> F>
Coro<internal::scope_value_t<F, CancelScope>> fail_after(std::optional<Delay> delay, F body) {
    co_await transparent;
    internal::FailingScope scope;
    if (delay) scope.set_deadline(delay->after(get_running_loop().time()));
    CancelScope& given = scope;
    co_return co_await internal::run_inside(scope, given, internal::ref_to_body<CancelScope>(body));
}

/// Runs `body` without letting a cancellation from outside in. Timeouts and groups inside the body
/// work as ever.
/// Returns:  what the body returns.
/// Errors:   what the body throws.
/// Cancel:   shielded; it is raised at the first await after.
/// Suspends: maybe; where the body does.
/// Limits:   when the program ends, at most the Runner's grace period.
/// Spec:     a body in anyio's CancelScope(shield=True).
template <internal::BodyOf<internal::NoScope> F>
internal::scope_coro_t<F, internal::NoScope> shielded(F body) {
    co_await transparent;
    internal::NoScope none;
    CancelScope scope({.shield = true});
    co_return co_await internal::run_inside(scope, none,
                                            internal::ref_to_body<internal::NoScope>(body));
}

}  // namespace weft
