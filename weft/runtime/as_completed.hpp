// SPDX-License-Identifier: Apache-2.0
// weft/runtime/as_completed.hpp - as_completed(): results in the order in which they come.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <ranges>
#include <type_traits>
#include <utility>
#include <vector>

#include <weft/base/time.hpp>
#include <weft/runtime/ensure_future.hpp>
#include <weft/runtime/handle.hpp>

namespace weft {
namespace internal {

// Futures in the order in which they ended; shared with their done callbacks, which may come
// after the iterator is gone.
class Completions : public std::enable_shared_from_this<Completions> {
public:
    void watch(const std::vector<AnyFuture>& futures, std::optional<Delay> timeout);
    /// The index of the next future that has ended.
    /// Errors: TimeoutError; StopAsyncIteration when all were asked for.
    [[nodiscard]] Coro<std::size_t> next();
    /// How often next() may still be called.
    [[nodiscard]] std::size_t left() const noexcept { return left_; }
    void stop() noexcept { timeout_.cancel(); }

private:
    void on_done(std::size_t index);
    void on_timeout();
    void wake_one();

    std::deque<std::size_t> done_;
    std::deque<Future<>> waiters_;
    std::size_t left_ = 0;     // not asked for yet
    std::size_t pending_ = 0;  // not ended yet
    bool timed_out_ = false;
    TimerHandle timeout_;
};

}  // namespace internal

/// What as_completed() gives: iterate with next(), or with next_result().
template <class F>
class [[nodiscard]] AsCompleted {
public:
    using value_type = typename F::value_type;

    AsCompleted(std::vector<F> futures, std::optional<Delay> timeout)
        : futures_(std::move(futures)), completions_(std::make_shared<internal::Completions>()) {
        completions_->watch({futures_.begin(), futures_.end()}, timeout);
    }
    AsCompleted(AsCompleted&&) noexcept = default;
    AsCompleted& operator=(AsCompleted&&) noexcept = default;
    ~AsCompleted() {
        if (completions_) completions_->stop();
    }

    /// The next future to end, the very one that was given; nullopt after the last. Python's
    /// `async for`: `while (auto task = co_await results.next()) use(task->result());`
    /// Errors:   TimeoutError when the timeout has passed, once for each that did not end in time.
    /// Cancel:   safe.
    /// Suspends: maybe; never when one has ended that was not given yet (its end counts from the
    ///           loop's next turn on), after the last, and once the timeout has passed.
    [[nodiscard]] Coro<std::optional<F>> next() {
        co_await transparent;
        if (completions_->left() == 0) co_return std::nullopt;
        const std::size_t index = co_await completions_->next();
        co_return futures_[index];
    }
    /// The next result. Python's `for f in as_completed(…): await f`.
    /// Errors:   what the future failed with; TimeoutError as next(); StopAsyncIteration after the
    ///           last.
    /// Cancel:   safe; no result is taken before this has one to give.
    /// Suspends: as next().
    [[nodiscard]] Coro<std::remove_cvref_t<value_type>> next_result() {
        co_await transparent;
        const std::size_t index = co_await completions_->next();
        co_return co_await std::move(futures_[index]);
    }
    /// How many are still to come that nobody waits for.
    [[nodiscard]] std::size_t left() const noexcept { return completions_->left(); }

private:
    std::vector<F> futures_;
    std::shared_ptr<internal::Completions> completions_;
};

/// Runs coroutines side by side as tasks, and futures as they are, and gives them as they end; one
/// that is named twice, once.
///
/// Abandoning it leaves the tasks running.
/// Errors: RuntimeError without a running loop, where a task or the timeout needs one, and for a
///         handle that refers to no future.
/// Spec:   asyncio.as_completed of 3.13.
template <std::ranges::input_range Range>
auto as_completed(Range&& awaitables, std::optional<Delay> timeout = std::nullopt) {
    using F = decltype(ensure_future(std::declval<std::ranges::range_value_t<Range>>()));
    std::vector<F> futures;
    internal::for_each_future(std::forward<Range>(awaitables), [&](auto&& awaitable) {
        futures.push_back(ensure_future(std::forward<decltype(awaitable)>(awaitable)));
    });
    internal::drop_repeated(futures);
    return AsCompleted<F>(std::move(futures), timeout);
}

}  // namespace weft
