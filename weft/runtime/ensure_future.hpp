// SPDX-License-Identifier: Apache-2.0
// weft/runtime/ensure_future.hpp - a coroutine, a task or a future, as a future.
#pragma once

#include <algorithm>
#include <concepts>
#include <source_location>
#include <tuple>
#include <type_traits>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/task.hpp>

namespace weft {

/// A future as it is; anything else that can be awaited as a new task.
/// Errors: RuntimeError without a running loop.
/// Spec:   asyncio.ensure_future.
template <class A>
    requires std::derived_from<std::remove_cvref_t<A>, AnyFuture> ||
             Awaitable<std::remove_cvref_t<A>>
[[nodiscard]] auto ensure_future(A&& awaitable,
                                 std::source_location where = std::source_location::current()) {
    if constexpr (std::derived_from<std::remove_cvref_t<A>, AnyFuture>) {
        static_cast<void>(awaitable.checked());
        return std::remove_cvref_t<A>(std::forward<A>(awaitable));
    } else {
        return create_task(std::forward<A>(awaitable), {}, where);
    }
}

namespace internal {

/// The result type of what gather() and its kin take.
template <class A>
using gathered_t = typename decltype(ensure_future(std::declval<A>()))::value_type;

/// Whether the result may be moved out: nobody else has a handle to what was made here or given
/// away.
template <class A>
inline constexpr bool gives_result = !std::is_lvalue_reference_v<A>;

// A result that is to appear in a tuple or vector.
template <class T>
struct ElementOf {
    using type = std::remove_cvref_t<T>;
};
template <>
struct ElementOf<void> {
    using type = std::monostate;
};
template <class T>
using element_t = typename ElementOf<T>::type;

/// Leaves only the first of several handles to one future, as Python's set() of them does.
template <class F>
void drop_repeated(std::vector<F>& futures) {
    std::vector<const FutureBase*> known;
    known.reserve(futures.size());
    for (const F& future : futures) known.push_back(&future.checked());
    std::ranges::sort(known);
    if (std::ranges::adjacent_find(known) == known.end()) return;
    std::unordered_set<const FutureBase*> kept;
    std::erase_if(futures, [&](const F& f) { return !kept.insert(f.state().get()).second; });
}

/// Whether a copy would compile. The containers of the standard library say that they can be copied
/// whatever they hold.
template <class T>
inline constexpr bool can_copy = std::copy_constructible<T>;
template <class T>
    requires requires { typename T::value_type; }
inline constexpr bool can_copy<T> =
    std::copy_constructible<T> &&
    (std::same_as<typename T::value_type, T> || can_copy<typename T::value_type>);
template <class A, class B>
inline constexpr bool can_copy<std::pair<A, B>> = can_copy<A> && can_copy<B>;
template <class... T>
inline constexpr bool can_copy<std::tuple<T...>> = (can_copy<T> && ...);

/// A finished future's value: moved, or, while others may read it, copied if it can be.
template <class T, bool Moves>
element_t<T> element_from(FutureBase& future) {
    if constexpr (std::is_void_v<T>) {
        return {};
    } else {
        auto& value = future.result_as<T>().value();
        if constexpr (!Moves && can_copy<element_t<T>>) {
            return value;
        } else {
            return std::move(value);
        }
    }
}

}  // namespace internal
}  // namespace weft
