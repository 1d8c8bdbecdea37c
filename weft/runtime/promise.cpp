// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/promise.hpp>

#include <coroutine>
#include <exception>
#include <source_location>
#include <string>

#include <weft/base/exceptions.hpp>
#include <weft/base/log.hpp>
#include <weft/runtime/result.hpp>
#include <weft/runtime/task_state.hpp>

namespace weft::internal {

constinit thread_local PromiseBase* unwinding_frame [[gnu::tls_model("initial-exec")]] = nullptr;

void PromiseBase::fail() noexcept {
    // The usual cancellation says nothing that the task does not know: no object to carry.
    if (is_plain_cancellation(std::current_exception())) {
        if (!cancel_message_of(task)) return slot->set_cancelled();
    }
    slot->set_thrown(where);
}

std::coroutine_handle<> leave_frame(PromiseBase& frame) noexcept {
    if (!frame.parent) {
        frame.task->root_ended();
    } else if (frame.slot->outcome != Outcome::value && !frame.owner_takes_errors()) {
        unwinding_frame = &frame;
    } else if (!frame.is_called()) {
        frame.parent->take_over_from(frame);
        return frame.parent->handle();
    }
    return std::noop_coroutine();
}

std::coroutine_handle<> end_frame(PromiseBase& frame) noexcept {
    if (frame.slot->outcome != Outcome::value) return leave_frame(frame);
    PromiseBase& parent = *frame.parent;
    parent.take_over_from(frame);
    frame.handle().destroy();
    return parent.handle();
}

void drop_never_awaited(PromiseBase& frame) noexcept {
    const std::source_location& at = frame.where;
    log(LogLevel::warning, std::string("coroutine '") + at.function_name() +
                               "' was never awaited; created in " + at.file_name() + ":" +
                               std::to_string(at.line()));
    frame.handle().destroy();
}

void throw_already_awaited() { throw RuntimeError("cannot reuse already awaited coroutine"); }

const std::string* cancel_message_of(const TaskBase* task) noexcept {
    return task->cancel_message();
}

}  // namespace weft::internal
