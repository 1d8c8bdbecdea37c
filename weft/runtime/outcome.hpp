// SPDX-License-Identifier: Apache-2.0
// weft/runtime/outcome.hpp - awaits whose error is a value: the second half of coro.hpp.
#pragma once

#include <exception>
#include <expected>
#include <optional>
#include <source_location>
#include <type_traits>
#include <utility>

#include <weft/base/check.hpp>
#include <weft/runtime/coro.hpp>

namespace weft::internal {

// as_result(): an expected instead of a throw. A cancellation is thrown on.
template <class A>
class ResultAwaiter {
    using Inner = awaiter_of<A>;
    using T = decltype(std::declval<Inner>().await_resume());
    using Expected = std::expected<std::remove_cvref_t<T>, std::exception_ptr>;

public:
    ResultAwaiter(A&& awaitable, PromiseBase& awaiting)
        requires is_coro<A>
        : inner_(std::move(awaitable), awaiting, true) {}
    ResultAwaiter(A&& awaitable, PromiseBase& awaiting)
        requires(!is_coro<A>)
        : inner_(make_awaiter_for(std::move(awaitable), awaiting)) {
        inner_.deliver_errors();
    }

    [[nodiscard]] bool await_ready() { return inner_.await_ready(); }
    template <class Promise>
    auto await_suspend(std::coroutine_handle<Promise> awaiting) {
        return inner_.await_suspend(awaiting);
    }
    Expected await_resume() {
        if constexpr (requires { inner_.take_error(); }) {
            if (std::exception_ptr error = inner_.take_error()) {
                return std::unexpected(std::move(error));
            }
            return value();
        } else {
            try {
                return value();
            } catch (const CancelledError&) {
                throw;
            } catch (...) {
                return std::unexpected(std::current_exception());
            }
        }
    }

private:
    Expected value() {
        if constexpr (std::is_void_v<T>) {
            inner_.await_resume();
            return {};
        } else {
            return inner_.await_resume();
        }
    }

    Inner inner_;
};

// Library code that decides itself what an outcome means: nothing is thrown, cancellation
// included.
template <class T>
class OutcomeAwaiter {
public:
    OutcomeAwaiter(Coro<T>&& coro, PromiseBase& parent, Result<T>& into)
        : child_(std::move(coro), parent, empty(into).for_child(true)), into_(into) {}
    OutcomeAwaiter(const OutcomeAwaiter&) = delete;
    OutcomeAwaiter& operator=(const OutcomeAwaiter&) = delete;
    ~OutcomeAwaiter() { child_.end(into_); }

    [[nodiscard]] bool await_ready() const noexcept { return child_.is_over(into_); }
    [[nodiscard]] std::coroutine_handle<> await_suspend(std::coroutine_handle<>) const noexcept {
        return child_.to_run();
    }
    void await_resume() noexcept { child_.end(into_); }

private:
    static Result<T>& empty(Result<T>& into) noexcept {
        check(into.outcome == Outcome::pending, "as_outcome() needs an empty slot");
        return into;
    }

    ChildFrame child_;
    const Result<T>& into_;
};

/// `co_await as_outcome(coro, result)`: runs it and leaves whatever became of it in `result`.
template <class T>
[[nodiscard]] AsOutcome<T> as_outcome(Coro<T> coro, Result<T>& into) {
    return {std::move(coro), into};
}

/// The coroutine that `make` returns. None where already the call throws: that is in `result` then,
/// for a body must not leave its scope by another way than its outcome.
template <class Make, class T>
[[nodiscard]] std::optional<Coro<T>> started(
    const Make& make, Result<T>& result,
    std::source_location where = std::source_location::current()) noexcept try {
    return make();
} catch (...) {
    result.set_thrown(where);
    return std::nullopt;
}

/// `co_await PassOn(result)`: ends this coroutine with that error or cancellation, without a throw.
/// The frame is destroyed where it stands.
class PassOn {
public:
    explicit PassOn(ResultBase& outcome) noexcept : outcome_(outcome) {}

    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> frame) noexcept {
        PromiseBase& self = frame.promise();
        self.slot->set_abnormal_from(outcome_);
        self.slot->passed(self.where);
        return leave_frame(self);
    }
    void await_resume() const noexcept {}

private:
    ResultBase& outcome_;
};

}  // namespace weft::internal
