// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/lock.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

#include <weft/base/exceptions.hpp>
#include <weft/base/log.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/op.hpp>
#include <weft/runtime/promise.hpp>
#include <weft/runtime/result.hpp>
#include <weft/runtime/task_state.hpp>
#include <weft/runtime/waiter.hpp>

namespace weft {
namespace {

// Enough of a task to tell it from others in a warning, where a pointer finds no room.
std::uint32_t mark_of(const internal::TaskBase& task) noexcept {
    const auto address = reinterpret_cast<std::uintptr_t>(&task) / sizeof(void*);
    return static_cast<std::uint32_t>(address ^ (task.id() << 16U)) | 1U;
}

}  // namespace

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

void Lock::note_holder() noexcept {
    const EventLoop* loop = internal::running_loop;
    const internal::TaskBase* task = loop ? loop->current() : nullptr;
    holder_ = task ? mark_of(*task) : 0;
}

bool Lock::was_locked_by(const internal::TaskBase& task) const noexcept {
    return locked() && holder_ == mark_of(task);
}

namespace internal {
namespace {
void report_held_already(const PromiseBase& frame) {
    log(LogLevel::warning, frame.task->describe() + " waits for a Lock that it holds itself, at " +
                               frame.where.file_name() + ":" + std::to_string(frame.where.line()) +
                               "; unless another task releases it, it waits forever");
}
}  // namespace

constinit const OpKind LockWait::kind_of_wait{"Lock.acquire", OpDetail::object,
                                              offsetof(LockWait, lock_)};

void LockWait::start(PromiseBase& frame) {
    EventLoop& loop = frame.task->loop();
    lock_.bind(loop);
    if (loop.get_debug() && lock_.was_locked_by(*frame.task)) [[unlikely]]
        report_held_already(frame);
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
