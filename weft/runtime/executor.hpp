// SPDX-License-Identifier: Apache-2.0
// weft/runtime/executor.hpp - calls on other threads: Executor, ThreadPoolExecutor, to_thread().
#pragma once

#include <concepts>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <weft/runtime/concurrent_future.hpp>
#include <weft/runtime/context.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/post.hpp>
#include <weft/runtime/result.hpp>

namespace weft {

class CapacityLimiter;

namespace internal {

// Travels with the work that ends a future: when the work is dropped, whoever waits is told.
template <class T>
class CancelUnlessEnded {
public:
    explicit CancelUnlessEnded(concurrent::Future<T> future) : future_(std::move(future)) {}
    CancelUnlessEnded(CancelUnlessEnded&& other) noexcept
        : future_(std::exchange(other.future_, std::nullopt)) {}
    CancelUnlessEnded& operator=(CancelUnlessEnded&&) = delete;
    ~CancelUnlessEnded() {
        if (future_) future_->abandon();
    }

private:
    std::optional<concurrent::Future<T>> future_;
};

}  // namespace internal

/// Runs calls on other threads.
/// Spec: concurrent.futures.Executor.
class Executor {
public:
    virtual ~Executor() = default;

    /// Queues a job, which must not throw: submit() catches what its call throws. A job is run once
    /// or destroyed.
    /// Errors: RuntimeError after shutdown(), and where no thread can be started to run it.
    /// Thread: any.
    virtual void submit_job(std::move_only_function<void()> job) = 0;
    /// Refuses new jobs. Those that were submitted are run all the same; if `wait`, it blocks the
    /// thread until they have ended.
    /// Thread: any but one that runs a job, which would wait for itself.
    virtual void shutdown(bool wait) = 0;
    /// shutdown() that waits at most so long; false when jobs still ran then.
    [[nodiscard]] virtual bool shutdown_within(Nanoseconds timeout) = 0;

    /// Queues a call.
    /// Errors: what the call throws arrives in the future.
    template <class F, class... Args>
    auto submit(F&& function, Args&&... args) {
        using T = std::invoke_result_t<std::decay_t<F>&, std::decay_t<Args>...>;
        const concurrent::Future<T> future;
        submit_job([future, ending = internal::CancelUnlessEnded<T>(future),
                    call = internal::bind_call(std::forward<F>(function),
                                               std::forward<Args>(args)...)]() mutable {
            run_into(future, call);
        });
        return future;
    }

private:
    template <class T, class Call>
    static void run_into(const concurrent::Future<T>& future, Call& call) {
        if (!future.set_running_or_notify_cancel()) return;
        std::exception_ptr error;
        try {
            if constexpr (std::is_void_v<T>) {
                call();
                future.set_result();
            } else {
                future.set_result(call());
            }
        } catch (...) {
            error = std::current_exception();
        }
        // After the handler, which owns the exception too: the reader then has it for itself.
        if (error) future.set_exception(std::move(error));
    }
};

/// A pool that grows with its work: a thread is started for a job that finds none idle, up to
/// `max_workers`; jobs beyond that wait their turn, first come first served.
///
/// The destructor waits for all jobs.
/// Limits: max_workers, by default min(32, processors + 4), as in Python; none for the jobs that
///         wait their turn.
class ThreadPoolExecutor final : public Executor {
public:
    /// Errors: ValueError for zero workers.
    explicit ThreadPoolExecutor(std::size_t max_workers = default_workers(),
                                std::string thread_name_prefix = "weft");
    ~ThreadPoolExecutor() override;

    void submit_job(std::move_only_function<void()> job) override;
    void shutdown(bool wait) override;
    [[nodiscard]] bool shutdown_within(Nanoseconds timeout) override;

    [[nodiscard]] std::size_t max_workers() const noexcept { return max_workers_; }
    [[nodiscard]] static std::size_t default_workers() noexcept;

private:
    void start_thread();
    void work();

    const std::size_t max_workers_;
    const std::string thread_name_prefix_;
    std::mutex mutex_;
    std::condition_variable changed_;  // a job came, or shutdown
    std::condition_variable all_ended_;
    std::deque<std::move_only_function<void()>> jobs_;
    std::vector<std::thread> threads_;
    std::size_t idle_ = 0;
    std::size_t live_ = 0;
    bool shut_down_ = false;
};

namespace internal {

template <bool Moves, class T>
Future<T> wrap(concurrent::Future<T> source) {
    EventLoop& loop = get_running_loop();
    const Future<T> future = loop.create_future<T>();
    future.add_done_callback([source](const AnyFuture& ended) {
        if (ended.cancelled()) source.cancel();
    });
    const std::uint64_t ticket = loop.expect_from_outside(future.state());
    source.add_done_callback([source, ticket, inbox = loop.inbox()] {
        static_cast<void>(internal::post(*inbox, [source, ticket] {
            const Future<T> target(get_running_loop().arrived_from_outside(ticket));
            if (target.done()) return;  // cancelled meanwhile
            if (source.cancelled()) {
                target.cancel();
            } else if (std::exception_ptr error =
                           Moves ? source.take_exception(internal::OnlyReader())
                                 : source.exception()) {
                target.set_exception(std::move(error));
            } else if constexpr (std::is_void_v<T>) {
                target.set_result();
            } else {
                try {
                    if constexpr (Moves || !can_copy<T>) {
                        target.set_result(std::move(const_cast<T&>(source.result())));
                    } else {
                        target.set_result(source.result());
                    }
                } catch (...) {  // it could be neither
                    target.set_exception(std::current_exception());
                }
            }
        }));
    });
    return future;
}

}  // namespace internal

/// A concurrent future as one of the running loop. Cancelling either cancels the other.
/// Errors: RuntimeError without a running loop. A value that cannot be copied is moved.
template <class T>
Future<T> wrap_future(concurrent::Future<T> source) {
    return internal::wrap<false>(std::move(source));
}

/// Runs a coroutine in the loop of another thread.
///
/// Errors: RuntimeError when that loop is closed.
/// Cancel: cancelling the future cancels the task.
/// Thread: any but the loop's own, where waiting for the result would block the loop.
/// Spec:   asyncio.run_coroutine_threadsafe.
template <class T>
concurrent::Future<T> run_coroutine_threadsafe(Coro<T> coro, EventLoop& loop);

/// Calls `function(args...)` on a thread of the loop's default executor, and waits for it without
/// blocking the loop.
///
/// The function sees the context variables that there are when the coroutine begins, in a copy.
/// When its first parameter is a std::stop_token, it gets one that is triggered when the awaiting
/// task is cancelled.
/// Errors:   what the function throws; RuntimeError after shutdown_default_executor().
/// Cancel:   lossy; the await ends at once. A call that has not begun is never made; one that runs
///           goes on to its end, and its result is dropped.
/// Suspends: always.
/// Limits:   min(32, processors + 4) calls at a time, unless set_default_executor() was called;
///           none for the calls that wait their turn.
/// Spec:     asyncio.to_thread.
template <class F, class... Args>
    requires(!std::same_as<F, CapacityLimiter>)
[[clang::coro_wrapper]] auto to_thread(F function, Args... args);
/// The same with a limit of its own: waits for a token of `limiter` first, which is given back
/// when the call has ended on its thread, even if the await was cancelled long before.
///
/// Lifetime: the limiter must outlive the call.
/// Cancel:   safe while it waits for the token; then as above.
/// Spec:     anyio.to_thread.run_sync(limiter=…).
template <class F, class... Args>
[[clang::coro_wrapper]] auto to_thread(CapacityLimiter& limiter, F function, Args... args);

// ---- implementation

namespace internal {

// Empties the slot that names a task to another thread, in the loop's thread and however the task
// ends: the other thread may drop the slot last, and must find no handle in it.
class NamedTask {
public:
    explicit NamedTask(std::shared_ptr<AnyTask> slot) noexcept : slot_(std::move(slot)) {}
    NamedTask(NamedTask&&) noexcept = default;
    NamedTask& operator=(NamedTask&&) = delete;
    ~NamedTask() {
        if (slot_) *slot_ = AnyTask();
    }

private:
    std::shared_ptr<AnyTask> slot_;  // null when moved from
};

template <class T>
Coro<void> run_into(Coro<T> coro, concurrent::Future<T> future, CancelUnlessEnded<T>, NamedTask) {
    Result<T> result;
    co_await as_outcome(std::move(coro), result);
    // Whoever cancelled the concurrent future has had its answer.
    if (result.outcome == Outcome::cancelled) {
        future.cancel();
    } else if (future.set_running_or_notify_cancel()) {
        if (result.outcome == Outcome::error) {
            const std::exception_ptr error = std::move(result.failure()->error);
            future.set_exception(error);
            if (is_loop_ending(error)) std::rethrow_exception(error);
        } else if constexpr (std::is_void_v<T>) {
            future.set_result();
        } else {
            future.set_result(std::move(result.value()));
        }
    }
}

template <class F, class... Args>
inline constexpr bool takes_stop_token = std::invocable<F&, std::stop_token, Args...>;

// Asks the job to stop when the await is left by anything but its result.
class StopOnExit {
public:
    [[nodiscard]] std::stop_token token() const { return source_.get_token(); }
    void done() noexcept { done_ = true; }
    StopOnExit() = default;
    StopOnExit(const StopOnExit&) = delete;
    StopOnExit& operator=(const StopOnExit&) = delete;
    ~StopOnExit() {
        if (!done_) source_.request_stop();
    }

private:
    std::stop_source source_;
    bool done_ = false;
};

// A token that goes with a call to its thread, and comes back to the loop when the call is gone.
class LentToken {
public:
    LentToken(CapacityLimiter& limiter, EventLoop& loop);
    LentToken(LentToken&& other) noexcept = default;
    LentToken& operator=(LentToken&&) = delete;
    ~LentToken();

private:
    CapacityLimiter* limiter_;
    std::shared_ptr<Inbox> inbox_;  // null when moved from
};

[[nodiscard]] Coro<LentToken> lend_token(CapacityLimiter& limiter);

template <class T>
Coro<T> await_stoppable(std::move_only_function<T(std::stop_token)> call) {
    co_await transparent;
    StopOnExit stop;
    auto call_in_context = [context = copy_context(), call = std::move(call),
                            token = stop.token()]() mutable -> T {
        return context.run(call, std::move(token));
    };
    Future<T> future = get_running_loop().run_in_executor(nullptr, std::move(call_in_context));
    if constexpr (std::is_void_v<T>) {
        co_await std::move(future);
        stop.done();
    } else {
        T value = co_await std::move(future);
        stop.done();
        co_return value;
    }
}

template <class T>
Coro<T> await_call(std::move_only_function<T()> call) {
    co_await transparent;
    auto call_in_context = [context = copy_context(), call = std::move(call)]() mutable -> T {
        return context.run(call);
    };
    Future<T> future = get_running_loop().run_in_executor(nullptr, std::move(call_in_context));
    co_return co_await std::move(future);
}

// What to_thread() is to call, as a function of nothing or of a stop_token.
template <class F, class... Args>
[[nodiscard]] auto thread_call(F function, Args... args) {
    if constexpr (takes_stop_token<F, Args...>) {
        using T = std::invoke_result_t<F&, std::stop_token, Args...>;
        return std::move_only_function<T(std::stop_token)>(
            [function = std::move(function),
             ... args = std::move(args)](std::stop_token token) mutable -> T {
                return std::invoke(function, std::move(token), std::move(args)...);
            });
    } else {
        using T = std::invoke_result_t<F&, Args...>;
        return std::move_only_function<T()>(
            [function = std::move(function), ... args = std::move(args)]() mutable -> T {
                return std::invoke(function, std::move(args)...);
            });
    }
}

template <class T>
[[clang::coro_wrapper]] Coro<T> await_in_thread(std::move_only_function<T()> call) {
    return await_call<T>(std::move(call));
}
template <class T>
[[clang::coro_wrapper]] Coro<T> await_in_thread(std::move_only_function<T(std::stop_token)> call) {
    return await_stoppable<T>(std::move(call));
}

template <class T, class... Stop>
Coro<T> await_limited(CapacityLimiter& limiter, std::move_only_function<T(Stop...)> call) {
    co_await transparent;
    std::move_only_function<T(Stop...)> with_token =
        [token = co_await lend_token(limiter), call = std::move(call)](Stop... stop) mutable -> T {
        return call(std::move(stop)...);
    };
    co_return co_await await_in_thread(std::move(with_token));
}

}  // namespace internal

template <class F, class... Args>
auto EventLoop::run_in_executor(Executor* executor, F&& function, Args&&... args)
    -> Future<std::invoke_result_t<std::decay_t<F>, std::decay_t<Args>...>> {
    check_usable();
    Executor& chosen = executor ? *executor : default_executor();
    // Nobody else sees the future of the executor.
    return internal::wrap<true>(
        chosen.submit(std::forward<F>(function), std::forward<Args>(args)...));
}

template <class F, class... Args>
    requires(!std::same_as<F, CapacityLimiter>)
[[clang::coro_wrapper]] auto to_thread(F function, Args... args) {
    return internal::await_in_thread(
        internal::thread_call(std::move(function), std::move(args)...));
}

template <class F, class... Args>
[[clang::coro_wrapper]] auto to_thread(CapacityLimiter& limiter, F function, Args... args) {
    return internal::await_limited(limiter,
                                   internal::thread_call(std::move(function), std::move(args)...));
}

template <class T>
concurrent::Future<T> run_coroutine_threadsafe(Coro<T> coro, EventLoop& loop) {
    const concurrent::Future<T> future;
    // The task is named to the other thread by a slot that only its loop reads and writes.
    const auto task = std::make_shared<AnyTask>();
    const std::shared_ptr<internal::Inbox> inbox = loop.inbox();
    loop.call_soon_threadsafe([coro = std::move(coro), future, task,
                               ending = internal::CancelUnlessEnded<T>(future)]() mutable {
        if (future.cancelled()) {
            coro.close();
        } else {
            *task = create_task(internal::run_into(std::move(coro), future, std::move(ending),
                                                   internal::NamedTask(task)));
        }
    });
    // The inbox keeps the message, and that the future: so this does not keep the inbox.
    future.add_done_callback([future, task, loops = std::weak_ptr(inbox)] {
        const auto still_open = loops.lock();
        if (!future.cancelled() || !still_open) return;
        static_cast<void>(internal::post(*still_open, [task] {
            if (*task) task->cancel();
        }));
    });
    return future;
}

}  // namespace weft
