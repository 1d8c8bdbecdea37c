// SPDX-License-Identifier: Apache-2.0
// weft/runtime/wait.hpp - wait(): until one, a failed one, or all of several are done.
#pragma once

#include <concepts>
#include <optional>
#include <ranges>
#include <utility>
#include <vector>

#include <weft/base/time.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/ensure_future.hpp>
#include <weft/runtime/future.hpp>

namespace weft {

enum class ReturnWhen : unsigned char {
    first_completed,
    first_exception,  ///< a cancelled one does not count
    all_completed,
};
inline constexpr ReturnWhen first_completed = ReturnWhen::first_completed;
inline constexpr ReturnWhen first_exception = ReturnWhen::first_exception;
inline constexpr ReturnWhen all_completed = ReturnWhen::all_completed;

struct WaitOptions {
    std::optional<Delay> timeout = std::nullopt;
    ReturnWhen return_when = all_completed;
};

/// What wait() found, each in the order given.
template <class F>
struct WaitResult {
    std::vector<F> done;
    std::vector<F> pending;
};

namespace internal {
/// Waits; the futures stay as they are.
Coro<void> wait_for_futures(std::vector<AnyFuture> futures, WaitOptions options);
}  // namespace internal

/// Waits for tasks or futures: `auto [done, pending] = co_await wait(tasks, {.timeout = 1s});`
/// One that is named twice counts once.
///
/// Errors:   ValueError when there are none. What they fail with is not thrown, nor is a
///           TimeoutError when the timeout passes.
/// Cancel:   safe; what is waited for goes on.
/// Suspends: always.
/// Spec:     asyncio.wait.
template <std::ranges::input_range Range>
    requires std::derived_from<std::ranges::range_value_t<Range>, AnyFuture>
Coro<WaitResult<std::ranges::range_value_t<Range>>> wait(Range futures, WaitOptions options = {}) {
    co_await transparent;
    using F = std::ranges::range_value_t<Range>;
    std::vector<F> all;
    for (const auto& future : futures) all.push_back(future);
    internal::drop_repeated(all);
    co_await internal::wait_for_futures({all.begin(), all.end()}, options);
    WaitResult<F> result;
    for (F& future : all) {
        (future.done() ? result.done : result.pending).push_back(std::move(future));
    }
    co_return result;
}

}  // namespace weft
