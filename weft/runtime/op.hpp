// SPDX-License-Identifier: Apache-2.0
// weft/runtime/op.hpp - an operation that a suspended task waits for.
//
// An Op lives in the frame that awaits it: waiting allocates nothing. Its life:
//
//   suspend() ──▶ waiting ──wake()──▶ scheduled ──▶ the task's step resumes the frame
//                    │cancel(): now ─▶ scheduled, outcome cancelled
//                    │cancel(): later ─▶ still waiting; wake() ─▶ scheduled, outcome cancelled, or
//                    │                   the result where result_wins()
//                    └cancel(): passed_on ─▶ still waiting, for whatever that leads to
#pragma once

#include <coroutine>
#include <cstdint>
#include <string>
#include <string_view>

#include <weft/base/inline.hpp>
#include <weft/runtime/promise.hpp>

namespace weft::internal {

/// What an operation answers to a request to cancel it.
enum class CancelAck {
    now,        // it is over: the task is to be resumed as cancelled
    later,      // it ends first: the task is woken as ever, and goes on as cancelled
    passed_on,  // whoever has the request now decides, and will wake the task
    refused,    // the result is there already, or the operation cannot be cancelled
};

/// What of an operation tells where it waits.
enum class OpDetail : std::uint32_t {
    none,
    future,      // a pointer to the future that is waited for
    descriptor,  // the number of the file, as an int; -1 for none
    object,      // a pointer to the lock, event or queue
    deadline,    // a TimePoint of the loop's clock
};

/// What all operations of a kind have in common, for introspection: also by another process, which
/// can call no virtual function. One constant for each kind.
struct OpKind {
    const char* name;  // what is waited for, such as "sleep" or "Lock.acquire"
    OpDetail detail = OpDetail::none;
    std::uint32_t offset = 0;  // of the detail in the operation
};

/// For a kind in another library, further away than Op can tell.
extern const OpKind distant_kind;

class Op {
public:
    Op() = default;
    Op(const Op&) = delete;
    Op& operator=(const Op&) = delete;

    /// Asks the operation to end. Called while the task waits for it, at most once at a time.
    /// Errors: RecursionError when what it waits for waits, in the end, for the task itself.
    virtual CancelAck cancel() = 0;
    /// What is waited for. Only while a task waits for this.
    [[nodiscard]] std::string_view name() const noexcept { return kind().name; }
    [[nodiscard]] const OpKind& kind() const noexcept;
    /// Asked when the woken task has its turn, whatever the outcome, which it may change: false
    /// puts the task back to waiting. It is how a waiter that was overtaken keeps its place, and
    /// how a wait of several stages goes on although it was cancelled.
    virtual bool may_resume() noexcept { return true; }
    /// Asked when the awaiting frame is transparent: moves an error or a cancellation that this
    /// ended with into `slot`; false for a value.
    virtual bool take_error_into(ResultBase& slot) {
        if (outcome == Outcome::cancelled) slot.set_cancelled();
        return outcome == Outcome::cancelled;
    }
    /// A result that arrived before a cancellation is delivered, and the cancellation waits for
    /// the next await. For operations whose result must not be lost.
    [[nodiscard]] virtual bool result_wins() const noexcept { return false; }
    /// A cancelled CancelScope does not interrupt this wait.
    [[nodiscard]] virtual bool level_exempt() const noexcept { return false; }

    /// For as_result().
    void deliver_errors() noexcept { deliver = true; }

    Outcome outcome = Outcome::pending;
    bool deliver = false;        // an error or cancellation is for the awaiting frame, even a
                                 // transparent one
    bool checks_resume = false;  // whether may_resume() is to be asked
    std::uint8_t asked = 0;      // requests that cancel() has answered with `later`; 255 stands for
                                 // all above

private:
    // Which kind, as the distance from weft_debug: a pointer would make each waiting frame larger.
    // Set with the task.
    std::int32_t kind_;

public:
    /// Resumes the awaiting task through the ready queue. The task must be waiting for this.
    inline void wake() noexcept;

    [[nodiscard]] TaskBase* task() const noexcept { return task_; }

protected:
    ~Op() = default;
    /// Makes the task of `frame` wait for this. Arrange first for what will wake it.
    inline void suspend(PromiseBase& frame, const OpKind& kind) noexcept;
    /// For await_resume(): throws CancelledError when the wait was cancelled.
    WEFT_ALWAYS_INLINE void raise_if_cancelled() const {
        if (outcome == Outcome::cancelled) [[unlikely]] {
            std::rethrow_exception(cancellation());
        }
    }

private:
    friend struct DebugOffsets;
    [[nodiscard]] std::exception_ptr cancellation() const;

    TaskBase* task_;  // set when it begins to wait
};

}  // namespace weft::internal
