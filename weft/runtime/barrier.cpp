// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/barrier.hpp>

#include <cstddef>

#include <weft/base/exceptions.hpp>
#include <weft/runtime/coro.hpp>

namespace weft {

Barrier::Barrier(std::ptrdiff_t parties) : parties_(static_cast<std::size_t>(parties)) {
    if (parties < 1) throw ValueError("parties must be > 0");
}

// A task between its coming and its going, counted.
class Barrier::Inside {
public:
    explicit Inside(Barrier& barrier) noexcept : index(barrier.count_++), barrier_(barrier) {}
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;
    ~Inside() {
        if (--barrier_.count_ == 0) barrier_.last_left();
    }

    const std::size_t index;

private:
    Barrier& barrier_;
};

void Barrier::last_left() noexcept {
    if (state_ == State::resetting || state_ == State::draining) state_ = State::filling;
    condition_.notify_unchecked(parties_);
}

Coro<std::size_t> Barrier::wait() {
    co_await transparent;
    const auto held = co_await condition_.scoped();
    co_await condition_.wait_for(
        [this] { return state_ != State::draining && state_ != State::resetting; });
    if (state_ == State::broken) throw BrokenBarrierError("Barrier aborted");

    const Inside inside(*this);
    if (count_ == parties_) {
        state_ = State::draining;
        condition_.notify_all();
    } else {
        co_await condition_.wait_for([this] { return state_ != State::filling; });
        if (state_ != State::draining) throw BrokenBarrierError("Abort or reset of barrier");
    }
    co_return inside.index;
}

Coro<void> Barrier::reset() {
    co_await transparent;
    const auto held = co_await condition_.scoped();
    state_ = count_ > 0 ? State::resetting : State::filling;
    condition_.notify_all();
}

Coro<void> Barrier::abort() {
    co_await transparent;
    const auto held = co_await condition_.scoped();
    state_ = State::broken;
    condition_.notify_all();
}

}  // namespace weft
