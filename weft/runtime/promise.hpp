// SPDX-License-Identifier: Apache-2.0
// weft/runtime/promise.hpp - what every coroutine frame of weft knows: who awaits it, for which
// task, and where in the source it is.
//
//   task ──leaf──▶ frame ──parent──▶ frame ──parent──▶ root frame
//                    │slot             │slot             │slot
//                    ▼                 ▼                 ▼
//                 (in parent)       (in parent)       task's result
#pragma once

#include <coroutine>
#include <cstddef>
#include <source_location>

#include <weft/runtime/frame_allocator.hpp>
#include <weft/runtime/result.hpp>

namespace weft {
class EventLoop;
namespace internal {

class TaskBase;

struct PromiseBase {
    explicit PromiseBase(std::source_location made_at) noexcept : where(made_at) {}
    PromiseBase(const PromiseBase&) = delete;
    PromiseBase& operator=(const PromiseBase&) = delete;

    PromiseBase* parent = nullptr;  // the frame that awaits this one; null for a task's root
    ResultBase* slot = nullptr;     // where the outcome goes; null until started
    TaskBase* task = nullptr;       // set when started
    /// The `co_await` at hand; before the first one, the function itself.
    std::source_location where;
    /// No code of this frame looks at errors or cancellations: it may be destroyed instead of
    /// being unwound.
    bool transparent = false;

    [[nodiscard]] std::coroutine_handle<> handle() noexcept {
        // All promises begin with this base (so they have no virtual functions), and are aligned
        // to at most max_align_t, for which the distance from the frame's start is the same.
        return std::coroutine_handle<PromiseBase>::from_promise(*this);
    }

    static void* operator new(std::size_t bytes) { return allocate_frame(bytes); }
    static void operator delete(void* frame, std::size_t bytes) noexcept {
        free_frame(frame, bytes);
    }

    /// Fills the slot with the exception that is being handled.
    void fail() noexcept;
};

/// The frame has its outcome in its slot: who goes on?
///
/// Returns the parent where it takes what there is; else (a root, or an error that the parent is
/// transparent to) control goes back to the task's step, which finds the frame that does.
[[nodiscard]] std::coroutine_handle<> leave_frame(PromiseBase& frame) noexcept;

/// The frame that leave_frame() left behind, for the step that is running.
extern constinit thread_local PromiseBase* unwinding_frame [[gnu::tls_model("initial-exec")]];

struct FinalAwaiter {
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> frame) const noexcept {
        PromiseBase& self = frame.promise();
        if (self.parent && (self.slot->outcome == Outcome::value || self.slot->deliver))
            [[likely]] {
            return self.parent->handle();
        }
        return leave_frame(self);
    }
    void await_resume() const noexcept {}
};

/// Reports a coroutine that is destroyed without ever having been awaited.
void report_never_awaited(const PromiseBase& frame) noexcept;
/// Throws RuntimeError: a Coro can be awaited once.
[[noreturn]] void throw_already_awaited();
/// The text that Task::cancel() was given, or null.
[[nodiscard]] const std::string* cancel_message_of(const TaskBase* task) noexcept;

}  // namespace internal
}  // namespace weft
