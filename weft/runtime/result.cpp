// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/result.hpp>

#include <exception>
#include <memory>
#include <source_location>
#include <string>
#include <utility>

#include <weft/base/await_chain.hpp>
#include <weft/base/check.hpp>
#include <weft/base/exceptions.hpp>

namespace weft {
namespace internal {
namespace {

std::exception_ptr put_in_flight(FailurePtr failure) {
    drop_failure_in_flight();
    failure_in_flight = failure.release();
    return failure_in_flight->error;
}

}  // namespace

// Between the throw in one frame and the catch in the next, the chain has no place in the
// exception object, which is the user's; it waits here. It holds the exception for at most the
// rest of the step.
constinit thread_local Failure* failure_in_flight [[gnu::tls_model("initial-exec")]] = nullptr;

void drop_failure_in_flight() noexcept { delete std::exchange(failure_in_flight, nullptr); }

std::exception_ptr ResultBase::take_exception(const std::string* message) {
    if (FailurePtr failure = take_failure()) return put_in_flight(std::move(failure));
    check(outcome == Outcome::cancelled, "only an error or a cancellation can be raised");
    return cancelled_error(message);
}

std::exception_ptr ResultBase::share_exception(const std::string* message) const {
    if (const Failure* kept = failure()) return put_in_flight(std::make_unique<Failure>(*kept));
    check(outcome == Outcome::cancelled, "only an error or a cancellation can be raised");
    return cancelled_error(message);
}

std::exception_ptr cancelled_error(const std::string* message) {
    if (message) return std::make_exception_ptr(CancelledError(*message));
    static const std::exception_ptr without_message = std::make_exception_ptr(CancelledError());
    return without_message;
}

void throw_null_exception() {
    throw TypeError("set_exception() takes an exception, not a null pointer");
}

FailurePtr catch_failure(std::source_location where) noexcept {
    std::exception_ptr error = std::current_exception();
    FailurePtr failure;
    if (failure_in_flight && failure_in_flight->error == error) {
        failure.reset(std::exchange(failure_in_flight, nullptr));
    } else {
        failure = std::make_unique<Failure>(Failure{std::move(error), {}});
    }
    failure->passed(where);
    return failure;
}

}  // namespace internal

AwaitChain current_await_chain() {
    const std::exception_ptr error = std::current_exception();
    const internal::Failure* failure = internal::failure_in_flight;
    return failure && error && failure->error == error ? failure->chain : AwaitChain();
}

}  // namespace weft
