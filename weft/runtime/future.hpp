// SPDX-License-Identifier: Apache-2.0
// weft/runtime/future.hpp - Future<T>: a result that arrives later.
#pragma once

#include <concepts>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <weft/runtime/coro.hpp>
#include <weft/runtime/future_state.hpp>
#include <weft/runtime/handle.hpp>

namespace weft {

class AnyFuture;
template <class T>
class Future;

namespace internal {

[[noreturn]] void throw_empty_handle();

// A done callback in its place in a future's list: a call that waits for the future.
class DoneCall : public DoneLink, public Callback {
public:
    DoneCall(const void* the_identity, std::source_location where) noexcept
        : Callback(where), identity(the_identity) {}
    void fire(FutureBase& future) noexcept override;
    void drop() noexcept override { release(); }

    const void* const identity;

protected:
    ~DoneCall() override = default;
    Ref<FutureBase> future_;
};

template <class F, class Base = DoneCall>
class DoneCallOf final : public Base {
public:
    // `base`: what precedes the identity and the place; see InContext.
    template <class... BaseArgs>
    DoneCallOf(std::shared_ptr<F> function, std::source_location where, const BaseArgs&... base)
        : Base(base..., function.get(), where), function_(std::move(function)) {}

private:
    void invoke() override;
    std::shared_ptr<F> function_;
};

void add_done_call(FutureBase& future, DoneCall& call);
std::size_t remove_done_calls(FutureBase& future, const void* identity) noexcept;

template <class T, bool Moves>
class FutureAwaiter;

}  // namespace internal

/// A done callback that was added; remove_done_callback() takes it, and add_done_callback() too,
/// to add the same once more.
template <class F>
class DoneCallback {
public:
    explicit DoneCallback(F function) : function_(std::make_shared<F>(std::move(function))) {}
    [[nodiscard]] const std::shared_ptr<F>& function() const noexcept { return function_; }

private:
    std::shared_ptr<F> function_;
};

/// What can be asked of any Future or Task, whatever its type. A handle: copies refer to the same
/// future; a default-made one, or one that was moved from, refers to none.
///
/// Errors: RuntimeError when it refers to none.
/// Thread: the loop's.
class [[clang::trivial_abi]] AnyFuture {
public:
    AnyFuture() = default;
    explicit AnyFuture(Ref<internal::FutureBase> state) noexcept : state_(std::move(state)) {}

    [[nodiscard]] explicit operator bool() const noexcept { return bool(state_); }
    friend bool operator==(const AnyFuture&, const AnyFuture&) = default;

    [[nodiscard]] bool done() const { return checked().done(); }
    [[nodiscard]] bool cancelled() const { return checked().cancelled(); }

    /// Asks it to end. Returns false when it is done already. A plain future is cancelled at once;
    /// a task gets a CancelledError where it waits, and may clean up first.
    /// Errors: RecursionError when it is a task that waits, through whatever others, for itself:
    ///         nothing can end such a ring. No request is counted then. Thrown in a destructor it
    ///         ends the process.
    bool cancel() const { return checked().cancel(nullptr); }
    bool cancel(std::string_view message) const {
        const std::string text(message);
        return checked().cancel(&text);
    }

    /// The error that it ended with; null when it ended with a result.
    /// Errors: InvalidStateError while pending; CancelledError when cancelled.
    [[nodiscard]] std::exception_ptr exception() const { return checked().error(); }

    /// The awaits that the error came through; empty when there is none.
    [[nodiscard]] AwaitChain await_chain() const {
        const AwaitChain* chain = checked().error_chain();
        return chain ? *chain : AwaitChain();
    }

    [[nodiscard]] EventLoop& get_loop() const { return checked().loop(); }

    /// Calls `function`, with the future if it takes one, once this is done: through the ready
    /// queue, never at once, in the order of their adding. It runs in a copy of the present
    /// context, or shares the one that `{.context = &context}` gives it.
    /// Returns: what remove_done_callback() takes.
    template <class F>
    auto add_done_callback(F function,
                           std::source_location where = std::source_location::current()) const {
        return add_done_callback(DoneCallback<F>(std::move(function)), where);
    }
    template <class F>
    DoneCallback<F> add_done_callback(
        DoneCallback<F> callback,
        std::source_location where = std::source_location::current()) const {
        internal::FutureBase& future = checked();
        internal::add_done_call(future, *new internal::DoneCallOf<F>(callback.function(), where));
        return callback;
    }
    template <class F>
    auto add_done_callback(F function, CallOptions options,
                           std::source_location where = std::source_location::current()) const {
        return add_done_callback(DoneCallback<F>(std::move(function)), options, where);
    }
    template <class F>
    DoneCallback<F> add_done_callback(
        DoneCallback<F> callback, CallOptions options,
        std::source_location where = std::source_location::current()) const {
        if (!options.context) return add_done_callback(std::move(callback), where);
        using Base = internal::InContext<internal::DoneCall>;
        internal::FutureBase& future = checked();
        internal::add_done_call(future, *new internal::DoneCallOf<F, Base>(
                                            callback.function(), where, *options.context));
        return callback;
    }
    /// Returns how many there were of it.
    template <class F>
    std::size_t remove_done_callback(const DoneCallback<F>& callback) const {
        return internal::remove_done_calls(checked(), callback.function().get());
    }

    // Implementation.
    [[nodiscard]] const Ref<internal::FutureBase>& state() const noexcept { return state_; }
    /// Errors: RuntimeError when it refers to none.
    [[nodiscard]] internal::FutureBase& checked() const {
        if (!state_) [[unlikely]]
            internal::throw_empty_handle();
        return *state_;
    }

protected:
    Ref<internal::FutureBase> state_;
};

/// A result that somebody will set. `loop.create_future<T>()` makes one; tasks are futures too.
///
/// Awaiting it gives a reference to the result, which stays in the future for others:
///
///     int& a = co_await future;                // refers into the future
///     auto b = co_await std::move(future);     // takes the result out; a copy, if it can be
///     auto c = co_await create_task(f());      // copied and others have handles, too
///
/// Errors:   co_await throws what set_exception() was given, CancelledError when it was cancelled,
///           RuntimeError when it belongs to another loop.
/// Cancel:   as in asyncio, cancelling a task that awaits a future cancels the future, and with it
///           all others that await it. shield() prevents that. A result that is there when the
///           cancel comes stays in the future, and the await throws CancelledError.
/// Suspends: maybe; never when it is done.
/// Thread:   the loop's.
/// Spec:     asyncio.Future. An error that nobody asked for is reported when the last handle goes.
template <class T = void>
class [[clang::trivial_abi]] Future : public AnyFuture {
public:
    using value_type = T;

    Future() = default;
    explicit Future(Ref<internal::FutureBase> state) noexcept : AnyFuture(std::move(state)) {}

    /// The result.
    /// Errors: what the future ended with; InvalidStateError while it is pending.
    decltype(auto) result() const& {
        checked().check_readable();
        if constexpr (!std::is_void_v<T>) return (state_->result_as<T>().value());
    }
    T result() && {
        checked().check_readable();
        return internal::take_value(state_->result_as<T>());
    }

    /// Errors: InvalidStateError when it is done; RuntimeError for a task.
    template <class... Args>
        requires(std::is_void_v<T> ? sizeof...(Args) == 0 : std::constructible_from<T, Args...>)
    void set_result(Args&&... args) const {
        checked().check_can_set();
        state_->result_as<T>().emplace(std::forward<Args>(args)...);
        state_->mark_done();
    }
    /// Errors: as set_result(); TypeError for a null pointer.
    void set_exception(std::exception_ptr error) const { checked().set_error(std::move(error)); }
    template <class E>
        requires(!std::same_as<std::decay_t<E>, std::exception_ptr>)
    void set_exception(E&& error) const {
        set_exception(std::make_exception_ptr(std::forward<E>(error)));
    }

    // For co_await.
    [[nodiscard]] auto make_awaiter() const& {
        static_cast<void>(checked());
        return internal::FutureAwaiter<T, false>(state_);
    }
    [[nodiscard]] auto make_awaiter() && {
        static_cast<void>(checked());
        return internal::FutureAwaiter<T, true>(std::move(state_));
    }
};

namespace internal {

template <class F, class Base>
void DoneCallOf<F, Base>::invoke() {
    if constexpr (std::invocable<F&, AnyFuture>) {
        static_cast<void>((*function_)(AnyFuture(std::move(this->future_))));
    } else {
        static_assert(std::invocable<F&>, "a done callback takes an AnyFuture or nothing");
        static_cast<void>((*function_)());
    }
}

template <class T, bool Moves>
class FutureAwaiter final : public FutureWait {
public:
    using FutureWait::FutureWait;
    using Value = std::conditional_t<Moves || std::is_void_v<T>, T, std::add_lvalue_reference_t<T>>;

    Value await_resume() {
        check_outcome();
        if constexpr (std::is_void_v<T>) {
            return;
        } else if constexpr (Moves) {
            if constexpr (!std::is_reference_v<T> && can_copy<T>) {
                if (future().owners() > 1) return future().template result_as<T>().value();
            }
            return take_value(future().template result_as<T>());
        } else {
            return future().template result_as<T>().value();
        }
    }
};

}  // namespace internal

/// Makes a pending future of the running loop.
/// Errors: RuntimeError without a running loop.
template <class T = void>
[[nodiscard]] Future<T> create_future();

}  // namespace weft
