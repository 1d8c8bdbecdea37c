// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/condition.hpp>

#include <cstddef>
#include <limits>

#include <weft/base/exceptions.hpp>
#include <weft/runtime/future_state.hpp>
#include <weft/runtime/op.hpp>
#include <weft/runtime/promise.hpp>
#include <weft/runtime/result.hpp>
#include <weft/runtime/task_state.hpp>
#include <weft/runtime/waiter.hpp>

namespace weft {

void Condition::notify(std::size_t n) {
    if (!locked()) throw RuntimeError("cannot notify on un-acquired lock");
    notify_unchecked(n);
}

void Condition::notify_all() { notify(std::numeric_limits<std::size_t>::max()); }

void Condition::notify_unchecked(std::size_t n) noexcept {
    while (n-- > 0) {
        internal::Waiter* waiter = waiting_.pop_front();
        if (!waiter) return;
        leaving_.push_back(*waiter);
        waiter->give();
    }
}

namespace internal {

constinit const OpKind ConditionWait::kind_of_wait{"Condition.wait", OpDetail::object,
                                                   offsetof(ConditionWait, condition_)};

void ConditionWait::start(PromiseBase& frame) {
    if (!condition_.locked()) throw RuntimeError("cannot wait on un-acquired lock");
    EventLoop& loop = frame.task->loop();
    condition_.loop_.bind(loop, "Condition");
    condition_.lock_.bind(loop);  // now, since it could not be refused later
    condition_.release();
    condition_.waiting_.push_back(*this);
    checks_resume = true;
    suspend(frame, kind_of_wait);
}

CancelAck ConditionWait::cancel() noexcept {
    if (!reacquiring_) {
        unlink();
        condition_.leaving_.push_back(*this);
    }
    return CancelAck::now;
}

bool ConditionWait::may_resume() noexcept {
    Lock& lock = condition_.lock_;
    if (outcome == Outcome::cancelled) was_cancelled_ = true;
    if (!reacquiring_) {
        unlink();
        reacquiring_ = true;
    } else if (outcome == Outcome::cancelled) {
        lock.leave_line(*this);
    } else {
        lock.take_turn(*this);
        return has_lock();
    }
    if (lock.try_acquire()) return has_lock();
    take_back();
    lock.line_up(*this);
    return false;
}

bool ConditionWait::has_lock() noexcept {
    outcome = was_cancelled_ ? Outcome::cancelled : Outcome::value;
    if (was_cancelled_) condition_.notify_unchecked(1);
    return true;
}

}  // namespace internal
}  // namespace weft
