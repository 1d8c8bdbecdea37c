// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/lock.hpp>

#include <weft/base/exceptions.hpp>
#include <weft/runtime/op.hpp>
#include <weft/runtime/promise.hpp>
#include <weft/runtime/result.hpp>
#include <weft/runtime/task_state.hpp>
#include <weft/runtime/waiter.hpp>

namespace weft {

void Lock::throw_not_acquired() { throw RuntimeError("Lock is not acquired."); }

bool Lock::all_gave_up() const noexcept {
    for (const internal::Waiter& waiter : waiters_) {
        if (!waiter.gave_up()) return false;
    }
    return true;
}

void Lock::wake_first() noexcept {
    if (!waiters_.empty() && !waiters_.front().done()) waiters_.front().give();
}

namespace internal {
namespace {
constexpr OpKind kind_of_wait{"Lock.acquire"};
}

void LockWait::start(PromiseBase& frame) {
    lock_.bind(frame.task->loop());
    lock_.line_up(*this);
    suspend(frame, kind_of_wait);
}

void LockWait::finish() {
    if (outcome == Outcome::cancelled) {
        leave();
        raise_if_cancelled();
    }
    lock_.take_turn(*this);
}

void LockWait::leave() noexcept { lock_.leave_line(*this); }

}  // namespace internal
}  // namespace weft
