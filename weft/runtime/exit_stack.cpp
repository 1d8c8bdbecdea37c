// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/exit_stack.hpp>

#include <functional>
#include <string>
#include <utility>

#include <weft/base/exceptions.hpp>
#include <weft/base/log.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/coro_function.hpp>
#include <weft/runtime/outcome.hpp>
#include <weft/runtime/promise.hpp>
#include <weft/runtime/result.hpp>
#include <weft/runtime/scope_body.hpp>
#include <weft/runtime/this_task.hpp>
#include <weft/runtime/with_async.hpp>

namespace weft {
namespace {

Coro<bool> run_callback(CoroFunction<Coro<void>()>& callback) {
    co_await transparent;
    co_await callback();
    co_return false;
}

Coro<bool> call_function(std::move_only_function<void()>& function) {
    function();
    co_return false;
}

}  // namespace

AsyncExitStack& AsyncExitStack::operator=(AsyncExitStack&& other) {
    if (!exits_.empty()) {
        throw RuntimeError("an AsyncExitStack with " + std::to_string(exits_.size()) +
                           " cleanups that were not run cannot be replaced: aclose() it first");
    }
    exits_ = std::move(other.exits_);
    return *this;
}

AsyncExitStack::~AsyncExitStack() {
    if (exits_.empty()) return;
    log(LogLevel::warning, "an AsyncExitStack was destroyed with " + std::to_string(exits_.size()) +
                               " cleanups that were not run: use with_async() or aclose()");
}

void AsyncExitStack::push_async_callback(CoroFunction<Coro<void>()> callback) {
    push_async_exit([callback = std::move(callback)] [[clang::coro_wrapper]] (
                        const ExitReason&) mutable { return run_callback(callback); });
}

void AsyncExitStack::callback(std::move_only_function<void()> function) {
    push_async_exit([function = std::move(function)] [[clang::coro_wrapper]] (
                        const ExitReason&) mutable { return call_function(function); });
}

Coro<void> AsyncExitStack::aclose() {
    co_await transparent;
    internal::Result<void> result;
    result.emplace();
    co_await unwind(result);
    if (result.outcome != internal::Outcome::value) co_await internal::PassOn(result);
}

Coro<void> AsyncExitStack::run(internal::BodyRef<void, AsyncExitStack> body) {
    co_await transparent;
    internal::Result<void> result;
    if (auto inside = body.start(*this, result)) {
        co_await internal::as_outcome(std::move(*inside), result);
    }
    co_await unwind(result);
    if (result.outcome != internal::Outcome::value) co_await internal::PassOn(result);
}

Coro<void> AsyncExitStack::unwind(internal::ResultBase& body) {
    const internal::TaskBase* task = co_await internal::this_task();
    while (!exits_.empty()) {
        const Exit exit = std::move(exits_.back());
        exits_.pop_back();
        const ExitReason reason = internal::reason_for(body, task);
        internal::Result<bool> result;
        const auto leave = [&] [[clang::coro_wrapper]] { return exit(reason); };
        if (auto leaving = internal::started(leave, result)) {
            co_await internal::as_outcome(std::move(*leaving), result);
        }
        if (result.outcome != internal::Outcome::value) {
            body.set_abnormal_from(result);
        } else if (result.value() && body.outcome != internal::Outcome::value) {
            body.set_nothing();
        }
    }
}

}  // namespace weft
