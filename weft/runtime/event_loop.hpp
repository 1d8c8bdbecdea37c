// SPDX-License-Identifier: Apache-2.0
// weft/runtime/event_loop.hpp - one thread's tasks, timers and callbacks.
#pragma once

#include <atomic>
#include <chrono>
#include <concepts>
#include <coroutine>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include <weft/base/check.hpp>
#include <weft/base/list.hpp>
#include <weft/base/time.hpp>
#include <weft/runtime/backend.hpp>
#include <weft/runtime/debug_table.hpp>
#include <weft/runtime/future.hpp>
#include <weft/runtime/handle.hpp>
#include <weft/runtime/inbox.hpp>
#include <weft/runtime/loop_resource.hpp>
#include <weft/runtime/post.hpp>
#include <weft/runtime/processor_clock.hpp>
#include <weft/runtime/ready_queue.hpp>
#include <weft/runtime/signal_watch.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/timer_set.hpp>

namespace weft {

class EventLoop;
class Executor;
namespace concurrent {
template <class T>
class Future;
}

/// What an exception handler is told.
struct ExceptionContext {
    std::string message;
    std::exception_ptr exception;  ///< may be null
    /// The culprit as text, with its place in the source; empty when it is none of this kind.
    std::string handle;
    std::string future;
    std::string task;
    /// Where the future or task was made; in debug mode always, else where it is known.
    std::optional<std::source_location> source;
    AwaitChain await_chain;  ///< what `exception` came through; may be empty
};

using ExceptionHandler = std::function<void(EventLoop&, const ExceptionContext&)>;

namespace internal {

class WatchedFd;
class AsyncGenBase;
class OpenLoops;
struct DebugOffsets;
struct StallReader;
extern constinit thread_local EventLoop* running_loop [[gnu::tls_model("initial-exec")]];
[[noreturn]] void throw_no_running_loop();
/// Whether the loop exists and is not closed. Takes a lock; for error paths.
/// Thread: any.
[[nodiscard]] bool is_open(const EventLoop* loop) noexcept;

}  // namespace internal

/// Runs tasks and callbacks of one thread, in asyncio's order:
///
/// each turn polls I/O and due timers when it is time for it, then runs the callbacks that were
/// ready when it began, first in, first out. What they make ready runs in the next turn. I/O is
/// polled when nothing is ready, when a timer is due, and at least every 64 callbacks or
/// 200 microseconds; a poll only adds to the queue.
///
/// Most programs never name it: run() makes one, and free functions such as create_task() and
/// sleep() use the running one.
///
/// Thread: the one that runs it, except where "threadsafe" is in the name. Elsewhere a call while
///         the loop runs throws RuntimeError.
/// Spec:   asyncio's event loop. Transports and protocols are not offered; streams replace them.
class EventLoop {
public:
    /// Takes the system below; new_event_loop() of weft/io gives the usual one.
    explicit EventLoop(std::unique_ptr<Backend> backend);
    /// Closes it first, and waits for the calls that were given to its own default executor.
    ~EventLoop();
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

    // ---- running

    /// Runs until stop().
    /// Errors: RuntimeError when closed, when it runs already, or when another loop runs in this
    ///         thread; KeyboardInterrupt or SystemExit that a callback or task threw.
    void run_forever();

    /// Runs until the future is done, and gives its result, which moves out of a future given away.
    /// Errors: what the future ended with; RuntimeError when the loop was stopped before.
    template <class T>
    T run_until_complete(Future<T>&& future) {
        run_until_done(future);
        return std::move(future).result();
    }
    /// The caller keeps the future, whose result is copied.
    template <class T>
    T run_until_complete(const Future<T>& future) {
        run_until_done(future);
        return future.result();
    }
    template <class T>
    T run_until_complete(Coro<T> coro,
                         std::source_location where = std::source_location::current()) {
        check_may_run();
        Task<T> task = create_task(std::move(coro), {}, where);
        run_until_done(task);
        return std::move(task).result();
    }

    /// Ends run_forever() after the present turn.
    void stop() noexcept { stopping_ = true; }
    /// Frees what the loop holds; tasks that are not done are destroyed without being run, and
    /// their done callbacks without being called.
    /// Errors: RuntimeError while it runs. A second close does nothing.
    void close();
    [[nodiscard]] bool is_running() const noexcept {
        return thread_.load(std::memory_order_relaxed) != std::thread::id();
    }
    [[nodiscard]] bool is_closed() const noexcept { return closed_; }

    // ---- callbacks

    /// Calls `function(args...)` in the next turn, in a copy of the present context.
    /// Errors: RuntimeError when the loop is closed, or runs in another thread. What the function
    ///         throws is told to the exception handler.
    /// Limits: none for the calls that wait.
    template <std::invocable F>
    Handle call_soon(F&& function, std::source_location where = std::source_location::current()) {
        check_usable();
        return queue(
            Ref<internal::Callback>(new internal::CallbackOf<std::decay_t<F>, internal::Callback>(
                std::forward<F>(function), where)));
    }
    template <class F, class A, class... Args>
        requires std::invocable<std::decay_t<F>&, std::decay_t<A>, std::decay_t<Args>...>
    Handle call_soon(F&& function, A&& argument, Args&&... arguments) {
        return call_soon(internal::bind_call(std::forward<F>(function), std::forward<A>(argument),
                                             std::forward<Args>(arguments)...),
                         std::source_location());
    }
    /// In a given context: `loop.call_soon(f, {.context = &context})`. Arguments go into a lambda.
    /// Errors: as above.
    /// Spec:   `context=`; the context is shared both ways, and may be dropped before the call.
    template <std::invocable F>
    Handle call_soon(F&& function, CallOptions options,
                     std::source_location where = std::source_location::current()) {
        if (!options.context) return call_soon(std::forward<F>(function), where);
        check_usable();
        using Base = internal::InContext<internal::Callback>;
        return queue(Ref<internal::Callback>(new internal::CallbackOf<std::decay_t<F>, Base>(
            std::forward<F>(function), *options.context, where)));
    }

    /// The same at a time of this loop's clock. Calls for the same time run in the order of
    /// their making.
    /// Errors: as call_soon().
    template <class F, class... Args>
        requires std::invocable<std::decay_t<F>&, std::decay_t<Args>...>
    TimerHandle call_at(internal::Located<TimePoint> when, F&& function, Args&&... args) {
        check_usable();
        auto call = internal::bind_call(std::forward<F>(function), std::forward<Args>(args)...);
        return schedule(when.value,
                        Ref<internal::TimerCallback>(
                            new internal::CallbackOf<decltype(call), internal::TimerCallback>(
                                std::move(call), *this, when.at)));
    }
    template <std::invocable F>
    TimerHandle call_at(internal::Located<TimePoint> when, F&& function, CallOptions options) {
        if (!options.context) return call_at(when, std::forward<F>(function));
        check_usable();
        using Base = internal::InContext<internal::TimerCallback>;
        return schedule(
            when.value,
            Ref<internal::TimerCallback>(new internal::CallbackOf<std::decay_t<F>, Base>(
                std::forward<F>(function), *options.context, *this, when.at)));
    }
    /// The same after a delay; zero or less means the turn after the next.
    /// Errors: as call_soon(); ValueError for a NaN.
    template <class F, class... Args>
        requires std::invocable<std::decay_t<F>&, std::decay_t<Args>...>
    TimerHandle call_later(internal::Located<Delay> delay, F&& function, Args&&... args) {
        return call_at({delay.value.after(time()), delay.at}, std::forward<F>(function),
                       std::forward<Args>(args)...);
    }
    template <std::invocable F>
    TimerHandle call_later(internal::Located<Delay> delay, F&& function, CallOptions options) {
        return call_at({delay.value.after(time()), delay.at}, std::forward<F>(function), options);
    }

    /// call_soon() from any thread; wakes the loop. In the loop's own thread it is call_soon(), in
    /// one order with it. Not for signal handlers: it allocates.
    /// Errors: RuntimeError when the loop is closed.
    /// Thread: any. There is no handle: what was posted cannot be cancelled from afar.
    /// Limits: none for the calls that wait for the loop: who may post faster than it runs them has
    ///         to count them.
    template <std::invocable F>
    void call_soon_threadsafe(F&& function,
                              std::source_location where = std::source_location::current()) {
        if (internal::running_loop == this) {
            call_soon(std::forward<F>(function), where);
        } else if (!internal::post(*inbox_, std::decay_t<F>(std::forward<F>(function)), where)) {
            throw_closed();
        }
    }
    /// The context belongs to the loop's thread from then on.
    template <std::invocable F>
    void call_soon_threadsafe(F&& function, CallOptions options,
                              std::source_location where = std::source_location::current()) {
        if (internal::running_loop == this) {
            call_soon(std::forward<F>(function), options, where);
        } else if (!options.context) {
            call_soon_threadsafe(std::forward<F>(function), where);
        } else {
            using Base = internal::InContext<internal::Callback>;
            if (!internal::push(*inbox_, *new internal::PostedCallback<std::decay_t<F>, Base>(
                                             std::forward<F>(function), *options.context, where))) {
                throw_closed();
            }
        }
    }
    template <class F, class A, class... Args>
        requires std::invocable<std::decay_t<F>&, std::decay_t<A>, std::decay_t<Args>...>
    void call_soon_threadsafe(F&& function, A&& argument, Args&&... arguments) {
        call_soon_threadsafe(
            internal::bind_call(std::forward<F>(function), std::forward<A>(argument),
                                std::forward<Args>(arguments)...),
            std::source_location());
    }

    /// The loop's clock.
    [[nodiscard]] TimePoint time() const noexcept { return backend_->now(); }

    // ---- futures and tasks

    /// Makes a pending future of this loop.
    template <class T = void>
    [[nodiscard]] Future<T> create_future(
        std::source_location where = std::source_location::current()) {
        Ref<internal::FutureBase> state(new internal::FutureState<T>(*this));
        state->made_at = where;
        return Future<T>(std::move(state));
    }
    /// Makes a task of this loop, which runs it from its next turn on, or once it is run.
    /// Errors: RuntimeError when the loop is closed, or runs in another thread.
    template <class T>
    Task<T> create_task([[clang::lifetimebound]] Coro<T> coro, const TaskOptions& options = {},
                        std::source_location where = std::source_location::current());

    // ---- I/O

    /// Calls `function` each time that reading `fd` would not block, until remove_reader().
    /// Replaces a reader that is there.
    /// Errors: OSError when the descriptor cannot be watched, as a regular file: a reader that was
    ///         there is gone then, a writer stays. RuntimeError when the loop is closed, runs in
    ///         another thread, or was made before a fork.
    template <std::invocable F>
    void add_reader(int fd, F function) {
        watch(IoKind::readable, fd, std::move(function));
    }
    /// The same for writing, beside a reader of the same descriptor.
    template <std::invocable F>
    void add_writer(int fd, F function) {
        watch(IoKind::writable, fd, std::move(function));
    }
    /// Ends the watch; a call that is queued is not made.
    /// Returns: whether there was one; false also when the loop is closed.
    /// Errors:  RuntimeError in the child of a fork, for a watch of its parent.
    bool remove_reader(int fd) { return unwatch(IoKind::readable, fd); }
    /// The same for add_writer().
    bool remove_writer(int fd) { return unwatch(IoKind::writable, fd); }

    /// Calls `function` in the loop when the process gets the signal.
    /// Errors: ValueError for a number that is no signal; RuntimeError for one that cannot be
    ///         caught.
    template <std::invocable F>
    void add_signal_handler(int signal, F function) {
        set_signal_handler(signal, std::move(function));
    }
    /// Restores the default action. Returns whether there was a handler.
    bool remove_signal_handler(int signal);

    // ---- threads

    /// Calls `function(args...)` on a thread of the executor; null means the default one.
    /// Errors: what the function throws; RuntimeError after a shutdown of the executor, and when
    ///         the loop is closed.
    /// Cancel: the future is cancelled at once. A call that waits for a thread is never made; one
    ///         that runs goes on, and its result is dropped.
    /// Limits: those of the executor; none for the calls that wait for a thread.
    template <class F, class... Args>
    auto run_in_executor(Executor* executor, F&& function, Args&&... args)
        -> Future<std::invoke_result_t<std::decay_t<F>, std::decay_t<Args>...>>;
    /// What run_in_executor(nullptr, …) and to_thread() use from now on; null: a new
    /// ThreadPoolExecutor, made when it is needed. The one before is not shut down; where nobody
    /// else owns it, its destructor waits for its jobs.
    void set_default_executor(std::shared_ptr<Executor> executor);
    /// Waits until the default executor's threads have ended, at most `timeout`; none may be
    /// started afterwards. That they have not ended in time is written to weft::log.
    /// Cancel:   the await ends at once; the executor is shut down all the same.
    /// Suspends: maybe; never when there is no default executor.
    [[nodiscard]] Coro<void> shutdown_default_executor(
        std::optional<Nanoseconds> timeout = std::nullopt);

    /// Closes every asynchronous generator that was started and is not at its end, in turn.
    /// Errors:   none; what a cleanup throws is told to the exception handler.
    /// Cancel:   raised in the cleanup at hand; the generators after it are still open, for another
    ///           call.
    /// Suspends: maybe; where a cleanup does.
    [[nodiscard]] Coro<void> shutdown_asyncgens();

    // ---- errors and debugging

    /// Null restores the default, which writes to weft::log.
    void set_exception_handler(ExceptionHandler handler) { handler_ = std::move(handler); }
    [[nodiscard]] const ExceptionHandler& get_exception_handler() const noexcept {
        return handler_;
    }
    /// Tells the handler, or the default where there is none. What the handler throws is written to
    /// weft::log, but for KeyboardInterrupt and SystemExit, which end the run.
    void call_exception_handler(const ExceptionContext& context) noexcept;
    /// Writes the context to weft::log as an error; for handlers that want that, too.
    void default_exception_handler(const ExceptionContext& context);

    /// Debug mode times each callback exactly, and reports cancellations that a task swallowed, a
    /// Lock that a task waits for while it holds it, a task that refers to an object which has left
    /// the stack, and where things were made. On from the start when WEFT_DEBUG is set and not "0".
    void set_debug(bool on) noexcept;
    [[nodiscard]] bool get_debug() const noexcept { return debug_; }
    /// A callback or a task's step that takes longer is reported through weft::log, with its place:
    /// "Executing <Task …> took 0.150 seconds". One that goes on for ten times as long is reported
    /// while it runs.
    ///
    /// Debug mode measures each. Else a thread of the process looks every quarter of this time
    /// which callback runs: it sees all that take half as long again, and some shorter ones, never
    /// one that took less. Zero switches it off. Under a virtual clock nothing is slow.
    /// Limits: outside debug mode, the first 64 loops that run at a time are looked at.
    /// Spec:   asyncio, which reports only in debug mode.
    Nanoseconds slow_callback_duration = std::chrono::milliseconds(100);

    /// "epoll", "io_uring", "io_uring_basic" or "virtual": what it stands on.
    [[nodiscard]] std::string_view backend() const noexcept { return backend_->name(); }

    // ---- implementation: for the runtime's own parts

    [[nodiscard]] internal::ReadyQueue& ready() noexcept { return ready_; }
    [[nodiscard]] internal::TimerSet& timers() noexcept { return timers_; }
    [[nodiscard]] List<internal::TaskBase>& tasks() noexcept { return tasks_; }
    [[nodiscard]] List<internal::AsyncGenBase>& asyncgens() noexcept { return asyncgens_; }
    /// What is told that the loop closes.
    [[nodiscard]] List<internal::LoopResource>& resources() noexcept { return resources_; }
    [[nodiscard]] const std::shared_ptr<internal::Inbox>& inbox() const noexcept { return inbox_; }
    [[nodiscard]] Backend& system() noexcept { return *backend_; }
    [[nodiscard]] internal::TaskBase* current() const noexcept { return current_; }
    void set_current(internal::TaskBase* task) noexcept { current_ = task; }
    /// When it last looked at its clock: at each poll.
    [[nodiscard]] internal::CoarseTime coarse_time() const noexcept { return coarse_time_; }
    [[nodiscard]] std::uint64_t next_task_id() noexcept { return ++last_task_id_; }
    /// Runs until the future is done, whatever its outcome.
    void run_until_done(const AnyFuture& future);
    void check_may_run() const;
    /// A single turn, for tests.
    void run_one_turn();
    /// Ends the run with KeyboardInterrupt or SystemExit.
    void end_run_with(std::exception_ptr error) noexcept;
    void add_timer(internal::Timer& timer, TimePoint when) noexcept;
    /// Errors: RuntimeError when it runs in another thread.
    void check_thread() const;
    void check_usable() const {
        if (closed_ || internal::running_loop != this) [[unlikely]]
            check_usable_slow();
    }
    /// Keeps a future that another thread will end, for the ticket that its message brings back:
    /// the future itself never leaves the loop's thread.
    [[nodiscard]] std::uint64_t expect_from_outside(Ref<internal::FutureBase> future);
    [[nodiscard]] Ref<internal::FutureBase> arrived_from_outside(std::uint64_t ticket);
    /// Has the watch told of each signal, beside the handler of add_signal_handler() and other
    /// watches. Until unwatch_signal(), or the loop closes.
    /// Errors: as add_signal_handler()
    void watch_signal(internal::SignalWatch& watch);
    void unwatch_signal(internal::SignalWatch& watch) noexcept;
    /// What a signal does while nobody else wants it; null gives the signal back. `insistent`: see
    /// claim_signal().
    void set_fallback_handler(int signal, std::function<void()> function, bool insistent);
    /// The loop was found in the child of a fork: throws RuntimeError.
    void check_not_forked() const;
    /// Whether this is the child of a fork, where the kernel's side of the backend is the parent's:
    /// to end a watch here would end it there.
    [[nodiscard]] bool is_of_parent() const noexcept;

private:
    friend struct internal::DebugOffsets;
    friend class internal::OpenLoops;
    friend struct internal::StallReader;
    void watch(IoKind kind, int fd, std::function<void()> function);
    bool unwatch(IoKind kind, int fd);
    void set_signal_handler(int signal, std::function<void()> function);
    void update_claim(int signal);
    void tell_watches(int signal) noexcept;

    Handle queue(Ref<internal::Callback> callback) {
        callback->retain();  // for the queue
        ready_.push(*callback);
        return Handle(std::move(callback));
    }
    static TimerHandle schedule(TimePoint when, Ref<internal::TimerCallback> callback) {
        callback->schedule(when);
        return TimerHandle(std::move(callback));
    }

    void check_usable_slow() const;
    [[noreturn]] static void throw_closed();
    Executor& default_executor();

    class Running;
    void run();
    [[noreturn]] void report_deadlock();
    void run_turn();
    void poll_if_due();
    void poll(bool may_wait);
    [[nodiscard]] bool glance() noexcept;
    void run_timed(internal::ReadyNode& node);
    void deliver_signals();
    void drop_queued() noexcept;

    internal::ReadyQueue ready_;
    internal::TimerSet timers_;
    internal::TaskBase* current_ = nullptr;
    const internal::ReadyNode* callback_ = nullptr;  // that runs now, for StallWatch
    std::uint32_t callbacks_since_poll_ = 0;
    std::uint32_t callbacks_at_glance_ = 0;  // when poll_if_due() is asked next, though not idle
    std::uint32_t callbacks_between_glances_ = 1;
    bool stopping_ = false;
    bool closed_ = false;
    bool debug_ = false;
    TimePoint poll_due_;                // when to poll although callbacks are ready
    std::uint64_t poll_due_ticks_ = 0;  // the same, or an earlier timer, in processor ticks
    std::uint64_t last_glance_ticks_ = 0;
    internal::ProcessorClock clock_;
    internal::CoarseTime coarse_time_;
    std::exception_ptr ending_;

    List<internal::TaskBase> tasks_;
    List<internal::AsyncGenBase> asyncgens_;
    List<internal::LoopResource> resources_;
    std::uint64_t last_task_id_ = 0;
    std::unique_ptr<Backend> backend_;
    std::shared_ptr<internal::Inbox> inbox_;
    std::atomic<std::thread::id> thread_{};
    int kernel_thread_ = 0;           // the same as the kernel numbers it; 0 while nobody runs it
    const char* backend_name_;        // the same as backend(), for another process
    bool is_real_time_;               // of the backend
    EventLoop* next_open_ = nullptr;  // in the list of debug_table.hpp
    int process_;                     // where the loop was made: a fork's child may not use it
    ExceptionHandler handler_;
    std::vector<std::unique_ptr<internal::WatchedFd>> watched_;
    struct SignalHandler {
        int signal;
        std::function<void()> function;
    };
    std::vector<SignalHandler> signal_handlers_;
    List<internal::SignalWatch> signal_watches_;
    struct FallbackHandler {
        int signal;
        bool insistent;
        std::function<void()> function;
    };
    std::vector<FallbackHandler> fallback_handlers_;
    std::shared_ptr<Executor> default_executor_;
    bool executor_shut_down_ = false;
    std::unordered_map<std::uint64_t, Ref<internal::FutureBase>> awaited_outside_;
    std::uint64_t last_ticket_ = 0;
};

/// The loop that runs in this thread.
/// Errors: RuntimeError when there is none.
[[nodiscard]] inline EventLoop& get_running_loop() {
    if (!internal::running_loop) [[unlikely]]
        internal::throw_no_running_loop();
    return *internal::running_loop;
}

template <class T>
Future<T> create_future() {
    return get_running_loop().create_future<T>();
}

namespace internal {

template <Awaitable A>
Coro<std::remove_cvref_t<await_result_t<A>>> await_in_coro(A awaitable) {
    co_await transparent;
    co_return co_await std::move(awaitable);
}

template <class F>
std::invoke_result_t<F&> call_in_coro(F function) {
    co_await transparent;
    co_return co_await function();
}

// What every wait and every wake-up does.

inline void Op::suspend(PromiseBase& frame, const OpKind& kind) noexcept {
    // The constants of one program or library lie within 2 GiB.
    const auto distance = static_cast<std::intptr_t>(reinterpret_cast<std::uintptr_t>(&kind) -
                                                     reinterpret_cast<std::uintptr_t>(&weft_debug));
    kind_ = static_cast<std::int32_t>(distance);
    if (kind_ != distance) [[unlikely]]
        return suspend(frame, distant_kind);
    task_ = frame.task;
    task_->suspend_on(*this, frame);
}

inline void Op::wake() noexcept { task_->wake(Outcome::value); }

inline void TaskBase::wake(Outcome outcome) noexcept {
    check(state_ == State::waiting, "only a waiting task can be woken");
    op_->outcome = outcome;
    state_ = State::ready;
    if (op_->asked > 0) [[unlikely]]
        answered(outcome);
    loop().ready().push(*this);
}

/// Gives a new task what it is to know. `group_owner`: the task whose TaskGroup it belongs to.
void prepare_task(EventLoop& loop, TaskBase& task, const TaskOptions& options,
                  std::source_location where, const TaskBase* group_owner = nullptr);
/// Starts it; nothing can fail any more.
void start_task(EventLoop& loop, TaskBase& task, bool eager) noexcept;

}  // namespace internal

template <class T>
Task<T> EventLoop::create_task([[clang::lifetimebound]] Coro<T> coro, const TaskOptions& options,
                               std::source_location where) {
    check_usable();
    Ref<internal::TaskBase> task(new internal::TaskState<T>(*this, next_task_id(), coro.release()));
    internal::prepare_task(*this, *task, options, where);
    internal::start_task(*this, *task, options.eager_start);
    return Task<T>(std::move(task));
}

template <class T>
Task<T> create_task([[clang::lifetimebound]] Coro<T> coro, const TaskOptions& options,
                    std::source_location where) {
    if (!internal::running_loop) [[unlikely]] {
        coro.close();
        internal::throw_no_running_loop();
    }
    return internal::running_loop->create_task(std::move(coro), options, where);
}

template <Awaitable A>
    requires(!internal::is_coro<std::remove_cvref_t<A>>)
auto create_task(A awaitable, const TaskOptions& options, std::source_location where) {
    return create_task(internal::await_in_coro(std::move(awaitable)), options, where);
}

template <std::invocable F>
    requires internal::is_coro<std::invoke_result_t<F>>
auto create_task(F function, const TaskOptions& options, std::source_location where) {
    return create_task(internal::call_in_coro(std::move(function)), options, where);
}

}  // namespace weft
