// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/timeout.hpp>

#include <exception>
#include <optional>
#include <string>
#include <utility>

#include <weft/base/await_chain.hpp>
#include <weft/base/exception_group.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/future.hpp>
#include <weft/runtime/result.hpp>
#include <weft/runtime/task_state.hpp>

namespace weft {
namespace {

const char* const state_names[] = {"created", "active", "expiring", "expired", "finished"};

std::exception_ptr cancellation_of(const internal::ResultBase& body) {
    return body.failure() ? body.failure()->error : std::make_exception_ptr(CancelledError());
}

// The error took the cancellation's place: it says so.
void add_timeout_context(const std::exception_ptr& error, const std::exception_ptr& timeout) {
    try {
        std::rethrow_exception(error);
    } catch (ExceptionGroup& group) {
        for (const auto& member : group.exceptions()) add_timeout_context(member, timeout);
        if (!group.context()) group.set_context(timeout);
    } catch (Exception& e) {
        if (!e.context()) e.set_context(timeout);
    } catch (...) {  // a foreign type has no place for it
    }
}

std::exception_ptr make_timeout_error(std::exception_ptr cause) {
    TimeoutError error;
    error.set_context(cause);
    error.set_cause(std::move(cause));
    return std::make_exception_ptr(std::move(error));
}

}  // namespace

Timeout::Timeout(std::optional<Delay> delay) noexcept {
    if (delay) delay_ = delay->get();
}

Timeout Timeout::at(std::optional<TimePoint> when) noexcept { return Timeout(when, nullptr); }

template Coro<void> internal::run_inside(Timeout&, Timeout&, BodyRef<void, Timeout>);

Timeout::~Timeout() {
    timer_.cancel();
    soon_.cancel();
}

void Timeout::enter(internal::TaskBase* task) {
    if (state_ != State::created) throw RuntimeError("Timeout has already been entered");
    if (!task) throw RuntimeError("Timeout should be used inside a task");
    state_ = State::entered;
    task_ = Ref(task);
    cancelling_ = task->delivered_requests();
    shields_ = task->shields();
    if (delay_) when_ = Delay(*delay_).after(task->loop().time());
    reschedule(when_);
}

void Timeout::reschedule(std::optional<TimePoint> when) {
    if (state_ == State::created) throw RuntimeError("Timeout has not been entered");
    if (state_ != State::entered) {
        throw RuntimeError(std::string("Cannot change state of ") +
                           state_names[static_cast<int>(state_)] + " Timeout");
    }
    when_ = when;
    timer_.cancel();
    soon_.cancel();
    if (!when) return;
    EventLoop& loop = task_->loop();
    if (*when <= loop.time()) {
        soon_ = loop.call_soon([this] { on_timeout(); });
    } else {
        timer_ = loop.call_at(*when, [this] { on_timeout(); });
    }
}

void Timeout::on_timeout() {
    if (watched_ && watched_->done()) return;
    state_ = State::expiring;
    task_->cancel_from_within(shields_);
}

void Timeout::leave(internal::ResultBase& body) {
    timer_.cancel();
    soon_.cancel();
    if (state_ == State::entered) state_ = State::exited;
    if (state_ != State::expiring) return;
    state_ = State::expired;
    task_->uncancel_from_within();
    // More requests than at the start: somebody outside wants the task to end, too.
    if (task_->delivered_requests() > cancelling_) return;
    if (body.outcome == internal::Outcome::cancelled) {
        AwaitChain chain = body.failure() ? body.failure()->chain : AwaitChain();
        body.set_error(make_timeout_error(cancellation_of(body)));
        body.failure()->chain = std::move(chain);
    } else if (body.outcome == internal::Outcome::error) {
        const auto cancelled = std::make_exception_ptr(CancelledError());
        add_timeout_context(body.failure()->error, make_timeout_error(cancelled));
    }
}

namespace internal {

Coro<void> cancel_and_wait(AnyFuture future) {
    co_await transparent;
    const Future<> ended = get_running_loop().create_future();
    const auto callback = future.add_done_callback([ended] {
        if (!ended.done()) ended.set_result();
    });
    future.cancel();
    co_await ended;
}

void throw_timeout(const FutureBase& cancelled) {
    std::rethrow_exception(make_timeout_error(cancelled_error(cancelled.cancel_message())));
}

}  // namespace internal
}  // namespace weft
