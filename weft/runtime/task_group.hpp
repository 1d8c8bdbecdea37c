// SPDX-License-Identifier: Apache-2.0
// weft/runtime/task_group.hpp - TaskGroup: tasks that end before the scope that made them.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <source_location>
#include <type_traits>
#include <utility>
#include <vector>

#include <weft/base/list.hpp>
#include <weft/base/ref.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/future.hpp>
#include <weft/runtime/scope_body.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/this_task.hpp>

namespace weft {

class TaskGroup;

namespace internal {
[[noreturn]] void throw_started_twice();
}  // namespace internal

/// Given to a coroutine that TaskGroup::start() runs: started() lets start() return.
template <class T = void>
class TaskStatus {
public:
    explicit TaskStatus(Future<T> future) : future_(std::move(future)) {}
    /// Errors: RuntimeError the second time.
    template <class... Args>
    void started(Args&&... value) const {
        if (future_.done()) {
            if (future_.cancelled()) return;  // nobody waits any more
            internal::throw_started_twice();
        }
        future_.set_result(std::forward<Args>(value)...);
    }

private:
    Future<T> future_;
};

/// Runs tasks side by side and leaves only when all of them have ended.
///
///     co_await TaskGroup::scope([&](TaskGroup& group) -> Coro<void> {
///         for (auto& url : urls) group.create_task(visit(url));
///         co_await last_words();
///     });
///
/// A body that only starts tasks may be a plain function: `[&](TaskGroup& group) { … }`. Or, where
/// the group is needed around the scope, `TaskGroup group; co_await with_async(group,
/// [&]() -> Coro<void> { … });`. References that the tasks take must outlive the scope, not more.
///
/// When a task or the body fails, the other tasks and the body are cancelled.
/// Errors: ExceptionGroup "unhandled errors in a TaskGroup" with all real errors in the order in
///         which tasks ended, the body's last; KeyboardInterrupt and SystemExit as they are.
/// Cancel: cancels all tasks and waits for them; CancelledError then, or, when tasks failed in
///         their cleanup, the group of errors now and the CancelledError at the next await.
/// Spec:   asyncio.TaskGroup; cancel() as of Python 3.15.
class TaskGroup {
public:
    TaskGroup();
    TaskGroup(const TaskGroup&) = delete;
    TaskGroup& operator=(const TaskGroup&) = delete;
    ~TaskGroup();

    /// Runs `body` with a new group, and waits for all tasks of the group.
    /// Errors:   see TaskGroup.
    /// Cancel:   see TaskGroup.
    /// Suspends: maybe; where the body does, and at its end while a task is left.
    template <internal::BodyOf<TaskGroup> F>
    static Coro<void> scope(F body);

    /// Starts a task of the group.
    /// Errors: RuntimeError before the group was entered, after it was left, and while it cancels
    ///         its tasks; the coroutine is closed then.
    template <class T>
    Task<T> create_task([[clang::lifetimebound]] Coro<T> coro, const TaskOptions& options = {},
                        std::source_location where = std::source_location::current()) {
        if (!accepts_tasks()) [[unlikely]] {
            coro.close();
            throw_refused();
        }
        EventLoop& loop = parent_->loop();
        Ref<internal::TaskBase> task(
            new internal::TaskState<T>(loop, loop.next_task_id(), coro.release()));
        adopt(*task, options, where);
        return Task<T>(std::move(task));
    }
    /// For an operation such as `event.wait()`.
    template <Awaitable A>
        requires(!internal::is_coro<std::remove_cvref_t<A>>)
    auto create_task(A awaitable, const TaskOptions& options = {},
                     std::source_location where = std::source_location::current()) {
        return create_task(internal::await_in_coro(std::move(awaitable)), options, where);
    }
    /// For a lambda coroutine, which is kept alive in its task.
    template <std::invocable F>
        requires internal::is_coro<std::invoke_result_t<F>>
    auto create_task(F function, const TaskOptions& options = {},
                     std::source_location where = std::source_location::current()) {
        return create_task(internal::call_in_coro(std::move(function)), options, where);
    }

    /// Starts `function(status)` as a task of the group and waits until it calls
    /// `status.started(value)`; gives that value.
    /// Errors:   what the task throws before; RuntimeError when it ends without having called it,
    ///           and where create_task() throws one.
    /// Cancel:   cancels the task, unless it has called started() before.
    /// Suspends: always.
    /// Spec:     anyio's TaskGroup.start.
    template <class T = void, class F>
    Coro<T> start(F function);

    /// Cancels the tasks and the body; the scope then ends without an error, unless there is a
    /// real one. May be called before the group is entered, and again.
    void cancel();

    // Implementation of the scope.
    [[nodiscard]] Coro<void> run(internal::BodyRef<void, TaskGroup> body);

private:
    class Child;
    class AllDone;

    [[nodiscard]] bool accepts_tasks() const noexcept {
        return entered_ && !aborting_ && !(exiting_ && child_count_ == 0);
    }
    [[noreturn]] void throw_refused() const;
    void adopt(internal::TaskBase& task, const TaskOptions& options, std::source_location where);
    void on_task_done(internal::FutureBase& task);
    void add_error(const internal::Failure& failure);
    void abort();
    void cancel_parent();
    void enter(internal::TaskBase* task);
    [[nodiscard]] Coro<void> leave(internal::ResultBase& body);

    Ref<internal::TaskBase> parent_;
    List<Child> children_;
    std::size_t child_count_ = 0;
    AllDone* waiting_ = nullptr;
    std::vector<std::exception_ptr> errors_;
    std::vector<AwaitChain> chains_;  // one for each
    std::exception_ptr base_error_;
    internal::ScopeNode* scope_ = nullptr;
    std::uint32_t shields_ = 0;
    std::uint32_t cancelling_ = 0;  // the parent's requests at the entry
    bool entered_ = false;
    bool exiting_ = false;
    bool aborting_ = false;
    bool parent_cancel_requested_ = false;
    bool cancel_on_enter_ = false;
};

/// Runs `body` inside the group; it may take the group as its parameter.
/// Errors:   see TaskGroup; RuntimeError when the group was entered before.
/// Cancel:   see TaskGroup.
/// Suspends: maybe; where the body does, and at its end while a task is left.
template <internal::BodyOf<TaskGroup> F>
Coro<void> with_async(TaskGroup& group, F body) {
    co_await transparent;
    co_await group.run(internal::ref_to_void_body<TaskGroup>(body));
}

template <internal::BodyOf<TaskGroup> F>
Coro<void> TaskGroup::scope(F body) {
    co_await transparent;
    TaskGroup group;
    co_await group.run(internal::ref_to_void_body<TaskGroup>(body));
}

namespace internal {

[[nodiscard]] std::exception_ptr never_started();

// Ends the wait of start() also when the task is cancelled before its first step.
template <class T>
class StartedOrCancelled {
public:
    explicit StartedOrCancelled(Future<T> future) : future_(std::move(future)) {}
    StartedOrCancelled(StartedOrCancelled&&) noexcept = default;
    StartedOrCancelled& operator=(StartedOrCancelled&&) = delete;
    ~StartedOrCancelled() {
        if (future_ && !future_.done()) future_.cancel();
    }
    [[nodiscard]] const Future<T>& future() const noexcept { return future_; }

private:
    Future<T> future_;
};

template <class T, class F>
Coro<void> run_until_started(F function, StartedOrCancelled<T> ending) {
    const Future<T>& started = ending.future();
    Result<void> result;
    const auto run = [&] [[clang::coro_wrapper]] { return function(TaskStatus<T>(started)); };
    if (auto running = internal::started(run, result)) {
        co_await as_outcome(std::move(*running), result);
    }
    if (!started.done()) {
        // Nobody but start() has to know.
        if (result.outcome == Outcome::error) {
            started.state()->set_failure(result.take_failure());
            co_return;
        }
        if (result.outcome == Outcome::value) {
            started.set_exception(never_started());
            co_return;
        }
        started.cancel();
    }
    if (result.outcome != Outcome::value) co_await PassOn(result);
}

template <class T>
class CancelUnlessStarted {
public:
    CancelUnlessStarted(AnyTask task, Future<T> started)
        : task_(std::move(task)), started_(std::move(started)) {}
    CancelUnlessStarted(const CancelUnlessStarted&) = delete;
    CancelUnlessStarted& operator=(const CancelUnlessStarted&) = delete;
    ~CancelUnlessStarted() {
        if (!started_.done() || started_.cancelled()) cancel_or_report(*task_.state());
    }

private:
    AnyTask task_;
    Future<T> started_;
};

}  // namespace internal

template <class T, class F>
Coro<T> TaskGroup::start(F function) {
    co_await transparent;
    Future<T> started = get_running_loop().create_future<T>();
    const Task<> task = create_task(internal::run_until_started<T>(
        std::move(function), internal::StartedOrCancelled<T>(started)));
    const internal::CancelUnlessStarted<T> guard(task, started);
    co_await started;
    co_return internal::take_value(started.state()->template result_as<T>());
}

}  // namespace weft
