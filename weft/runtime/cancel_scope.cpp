// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/cancel_scope.hpp>

#include <exception>
#include <optional>

#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/result.hpp>
#include <weft/runtime/scope_node.hpp>
#include <weft/runtime/task_state.hpp>

namespace weft {

CancelScope::CancelScope(CancelScopeOptions options) noexcept : deadline_(options.deadline) {
    node_.shielded = options.shield;
}

template Coro<bool> internal::run_until_cancelled(CancelScope&, BodyRef<void, CancelScope>);
template Coro<void> internal::run_inside(FailingScope&, CancelScope&, BodyRef<void, CancelScope>);
template Coro<void> internal::run_inside(CancelScope&, NoScope&, BodyRef<void, NoScope>);

CancelScope::~CancelScope() {
    timer_.cancel();
    soon_.cancel();
    // Left without leave(): the loop is being closed, and the task goes with it.
    if (task_ && task_->scope() == &node_) task_->set_scope(node_.outer);
}

void CancelScope::cancel() noexcept {
    if (node_.cancelled) return;
    node_.cancelled = true;
    timer_.cancel();
    if (!task_) return;
    // The scope's own task, and those of groups inside: each stops if its scopes say so.
    for (internal::TaskBase& task : task_->loop().tasks()) {
        if (internal::is_cancelled(task.scope())) task.interrupt_for_scope();
    }
}

void CancelScope::set_deadline(std::optional<TimePoint> deadline) {
    deadline_ = deadline;
    if (task_) arm();
}

void CancelScope::arm() {
    timer_.cancel();
    soon_.cancel();
    if (!deadline_ || node_.cancelled) return;
    EventLoop& loop = task_->loop();
    if (*deadline_ <= loop.time()) {
        soon_ = loop.call_soon([this] { cancel(); });
    } else {
        timer_ = loop.call_at(*deadline_, [this] { cancel(); });
    }
}

void CancelScope::enter(internal::TaskBase* task) {
    if (entered_) throw RuntimeError("Each CancelScope may only be used for a single 'with' block");
    entered_ = true;
    task_ = Ref(task);
    arm();  // first: it may want for memory
    node_.outer = task->scope();
    task->set_scope(&node_);
    cancelling_ = task->delivered_requests();
    if (node_.shielded) task->raise_shield(node_);
}

void CancelScope::leave(internal::ResultBase& body) noexcept {
    timer_.cancel();
    soon_.cancel();
    task_->set_scope(node_.outer);
    const bool from_outside = task_->delivered_requests() > cancelling_ ||
                              (!node_.shielded && internal::is_cancelled(node_.outer));
    if (node_.cancelled && body.outcome == internal::Outcome::cancelled &&
        (!from_outside || node_.shielded)) {
        caught_ = true;
    }
    if (node_.shielded) task_->lower_shield(node_);
    task_ = nullptr;
}

void internal::FailingScope::leave(ResultBase& body) {
    CancelScope::leave(body);
    if (cancelled_caught()) body.set_error(std::make_exception_ptr(TimeoutError()));
}

}  // namespace weft
