// SPDX-License-Identifier: Apache-2.0
// weft/runtime/each.hpp - each(): a coroutine for each element, as `f(x) for x in xs` is in Python.
#pragma once

#include <ranges>
#include <type_traits>
#include <utility>
#include <vector>

#include <weft/runtime/coro.hpp>

namespace weft {

/// Calls a coroutine function with every element:
/// `auto pages = co_await gather(each(urls, fetch));`
///
/// std::views::transform cannot: clang refuses library functions that hand on a Coro.
/// Lifetime: the elements of an lvalue range are passed as references into it.
template <std::ranges::input_range Range, class F>
    requires internal::is_coro<std::invoke_result_t<F&, std::ranges::range_reference_t<Range>>>
[[nodiscard]] auto each(Range&& range, F function) {
    static_assert(std::is_empty_v<F> || std::is_function_v<std::remove_pointer_t<F>>,
                  "each() takes a function or a lambda without captures: the coroutines run when "
                  "the captures are gone");
    std::vector<std::invoke_result_t<F&, std::ranges::range_reference_t<Range>>> coros;
    if constexpr (std::ranges::sized_range<Range>) coros.reserve(std::ranges::size(range));
    for (auto&& element : range) {
        coros.push_back(function(std::forward<decltype(element)>(element)));
    }
    return coros;
}

}  // namespace weft
