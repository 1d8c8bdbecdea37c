// SPDX-License-Identifier: Apache-2.0
// weft/runtime/staggered_race.hpp - attempts that begin one after the other, until one succeeds.
#pragma once

#include <concepts>
#include <cstddef>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/coro_function.hpp>
#include <weft/runtime/event.hpp>
#include <weft/runtime/task_group.hpp>
#include <weft/runtime/timeout.hpp>

namespace weft {

/// What a staggered_race() has come to.
template <class T>
struct StaggeredRaceResult {
    /// Of the attempt that succeeded first; nullopt where all have failed.
    std::optional<T> winner_result;
    std::optional<std::size_t> winner_index;
    /// What each attempt that was begun has thrown: null for the winner, CancelledError for those
    /// that it left behind.
    std::vector<std::exception_ptr> exceptions;
};

namespace internal {

template <class T>
class StaggeredRace {
public:
    StaggeredRace(std::vector<CoroFunction<Coro<T>()>> attempts, std::optional<Delay> delay)
        : attempts_(std::move(attempts)), delay_(delay) {}

    Coro<StaggeredRaceResult<T>> run() {
        co_await TaskGroup::scope(
            [this](TaskGroup& group) -> Coro<void> { co_await begin_all(group); });
        co_return std::move(result_);
    }

private:
    Coro<void> begin_all(TaskGroup& group) {
        for (std::size_t i = 0; i < attempts_.size(); ++i) {
            if (i > 0) co_await wait_for_failure();
            result_.exceptions.push_back(std::make_exception_ptr(CancelledError()));
            last_failed_.clear();
            group.create_task(attempt(i, group, Ended(*this, i)));
        }
    }

    Coro<void> wait_for_failure() {
        if (!delay_) {
            co_await last_failed_.wait();
            co_return;
        }
        try {
            co_await wait_for(last_failed_.wait(), *delay_);
        } catch (const TimeoutError&) {  // the next one begins beside it
        }
    }

    // Also of an attempt that is cancelled before its first step.
    class Ended {
    public:
        Ended(StaggeredRace& race, std::size_t number) noexcept : race_(&race), number_(number) {}
        Ended(Ended&& other) noexcept
            : race_(std::exchange(other.race_, nullptr)), number_(other.number_) {}
        Ended& operator=(Ended&&) = delete;
        ~Ended() {
            if (race_) race_->ended(number_);
        }

    private:
        StaggeredRace* race_;
        std::size_t number_;
    };

    void ended(std::size_t number) {
        if (number + 1 == result_.exceptions.size()) last_failed_.set();
    }

    Coro<void> attempt(std::size_t number, TaskGroup& group, Ended) {
        try {
            T value = co_await attempts_[number]();
            if (result_.winner_index) co_return;  // another was faster
            result_.winner_result.emplace(std::move(value));
            result_.winner_index = number;
            result_.exceptions[number] = nullptr;
            group.cancel();
        } catch (...) {
            const std::exception_ptr error = std::current_exception();
            result_.exceptions[number] = error;
            ended(number);
            // The group takes no notice of one that is cancelled.
            if (is_loop_ending(error) || holds<CancelledError>(error)) throw;
        }
    }

    std::vector<CoroFunction<Coro<T>()>> attempts_;
    std::optional<Delay> delay_;
    StaggeredRaceResult<T> result_;
    Event last_failed_;  // the attempt that was begun last
};

}  // namespace internal

/// Begins the attempts one after the other: the next one when the one before has failed, or has
/// taken `delay`, whichever is first; nullopt waits for the failure. The first that succeeds wins:
/// the others are cancelled, and all have ended when this returns.
///
///     auto race = co_await staggered_race(std::move(attempts), 250ms);
///     if (race.winner_result) …
///
/// An attempt that is cancelled and succeeds all the same has lost; its result is dropped.
///
/// Errors:   none of the attempts': they are in the result. KeyboardInterrupt and SystemExit go on.
///           ExceptionGroup with a std::bad_alloc where an attempt cannot be begun for want of memory.
/// Cancel:   cancels the attempts and waits for them.
/// Suspends: always, unless there is no attempt.
/// Spec:     asyncio.staggered.staggered_race; RFC 8305 is what it is for.
template <class T>
    requires(std::move_constructible<T> && !std::is_reference_v<T>)
[[nodiscard]] Coro<StaggeredRaceResult<T>> staggered_race(
    std::vector<CoroFunction<Coro<T>()>> coro_fns, std::optional<Delay> delay) {
    internal::StaggeredRace<T> race(std::move(coro_fns), delay);
    co_return co_await race.run();
}

}  // namespace weft
