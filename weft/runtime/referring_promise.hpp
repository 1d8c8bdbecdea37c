// SPDX-License-Identifier: Apache-2.0
// weft/runtime/referring_promise.hpp - a coroutine that has references remembers what the first of
// them refers to, for debug mode.
//
// When it is started as a task, debug mode asks before each step whether that object has left the
// stack meanwhile. The address is kept where the task will be, which costs no byte.
#pragma once

#include <coroutine>
#include <memory>
#include <type_traits>

#include <weft/runtime/coro.hpp>
#include <weft/runtime/promise.hpp>

namespace weft::internal {

// Empty objects may be gone: nothing is read of them. A lambda is not complete yet where its own
// coroutine begins, and does not count: clang does not give it to the promise.
template <class A>
inline constexpr bool refers = false;
template <class A>
inline constexpr bool refers<A&&> = refers<A&>;
template <class A>
    requires(sizeof(A) > 0)
inline constexpr bool refers<A&> = !std::is_empty_v<A>;

/// The promise of a `Coro<T>(First, Rest...)`, to which a member function's object comes first.
template <class T, class First, class... Rest>
class ReferringPromise final : public CoroPromise<T> {
public:
    explicit ReferringPromise(const std::remove_reference_t<First>& first,
                              const std::remove_reference_t<Rest>&... rest, MadeAt at = {}) noexcept
        : CoroPromise<T>(at) {
        static_cast<void>(take<First>(first) || (take<Rest>(rest) || ...));
    }
    /// Of a lambda, which clang leaves out.
    explicit ReferringPromise(const std::remove_reference_t<Rest>&... rest, MadeAt at = {}) noexcept
        : CoroPromise<T>(at) {
        static_cast<void>((take<Rest>(rest) || ...));
    }

private:
    template <class A>
    bool take(const std::remove_reference_t<A>& object) noexcept {
        if constexpr (refers<A>) {
            // Only compared, and overwritten when the coroutine is started.
            const volatile void* const address = std::addressof(object);
            this->task = static_cast<TaskBase*>(const_cast<void*>(address));
            this->calls = PromiseBase::refers;
        }
        return refers<A>;
    }
};

}  // namespace weft::internal

template <class T, class... Args>
    requires(weft::internal::refers<Args> || ...)
struct std::coroutine_traits<weft::Coro<T>, Args...> {
    using promise_type = weft::internal::ReferringPromise<T, Args...>;
};
