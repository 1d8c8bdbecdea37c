// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/handle.hpp>

#include <exception>
#include <string>
#include <utility>

#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/runtime/context.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/ready_queue.hpp>

namespace weft::internal {

void Callback::cancel() noexcept { cancelled_ = true; }

std::string Callback::describe() const {
    if (made_at.line() == 0) return "<Handle " + demangled(typeid(*this)) + ">";
    return std::string("<Handle made in ") + made_at.function_name() + " at " +
           made_at.file_name() + ":" + std::to_string(made_at.line()) + ">";
}

// The queue holds a share of every callback in it.
constinit const ReadyKind Callback::ready_kind = {
    .run =
        [](ReadyNode& node) {
            auto& callback = static_cast<Callback&>(node);
            callback.run_once();
            callback.release();
        },
    .drop = [](ReadyNode& node) noexcept { static_cast<Callback&>(node).release(); },
    .describe = [](const ReadyNode& node) { return static_cast<const Callback&>(node).describe(); },
    .is = NodeIs::callback};

void Callback::run_once() noexcept {
    if (cancelled_ || has_given_context_) [[unlikely]] {
        if (!cancelled_) call_in(context());
        return;
    }
    call_in(context_);
}

void Callback::call_in(ContextSlot& context) noexcept {
    const ContextScope scope(context);
    try {
        invoke();
    } catch (...) {
        report_callback_error(*running_loop, describe());
    }
}

void throw_no_timer() { throw RuntimeError("this TimerHandle refers to no call"); }

void report_callback_error(EventLoop& loop, std::string handle) noexcept {
    std::exception_ptr error = std::current_exception();
    if (is_loop_ending(error)) return loop.end_run_with(std::move(error));
    ExceptionContext report;
    report.message = "Exception in callback " + handle;
    report.exception = std::move(error);
    report.handle = std::move(handle);
    loop.call_exception_handler(report);
}

void TimerCallback::schedule(TimePoint when) noexcept {
    retain();  // the timer's share
    loop_.add_timer(timer_, when);
}

void TimerCallback::cancel() noexcept {
    if (cancelled()) return;
    Callback::cancel();
    // Once due it is in the ready queue, and leaves there.
    if (timer_.linked()) {
        loop_.timers().remove(timer_);
        release();
    }
}

constinit const ReadyKind TimerCallback::Due::kind = {
    .run =
        [](ReadyNode& node) {
            TimerCallback& callback = *static_cast<Due&>(node).owner;
            callback.run_once();
            callback.release();
        },
    .drop = [](ReadyNode& node) noexcept { static_cast<Due&>(node).owner->release(); },
    .describe =
        [](const ReadyNode& node) { return static_cast<const Due&>(node).owner->describe(); },
    .is = NodeIs::timer_callback};

}  // namespace weft::internal
