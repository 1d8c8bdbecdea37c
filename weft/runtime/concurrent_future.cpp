// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/concurrent_future.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>

namespace weft::concurrent::internal {

bool StateBase::cancel() {
    std::unique_lock lock(mutex_);
    if (status_ == Status::cancelled) return true;
    if (status_ != Status::pending) return false;
    end(std::move(lock), Status::cancelled);
    return true;
}

void StateBase::abandon() {
    std::unique_lock lock(mutex_);
    if (status_ < Status::cancelled) end(std::move(lock), Status::cancelled);
}

bool StateBase::set_running() {
    const std::lock_guard lock(mutex_);
    if (status_ == Status::cancelled) return false;
    if (status_ != Status::pending) {
        throw InvalidStateError("a future that runs or is over cannot be started");
    }
    status_ = Status::running;
    return true;
}

StateBase::Status StateBase::status() const {
    const std::lock_guard lock(mutex_);
    return status_;
}

bool StateBase::wait(std::optional<Nanoseconds> timeout) const {
    std::unique_lock lock(mutex_);
    const auto over = [this] { return status_ >= Status::cancelled; };
    if (!timeout) {
        over_.wait(lock, over);
        return true;
    }
    // The largest delays would overflow the clock's sum; a year is as good as for ever.
    const auto span = std::min(*timeout, Nanoseconds(std::chrono::hours(24 * 365)));
    return over_.wait_for(lock, span, over);
}

void StateBase::add_done_callback(std::function<void()> callback) {
    {
        const std::lock_guard lock(mutex_);
        if (status_ < Status::cancelled) {
            callbacks_.push_back(std::move(callback));
            return;
        }
    }
    callback();
}

void StateBase::finish(const std::function<void()>& store) {
    std::unique_lock lock(mutex_);
    if (status_ >= Status::cancelled) {
        throw InvalidStateError("the future is cancelled or finished already");
    }
    store();
    end(std::move(lock), Status::finished);
}

void StateBase::end(std::unique_lock<std::mutex> lock, Status status) {
    status_ = status;
    const std::vector<std::function<void()>> callbacks = std::exchange(callbacks_, {});
    over_.notify_all();
    lock.unlock();
    for (const auto& callback : callbacks) callback();
}

}  // namespace weft::concurrent::internal
