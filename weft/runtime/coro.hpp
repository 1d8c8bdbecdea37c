// SPDX-License-Identifier: Apache-2.0
// weft/runtime/coro.hpp - Coro<T>: what an `async def` is in Python.
#pragma once

#include <concepts>
#include <coroutine>
#include <cstdint>
#include <exception>
#include <expected>
#include <source_location>
#include <type_traits>
#include <utility>

#include <weft/base/inline.hpp>
#include <weft/runtime/op.hpp>
#include <weft/runtime/promise.hpp>
#include <weft/runtime/result.hpp>

namespace weft {

template <class T = void>
class Coro;

namespace internal {

template <class T>
class CoroAwaiter;
template <class A>
struct AsResult {
    A awaitable;
};
template <class T>
struct AsOutcome {
    Coro<T> coro;
    Result<T>& into;
};
struct TransparentMarker {
    [[nodiscard]] bool await_ready() const noexcept { return true; }
    void await_suspend(std::coroutine_handle<>) const noexcept {}
    void await_resume() const noexcept {}
};

template <class T>
inline constexpr bool is_coro = false;
template <class T>
inline constexpr bool is_coro<Coro<T>> = true;

// Something that makes its own awaiter: futures, sleep(), lock.acquire().
template <class A>
concept MakesAwaiter = requires(A&& a) { std::forward<A>(a).make_awaiter(); };

// Something that stands for a coroutine until it is awaited: a request to a server.
template <class A>
concept GivesCoro =
    requires(A&& a) { requires is_coro<decltype(std::forward<A>(a).operator co_await())>; };

template <class A>
inline constexpr bool is_as_result = false;
template <class A>
inline constexpr bool is_as_result<AsResult<A>> = true;

}  // namespace internal

/// What `co_await` takes in a coroutine of weft: a Coro, a Task or Future, or an operation such as
/// `sleep(1s)` or `lock.acquire()`; or an object whose `operator co_await` gives a Coro, which is run
/// in its place. Anything else reaches a coroutine through a Future.
template <class A>
concept Awaitable = internal::is_coro<std::remove_cvref_t<A>> || internal::MakesAwaiter<A> ||
                    internal::GivesCoro<A>;

namespace internal {

template <class A>
WEFT_ALWAYS_INLINE inline auto make_awaiter_for(A&& awaitable, PromiseBase& awaiting) {
    if constexpr (is_coro<std::remove_cvref_t<A>>) {
        using T = typename std::remove_cvref_t<A>::value_type;
        return CoroAwaiter<T>(std::move(awaitable), awaiting);
    } else if constexpr (GivesCoro<A>) {
        auto coro = std::forward<A>(awaitable).operator co_await();
        return CoroAwaiter<typename decltype(coro)::value_type>(std::move(coro), awaiting);
    } else {
        return std::forward<A>(awaitable).make_awaiter();
    }
}
template <class A>
using awaiter_of = decltype(make_awaiter_for(std::declval<A>(), std::declval<PromiseBase&>()));

}  // namespace internal

/// The type that `co_await` gives for an awaitable.
template <Awaitable A>
using await_result_t = decltype(std::declval<internal::awaiter_of<A>>().await_resume());

/// `co_await as_result(x)` gives an expected; its error is the exception that `co_await x` would
/// throw. A cancellation passes through it, and misuse, such as a second await of a coroutine, is
/// thrown.
///
/// Cost: nothing is thrown on the way from where the error was set, through frames that do not
/// catch; thousand times cheaper than an exception.
template <Awaitable A>
[[nodiscard]] auto as_result(A&& awaitable) {
    if constexpr (internal::GivesCoro<A>) {
        return as_result(std::forward<A>(awaitable).operator co_await());
    } else {
        return internal::AsResult<std::decay_t<A>>{std::forward<A>(awaitable)};
    }
}

/// First statement of a coroutine that never looks at errors or cancellations (it has no `catch`):
/// `co_await transparent;`. Such a frame is destroyed instead of being unwound when its task is
/// cancelled: destructors run, at a hundredth of the cost. A `catch` in it is not entered by what
/// it awaits.
inline constexpr internal::TransparentMarker transparent{};

namespace internal {

template <class A>
class ResultAwaiter;
template <class T>
class OutcomeAwaiter;
class PassOn;

class CoroPromiseBase : public PromiseBase {
public:
    using PromiseBase::PromiseBase;

    [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
    [[nodiscard]] FinalAwaiter final_suspend() noexcept {
        return FinalAwaiter(is_called() && slot->outcome == Outcome::value);
    }
    void unhandled_exception() noexcept { fail(); }

    template <class Self, class A>
    WEFT_ALWAYS_INLINE auto await_transform(
        this Self& self, A&& awaitable, std::source_location at = std::source_location::current()) {
        self.take_back_value();
        self.where = at;
        using Plain = std::remove_cvref_t<A>;
        if constexpr (is_as_result<Plain>) {
            using Inner = decltype(awaitable.awaitable);
            return ResultAwaiter<Inner>(std::move(awaitable.awaitable), self);
        } else {
            static_assert(Awaitable<A>,
                          "co_await takes a Coro, a Task, a Future or an operation of weft; "
                          "bring anything else in through a Future");
            return make_awaiter_for(std::forward<A>(awaitable), self);
        }
    }
    template <class Self, class T>
    OutcomeAwaiter<T> await_transform(this Self& self, AsOutcome<T> awaited,
                                      std::source_location at = std::source_location::current()) {
        self.take_back_value();
        self.where = at;
        return OutcomeAwaiter<T>(std::move(awaited.coro), self, awaited.into);
    }
    template <class Self>
    PassOn&& await_transform(this Self&, PassOn&& outcome) noexcept {
        return static_cast<PassOn&&>(outcome);
    }
    template <class Self>
    TransparentMarker await_transform(this Self& self, TransparentMarker marker) noexcept {
        self.transparent = true;
        return marker;
    }
};

template <class T>
class CoroPromise : public CoroPromiseBase {
    static_assert(!std::is_const_v<T>, "a Coro gives its result away: no use in a const one");

public:
    explicit CoroPromise(MadeAt at = {}) noexcept : CoroPromiseBase(at) {}

    [[nodiscard]] Coro<T> get_return_object() noexcept;
    void unhandled_exception() noexcept {
        take_back_value();
        fail();
    }
    template <class U = T>
        requires std::constructible_from<T, U&&>
    void return_value(U&& value) {
        if constexpr (!std::is_trivially_destructible_v<T>) take_back_value();
        static_cast<Result<T>&>(*slot).emplace(std::forward<U>(value));
    }
    /// After the co_return a destructor may throw, and the coroutine may catch that and go on.
    void take_back_value() noexcept {
        if (slot->outcome == Outcome::value) [[unlikely]]
            static_cast<Result<T>&>(*slot).clear();
    }
};

template <>
class CoroPromise<void> : public CoroPromiseBase {
public:
    explicit CoroPromise(MadeAt at = {}) noexcept : CoroPromiseBase(at) {}

    [[nodiscard]] Coro<void> get_return_object() noexcept;
    void return_void() noexcept { slot->outcome = Outcome::value; }
    void take_back_value() noexcept {
        if (slot->outcome == Outcome::value) [[unlikely]]
            slot->outcome = Outcome::pending;
    }
};

}  // namespace internal

/// A coroutine: lazy, awaited once, in the task that awaits it. What `async def` makes in Python.
///
/// `co_await` runs it in place: no turn of the loop, no task. To run it beside others, give it to
/// create_task(), gather() or a TaskGroup.
///
/// Lifetime: a reference parameter must live until the coroutine has ended. clang refuses the
///           temporaries that it can see.
/// Errors:   awaiting it a second time throws RuntimeError.
/// Cost:     one recycled frame; some 4 ns.
/// Spec:     Python's coroutine objects. One that is destroyed without having been awaited is
///           reported through weft::log with its function, as Python warns "was never awaited".
template <class T>
class [[nodiscard, clang::trivial_abi, clang::coro_return_type, clang::coro_lifetimebound]] Coro {
public:
    using promise_type = internal::CoroPromise<T>;
    using value_type = T;

    Coro(Coro&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
    Coro& operator=(Coro&& other) noexcept {
        const Coro replaced(std::exchange(frame_, std::exchange(other.frame_, nullptr)));
        return *this;
    }
    // Always inline: where the coroutine was awaited, nothing of it is left then.
    WEFT_ALWAYS_INLINE ~Coro() {
        if (frame_) [[unlikely]]
            internal::drop_never_awaited(frame_.promise());
    }

    /// False once it has been awaited or moved from.
    [[nodiscard]] explicit operator bool() const noexcept { return frame_ != nullptr; }

    /// Destroys a coroutine that is not to be run after all, without the report.
    void close() noexcept {
        if (frame_) std::exchange(frame_, nullptr).destroy();
    }

    // Implementation: for tasks, which own the root frame.
    [[nodiscard]] std::coroutine_handle<promise_type> release() {
        if (!frame_) [[unlikely]]
            internal::throw_already_awaited();
        return std::exchange(frame_, nullptr);
    }

private:
    friend promise_type;
    explicit Coro(std::coroutine_handle<promise_type> frame) noexcept : frame_(frame) {}

    std::coroutine_handle<promise_type> frame_;
};

namespace internal {

template <class T>
Coro<T> CoroPromise<T>::get_return_object() noexcept {
    return Coro<T>(std::coroutine_handle<CoroPromise>::from_promise(*this));
}
inline Coro<void> CoroPromise<void>::get_return_object() noexcept {
    return Coro<void>(std::coroutine_handle<CoroPromise>::from_promise(*this));
}

// Runs a child in place; owns its frame.
//
// The child is called: its resume() runs on this stack up to its end or its first suspension, and
// a child that ends without waiting never suspends its parent. Only when the calls are deep is the
// parent suspended first, and the child takes its place on the stack.
class ChildFrame {
public:
    /// Calls the child, whose outcome goes into `slot`.
    template <class T>
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init)
    WEFT_ALWAYS_INLINE ChildFrame(Coro<T>&& coro, PromiseBase& parent, ResultBase& slot) {
        PromiseBase& child = coro.release().promise();
        if (!call(child, parent, slot)) child_ = &child;
    }
    ChildFrame(const ChildFrame&) = delete;
    ChildFrame& operator=(const ChildFrame&) = delete;

    /// For await_ready(): whether the child has ended, and the awaiting frame takes its outcome.
    [[nodiscard]] bool is_over(const ResultBase& slot) const noexcept {
        return slot.outcome == Outcome::value || child_->is_called();
    }
    /// For await_suspend(): the child, if it is still to run.
    [[nodiscard]] std::coroutine_handle<> to_run() const noexcept {
        if (child_->calls == 0) return std::noop_coroutine();
        return child_->handle();
    }
    /// Destroys the frame, which has freed itself if it ended with a value. To be called before the
    /// outcome is used, since in Python too the child is gone then, and at the end in any case.
    void end(const ResultBase& slot) noexcept {
        if (slot.outcome != Outcome::value && child_) {
            std::exchange(child_, nullptr)->handle().destroy();
        }
    }
    /// Only before end(), after an error.
    [[nodiscard]] const TaskBase* task() const noexcept { return child_->task; }

private:
    // True when it has ended with a value, and the frame is gone.
    [[nodiscard]] WEFT_ALWAYS_INLINE static bool call(PromiseBase& child, PromiseBase& parent,
                                                      ResultBase& slot) noexcept {
        child.parent = &parent;
        child.task = parent.task;
        child.slot = &slot;
        const std::uint8_t depth = parent.call_depth();
        if (depth >= PromiseBase::calls_max) [[unlikely]] {
            child.calls = depth;
            return false;
        }
        child.calls = static_cast<std::uint8_t>((depth + 1) | PromiseBase::called_flag);
        child.handle().resume();
        if (slot.outcome == Outcome::value) [[likely]]
            return true;
        if (slot.outcome == Outcome::pending || !child.owner_takes_errors()) child.calls = 0;
        return false;
    }

    PromiseBase* child_;  // not set when the child has ended with a value
};

template <class T>
class CoroAwaiter {
public:
    // `deliver_errors`: for as_result().
    WEFT_ALWAYS_INLINE CoroAwaiter(Coro<T>&& coro, PromiseBase& parent, bool deliver_errors = false)
        : child_(std::move(coro), parent, result_.for_child(deliver_errors)) {}
    CoroAwaiter(const CoroAwaiter&) = delete;
    CoroAwaiter& operator=(const CoroAwaiter&) = delete;
    ~CoroAwaiter() { child_.end(result_); }

    [[nodiscard]] bool await_ready() const noexcept { return child_.is_over(result_); }
    [[nodiscard]] std::coroutine_handle<> await_suspend(std::coroutine_handle<>) const noexcept {
        return child_.to_run();
    }
    [[nodiscard]] std::exception_ptr take_error() {
        if (result_.outcome != Outcome::error) return nullptr;
        return exception();
    }
    WEFT_ALWAYS_INLINE T await_resume() {
        if (result_.outcome != Outcome::value) [[unlikely]] {
            std::rethrow_exception(exception());
        }
        return take_value(result_);
    }

private:
    [[gnu::noinline]] std::exception_ptr exception() {
        const TaskBase* task = child_.task();
        child_.end(result_);
        return result_.take_exception(cancel_message_of(task));
    }

    Result<T> result_;
    ChildFrame child_;
};

}  // namespace internal
}  // namespace weft

#include <weft/runtime/outcome.hpp>
#include <weft/runtime/referring_promise.hpp>
