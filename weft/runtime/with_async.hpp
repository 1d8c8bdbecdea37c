// SPDX-License-Identifier: Apache-2.0
// weft/runtime/with_async.hpp - `async with` and `finally: await …`, which C++ cannot spell.
//
// A destructor and a catch block cannot co_await. Plain cleanup stays RAII; cleanup that waits is
// written with these.
#pragma once

#include <concepts>
#include <exception>
#include <type_traits>
#include <utility>

#include <weft/runtime/cancel_scope.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/promise.hpp>
#include <weft/runtime/scope_body.hpp>
#include <weft/runtime/this_task.hpp>

namespace weft {

/// How a body was left; what `__aexit__` is told in Python.
struct ExitReason {
    std::exception_ptr error;  ///< null when it returned; a CancelledError when it was cancelled
};

/// What with_async() takes: `Coro<X> aenter()` and `Coro<bool> aexit(const ExitReason&)`, which
/// says whether the error ends here.
template <class R>
concept AsyncContextManager = requires(R& resource, const ExitReason& reason) {
    resource.aenter();
    { resource.aexit(reason) } -> std::same_as<Coro<bool>>;
};

namespace internal {

template <class R>
using entered_t = typename decltype(std::declval<R&>().aenter())::value_type;

// What the body may take: what aenter() gives.
template <class R>
using entered_scope_t = std::conditional_t<std::is_void_v<entered_t<R>>, NoScope,
                                           std::remove_reference_t<entered_t<R>>>;
template <class T>
auto& scope_in(Result<T>& entered) noexcept {
    return entered.value();
}
inline NoScope& scope_in(Result<void>&) noexcept {
    static NoScope none;
    return none;
}

// Closes a body that is a coroutine, and was not run because its scope could not be entered.
template <class F>
class ClosedUnlessRun {
public:
    explicit ClosedUnlessRun(F& body) noexcept : body_(body) {}
    ClosedUnlessRun(const ClosedUnlessRun&) = delete;
    ClosedUnlessRun& operator=(const ClosedUnlessRun&) = delete;
    ~ClosedUnlessRun() {
        if constexpr (is_coro<F>) body_.close();
    }

private:
    F& body_;
};

/// `task`: whose body it is; it knows what cancel() was told.
[[nodiscard]] ExitReason reason_for(const ResultBase& body, const TaskBase* task);

template <class R, class T>
Coro<T> run_entered(R& resource, BodyRef<T, entered_scope_t<R>> body) {
    co_await transparent;
    Result<entered_t<R>> entered;
    auto entering = resource.aenter();
    co_await as_outcome(std::move(entering), entered);
    if (entered.outcome != Outcome::value) co_await PassOn(entered);
    Result<T> result;
    if (auto inside = body.start(scope_in(entered), result)) {
        co_await as_outcome(std::move(*inside), result);
    }
    const TaskBase* task = co_await this_task();
    const ExitReason reason = reason_for(result, task);
    const bool ends_here = co_await resource.aexit(reason);
    if (result.outcome != Outcome::value) {
        if constexpr (std::is_void_v<T>) {
            if (ends_here) co_return;
        }
        co_await PassOn(result);
    }
    co_return take_value(result);
}

template <class T>
Coro<T> run_and_clean_up(BodyRef<T, NoScope> body, BodyRef<void, NoScope> cleanup) {
    co_await transparent;
    Result<T> result;
    NoScope none;
    if (auto inside = body.start(none, result)) {
        co_await as_outcome(std::move(*inside), result);
    }
    CancelScope shield({.shield = true});
    co_await run_inside(shield, none, cleanup);
    if (result.outcome != Outcome::value) co_await PassOn(result);
    co_return take_value(result);
}
extern template Coro<void> run_and_clean_up(BodyRef<void, NoScope>, BodyRef<void, NoScope>);

}  // namespace internal

/// Python's `async with resource as x: body`: `body(x)` or `body()` between aenter() and aexit().
///
/// Returns:  what the body returns.
/// Errors:   what the body throws, unless aexit() says that it ends there (a body that returns a
///           value has none to give then, and its error goes on); what aexit() throws replaces it.
/// Cancel:   reaches whichever of the three runs; aexit() is always called once aenter() returned.
/// Suspends: maybe; where one of the three does.
template <AsyncContextManager R, internal::BodyOf<internal::entered_scope_t<R>> F>
internal::scope_coro_t<F, internal::entered_scope_t<R>> with_async(R& resource, F body) {
    co_await transparent;
    const internal::ClosedUnlessRun<F> guard(body);
    co_return co_await internal::run_entered(
        resource, internal::ref_to_body<internal::entered_scope_t<R>>(body));
}

/// Python's `try: body finally: cleanup`, where the cleanup may wait.
///
/// The cleanup runs to its end whatever happened: a cancellation that comes meanwhile is raised
/// after it.
/// Returns:  what the body returns.
/// Errors:   what the body throws; what the cleanup throws replaces it.
/// Cancel:   shielded while the cleanup runs; when the program ends, for the Runner's grace period.
///           Give a cleanup that may hang a timeout() of its own.
/// Suspends: maybe; where the body or the cleanup does.
template <internal::BodyOf<internal::NoScope> F, internal::BodyOf<internal::NoScope> C>
    requires std::is_void_v<internal::scope_value_t<C, internal::NoScope>>
internal::scope_coro_t<F, internal::NoScope> try_finally(F body, C cleanup) {
    co_await transparent;
    co_return co_await internal::run_and_clean_up(
        internal::ref_to_body<internal::NoScope>(body),
        internal::ref_to_body<internal::NoScope>(cleanup));
}

}  // namespace weft
