// SPDX-License-Identifier: Apache-2.0
// weft/runtime/async_generator.hpp - AsyncGenerator<T>: what `async def` with `yield` is in Python.
#pragma once

#include <coroutine>
#include <optional>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>

#include <weft/base/list.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/this_task.hpp>

namespace weft {

template <class T>
class AsyncGenerator;

/// Thrown at a generator's `co_yield` when it is closed, so that its cleanup runs. Let it pass.
/// Spec: Python's GeneratorExit; not a std::exception.
class GeneratorExit {};

namespace internal {

// What the loop knows of a generator that was started and is not at its end.
class AsyncGenBase : public ListNode {
public:
    using Close = Coro<void> (*)(AsyncGenBase&);
    explicit AsyncGenBase(Close close) noexcept : close_for_loop(close) {}

    /// Closes it, and reports what its cleanup throws. No virtual function: a table pointer would
    /// go before the promise's base, which must come first.
    const Close close_for_loop;
};

enum class GeneratorState : unsigned char { created, suspended, running, closing, done };

[[noreturn]] void throw_generator_running(const char* what);
[[noreturn]] void throw_no_generator();
[[noreturn]] void throw_ignored_exit();
[[noreturn]] void throw_stop_iteration();
void register_asyncgen(TaskBase& task, AsyncGenBase& generator) noexcept;
void report_unclosed(const PromiseBase& frame) noexcept;
Coro<void> close_reporting(Coro<void> closing, std::string name);

class GeneratorPromiseBase : public CoroPromiseBase, public AsyncGenBase {
public:
    GeneratorPromiseBase(MadeAt at, Close close) noexcept
        : CoroPromiseBase(at), AsyncGenBase(close) {}

    using CoroPromiseBase::await_transform;
    void take_back_value() const noexcept {}
    // Has no effect: a generator outlives the await that a cancellation ends, and must come to its
    // end itself.
    template <class Self>
    TransparentMarker await_transform(this Self&, TransparentMarker marker) noexcept {
        return marker;
    }

    /// Gives the consumer, or the one who closes, its turn.
    struct Yield {
        GeneratorPromiseBase& generator;
        [[nodiscard]] bool await_ready() const noexcept { return false; }
        std::coroutine_handle<> await_suspend(std::coroutine_handle<>) const noexcept {
            generator.state = GeneratorState::suspended;
            generator.slot->outcome = Outcome::value;
            generator.parent->take_over_from(generator);
            return generator.parent->handle();
        }
        void await_resume() const {
            if (generator.state == GeneratorState::closing) throw GeneratorExit();
        }
    };
    struct End {
        [[nodiscard]] bool await_ready() const noexcept { return false; }
        template <class Promise>
        std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> frame) const noexcept {
            Promise& self = frame.promise();
            self.state = GeneratorState::done;
            self.ListNode::unlink();
            return leave_frame(self);
        }
        void await_resume() const noexcept {}
    };
    [[nodiscard]] End final_suspend() const noexcept { return {}; }

    GeneratorState state = GeneratorState::created;
};

// One turn of the generator: from one yield to the next, or to the end. Runs in the task of
// whoever asks.
template <class T>
class GeneratorTurn;

}  // namespace internal

/// A generator that may wait between its values.
///
///     AsyncGenerator<int> count(int to) {
///         for (int i = 0; i < to; ++i) {
///             co_await sleep(1s);
///             co_yield i;
///         }
///     }
///
/// Python's `async for` is a loop over next():
///
///     auto numbers = count(3);
///     while (auto number = co_await numbers.next()) use(*number);
///
/// Cleanup that awaits needs aclose(), since a destructor cannot wait: `aclosing(generator, body)`
/// sees to it. A generator that is destroyed where it waits at a `co_yield` runs its destructors
/// only, and is reported in debug mode.
///
/// Cancel:   a cancellation of the task that waits in next() is raised inside the generator, which
///           is at its end afterwards unless it catches it.
/// Lifetime: belongs to the loop it was first used in, which closes it in shutdown_asyncgens().
/// Spec:     PEP 525; AGEN-01 differs: breaking out of the loop closes nothing by itself.
template <class T>
class [[nodiscard, clang::coro_return_type, clang::coro_lifetimebound]] AsyncGenerator {
public:
    class promise_type;
    using value_type = T;

    AsyncGenerator(AsyncGenerator&& other) noexcept
        : frame_(std::exchange(other.frame_, nullptr)) {}
    AsyncGenerator& operator=(AsyncGenerator&& other) noexcept {
        const AsyncGenerator replaced(std::exchange(frame_, std::exchange(other.frame_, nullptr)));
        return *this;
    }
    ~AsyncGenerator();

    /// The next value; nullopt at the end, for good.
    /// Errors:   what the generator throws, after which it is at its end; RuntimeError when
    ///           another next() or aclose() of it is under way.
    /// Suspends: maybe; when the generator does.
    [[nodiscard]] Coro<std::optional<T>> next();

    /// The next value, by Python's name.
    /// Errors:   StopAsyncIteration at the end; else as next().
    /// Suspends: as next().
    [[nodiscard]] Coro<T> anext();

    /// Throws GeneratorExit at the `co_yield` where it waits, and runs it to its end. Does nothing
    /// when it is at its end; one that was never started is at its end then.
    /// Errors:   what the cleanup throws; RuntimeError when it yields another value instead of
    ///           ending, or runs.
    /// Cancel:   lossy; raised in the cleanup, the rest of which does not run unless it catches it.
    /// Suspends: maybe; where the cleanup does.
    [[nodiscard, clang::coro_wrapper]] Coro<void> aclose();

private:
    explicit AsyncGenerator(std::coroutine_handle<promise_type> frame) noexcept : frame_(frame) {}
    std::coroutine_handle<promise_type> frame_;
};

template <class T>
class AsyncGenerator<T>::promise_type final : public internal::GeneratorPromiseBase {
public:
    explicit promise_type(internal::MadeAt at = {}) noexcept
        : GeneratorPromiseBase(at, close_for_loop_of) {}

    [[nodiscard]] AsyncGenerator get_return_object() noexcept {
        return AsyncGenerator(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    template <class U>
        requires std::constructible_from<T, U&&>
    Yield yield_value(U&& value) {
        value_.emplace(std::forward<U>(value));
        return Yield{*this};
    }
    void return_void() noexcept {
        value_.reset();
        slot->outcome = internal::Outcome::value;
    }

    Coro<void> close();
    std::optional<T> take() { return std::exchange(value_, std::nullopt); }

private:
    [[clang::coro_wrapper]] static Coro<void> close_for_loop_of(AsyncGenBase& generator) {
        auto& self = static_cast<promise_type&>(generator);
        return internal::close_reporting(self.close(), self.where.function_name());
    }
    std::optional<T> value_;
};

namespace internal {

template <class T>
class GeneratorTurn {
    using Promise = typename AsyncGenerator<T>::promise_type;

public:
    explicit GeneratorTurn(Promise& generator) noexcept : generator_(generator) {}

    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class Awaiting>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Awaiting> frame) noexcept {
        PromiseBase& self = frame.promise();
        slot_.deliver = true;
        generator_.parent = &self;
        generator_.task = self.task;
        generator_.slot = &slot_;
        generator_.calls = self.call_depth();
        return static_cast<PromiseBase&>(generator_).handle();
    }
    void await_resume() {
        if (slot_.outcome != Outcome::value) {
            std::rethrow_exception(slot_.take_exception(cancel_message_of(generator_.task)));
        }
    }

private:
    Promise& generator_;
    Result<void> slot_;
};

template <class T>
struct GeneratorTurnOf {
    typename AsyncGenerator<T>::promise_type& generator;
    [[nodiscard]] GeneratorTurn<T> make_awaiter() const noexcept {
        return GeneratorTurn<T>(generator);
    }
};

}  // namespace internal

template <class T>
AsyncGenerator<T>::~AsyncGenerator() {
    if (!frame_) return;
    if (frame_.promise().state == internal::GeneratorState::suspended) {
        internal::report_unclosed(frame_.promise());
    }
    frame_.destroy();
}

template <class T>
Coro<std::optional<T>> AsyncGenerator<T>::next() {
    using internal::GeneratorState;
    if (!frame_) internal::throw_no_generator();
    promise_type& self = frame_.promise();
    if (self.state == GeneratorState::done) co_return std::nullopt;
    if (self.state == GeneratorState::running || self.state == GeneratorState::closing) {
        internal::throw_generator_running("anext()");
    }
    const bool first = self.state == GeneratorState::created;
    self.state = GeneratorState::running;
    if (first) internal::register_asyncgen(*co_await internal::this_task(), self);
    co_await internal::GeneratorTurnOf<T>{self};
    co_return self.take();
}

template <class T>
Coro<T> AsyncGenerator<T>::anext() {
    std::optional<T> value = co_await next();
    if (!value) internal::throw_stop_iteration();
    co_return std::move(*value);
}

template <class T>
Coro<void> AsyncGenerator<T>::aclose() {
    if (!frame_) internal::throw_no_generator();
    return frame_.promise().close();
}

template <class T>
Coro<void> AsyncGenerator<T>::promise_type::close() {
    using internal::GeneratorState;
    if (state == GeneratorState::done) co_return;
    if (state == GeneratorState::created) {
        state = GeneratorState::done;
        co_return;
    }
    if (state != GeneratorState::suspended) internal::throw_generator_running("aclose()");
    state = GeneratorState::closing;
    try {
        co_await internal::GeneratorTurnOf<T>{*this};
    } catch (const GeneratorExit&) {  // the cleanup is over
    }
    if (state != GeneratorState::done) internal::throw_ignored_exit();
}

/// Python's `async with aclosing(generator)`: runs `body(generator)` and closes the generator
/// afterwards, whatever happened.
/// Returns:  what the body returns.
/// Errors:   what the body throws; what the closing throws replaces it.
/// Cancel:   reaches the body, after which the generator is closed; one that comes while it is
///           being closed, as aclose().
/// Suspends: maybe; where the body or the generator's cleanup does.
template <class T, class F>
std::invoke_result_t<F&, AsyncGenerator<T>&> aclosing(AsyncGenerator<T> generator, F body) {
    co_await transparent;
    using Value = typename std::invoke_result_t<F&, AsyncGenerator<T>&>::value_type;
    internal::Result<Value> result;
    const auto call = [&] [[clang::coro_wrapper]] { return body(generator); };
    if (auto inside = internal::started(call, result)) {
        co_await internal::as_outcome(std::move(*inside), result);
    }
    co_await generator.aclose();
    if (result.outcome != internal::Outcome::value) co_await internal::PassOn(result);
    co_return internal::take_value(result);
}

}  // namespace weft
