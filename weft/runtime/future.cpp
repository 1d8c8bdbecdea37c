// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/future.hpp>

#include <cstddef>
#include <cstring>
#include <exception>
#include <memory>
#include <string>
#include <utility>

#include <weft/base/exceptions.hpp>
#include <weft/base/log.hpp>
#include <weft/base/ref.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/extras.hpp>
#include <weft/runtime/future_state.hpp>
#include <weft/runtime/op.hpp>
#include <weft/runtime/promise.hpp>
#include <weft/runtime/result.hpp>
#include <weft/runtime/task_state.hpp>

namespace weft::internal {

void FutureBase::drop_links() noexcept {
    while (DoneLink* link = links_.pop_front()) link->drop();
}

Extras& FutureBase::extras() {
    if (!extras_) extras_ = std::make_unique<Extras>();
    return *extras_;
}

const std::string* FutureBase::cancel_message() const noexcept {
    return extras_ && extras_->cancel_message ? &*extras_->cancel_message : nullptr;
}

void FutureBase::set_cancel_message(const std::string* message) {
    if (message) {
        extras().cancel_message = *message;
    } else if (extras_) {
        extras_->cancel_message.reset();
    }
}

bool FutureBase::cancel(const std::string* message) {
    report_error_ = false;
    if (done()) return false;
    check_thread();
    set_cancel_message(message);
    result_->set_cancelled();
    mark_done();
    return true;
}

void FutureBase::set_error(std::exception_ptr error) {
    set_failure(std::make_unique<Failure>(Failure{std::move(error), {}}));
}

void FutureBase::set_failure(FailurePtr failure) {
    if (is_task()) throw RuntimeError("Task does not support set_exception operation");
    check_pending();
    check_thread();
    if (!failure->error) throw_null_exception();
    result_->set_failure(std::move(failure));
    mark_done();
}

void FutureBase::check_readable() {
    switch (result_->outcome) {
        case Outcome::value:
            return;
        case Outcome::pending:
            throw InvalidStateError("Result is not set.");
        default:
            break;
    }
    mark_retrieved();
    std::rethrow_exception(result_->share_exception(cancel_message()));
}

std::exception_ptr FutureBase::error() {
    switch (result_->outcome) {
        case Outcome::value:
            return nullptr;
        case Outcome::pending:
            throw InvalidStateError("Exception is not set.");
        case Outcome::cancelled:
            std::rethrow_exception(result_->share_exception(cancel_message()));
        case Outcome::error:
            break;
    }
    mark_retrieved();
    return result_->failure()->error;
}

void throw_empty_handle() {
    throw RuntimeError(
        "this handle refers to no Future or Task: it was default-made or moved from");
}

void FutureBase::throw_cannot_set() const {
    if (is_task()) throw RuntimeError("Task does not support set_result operation");
    throw_done_already();
}

void FutureBase::throw_done_already() const {
    throw InvalidStateError(describe() + " is done already");
}

std::string FutureBase::describe() const { return "Future"; }

std::string JoinBase::describe() const { return std::string("<") + label_ + "()>"; }

const FutureBase* JoinBase::member(std::size_t index) const noexcept {
    const FutureBase* member;
    std::memcpy(&member, members_ + index * member_stride_, sizeof member);
    return member;
}

void FutureBase::report_unretrieved() noexcept {
    if (is_cancelled_error(result_->failure()->error)) return;  // a gather() that was cancelled
    ExceptionContext context;
    context.message = std::string(is_task() ? "Task" : "Future") + " exception was never retrieved";
    context.exception = result_->failure()->error;
    context.future = describe();  // for a task too
    context.source = made_at;
    context.await_chain = result_->failure()->chain;
    // A handle may outlive its loop.
    if (is_open(loop_)) {
        loop_->call_exception_handler(context);
    } else {
        log(LogLevel::error,
            context.message + "\n" + context.future + "\n" + weft::describe(context.exception));
    }
}

void FutureBase::destroy() noexcept {
    if (report_error_ && result_->outcome == Outcome::error) [[unlikely]] {
        // The handler may make and drop handles to this; the count stays above zero meanwhile.
        ++owners_;
        report_unretrieved();
        --owners_;
    }
    delete this;
}

CancelAck FutureWait::cancel() {
    // As in asyncio, the future itself is cancelled, and its end wakes the task.
    const bool before = std::exchange(cancelled_here_, true);
    try {
        return future_->cancel(task()->cancel_message()) ? CancelAck::passed_on
                                                         : CancelAck::refused;
    } catch (const RecursionError&) {
        cancelled_here_ = before;
        throw;
    }
}

constinit const OpKind FutureWait::kind_of_wait{"Future", OpDetail::future,
                                                offsetof(FutureWait, future_)};

void FutureWait::start(PromiseBase& frame) {
    if (&future_->loop() != &frame.task->loop()) {
        throw RuntimeError("Task " + frame.task->describe() + " got " + future_->describe() +
                           " attached to a different loop");
    }
    if (future_.get() == frame.task) {
        throw RuntimeError("Task cannot await on itself: " + frame.task->describe());
    }
    future_->add(*this);
    suspend(frame, kind_of_wait);
}

void FutureWait::fire(FutureBase&) noexcept {
    // A future that was cancelled or failed reaches the frame as this operation's outcome, so
    // that frames which do not catch are not run for it.
    const Outcome ended = future_->result().outcome;
    task()->wake(ended == Outcome::cancelled ? Outcome::cancelled : Outcome::value);
}

bool FutureWait::take_error_into(ResultBase& slot) {
    const ResultBase& result = future_->result();
    if (result.outcome == Outcome::cancelled) {
        FailurePtr failure = copy_failure(result);
        if (const std::string* message = future_->cancel_message(); message && !failure) {
            failure = std::make_unique<Failure>(Failure{cancelled_error(message), {}});
        }
        slot.set_cancelled(std::move(failure));
    } else if (outcome == Outcome::cancelled) {
        drop_outcome();
        slot.set_cancelled();
    } else if (result.outcome == Outcome::error) {
        future_->mark_retrieved();
        FailurePtr failure = copy_failure(result);
        // gather() ends with a CancelledError without being cancelled.
        if (is_cancelled_error(failure->error)) {
            slot.set_cancelled(std::move(failure));
        } else {
            slot.set_failure(std::move(failure));
        }
    } else {
        return false;
    }
    return true;
}

std::exception_ptr FutureWait::take_error() {
    const ResultBase& result = future_->result();
    if (cancelled_here_ || result.outcome == Outcome::value) return nullptr;
    if (outcome == Outcome::cancelled && !future_->cancelled()) {
        drop_outcome();
        return nullptr;
    }
    future_->mark_retrieved();
    return result.share_exception(future_->cancel_message());
}

// Cancelled itself although the future is done: its result stays there, and its error counts as
// retrieved, as in asyncio.
void FutureWait::drop_outcome() noexcept {
    if (future_->done()) future_->mark_retrieved();
}

std::exception_ptr FutureWait::exception() {
    if (outcome == Outcome::cancelled && !future_->cancelled()) {
        drop_outcome();
        return cancelled_error(task()->cancel_message());
    }
    future_->mark_retrieved();
    return future_->result().share_exception(future_->cancel_message());
}

void DoneCall::fire(FutureBase& future) noexcept {
    future_ = Ref(&future);
    future.loop().ready().push(*this);  // the count passes from the list to the queue
}

void add_done_call(FutureBase& future, DoneCall& call) {
    call.retain();
    if (future.done()) {
        call.fire(future);
    } else {
        future.add(call);
    }
}

std::size_t remove_done_calls(FutureBase& future, const void* identity) noexcept {
    std::size_t removed = 0;
    future.for_each_link([&](DoneLink& link) {
        auto* call = dynamic_cast<DoneCall*>(&link);
        if (!call || call->identity != identity) return;
        call->unlink();
        call->release();
        ++removed;
    });
    return removed;
}

}  // namespace weft::internal
