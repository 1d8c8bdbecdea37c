// SPDX-License-Identifier: Apache-2.0
// weft/cpu/parallel_for.hpp - parallel_for(): a loop whose turns threads share.
#pragma once

#include <algorithm>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <functional>
#include <ranges>
#include <stop_token>
#include <type_traits>
#include <utility>

#include <weft/base/exceptions.hpp>
#include <weft/cpu/cpu_pool.hpp>
#include <weft/cpu/cpu_wait.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/executor.hpp>

namespace weft {

struct ParallelOptions {
    ThreadPoolExecutor* pool = nullptr;  ///< default_cpu_pool() where null
    /// So many turns are taken by one thread without a look at anything else: some microseconds'
    /// worth. 0 counts as 1.
    std::size_t grain = 1;
};

namespace internal {
template <class T>
concept LoopNumber = std::integral<T> && !std::same_as<T, bool> && sizeof(T) <= sizeof(std::size_t);
template <class R>
concept LoopRange =
    std::ranges::random_access_range<R> && std::ranges::sized_range<R> &&
    std::ranges::borrowed_range<R> && std::is_reference_v<std::ranges::range_reference_t<R>>;
}  // namespace internal

/// Calls `body(i)` for each i from `first` to before `last`, in any order, and by several threads at
/// the same time, which share the one body.
///
///     co_await parallel_for(0, image.height(), [&](int y) { image.blur_row(y); });
///
/// Awaited in place or in a TaskGroup, it may refer to what the caller owns: neither goes on before
/// the last call has ended. The body sees no context variables of the caller's.
/// Errors:   the first that a call throws; once it has, each thread takes what is left of its
///           `grain` turns, and no more. RuntimeError after the pool's shutdown(); ValueError, from
///           the call itself, for a negative number beside one whose type makes both unsigned.
/// Cancel:   waits: each thread takes what is left of its `grain` turns, then the await ends. What
///           a call threw goes to the loop's exception handler.
/// Suspends: always.
/// Limits:   when a loop is closed in the middle, closing blocks as a cancellation waits.
template <internal::LoopNumber First, internal::LoopNumber Last, class F>
    requires std::invocable<const F&, std::common_type_t<First, Last>>
[[clang::coro_wrapper]] Coro<void> parallel_for(First first, Last last, F body,
                                                ParallelOptions options = {});
/// The same with each element of a range, such as a vector or a span, which must stay as it is
/// meanwhile. Not of one that is a temporary, or that has no elements to refer to, as vector<bool>.
template <internal::LoopRange R, class F>
    requires std::invocable<const F&, std::ranges::range_reference_t<R>>
[[clang::coro_wrapper]] Coro<void> parallel_for(R&& range, F body, ParallelOptions options = {});

// ---- implementation

namespace internal {

class ParallelLoop : public CpuWork {
public:
    ParallelLoop(std::size_t count, std::size_t grain, std::size_t threads) noexcept
        : CpuWork(
              std::max<std::size_t>(std::min(threads, count / std::max<std::size_t>(grain, 1)), 1)),
          count_(count),
          grain_(std::max<std::size_t>(grain, 1)),
          piece_(std::max(grain_, count / threads / pieces_per_thread)) {}
    void run(const std::stop_token& stop) noexcept final;

protected:
    ~ParallelLoop() = default;
    virtual void take_turns(std::size_t first, std::size_t last) = 0;

private:
    // Many, since no thread is to wait long for the last one; few, since they share a counter.
    static constexpr std::size_t pieces_per_thread = 16;

    const std::size_t count_;
    const std::size_t grain_;
    const std::size_t piece_;
    std::atomic<std::size_t> taken_ = 0;
    std::atomic<bool> has_failed_ = false;
};

template <class F>
class Turns final : public ParallelLoop {
public:
    Turns(std::size_t count, std::size_t grain, std::size_t threads, F turn)
        : ParallelLoop(count, grain, threads), turn_(std::move(turn)) {}

private:
    void take_turns(std::size_t first, std::size_t last) override {
        for (std::size_t i = first; i < last; ++i) turn_(i);
    }
    const F turn_;
};

template <class F>
Coro<void> take_turns(std::size_t count, ParallelOptions options, F turn) {
    co_await transparent;
    ThreadPoolExecutor& pool = options.pool ? *options.pool : default_cpu_pool();
    Turns<F> loop(count, options.grain, pool.max_workers(), std::move(turn));
    co_await CpuWaitFor{pool, loop, parallel_for_kind};
    loop.rethrow_error();
}

// Both as the type that they have in common, which an int has not with a large unsigned.
template <class Index, class First, class Last>
std::size_t turns_between(First first, Last last) {
    if ((first < First{0}) != (static_cast<Index>(first) < Index{0}) ||
        (last < Last{0}) != (static_cast<Index>(last) < Index{0})) {
        throw ValueError("parallel_for: a negative number and an unsigned one");
    }
    const auto begin = static_cast<Index>(first);
    const auto end = static_cast<Index>(last);
    return begin < end ? static_cast<std::size_t>(end) - static_cast<std::size_t>(begin) : 0;
}

}  // namespace internal

template <internal::LoopNumber First, internal::LoopNumber Last, class F>
    requires std::invocable<const F&, std::common_type_t<First, Last>>
Coro<void> parallel_for(First first, Last last, F body, ParallelOptions options) {
    using Index = std::common_type_t<First, Last>;
    return internal::take_turns(
        internal::turns_between<Index>(first, last), options,
        [begin = static_cast<std::size_t>(first), body = std::move(body)](std::size_t i) {
            std::invoke(body, static_cast<Index>(begin + i));
        });
}

template <internal::LoopRange R, class F>
    requires std::invocable<const F&, std::ranges::range_reference_t<R>>
Coro<void> parallel_for(R&& range, F body, ParallelOptions options) {
    const auto count = static_cast<std::size_t>(std::ranges::size(range));
    const auto begin = std::ranges::begin(range);
    return internal::take_turns(count, options, [begin, body = std::move(body)](std::size_t i) {
        std::invoke(body, begin[static_cast<std::iter_difference_t<decltype(begin)>>(i)]);
    });
}

}  // namespace weft
