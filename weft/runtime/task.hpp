// SPDX-License-Identifier: Apache-2.0
// weft/runtime/task.hpp - Task<T>: a coroutine that runs by itself.
#pragma once

#include <concepts>
#include <cstdint>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <weft/runtime/context.hpp>
#include <weft/runtime/future.hpp>
#include <weft/runtime/task_state.hpp>

namespace weft {

class EventLoop;

namespace internal {

// The methods that tasks have beyond futures.
template <class Self>
class TaskMethods {
public:
    /// Takes back one cancel(); returns how many are left. At none, a cancellation that was not
    /// raised yet will not be.
    std::uint32_t uncancel() const { return task().uncancel(); }
    /// How many cancel() were not taken back; no more than 1,048,575 are counted.
    [[nodiscard]] std::uint32_t cancelling() const { return task().cancelling(); }

    /// "Task-7" unless it was given a name.
    [[nodiscard]] std::string get_name() const { return task().name(); }
    void set_name(std::string name) const { task().set_name(std::move(name)); }

    /// The context that it runs in.
    [[nodiscard]] ContextView get_context() const { return ContextView(task().context()); }

private:
    [[nodiscard]] TaskBase& task() const {
        return static_cast<TaskBase&>(static_cast<const Self&>(*this).checked());
    }
};

}  // namespace internal

/// A task of any type: what current_task() and all_tasks() give.
class [[clang::trivial_abi]] AnyTask : public AnyFuture, public internal::TaskMethods<AnyTask> {
public:
    AnyTask() = default;
    explicit AnyTask(Ref<internal::TaskBase> task) noexcept : AnyFuture(std::move(task)) {}
};

/// A handle to a coroutine that runs in its loop beside others; a Future of its result.
///
/// The loop owns the task: dropping the handle lets it run on, and an error that nobody can
/// retrieve any more is reported with the task's name.
/// Thread: the loop's.
/// Spec:   asyncio.Task. `current_task() == task` compares handles.
template <class T = void>
class [[clang::trivial_abi]] Task : public Future<T>, public internal::TaskMethods<Task<T>> {
public:
    Task() = default;
    explicit Task(Ref<internal::TaskBase> task) noexcept : Future<T>(std::move(task)) {}

    operator AnyTask() const {
        return AnyTask(Ref(static_cast<internal::TaskBase*>(this->state().get())));
    }
};

/// How create_task() starts a task.
struct TaskOptions {
    std::string_view name = {};        ///< "Task-N" when empty
    const Context* context = nullptr;  ///< runs in it; null: in a copy of the current one
    /// Runs at once up to its first suspension, instead of on the loop's next turn. While the loop
    /// does not run it waits for that turn all the same.
    /// Limits: 64 eager tasks inside each other; one made by the last of them waits for its turn.
    bool eager_start = false;
};

/// Runs a coroutine in the running loop, beside the caller, from the loop's next turn on.
///
/// Errors: RuntimeError without a running loop; the coroutine is then closed.
/// Cost:   one allocation from the recycler.
/// Spec:   asyncio.create_task.
template <class T>
Task<T> create_task([[clang::lifetimebound]] Coro<T> coro, const TaskOptions& options = {},
                    std::source_location where = std::source_location::current());

/// Runs an operation such as `event.wait()` as a task.
template <Awaitable A>
    requires(!internal::is_coro<std::remove_cvref_t<A>>)
auto create_task(A awaitable, const TaskOptions& options = {},
                 std::source_location where = std::source_location::current());

/// Calls `function` in a task and keeps it alive there, captures included: the way to start a
/// lambda coroutine, `create_task([&]() -> Coro<void> { … })`.
template <std::invocable F>
    requires internal::is_coro<std::invoke_result_t<F>>
auto create_task(F function, const TaskOptions& options = {},
                 std::source_location where = std::source_location::current());

/// The task that runs now; an empty handle in a plain callback.
/// Errors: RuntimeError without a running loop.
[[nodiscard]] AnyTask current_task();

/// All tasks of the running loop that are not done, oldest first.
/// Errors: RuntimeError without a running loop.
[[nodiscard]] std::vector<AnyTask> all_tasks();
/// The same of another loop, which may be between two runs.
/// Errors: RuntimeError from another thread than it runs in.
/// Thread: that loop's.
[[nodiscard]] std::vector<AnyTask> all_tasks(EventLoop& loop);

}  // namespace weft

#include <weft/runtime/event_loop.hpp>
