// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/async_generator.hpp>

#include <source_location>
#include <string>
#include <utility>

#include <weft/base/exceptions.hpp>
#include <weft/base/log.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/outcome.hpp>
#include <weft/runtime/promise.hpp>
#include <weft/runtime/result.hpp>
#include <weft/runtime/task_state.hpp>

namespace weft {
namespace internal {

void throw_generator_running(const char* what) {
    throw RuntimeError(std::string(what) + ": asynchronous generator is already running");
}

void throw_no_generator() { throw RuntimeError("the asynchronous generator was moved from"); }

void throw_ignored_exit() { throw RuntimeError("async generator ignored GeneratorExit"); }

void throw_stop_iteration() { throw StopAsyncIteration(); }

void register_asyncgen(TaskBase& task, AsyncGenBase& generator) noexcept {
    task.loop().asyncgens().push_back(generator);
}

void report_unclosed(const PromiseBase& frame) noexcept {
    if (!running_loop || !running_loop->get_debug()) return;
    const std::source_location& at = frame.where;
    log(LogLevel::warning, std::string("asynchronous generator '") + at.function_name() +
                               "' was destroyed before its end without aclose(): cleanup that "
                               "awaits was not run; it waits in " +
                               at.file_name() + ":" + std::to_string(at.line()));
}

Coro<void> close_reporting(Coro<void> closing, std::string name) {
    Result<void> result;
    co_await as_outcome(std::move(closing), result);
    if (result.outcome == Outcome::cancelled) co_await PassOn(result);
    if (result.outcome != Outcome::error) co_return;
    ExceptionContext report;
    report.message = "an error occurred during closing of asynchronous generator '" + name + "'";
    report.exception = result.failure()->error;
    report.await_chain = result.failure()->chain;
    get_running_loop().call_exception_handler(report);
}

}  // namespace internal

Coro<void> EventLoop::shutdown_asyncgens() {
    // Asyncio closes them side by side; in turn is the same to see, but for cleanups that wait
    // for each other, which nobody should write.
    while (internal::AsyncGenBase* generator = asyncgens_.pop_front()) {
        Coro<void> closing = generator->close_for_loop(*generator);
        co_await std::move(closing);
    }
}

}  // namespace weft
