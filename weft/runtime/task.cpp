// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/task.hpp>

#include <algorithm>
#include <atomic>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <weft/base/at_end.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/list.hpp>
#include <weft/base/log.hpp>
#include <weft/base/ref.hpp>
#include <weft/runtime/context.hpp>
#include <weft/runtime/debug_mode.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/future_state.hpp>
#include <weft/runtime/op.hpp>
#include <weft/runtime/promise.hpp>
#include <weft/runtime/ready_queue.hpp>
#include <weft/runtime/result.hpp>
#include <weft/runtime/scope_node.hpp>
#include <weft/runtime/task_state.hpp>

namespace weft {
namespace internal {
namespace {

constexpr int ring_named_max = 16;
constexpr int joins_nested_max = 8;

constinit thread_local int eager_tasks_nested = 0;

// In a catch block, where nobody can be thrown at.
void report_ring(const FutureBase& future) noexcept {
    ExceptionContext report;
    report.message = "A task cannot be cancelled";
    report.exception = std::current_exception();
    report.task = future.describe();
    report.source = future.made_at;
    future.loop().call_exception_handler(report);
}

}  // namespace

const FutureBase* awaited_by(const Op& op) noexcept {
    if (op.kind().detail != OpDetail::future) return nullptr;
    const auto* at = reinterpret_cast<const std::byte*>(&op) + op.kind().offset;
    return *reinterpret_cast<const FutureBase* const*>(at);
}

void TaskBase::destroy_frames() noexcept {
    // A handle may outlive the loop: what was waited for goes with the frames.
    if (state_ == State::waiting) state_ = State::ready;
    op_ = nullptr;
    if (root_) std::exchange(root_, nullptr).destroy();
}

// ---- cancellation

bool TaskBase::cancel(const std::string* message) {
    silence();
    if (state_ == State::done) return false;
    if (debug_mode_seen.load(std::memory_order_relaxed)) [[unlikely]]
        internal::check_thread(loop());
    if (cannot_hold_more()) return true;
    const bool counted = count_request();
    if (!cancellation_on_its_way()) set_cancel_message(message);
    try {
        request_cancel_at(0);
    } catch (const RecursionError&) {
        if (counted) --cancel_requests_;
        throw;
    }
    return true;
}

void TaskBase::cancel_from_within(std::uint32_t shields) noexcept {
    if (done() || cannot_hold_more()) return;
    count_request();
    if (!cancellation_on_its_way()) set_cancel_message(nullptr);
    try {
        request_cancel_at(shields);
    } catch (const RecursionError&) {
        report_ring(*this);
    }
}

void cancel_or_report(FutureBase& future) noexcept {
    try {
        future.cancel(nullptr);
    } catch (const RecursionError&) {
        report_ring(future);
    }
}

// Woken to be cancelled: a further request changes neither that nor its message.
bool TaskBase::cancellation_on_its_way() const noexcept {
    return state_ == State::ready && op_ && op_->outcome == Outcome::cancelled;
}

// Calls `visit` with the shields that are up in this task, the innermost first, and their numbers
// from without, until it returns true. Scopes further out belong to those who made the task.
template <class F>
void TaskBase::for_each_shield(F visit) noexcept {
    std::uint32_t number = shields();
    for (ScopeNode* node = scope(); node && number > 0; node = node->outer) {
        if (node->shielded && visit(*node, number--)) return;
    }
}

// A request that passes the first `shields` shields; the next one holds it off.
void TaskBase::request_cancel_at(std::uint32_t shields) {
    bool held = false;
    for_each_shield([&](ScopeNode& shield, std::uint32_t number) {
        if (number != shields + 1) return false;
        ++shield.held;
        ++extras().held_requests;
        return held = true;
    });
    if (!held) request_cancel(1);
}

// What is waited for is asked first; the task itself is only marked where nothing can be asked.
void TaskBase::request_cancel(std::uint32_t requests) {
    if (state_ != State::waiting) {
        add_undelivered(requests);
        return;
    }
    if (asking_) [[unlikely]]
        throw_ring();
    const CancelAck ack = [this] {
        asking_ = true;
        const AtEnd asked([this] { asking_ = false; });
        return op_->cancel();
    }();
    if (ack == CancelAck::now) wake(Outcome::cancelled);
    if (ack == CancelAck::later) note_asked(requests);
    if (ack == CancelAck::refused) add_undelivered(requests);
}

void TaskBase::note_asked(std::uint32_t requests) noexcept {
    op_->asked =
        static_cast<std::uint8_t>(std::min<std::uint32_t>(op_->asked + requests, UINT8_MAX));
}

void TaskBase::request_cancel_or_report(std::uint32_t requests) noexcept {
    try {
        request_cancel(requests);
    } catch (const RecursionError&) {
        report_ring(*this);
    }
}

// The tasks of the ring are those that are asking: each asks the next one.
void TaskBase::throw_ring() const {
    const auto next_asking = [](const FutureBase* future, int depth,
                                auto& self) -> const TaskBase* {
        if (!future || depth == 0) return nullptr;
        if (future->is_task()) {
            const auto& task = static_cast<const TaskBase&>(*future);
            return task.asking_ ? &task : nullptr;
        }
        if (future->future_kind() != FutureKind::join) return nullptr;
        const auto& join = static_cast<const JoinBase&>(*future);
        for (std::size_t i = 0; join.owns_members() && i < join.member_count(); ++i) {
            if (const TaskBase* task = self(join.member(i), depth - 1, self)) return task;
        }
        return nullptr;
    };
    std::string text =
        "tasks that await each other in a ring cannot be cancelled: '" + name() + "'";
    const TaskBase* task = this;
    for (int named = 0; task && named < ring_named_max; ++named) {
        task = task->op_ ? next_asking(awaited_by(*task->op_), joins_nested_max, next_asking)
                         : nullptr;
        if (task) text += " awaits '" + task->name() + "'";
        if (task == this) throw RecursionError(text);
        if (task) text += ", which";
    }
    throw RecursionError(text + " goes on");
}

std::uint32_t TaskBase::uncancel() noexcept {
    if (cancel_requests_ == 0) return 0;
    --cancel_requests_;
    // One that is held is taken back only when there is no other.
    if (cancel_requests_ < held_requests()) {
        for_each_shield([this](ScopeNode& shield, std::uint32_t) {
            if (shield.held == 0) return false;
            --shield.held;
            --extras().held_requests;
            return true;
        });
    }
    const std::uint32_t most = cancel_requests_ - held_requests();
    if (undelivered_ > most) undelivered_ = static_cast<std::uint16_t>(most);
    return cancel_requests_;
}

void TaskBase::uncancel_from_within() noexcept {
    if (undelivered_ > 0) --undelivered_;
    uncancel();
}

void TaskBase::raise_shield(ScopeNode& shield) noexcept {
    ++extras().shields;
    shield.held = take_undelivered();
    extras().held_requests += shield.held;
}

void TaskBase::lower_shield(ScopeNode& shield) noexcept {
    --extras().shields;
    if (shield.held == 0) return;
    const std::uint32_t released = std::exchange(shield.held, 0);
    extras().held_requests -= released;
    request_cancel_or_report(released);
}

void TaskBase::break_shields() {
    if (held_requests() == 0 || done()) return;
    for_each_shield([](ScopeNode& shield, std::uint32_t) {
        shield.held = 0;
        return false;
    });
    request_cancel(std::exchange(extras().held_requests, 0));
}

void TaskBase::cancel_at_suspension() noexcept {
    if (undelivered_ > 0) {
        request_cancel_or_report(take_undelivered());
    } else if (!op_->level_exempt() && is_cancelled(scope())) {
        interrupt_for_scope();
    }
}

void TaskBase::interrupt_for_scope() noexcept {
    if (state_ != State::waiting || op_->level_exempt()) return;
    try {
        const CancelAck ack = op_->cancel();
        if (ack == CancelAck::now) wake(Outcome::cancelled);
        // Where a result wins, the scope interrupts the next wait by itself.
        if (ack == CancelAck::later && !op_->result_wins()) note_asked(1);
    } catch (const RecursionError&) {
        report_ring(*this);
    }
}

// ---- running

// The operation that was asked to end has ended. A result that must not be lost is delivered, and
// the cancellation waits for the next await.
void TaskBase::answered(Outcome outcome) noexcept {
    const std::uint32_t requests = std::exchange(op_->asked, std::uint8_t{0});
    if (!op_->result_wins()) {
        op_->outcome = Outcome::cancelled;
        return;
    }
    if (outcome != Outcome::value) return;
    const std::uint32_t most = cancel_requests_ - held_requests() - undelivered_;
    add_undelivered(requests == UINT8_MAX ? most : std::min(requests, most));
}

void TaskBase::start(bool eager) {
    if (eager && running_loop == &loop() && eager_tasks_nested < eager_tasks_nested_max) {
        // It runs inside another task, which may be handling an error.
        Failure* const outer_failure = std::exchange(failure_in_flight, nullptr);
        ++eager_tasks_nested;
        step();
        --eager_tasks_nested;
        failure_in_flight = outer_failure;
    } else {
        loop().ready().push(*this);
    }
}

constinit const ReadyKind TaskBase::ready_kind = {
    .run = [](ReadyNode& node) { static_cast<TaskBase&>(node).step(); },
    .drop = [](ReadyNode&) noexcept {},  // the loop's list of tasks owns it
    .describe = [](const ReadyNode& node) { return static_cast<const TaskBase&>(node).describe(); },
    .is = NodeIs::task};

void TaskBase::step() noexcept {
    if (undelivered_ > 0) [[unlikely]] {
        if (!op_) return cancel_unstarted();
        if (!op_->result_wins()) {
            undelivered_ = 0;
            op_->outcome = Outcome::cancelled;
        }
    }
    PromiseBase* frame = leaf_;
    if (op_) {
        if (op_->checks_resume && !op_->may_resume()) {
            op_->outcome = Outcome::pending;
            state_ = State::waiting;
            if (has_scope_) [[unlikely]]
                cancel_at_suspension();  // cancelled while it was woken
            return;
        }
        if (frame->transparent && !op_->deliver && op_->take_error_into(*frame->slot)) {
            frame->slot->passed(frame->where);
            frame = frame_that_takes(frame);
        }
        op_ = nullptr;
    }

    state_ = State::running;
    EventLoop& in = loop();
    last_step_ = in.coarse_time();
    TaskBase* const outer_task = in.current();
    in.set_current(this);
    {
        const ContextScope context_scope(context());
        while (frame) {
            frame->calls &= PromiseBase::called_flag;  // on this stack only
            frame->handle().resume();
            frame = nullptr;
            if (unwinding_frame) [[unlikely]]
                frame = frame_that_takes(std::exchange(unwinding_frame, nullptr));
        }
        if (result().outcome == Outcome::value) {
            root_ended_ = true;
            root_ = nullptr;  // it has freed itself
        } else if (root_ended_) {
            destroy_frames();
        }
    }
    in.set_current(outer_task);
    if (failure_in_flight) [[unlikely]]
        drop_failure_in_flight();
    if (root_ended_) finish();
}

// Carries the error or cancellation in `frame`'s slot up to the first slot whose owner takes it,
// past frames that are transparent to it. Returns the frame to resume, whose await destroys what
// is below; null when the task as a whole ends with it.
PromiseBase* TaskBase::frame_that_takes(PromiseBase* frame) noexcept {
    ResultBase& left_with = *frame->slot;
    while (!frame->owner_takes_errors()) {
        frame = frame->parent;
        left_with.passed(frame->where);
    }
    if (frame->slot != &left_with) frame->slot->set_abnormal_from(left_with);
    if (!frame->parent) root_ended_ = true;
    return frame->parent;
}

void TaskBase::cancel_unstarted() noexcept {
    undelivered_ = 0;
    result().set_cancelled();
    destroy_frames();
    finish();
}

void TaskBase::finish() noexcept {
    state_ = State::done;
    if (result().outcome != Outcome::value || cancel_requests_ > 0) [[unlikely]]
        finish_unusually();
    has_scope_ = false;
    ListNode::unlink();  // from the loop's tasks
    fire_links();
    release();  // the loop's share
}

void TaskBase::finish_unusually() noexcept {
    ResultBase& ended = result();
    if (ended.outcome == Outcome::value) {
        if (undelivered_ > 0) {
            // Cancelled by itself on its last lap, as in asyncio.
            clear_value();
            ended.set_cancelled();
        } else if (cancel_requests_ > 0 && loop().get_debug()) {
            log(LogLevel::warning, describe() +
                                       " was cancelled, but swallowed the CancelledError "
                                       "and returned a result");
        }
    } else if (ended.outcome == Outcome::error && is_loop_ending(ended.failure()->error)) {
        loop().end_run_with(ended.failure()->error);
        silence();
    }
    undelivered_ = 0;
}

// ---- description

void TaskBase::set_scope(ScopeNode* scope) {
    if (!scope && !has_scope_) return;
    extras().scope = scope;
    has_scope_ = scope != nullptr;
}

ContextSlot& TaskBase::context() noexcept {
    return has_shared_context_ ? *extras().context : context_;
}

void TaskBase::share_context(std::shared_ptr<ContextSlot> context) {
    extras().context = std::move(context);
    has_shared_context_ = true;
}

std::string TaskBase::name() const {
    const Extras* extra = extras_if_any();
    return extra && extra->name ? *extra->name : "Task-" + std::to_string(id_);
}

void TaskBase::set_name(std::string name) { extras().set_name(std::move(name)); }

const PromiseBase* TaskBase::root() const noexcept {
    if (!root_) return nullptr;
    return &std::coroutine_handle<PromiseBase>::from_address(root_.address()).promise();
}

void TaskBase::note_referent(const void* referent) {
    if (is_on_stack(referent)) extras().referent = referent;
}

void TaskBase::check_referent(const void* frame) {
    Extras* extra = extras_if_any();
    if (!extra || !is_left_on_stack(extra->referent, frame)) return;
    extra->referent = nullptr;
    const PromiseBase* first = root();
    log(LogLevel::error, describe() +
                             " goes on although the object that it took by reference has gone: it "
                             "was a local of a function that has returned\n  at " +
                             (first ? first->where.function_name() : "its coroutine"));
}

std::string TaskBase::describe() const {
    const char* state = !done() ? "pending" : cancelled() ? "cancelled" : "finished";
    return std::string("<Task ") + state + " name='" + name() + "' coro=<" +
           made_at.function_name() + "> at " + made_at.file_name() + ":" +
           std::to_string(made_at.line()) + ">";
}

[[gnu::noinline]] static void set_options(TaskBase& task, const TaskOptions& options) {
    if (!options.name.empty()) task.set_name(std::string(options.name));
    if (options.context) task.share_context(options.context->state());
}

void prepare_task(EventLoop& loop, TaskBase& task, const TaskOptions& options,
                  std::source_location where, const TaskBase* group_owner) {
    task.made_at = where;
    task.made_now(loop.coarse_time());
    task.own_root(loop.get_debug());
    if (!options.name.empty() || options.context) [[unlikely]]
        set_options(task, options);
    if (group_owner) {
        task.join_group_of(*group_owner);
    } else if (const TaskBase* parent = loop.current()) {
        task.set_parent_id(parent->id());
    }
}

void start_task(EventLoop& loop, TaskBase& task, bool eager) noexcept {
    task.retain();  // the loop's share, until the task is done
    loop.tasks().push_back(task);
    task.start(eager);
}

}  // namespace internal

AnyTask current_task() {
    internal::TaskBase* task = get_running_loop().current();
    return task ? AnyTask(Ref(task)) : AnyTask();
}

std::vector<AnyTask> all_tasks() { return all_tasks(get_running_loop()); }

std::vector<AnyTask> all_tasks(EventLoop& loop) {
    if (!loop.is_closed()) loop.check_usable();
    std::vector<AnyTask> tasks;
    for (internal::TaskBase& task : loop.tasks()) tasks.emplace_back(Ref(&task));
    return tasks;
}

}  // namespace weft
