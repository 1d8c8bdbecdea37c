// SPDX-License-Identifier: Apache-2.0
// weft/runtime/scope_body.hpp - what runs inside a scope: a coroutine, an operation such as
// queue.get(), a coroutine function or a plain function, with or without the scope as its
// parameter.
#pragma once

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/result.hpp>

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
template <class F, class Scope>
    requires std::invocable<F&, Scope&>
struct BodyResult<F, Scope> {
    using type = std::invoke_result_t<F&, Scope&>;
};
template <class F, class Scope>
    requires(std::invocable<F&> && !std::invocable<F&, Scope&>)
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
        if constexpr (std::invocable<F&, Scope&>) {
            return run_plain(body, scope);
        } else {
            return run_plain(body);
        }
    } else if constexpr (std::invocable<F&, Scope&>) {
        return called([&] [[clang::coro_wrapper]] { return body(scope); });
    } else {
        return called([&] [[clang::coro_wrapper]] { return body(); });
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

    [[clang::coro_wrapper]] Coro<T> operator()(Scope& scope) const { return call_(body_, scope); }

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

// A scope that gives its body nothing.
struct NoScope {};

}  // namespace weft::internal
