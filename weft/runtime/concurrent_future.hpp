// SPDX-License-Identifier: Apache-2.0
// weft/runtime/concurrent_future.hpp - a future for threads: concurrent.futures.Future.
//
// The thread-safe sibling of Future. Threads wait for it with result(); a loop awaits it through
// wrap_future().
#pragma once

#include <concepts>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/runtime/result.hpp>

namespace weft::internal {
// Who has the only handle to a concurrent future.
struct OnlyReader {};
}  // namespace weft::internal

namespace weft::concurrent {

namespace internal {

class StateBase {
public:
    enum class Status : std::uint8_t { pending, running, cancelled, finished };

    [[nodiscard]] bool cancel();
    void abandon();
    /// The work begins. False when it was cancelled before: then it must not run.
    [[nodiscard]] bool set_running();
    [[nodiscard]] Status status() const;
    /// Waits until it is done; false when `timeout` passed first.
    [[nodiscard]] bool wait(std::optional<Nanoseconds> timeout) const;
    void add_done_callback(std::function<void()> callback);

    /// Ends it by what `store` puts into place, under the lock.
    /// Errors: InvalidStateError when it is done.
    void finish(const std::function<void()>& store);

private:
    void end(std::unique_lock<std::mutex> lock, Status status);

    mutable std::mutex mutex_;
    mutable std::condition_variable over_;
    Status status_ = Status::pending;
    std::vector<std::function<void()>> callbacks_;
};

template <class T>
struct State : StateBase {
    std::variant<std::monostate, std::conditional_t<std::is_void_v<T>, std::monostate, T>> value;
    std::exception_ptr error;
};

}  // namespace internal

/// The result of work in another thread, or in another thread's loop. A handle: copies refer to
/// the same future.
///
/// Thread: any, all of it.
/// Spec:   concurrent.futures.Future.
template <class T = void>
class Future {
    using State = internal::State<T>;
    using Status = internal::StateBase::Status;

public:
    Future() : state_(std::make_shared<State>()) {}

    /// Returns false when the work runs or is done.
    bool cancel() const { return state_->cancel(); }
    [[nodiscard]] bool cancelled() const { return state_->status() == Status::cancelled; }
    [[nodiscard]] bool running() const { return state_->status() == Status::running; }
    [[nodiscard]] bool done() const { return state_->status() >= Status::cancelled; }

    /// Blocks the thread until the result is there. A second call gives the same result.
    /// Errors: what the work threw; CancelledError; TimeoutError when `timeout` passes first.
    decltype(auto) result(std::optional<Delay> timeout = std::nullopt) const {
        wait(timeout);
        if (cancelled()) throw CancelledError();
        if (state_->error) std::rethrow_exception(state_->error);
        if constexpr (!std::is_void_v<T>) return (std::get<1>(state_->value));
    }
    /// The same for the error; null when there is none.
    [[nodiscard]] std::exception_ptr exception(std::optional<Delay> timeout = std::nullopt) const {
        wait(timeout);
        if (cancelled()) throw CancelledError();
        return state_->error;
    }
    // Of a future that is done, for the only reader there is: takes the error out. No other thread
    // owns the exception then, and none destroys it beside the reader.
    [[nodiscard]] std::exception_ptr take_exception(weft::internal::OnlyReader) const {
        return std::exchange(state_->error, nullptr);
    }

    /// Calls it once the future is done: in the thread that ends it, or at once. It must not throw.
    void add_done_callback(std::function<void()> callback) const {
        state_->add_done_callback(std::move(callback));
    }

    // For those who do the work.
    /// The work was dropped: cancelled, even if it had begun. Does nothing when it is done.
    void abandon() const { state_->abandon(); }
    /// The work begins; cancel() returns false from then on.
    /// Returns: false when it was cancelled before; the work must not be done then.
    /// Errors:  InvalidStateError when it runs already, or has a result.
    [[nodiscard]] bool set_running_or_notify_cancel() const { return state_->set_running(); }
    /// Ends it with a value made of `args`, wakes those who wait, and calls the done callbacks.
    /// Errors: InvalidStateError when it is done.
    template <class... Args>
    void set_result(Args&&... args) const {
        state_->finish([&] { state_->value.template emplace<1>(std::forward<Args>(args)...); });
    }
    /// The same with an error.
    void set_exception(std::exception_ptr error) const {
        if (!error) weft::internal::throw_null_exception();
        state_->finish([&] { state_->error = std::move(error); });
    }
    template <class E>
        requires(!std::same_as<std::decay_t<E>, std::exception_ptr>)
    void set_exception(E&& error) const {
        set_exception(std::make_exception_ptr(std::forward<E>(error)));
    }

private:
    void wait(std::optional<Delay> timeout) const {
        std::optional<Nanoseconds> span;
        if (timeout) span = timeout->get();
        if (!state_->wait(span)) throw TimeoutError();
    }

    std::shared_ptr<State> state_;
};

}  // namespace weft::concurrent
