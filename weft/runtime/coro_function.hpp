// SPDX-License-Identifier: Apache-2.0
// weft/runtime/coro_function.hpp - CoroFunction: a stored callable that returns a Coro.
//
// std::function cannot hold one: clang refuses functions that hand on a Coro without being marked
// as wrappers, and this is the one that is.
#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include <weft/runtime/coro.hpp>

namespace weft {

template <class Signature>
class CoroFunction;

/// Owns a callable that returns Coro<T>. Move-only, so that the callable may be.
///
/// Lifetime: a lambda coroutine's captures live in this object, which must outlive the coroutines
///           that it makes.
template <class T, class... Args>
class CoroFunction<Coro<T>(Args...)> {
public:
    CoroFunction() = default;
    template <class F>
        requires(!std::same_as<std::remove_cvref_t<F>, CoroFunction> &&
                 std::same_as<std::invoke_result_t<std::decay_t<F>&, Args...>, Coro<T>>)
    CoroFunction(F&& function)
        : held_(std::make_unique<Held<std::decay_t<F>>>(std::forward<F>(function))) {}

    [[nodiscard]] explicit operator bool() const noexcept { return held_ != nullptr; }
    /// Errors: std::bad_function_call when it is empty.
    [[nodiscard, clang::coro_wrapper]] Coro<T> operator()(Args... args) const {
        if (!held_) [[unlikely]]
            throw std::bad_function_call();
        return held_->call(std::forward<Args>(args)...);
    }

private:
    struct Callable {
        virtual ~Callable() = default;
        virtual Coro<T> call(Args... args) = 0;
    };
    template <class F>
    struct Held final : Callable {
        template <class U>
        explicit Held(U&& from) : function(std::forward<U>(from)) {}
        [[clang::coro_wrapper]] Coro<T> call(Args... args) override {
            return function(std::forward<Args>(args)...);
        }
        F function;
    };
    std::unique_ptr<Callable> held_;
};

}  // namespace weft
