// SPDX-License-Identifier: Apache-2.0
// tests/soak/storm.hpp - who plays in the cancel storm, and how an operation is given up.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <expected>
#include <optional>
#include <string>
#include <utility>

#include "dice.hpp"

#include <weft/base/exceptions.hpp>
#include <weft/runtime/cancel_scope.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/outcome.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/task_group.hpp>
#include <weft/runtime/timeout.hpp>

namespace weft::soak {

/// What became of the operations of one kind.
struct Tally {
    std::string kind;
    std::uint64_t rounds = 0;
    std::uint64_t done = 0;      // the completion won
    std::uint64_t given_up = 0;  // the cancellation won
    std::uint64_t refused = 0;   // an error won
};

/// What is known of the whole storm.
class Storm {
public:
    /// Lives as long as the storm.
    Tally& tally(const std::string& kind);
    [[nodiscard]] const std::deque<Tally>& tallies() const noexcept { return tallies_; }

    /// Tells of a promise that was broken, which ends the storm soon.
    /// Thread: any.
    void fail(const std::string& what);
    void expect(bool kept, const std::string& what) {
        if (!kept) fail(what);
    }
    /// The same of an error that nothing explains, but of a loop that ends in the middle of it all: one
    /// end of a connection may go before the other.
    void fail(const std::string& who, const std::exception_ptr& error);
    void loop_ends_in_the_middle(bool so) noexcept { ends_in_the_middle_ = so; }
    [[nodiscard]] int failures() const noexcept { return failures_; }

private:
    std::deque<Tally> tallies_;
    std::atomic<int> failures_ = 0;
    bool ends_in_the_middle_ = false;
};

namespace internal {

// What an operation gave: it lies where no cancellation of who waits can take it away.
template <class T>
struct Kept {
    std::optional<T> value;
    std::exception_ptr error;
};

template <class T>
Coro<void> keep(Coro<T> coro, Kept<T>& kept) {
    auto result = co_await as_result(std::move(coro));
    if (result) {
        kept.value.emplace(std::move(*result));
    } else {
        kept.error = result.error();
    }
}

inline Coro<bool> and_true(Coro<void> coro) {
    co_await std::move(coro);
    co_return true;
}

}  // namespace internal

/// One who does things in the storm.
class Player {
public:
    Player(Storm& storm, Tally& tally, Dice thrown) noexcept
        : dice(std::move(thrown)), storm_(&storm), tally_(&tally) {}
    /// One of the same kind, who plays beside.
    [[nodiscard]] Player another() { return {*storm_, *tally_, dice.another()}; }

    /// Waits for `coro`, or gives it up at a random moment, in a random manner.
    /// Returns: what it gave, also where the cancellation came after that; nothing when given up.
    /// Errors:  what it throws.
    template <class T>
    [[nodiscard]] Coro<std::optional<T>> in_haste(Coro<T> coro) {
        internal::Kept<T> kept;
        co_await give_up_sometime(internal::keep(std::move(coro), kept));
        if (kept.error) {
            ++tally_->refused;
            std::rethrow_exception(kept.error);
        }
        ++(kept.value ? tally_->done : tally_->given_up);
        co_return std::move(kept.value);
    }
    /// Returns: whether it was done.
    [[nodiscard]] Coro<bool> in_haste(Coro<void> coro) {
        const auto done = co_await in_haste(internal::and_true(std::move(coro)));
        co_return done.has_value();
    }

    void expect(bool kept, const std::string& what) const {
        if (!kept) storm_->fail(tally_->kind + ": " + what);
    }
    /// That it is an OSError, or a group of nothing else.
    void expect_os_error(const std::exception_ptr& error) const;
    void fail(const std::exception_ptr& error) const { storm_->fail(tally_->kind, error); }
    void round_is_over() const noexcept { ++tally_->rounds; }

    Dice dice;

private:
    Coro<void> give_up_sometime(Coro<void> coro);
    Coro<void> cancel_task(Coro<void> coro);

    Storm* storm_;
    Tally* tally_;
};

}  // namespace weft::soak
