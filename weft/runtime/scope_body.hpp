// SPDX-License-Identifier: Apache-2.0
// weft/runtime/scope_body.hpp - what runs inside a scope: a coroutine, an operation such as
// queue.get(), a coroutine function or a plain function, with or without the scope as its
// parameter.
#pragma once

#include <concepts>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/outcome.hpp>
#include <weft/runtime/result.hpp>
#include <weft/runtime/this_task.hpp>

namespace weft::internal {

template <class F, class Scope>
struct BodyResult {};
template <class T, class Scope>
struct BodyResult<Coro<T>, Scope> {
    using type = Coro<T>;
};
template <class F, class Scope>
    requires MakesAwaiter<F>
struct BodyResult<F, Scope> {
    using type = Coro<std::remove_cvref_t<await_result_t<F>>>;
};
// A scope that gives its body nothing.
struct NoScope {};

template <class F, class Scope>
concept TakesScope = !std::same_as<Scope, NoScope> && std::invocable<F&, Scope&>;

template <class F, class Scope>
    requires TakesScope<F, Scope>
struct BodyResult<F, Scope> {
    using type = std::invoke_result_t<F&, Scope&>;
};
template <class F, class Scope>
    requires(std::invocable<F&> && !TakesScope<F, Scope>)
struct BodyResult<F, Scope> {
    using type = std::invoke_result_t<F&>;
};

// A plain function that returns nothing counts as a coroutine that does not wait.
template <class R>
struct BodyCoro {
    using type = R;
};
template <>
struct BodyCoro<void> {
    using type = Coro<void>;
};
template <class F, class Scope>
using scope_coro_t = typename BodyCoro<typename BodyResult<F, Scope>::type>::type;
template <class F, class Scope>
using scope_value_t = typename scope_coro_t<F, Scope>::value_type;

template <class F, class Scope>
concept BodyOf = requires { typename scope_coro_t<F, Scope>; } && is_coro<scope_coro_t<F, Scope>>;

template <class F>
Coro<void> run_plain(F& body) {
    body();
    co_return;
}
template <class F, class Scope>
Coro<void> run_plain(F& body, Scope& scope) {
    body(scope);
    co_return;
}

template <class F, class Scope>
[[clang::coro_wrapper]] scope_coro_t<F, Scope> call_body(F& body, Scope& scope) {
    if constexpr (is_coro<F>) {
        return std::move(body);
    } else if constexpr (MakesAwaiter<F>) {
        return await_in_coro(std::move(body));
    } else if constexpr (std::is_void_v<typename BodyResult<F, Scope>::type>) {
        if constexpr (TakesScope<F, Scope>) {
            return run_plain(body, scope);
        } else {
            return run_plain(body);
        }
    } else if constexpr (TakesScope<F, Scope>) {
        return body(scope);
    } else {
        return body();
    }
}

/// A body that lives in its caller, without its type: what runs a scope is compiled once for each
/// kind of result, not for each lambda.
template <class T, class Scope>
class BodyRef {
public:
    template <BodyOf<Scope> F>
        requires(!std::same_as<F, BodyRef>)
    explicit BodyRef(F& body) noexcept : body_(std::addressof(body)), call_(call<F>) {}

    /// Calls it; none where that throws, see started().
    [[nodiscard]] std::optional<Coro<T>> start(Scope& scope, Result<T>& result) const noexcept {
        return started([&] [[clang::coro_wrapper]] { return call_(body_, scope); }, result);
    }

private:
    template <class F>
    [[clang::coro_wrapper]] static Coro<T> call(void* body, Scope& scope) {
        return call_body(*static_cast<F*>(body), scope);
    }

    void* body_;
    Coro<T> (*call_)(void*, Scope&);
};

template <class Scope, BodyOf<Scope> F>
[[nodiscard]] auto ref_to_body(F& body) noexcept {
    return BodyRef<scope_value_t<F, Scope>, Scope>(body);
}
/// For a scope that may end without the body's value.
template <class Scope, BodyOf<Scope> F>
[[nodiscard]] BodyRef<void, Scope> ref_to_void_body(F& body) noexcept {
    static_assert(std::is_void_v<scope_value_t<F, Scope>>,
                  "the body of a TaskGroup or an AsyncExitStack gives no value: one whose "
                  "cancellation or error ends in the scope has none");
    return BodyRef<void, Scope>(body);
}

/// Runs the body between `scope.enter(task)` and `scope.leave(result)`, which may change how it
/// ended. `given` is what the body may take.
template <class Scope, class Given, class T>
Coro<T> run_inside(Scope& scope, Given& given, BodyRef<T, Given> body) {
    co_await transparent;
    scope.enter(co_await this_task());
    Result<T> result;
    if (auto inside = body.start(given, result)) {
        co_await as_outcome(std::move(*inside), result);
    }
    scope.leave(result);
    if (result.outcome != Outcome::value) co_await PassOn(result);
    co_return take_value(result);
}

}  // namespace weft::internal
