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
#include <cstdint>
#include <source_location>

#include <weft/runtime/frame_allocator.hpp>
#include <weft/runtime/result.hpp>

namespace weft {
class EventLoop;
namespace internal {

class TaskBase;

/// Where a coroutine begins: a default argument of its promise. No parameter of a coroutine
/// converts to it, or a source_location among them would be taken for this.
struct MadeAt {
    std::source_location place = std::source_location::current();
};

struct PromiseBase {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init)
    explicit PromiseBase(MadeAt made_at) noexcept : where(made_at.place) {}
    PromiseBase(const PromiseBase&) = delete;
    PromiseBase& operator=(const PromiseBase&) = delete;

    // Set when started. Each word that is not written here makes a call cheaper: the writes are
    // what it costs.
    PromiseBase* parent;  // null: a task's root has none
    TaskBase* task;       // before the start see ReferringPromise
    ResultBase* slot;     // where the outcome goes
    /// The `co_await` at hand; before the first one, the function itself.
    std::source_location where;
    /// No code of this frame looks at errors or cancellations: it may be destroyed instead of
    /// being unwound.
    bool transparent = false;
    /// How many calls lie below it on the stack while it runs, since the loop resumed one; and
    /// whether its owner waits for this frame's resume() to return: the task for its root always,
    /// a parent as long as it is not suspended. See ChildFrame.
    std::uint8_t calls = 0;
    static constexpr std::uint8_t called_flag = 0x80;
    // Deeper down, the parent is suspended before the child runs, so that the stack does not grow
    // with the chain.
    static constexpr std::uint8_t calls_max = 32;
    static constexpr std::uint8_t refers = 0x7f;  // before the start, see ReferringPromise

    [[nodiscard]] bool is_called() const noexcept { return (calls & called_flag) != 0; }
    [[nodiscard]] std::uint8_t call_depth() const noexcept {
        return calls & static_cast<std::uint8_t>(~called_flag);
    }
    /// It goes on where `from` left off, which takes itself off the stack.
    void take_over_from(const PromiseBase& from) noexcept {
        calls = static_cast<std::uint8_t>((calls & called_flag) | from.call_depth());
    }
    /// Whether an error or cancellation is for whoever awaits this frame; else it goes on to the
    /// next frame above.
    [[nodiscard]] bool owner_takes_errors() const noexcept {
        return !parent || slot->deliver || !parent->transparent;
    }

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
/// Returns the parent where that is suspended and takes what there is; else control goes back to
/// the call that runs this frame: to the parent, or to the task's step, which finds the frame that
/// takes an error to which the parent is transparent.
[[nodiscard]] std::coroutine_handle<> leave_frame(PromiseBase& frame) noexcept;
/// The same at the end of a coroutine, whose frame is destroyed unless an error is on its way.
[[nodiscard]] std::coroutine_handle<> end_frame(PromiseBase& frame) noexcept;

/// The frame that leave_frame() left behind, for the step that is running.
extern constinit thread_local PromiseBase* unwinding_frame [[gnu::tls_model("initial-exec")]];

/// The end of a coroutine. A frame that has a value frees itself: one that is called by running to
/// its end. One with an error on its way waits for its owner to destroy it.
class FinalAwaiter {
public:
    explicit FinalAwaiter(bool runs_to_its_end) noexcept : runs_to_its_end_(runs_to_its_end) {}

    [[nodiscard]] bool await_ready() const noexcept { return runs_to_its_end_; }
    template <class Promise>
    static std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> frame) noexcept {
        return end_frame(frame.promise());
    }
    void await_resume() const noexcept {}

private:
    bool runs_to_its_end_;
};

/// Destroys a coroutine that was never awaited, and reports it.
void drop_never_awaited(PromiseBase& frame) noexcept;
/// Throws RuntimeError: a Coro can be awaited once.
[[noreturn]] void throw_already_awaited();
/// The text that Task::cancel() was given, or null.
[[nodiscard]] const std::string* cancel_message_of(const TaskBase* task) noexcept;

}  // namespace internal
}  // namespace weft
