// SPDX-License-Identifier: Apache-2.0
// weft/runtime/ensure_future.hpp - a coroutine, a task or a future, as a future.
#pragma once

#include <algorithm>
#include <concepts>
#include <ranges>
#include <source_location>
#include <type_traits>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/task.hpp>

namespace weft {
namespace internal {

/// Whether what is passed as `A` may be kept: a handle can be copied, a coroutine must be given.
template <class A>
inline constexpr bool is_given = std::constructible_from<std::remove_cvref_t<A>, A>;

}  // namespace internal

/// A future as it is; anything else that can be awaited as a new task.
/// Errors: RuntimeError without a running loop.
/// Spec:   asyncio.ensure_future.
template <class A>
    requires std::derived_from<std::remove_cvref_t<A>, AnyFuture> ||
             Awaitable<std::remove_cvref_t<A>>
[[nodiscard]] auto ensure_future(A&& awaitable,
                                 std::source_location where = std::source_location::current()) {
    static_assert(internal::is_given<A>,
                  "a coroutine is awaited once, by whoever it is given to: write std::move(coro), "
                  "and gather(std::move(coros)) for a vector of them");
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

/// Whether the result may be moved out: what was made here or given away has no other handle.
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

/// A done future's value for the owner of one handle: while there are others it is copied, if
/// it can be; what a reference refers to belongs to neither, and is copied always.
template <class T>
element_t<T> element_from(FutureBase& future) {
    if constexpr (std::is_void_v<T>) {
        return {};
    } else if constexpr (std::is_reference_v<T>) {
        return future.result_as<T>().value();
    } else {
        T& value = future.result_as<T>().value();
        if constexpr (can_copy<T>) {
            if (future.owners() > 1) return value;
        }
        return std::move(value);
    }
}

/// Whether a range that is passed on gives its elements away: a view shows those of others.
template <class Range>
inline constexpr bool gives_elements =
    !std::is_lvalue_reference_v<Range> && !std::ranges::view<std::remove_cvref_t<Range>> &&
    !std::ranges::borrowed_range<Range>;

/// ensure_future() for each of a range.
template <class Range, class F>
void for_each_future(Range&& range, F use) {
    for (auto&& awaitable : range) {
        if constexpr (gives_elements<Range>) {
            use(std::move(awaitable));
        } else {
            use(std::forward<decltype(awaitable)>(awaitable));
        }
    }
}

}  // namespace internal
}  // namespace weft
