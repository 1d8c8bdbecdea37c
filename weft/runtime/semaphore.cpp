// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/semaphore.hpp>

#include <cstddef>

#include <weft/base/exceptions.hpp>
#include <weft/runtime/op.hpp>
#include <weft/runtime/promise.hpp>
#include <weft/runtime/result.hpp>
#include <weft/runtime/task_state.hpp>
#include <weft/runtime/waiter.hpp>

namespace weft {

void Semaphore::throw_negative() { throw ValueError("Semaphore initial value must be >= 0"); }

void Semaphore::throw_released_too_often() {
    throw ValueError("BoundedSemaphore released too many times");
}

void Semaphore::hand_out(std::ptrdiff_t most) noexcept {
    while (value_ > 0 && most-- > 0) {
        internal::Waiter* waiter = waiting_.pop_front();
        if (!waiter) return;
        --value_;
        ++given_;
        leaving_.push_back(*waiter);
        waiter->give();
    }
}

namespace internal {

constinit const OpKind SemaphoreWait::kind_of_wait{"Semaphore.acquire", OpDetail::object,
                                                   offsetof(SemaphoreWait, semaphore_)};

void SemaphoreWait::start(PromiseBase& frame, const OpKind& kind) {
    semaphore_.loop_.bind(frame.task->loop(), "Semaphore");
    semaphore_.waiting_.push_back(*this);
    suspend(frame, kind);
}

CancelAck SemaphoreWait::cancel() noexcept {
    unlink();
    semaphore_.leaving_.push_back(*this);
    return CancelAck::now;
}

void SemaphoreWait::finish() {
    if (outcome == Outcome::cancelled) {
        leave();
        raise_if_cancelled();
    }
    unlink();
    --semaphore_.given_;
    semaphore_.hand_out(semaphore_.value_);
}

void SemaphoreWait::leave() noexcept {
    unlink();
    if (given()) {
        --semaphore_.given_;
        ++semaphore_.value_;
    }
    semaphore_.hand_out(semaphore_.value_);
}

}  // namespace internal
}  // namespace weft
