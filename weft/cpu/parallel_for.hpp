// SPDX-License-Identifier: Apache-2.0
// weft/cpu/parallel_for.hpp - parallel_for(): a loop whose turns are shared out among a CpuPool.
#pragma once

#include <atomic>
#include <concepts>
#include <cstddef>
#include <functional>
#include <iterator>
#include <ranges>
#include <stop_token>
#include <type_traits>
#include <utility>

#include <weft/cpu/cpu_pool.hpp>
#include <weft/cpu/cpu_wait.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/op.hpp>

namespace weft {

struct ParallelOptions {
    CpuPool* pool = nullptr;  ///< default_cpu_pool() where null
    std::size_t grain = 1;    ///< no thread takes fewer turns at once: some 10 microseconds' worth
};

/// Calls `body(i)` for each i from `first` to before `last`, many at a time, in any order.
///
///     co_await parallel_for(0, image.height(), [&](int y) { image.blur_row(y); });
///
/// The body may refer to what the awaiting coroutine owns, since the await never ends before the
/// last call.
/// Errors:   the first that a call throws; calls that have not begun by then are not made.
///           RuntimeError after the pool's shutdown().
/// Cancel:   waits: calls that have not begun are not made, and the await ends when the others have.
///           What they threw goes to the loop's exception handler.
/// Suspends: always.
/// Limits:   when a loop is closed in the middle, closing blocks until the calls have ended.
template <std::integral Index, std::invocable<Index> F>
[[clang::coro_wrapper]] Coro<void> parallel_for(Index first, std::type_identity_t<Index> last,
                                                F body, ParallelOptions options = {});
/// The same with each element of a range, such as a vector, which must stay as it is meanwhile.
template <std::ranges::random_access_range R, std::invocable<std::ranges::range_reference_t<R>> F>
    requires std::ranges::sized_range<R> && std::ranges::viewable_range<R>
[[clang::coro_wrapper]] Coro<void> parallel_for(R&& range, F body, ParallelOptions options = {});

// ---- implementation

namespace internal {

extern const OpKind parallel_for_kind;

class ParallelLoop : public CpuWork {
public:
    ParallelLoop(std::size_t count, std::size_t grain) noexcept : count_(count), grain_(grain) {}
    void run(const std::stop_token& stop) noexcept final;

protected:
    ~ParallelLoop() = default;
    virtual void take_turns(std::size_t first, std::size_t last) = 0;

private:
    static void piece(void* loop, std::size_t first, std::size_t last) noexcept;

    std::size_t count_;
    std::size_t grain_;
    const std::stop_token* stop_ = nullptr;
    // What hands the loop to those that take pieces, and back. oneTBB does so too, but unseen by
    // ThreadSanitizer.
    std::atomic<bool> has_begun_ = false;
    std::atomic<std::size_t> pieces_ = 0;
    std::atomic<bool> has_failed_ = false;
};

template <class F>
class Turns final : public ParallelLoop {
public:
    Turns(std::size_t count, std::size_t grain, F turn) noexcept
        : ParallelLoop(count, grain), turn_(std::move(turn)) {}

private:
    void take_turns(std::size_t first, std::size_t last) override {
        for (std::size_t i = first; i < last; ++i) turn_(i);
    }
    F turn_;
};

template <class F>
Coro<void> take_turns(std::size_t count, ParallelOptions options, F turn) {
    co_await transparent;
    Turns<F> loop(count, options.grain, std::move(turn));
    co_await CpuWaitFor{options.pool ? *options.pool : default_cpu_pool(), loop, parallel_for_kind};
    loop.rethrow_error();
}

}  // namespace internal

template <std::integral Index, std::invocable<Index> F>
[[clang::coro_wrapper]] Coro<void> parallel_for(Index first, std::type_identity_t<Index> last,
                                                F body, ParallelOptions options) {
    // Unsigned, in which the distance of any two is known.
    const auto begin = static_cast<std::size_t>(first);
    const std::size_t count = first < last ? static_cast<std::size_t>(last) - begin : 0;
    return internal::take_turns(count, options,
                                [begin, body = std::move(body)](std::size_t i) mutable {
                                    std::invoke(body, static_cast<Index>(begin + i));
                                });
}

template <std::ranges::random_access_range R, std::invocable<std::ranges::range_reference_t<R>> F>
    requires std::ranges::sized_range<R> && std::ranges::viewable_range<R>
Coro<void> parallel_for(R&& range, F body, ParallelOptions options) {
    const auto count = static_cast<std::size_t>(std::ranges::size(range));
    return internal::take_turns(count, options,
                                [all = std::views::all(std::forward<R>(range)),
                                 body = std::move(body)](std::size_t i) mutable {
                                    using Distance = std::ranges::range_difference_t<decltype(all)>;
                                    std::invoke(body,
                                                std::ranges::begin(all)[static_cast<Distance>(i)]);
                                });
}

}  // namespace weft
