// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/task_group.hpp>

#include <coroutine>
#include <exception>
#include <memory>
#include <source_location>
#include <string>
#include <utility>

#include <weft/base/exception_group.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/list.hpp>
#include <weft/base/ref.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/frame_allocator.hpp>
#include <weft/runtime/future_state.hpp>
#include <weft/runtime/op.hpp>
#include <weft/runtime/outcome.hpp>
#include <weft/runtime/ready_queue.hpp>
#include <weft/runtime/result.hpp>
#include <weft/runtime/scope_body.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/task_state.hpp>
#include <weft/runtime/this_task.hpp>

namespace weft {

using internal::Outcome;

// A task of the group: waits in the task's list of done links, then in the ready queue.
class TaskGroup::Child final : public ListNode,  // of the group
                               public internal::ReadyNode,
                               public internal::FrameAllocated {
public:
    Child(TaskGroup& group, internal::TaskBase& task)
        : ReadyNode(ready_kind), group_(&group), task_(Ref(&task)), done_link_(*this) {
        task.add(done_link_);
    }

    [[nodiscard]] internal::TaskBase& task() const noexcept { return *task_; }
    /// The task was done when it was made, and the group has taken note: the queued node is left
    /// to delete itself.
    void forget() noexcept {
        unlink();
        group_ = nullptr;
    }
    /// The group is destroyed with its task, by the loop's closing.
    void orphan() noexcept {
        group_ = nullptr;
        if (!queued_) delete this;
    }

private:
    struct DoneLink final : internal::DoneLink {
        explicit DoneLink(Child& the_child) noexcept : child(the_child) {}
        void fire(internal::FutureBase& future) noexcept override {
            child.queued_ = true;
            future.loop().ready().push(child);
        }
        Child& child;
    };
    static const internal::ReadyKind ready_kind;

    TaskGroup* group_;
    Ref<internal::TaskBase> task_;
    DoneLink done_link_;
    bool queued_ = false;
};

constinit const internal::ReadyKind TaskGroup::Child::ready_kind = {
    .run =
        [](internal::ReadyNode& node) {
            const std::unique_ptr<Child> child(&static_cast<Child&>(node));
            child->unlink();
            if (child->group_) child->group_->on_task_done(*child->task_);
        },
    .drop =
        [](internal::ReadyNode& node) noexcept {
            auto& child = static_cast<Child&>(node);
            child.queued_ = false;
            if (child.group_) --child.group_->child_count_;
            delete &child;
        },
    .describe = [](const internal::ReadyNode&) { return std::string("<Handle TaskGroup>"); }};

namespace {
constexpr internal::OpKind kind_of_wait{"TaskGroup"};
}

// The wait for the last task.
class TaskGroup::AllDone final : public internal::Op {
public:
    explicit AllDone(TaskGroup& group) noexcept : group_(group), lets_tasks_end_(group.aborting_) {
        deliver = true;
    }
    ~AllDone() { group_.waiting_ = nullptr; }

    internal::CancelAck cancel() noexcept override { return internal::CancelAck::now; }
    // A cancelled scope ends this wait once; when the tasks are being cancelled already, it must
    // let them.
    [[nodiscard]] bool level_exempt() const noexcept override { return lets_tasks_end_; }

    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> frame) noexcept {
        group_.waiting_ = this;
        suspend(frame.promise(), kind_of_wait);
    }
    /// Whether it was cancelled.
    [[nodiscard]] bool await_resume() const noexcept { return outcome == Outcome::cancelled; }

    void wake_once() noexcept {
        group_.waiting_ = nullptr;
        if (outcome == Outcome::pending) wake();
    }
    /// For co_await.
    struct Maker {
        TaskGroup& group;
        [[nodiscard]] AllDone make_awaiter() const noexcept { return AllDone(group); }
    };

private:
    TaskGroup& group_;
    const bool lets_tasks_end_;
};

TaskGroup::TaskGroup() = default;

TaskGroup::~TaskGroup() {
    while (Child* child = children_.pop_front()) child->orphan();
}

void TaskGroup::enter(internal::TaskBase* task) {
    if (entered_) throw RuntimeError("TaskGroup has already been entered");
    if (!task) throw RuntimeError("TaskGroup cannot determine the parent task");
    entered_ = true;
    parent_ = Ref(task);
    scope_ = task->scope();
    shields_ = task->shields();
    cancelling_ = task->delivered_requests();
    if (cancel_on_enter_) cancel();
}

void TaskGroup::throw_refused() const {
    if (!entered_) throw RuntimeError("TaskGroup has not been entered");
    if (exiting_ && child_count_ == 0) throw RuntimeError("TaskGroup is finished");
    throw RuntimeError("TaskGroup is shutting down");
}

void TaskGroup::adopt(internal::TaskBase& task, const TaskOptions& options,
                      std::source_location where) {
    task.set_scope(scope_);
    internal::prepare_task(parent_->loop(), task, options, where, parent_.get());
    // From here on the group waits for it: nothing may fail but the link.
    // An eager task may fail, or end the group, before this returns: the group knows it already.
    auto& child = *new Child(*this, task);
    children_.push_back(child);
    ++child_count_;
    internal::start_task(parent_->loop(), task, options.eager_start);
    if (options.eager_start && task.done()) {
        child.forget();
        on_task_done(task);
    }
}

void TaskGroup::on_task_done(internal::FutureBase& task) {
    --child_count_;
    if (child_count_ == 0 && waiting_) waiting_->wake_once();
    if (task.result().outcome != Outcome::error) return;
    task.mark_retrieved();
    const std::exception_ptr error = task.result().failure()->error;
    add_error(*task.result().failure());
    if (is_loop_ending(error) && !base_error_) base_error_ = error;
    if (!aborting_ && !parent_cancel_requested_) {
        abort();
        cancel_parent();
    }
}

void TaskGroup::add_error(const internal::Failure& failure) {
    errors_.push_back(failure.error);
    chains_.push_back(failure.chain);
}

void TaskGroup::abort() {
    aborting_ = true;
    for (Child& child : children_) {
        if (!child.task().done()) cancel_or_report(child.task());
    }
}

void TaskGroup::cancel_parent() {
    parent_cancel_requested_ = true;
    parent_->cancel_from_within(shields_);
}

void TaskGroup::cancel() {
    if (!entered_) {
        cancel_on_enter_ = true;
        return;
    }
    if (exiting_ && child_count_ == 0) return;
    if (!aborting_) abort();
    if (!parent_cancel_requested_) cancel_parent();
}

Coro<void> TaskGroup::run(internal::BodyRef<void, TaskGroup> body) {
    co_await transparent;
    enter(co_await internal::this_task());
    internal::Result<void> result;
    if (auto inside = body.start(*this, result)) {
        co_await internal::as_outcome(std::move(*inside), result);
    }
    co_await leave(result);
    if (result.outcome != Outcome::value) co_await internal::PassOn(result);
}

// The order of asyncio's TaskGroup.__aexit__, whose comments say why.
Coro<void> TaskGroup::leave(internal::ResultBase& body) {
    co_await transparent;
    exiting_ = true;
    const bool body_failed = body.outcome == Outcome::error;
    if (body_failed && is_loop_ending(body.failure()->error) && !base_error_) {
        base_error_ = body.failure()->error;
    }
    bool passes_cancellation = body.outcome == Outcome::cancelled;
    internal::FailurePtr cancellation;
    if (passes_cancellation) cancellation = body.take_failure();
    if (body.outcome != Outcome::value && !aborting_) abort();

    while (child_count_ > 0) {
        const bool interrupted = co_await AllDone::Maker{*this};
        if (!interrupted) continue;
        // The message that goes on is that of the first.
        const std::string* message = parent_->cancel_message();
        if (!passes_cancellation && message) {
            cancellation = std::make_unique<internal::Failure>(
                internal::Failure{internal::cancelled_error(message), {}});
        }
        passes_cancellation = true;
        if (!aborting_) abort();
    }

    // The group's own request is taken back; what there is more than at the entry came from
    // outside. Asyncio compares with none: there, a group in the cleanup of a cancelled task raises
    // the old cancellation again.
    if (parent_cancel_requested_) parent_->uncancel_from_within();
    const bool cancelled_outside = parent_->delivered_requests() > cancelling_;
    if (parent_cancel_requested_ && !cancelled_outside) passes_cancellation = false;

    if (base_error_) {
        body.set_error(base_error_);
    } else if (passes_cancellation && errors_.empty() && !body_failed) {
        body.set_cancelled(std::move(cancellation));
    } else {
        if (body_failed) add_error(*body.failure());
        if (errors_.empty()) {
            body.set_nothing();  // the body's cancellation was the group's own
            co_return;
        }
        // A cancellation from outside gives way to the errors, and is raised at the next await,
        // without its message, as in asyncio.
        if (cancelled_outside) {
            parent_->set_cancel_message(nullptr);
            parent_->deliver_again();
        }
        body.set_error(std::make_exception_ptr(ExceptionGroup(
            "unhandled errors in a TaskGroup", std::move(errors_), std::move(chains_))));
    }
}

namespace internal {

void throw_started_twice() { throw RuntimeError("called 'started' twice on the same task status"); }

std::exception_ptr never_started() {
    return std::make_exception_ptr(RuntimeError("child exited without calling started()"));
}

}  // namespace internal
}  // namespace weft
