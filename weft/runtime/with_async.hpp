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

template <class F, class X>
struct EnteredBody {
    using type = std::invoke_result_t<F&>;
};
template <class F, class X>
    requires(!std::is_void_v<X>) && std::invocable<F&, X&>
struct EnteredBody<F, X> {
    using type = std::invoke_result_t<F&, X&>;
};

/// `task`: whose body it is; it knows what cancel() was told.
[[nodiscard]] ExitReason reason_for(const ResultBase& body, const TaskBase* task);

}  // namespace internal

/// Python's `async with resource as x: body`: `body(x)` or `body()` between aenter() and aexit().
///
/// Returns:  what the body returns.
/// Errors:   what the body throws, unless aexit() says that it ends there; what aexit() throws
///           replaces it.
/// Cancel:   reaches whichever of the three runs; aexit() is always called once aenter() returned.
/// Suspends: maybe; where one of the three does.
template <AsyncContextManager R, class F>
typename internal::EnteredBody<F, internal::entered_t<R>>::type with_async(R& resource, F body) {
    co_await transparent;
    using X = internal::entered_t<R>;
    using T = typename internal::EnteredBody<F, X>::type::value_type;
    internal::Result<T> result;
    if constexpr (std::is_void_v<X>) {
        co_await resource.aenter();
        auto inside = internal::called([&] [[clang::coro_wrapper]] { return body(); });
        co_await internal::as_outcome(std::move(inside), result);
    } else {
        auto entered = co_await resource.aenter();
        if constexpr (std::invocable<F&, X&>) {
            auto inside = internal::called([&] [[clang::coro_wrapper]] { return body(entered); });
            co_await internal::as_outcome(std::move(inside), result);
        } else {
            auto inside = internal::called([&] [[clang::coro_wrapper]] { return body(); });
            co_await internal::as_outcome(std::move(inside), result);
        }
    }
    const internal::TaskBase* task = co_await internal::this_task();
    const ExitReason reason = internal::reason_for(result, task);
    const bool ends_here = co_await resource.aexit(reason);
    if (result.outcome != internal::Outcome::value) {
        if constexpr (std::is_void_v<T>) {
            if (ends_here) co_return;
        }
        co_await internal::PassOn(result);
    }
    co_return internal::take_value(result);
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
    using T = internal::scope_value_t<F, internal::NoScope>;
    internal::Result<T> result;
    internal::NoScope none;
    auto inside = internal::call_body(body, none);
    co_await internal::as_outcome(std::move(inside), result);
    co_await shielded(std::move(cleanup));
    if (result.outcome != internal::Outcome::value) co_await internal::PassOn(result);
    co_return internal::take_value(result);
}

}  // namespace weft
