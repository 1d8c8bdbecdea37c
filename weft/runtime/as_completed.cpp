// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/as_completed.hpp>

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/future.hpp>

namespace weft::internal {

void Completions::watch(const std::vector<AnyFuture>& futures, std::optional<Delay> timeout) {
    left_ = pending_ = futures.size();
    if (timeout && !futures.empty()) {
        timeout_ = get_running_loop().call_later(*timeout, [weak = weak_from_this()] {
            if (const auto self = weak.lock()) self->on_timeout();
        });
    }
    for (std::size_t index = 0; index < futures.size(); ++index) {
        futures[index].add_done_callback(
            [self = shared_from_this(), index] { self->on_done(index); });
    }
}

void Completions::on_done(std::size_t index) {
    if (timed_out_) return;
    done_.push_back(index);
    if (--pending_ == 0) timeout_.cancel();
    wake_one();
}

void Completions::on_timeout() {
    timed_out_ = true;
    while (!waiters_.empty()) wake_one();
}

void Completions::wake_one() {
    while (!waiters_.empty()) {
        const Future<> waiter = std::move(waiters_.front());
        waiters_.pop_front();
        if (waiter.done()) continue;
        waiter.set_result();
        return;
    }
}

Coro<std::size_t> Completions::next() {
    if (left_ == 0) throw StopAsyncIteration();
    --left_;  // now: of two who wait, only one may get the last
    const auto keep = shared_from_this();
    while (done_.empty()) {
        if (timed_out_) throw TimeoutError();
        const Future<> waiter = create_future();
        waiters_.push_back(waiter);
        try {
            co_await waiter;
        } catch (const CancelledError&) {
            ++left_;
            if (!waiter.cancelled()) wake_one();  // woken in vain: the turn passes on
            throw;
        }
    }
    const std::size_t index = done_.front();
    done_.pop_front();
    co_return index;
}

}  // namespace weft::internal
