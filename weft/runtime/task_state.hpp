// SPDX-License-Identifier: Apache-2.0
// weft/runtime/task_state.hpp - a task: a chain of frames, stepped by its loop.
//
//            step()                    suspend
//   ready ──────────▶ running ───────────────────▶ waiting
//     ▲                  │ root frame ends            │ Op::wake(), or a cancel that is over now
//     │                  ▼                            │
//     │                 done                          │
//     └───────────────────────────────────────────────┘
//
// Cancellation is asyncio's: a count of requests, and one error that is raised where the task
// waits. `undelivered_` are requests that met no waiting operation: they are raised at the next
// suspension, or in place of the result that the task was about to get.
#pragma once

#include <algorithm>
#include <coroutine>
#include <cstdint>
#include <source_location>
#include <string>
#include <utility>

#include <weft/base/list.hpp>
#include <weft/base/ref.hpp>
#include <weft/runtime/coarse_time.hpp>
#include <weft/runtime/context.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/extras.hpp>
#include <weft/runtime/future_state.hpp>
#include <weft/runtime/ready_queue.hpp>

namespace weft::internal {

struct ScopeNode;  // scope_node.hpp

/// So many eager tasks run inside each other, on one stack: with the calls below each of them
/// (PromiseBase::calls_max) that makes some 2,000 frames.
inline constexpr int eager_tasks_nested_max = 64;

class TaskBase : public FutureBase, public ReadyNode, public ListNode {
public:
    TaskBase(EventLoop& loop, std::uint64_t id, ResultBase& result, std::coroutine_handle<> root,
             PromiseBase& promise) noexcept
        : FutureBase(loop, result, FutureKind::task),
          ReadyNode(ready_kind),
          root_(root),
          leaf_(&promise),
          context_(current_context()),
          id_(id) {}

    bool cancel(const std::string* message) final;
    std::uint32_t uncancel() noexcept;
    [[nodiscard]] std::uint32_t cancelling() const noexcept { return cancel_requests_; }
    /// Those requests that were raised: neither held off by shields nor still to be raised. A scope
    /// that finds more at its end than at its entry was cancelled from outside.
    [[nodiscard]] std::uint32_t delivered_requests() const noexcept {
        return cancel_requests_ - held_requests() - undelivered_;
    }
    /// uncancel() by the scope that made the request: one that was not raised yet is taken back
    /// first, since then another one was raised and goes on.
    void uncancel_from_within() noexcept;
    /// A request that was raised is raised once more at the next suspension.
    void deliver_again() noexcept { add_undelivered(delivered_requests() > 0 ? 1 : 0); }

    /// cancel() by a Timeout or TaskGroup of this very task, which was entered when `shields`
    /// shields were up: shields raised later hold it off, those outside do not.
    void cancel_from_within(std::uint32_t shields) noexcept;

    [[nodiscard]] std::string name() const;
    void set_name(std::string name);
    [[nodiscard]] std::uint64_t id() const noexcept { return id_; }
    /// The task that made this one, or in whose TaskGroup it is; 0 for none.
    [[nodiscard]] std::uint64_t parent_id() const noexcept { return parent_id_; }
    void set_parent_id(std::uint64_t id) noexcept { parent_id_ = id; }
    /// A TaskGroup of `owner` waits for this task, whoever made it.
    void join_group_of(const TaskBase& owner) noexcept {
        parent_id_ = owner.id_;
        set_kind(FutureKind::member);
    }

    [[nodiscard]] ContextSlot& context() noexcept;
    void share_context(std::shared_ptr<ContextSlot> context);

    [[nodiscard]] std::string describe() const override;
    /// The operation that it waits for; null while it is ready or running.
    [[nodiscard]] const Op* waiting_for() const noexcept {
        return state_ == State::waiting ? op_ : nullptr;
    }
    enum class State : std::uint8_t { ready, running, waiting, done };
    [[nodiscard]] State state() const noexcept { return state_; }
    /// When it last began to run, or was made, by the loop's last look at its clock before that: so
    /// for one that waits, when it began to.
    [[nodiscard]] CoarseTime last_step() const noexcept { return last_step_; }
    void made_now(CoarseTime now) noexcept { last_step_ = now; }
    /// The frame to resume next. Null while the task runs: its frames do not know of each other
    /// from the outer to the inner.
    [[nodiscard]] const PromiseBase* leaf() const noexcept {
        return state_ == State::ready || state_ == State::waiting ? leaf_ : nullptr;
    }
    [[nodiscard]] const PromiseBase* root() const noexcept;

    /// The root frame learns whose it is.
    void own_root(bool debug) noexcept {
        // A coroutine that was not started keeps what it refers to there, see ReferringPromise.
        if (debug && leaf_->calls == PromiseBase::refers) [[unlikely]]
            note_referent(leaf_->task);
        leaf_->task = this;
        leaf_->parent = nullptr;
        leaf_->calls = PromiseBase::called_flag;
    }
    /// Puts a new task into the ready queue; or, eager, runs it up to its first suspension, where
    /// the loop runs and the stack is not deep already.
    void start(bool eager);

    // For operations.
    void suspend_on(Op& op, PromiseBase& frame) noexcept {
        op_ = &op;
        leaf_ = &frame;
        state_ = State::waiting;
        if (undelivered_ > 0 || has_scope_) [[unlikely]]
            cancel_at_suspension();
    }
    inline void wake(Outcome outcome) noexcept;
    void root_ended() noexcept { root_ended_ = true; }

    // For scopes.
    [[nodiscard]] ScopeNode* scope() const noexcept {
        return has_scope_ ? extras_if_any()->scope : nullptr;
    }
    void set_scope(ScopeNode* scope);
    [[nodiscard]] std::uint32_t shields() const noexcept {
        const Extras* extra = extras_if_any();
        return extra ? extra->shields : 0;
    }
    /// What was not raised yet waits for the shield's end, too.
    void raise_shield(ScopeNode& shield) noexcept;
    /// Raises what the shield held off.
    void lower_shield(ScopeNode& shield) noexcept;
    /// The program ends: a cancellation that shields hold off is raised now.
    void break_shields();
    /// A scope of this task was cancelled: interrupts the wait at hand.
    void interrupt_for_scope() noexcept;

    /// In debug mode, before a step: reports it when what the coroutine refers to has left the
    /// stack. `frame`: the caller's, below which nothing lives.
    void check_referent(const void* frame);

    /// The loop is being closed: the frames go, and with them what they own.
    void destroy_frames() noexcept;

protected:
    ~TaskBase() override {
        // It could not be started.
        if (root_) [[unlikely]]
            destroy_frames();
    }
    /// Destroys the result's value.
    virtual void clear_value() noexcept = 0;

private:
    friend struct DebugOffsets;
    static constexpr int cancel_requests_bits = 20;
    static constexpr std::uint32_t cancel_requests_max = (1U << cancel_requests_bits) - 1;
    // More are made all the same, and count as so many.
    bool count_request() noexcept {
        if (cancel_requests_ == cancel_requests_max) return false;
        ++cancel_requests_;
        return true;
    }
    // So many are still to be raised: another one would change nothing.
    [[nodiscard]] bool cannot_hold_more() const noexcept {
        return held_requests() + undelivered_ >= cancel_requests_max;
    }
    [[nodiscard]] std::uint32_t held_requests() const noexcept {
        const Extras* extra = extras_if_any();
        return extra ? extra->held_requests : 0;
    }
    // More than 65,535 that were never raised count as so many: one raises them all.
    void add_undelivered(std::uint32_t requests) noexcept {
        undelivered_ = static_cast<std::uint16_t>(
            std::min<std::uint32_t>(undelivered_ + requests, UINT16_MAX));
    }
    [[nodiscard]] std::uint32_t take_undelivered() noexcept {
        return std::exchange(undelivered_, std::uint16_t(0));
    }
    static const ReadyKind ready_kind;
    void step() noexcept;
    void finish() noexcept;
    void finish_unusually() noexcept;
    void cancel_unstarted() noexcept;
    [[nodiscard]] PromiseBase* frame_that_takes(PromiseBase* frame) noexcept;
    void cancel_at_suspension() noexcept;
    void request_cancel_at(std::uint32_t shields);
    void request_cancel(std::uint32_t requests);
    void request_cancel_or_report(std::uint32_t requests) noexcept;
    void note_referent(const void* referent);
    [[noreturn]] void throw_ring() const;
    [[nodiscard]] bool cancellation_on_its_way() const noexcept;
    void note_asked(std::uint32_t requests) noexcept;
    void answered(Outcome outcome) noexcept;
    template <class F>
    void for_each_shield(F visit) noexcept;

    std::coroutine_handle<> root_;
    PromiseBase* leaf_;
    Op* op_ = nullptr;
    ContextSlot context_;
    std::uint64_t id_;
    std::uint64_t parent_id_ = 0;
    // A million tasks sleep in 350 bytes each, which is why FutureBase has `undelivered_`.
    CoarseTime last_step_;
    std::uint32_t cancel_requests_ : cancel_requests_bits = 0;
    bool asking_ : 1 = false;  // request_cancel() is on the stack
    bool root_ended_ : 1 = false;
    bool has_scope_ : 1 = false;
    bool has_shared_context_ : 1 = false;
    State state_ = State::ready;
};

/// What an operation waits for, if that is a future; else null.
[[nodiscard]] const FutureBase* awaited_by(const Op& op) noexcept;

/// cancel() where nothing may be thrown: tasks that await each other in a ring are reported to the
/// loop's exception handler.
void cancel_or_report(FutureBase& future) noexcept;

template <class T>
class TaskState final : public TaskBase {
public:
    TaskState(EventLoop& loop, std::uint64_t id,
              std::coroutine_handle<CoroPromise<T>> root) noexcept
        : TaskBase(loop, id, value_, root, root.promise()) {
        root.promise().slot = &value_;
    }

private:
    void clear_value() noexcept override { value_.clear(); }
    Result<T> value_;
};

}  // namespace weft::internal
