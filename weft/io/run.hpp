// SPDX-License-Identifier: Apache-2.0
// weft/io/run.hpp - run(), Runner and main_of(): from int main to the first coroutine and back.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <source_location>
#include <type_traits>
#include <utility>

#include <weft/runtime/context.hpp>
#include <weft/runtime/event_loop.hpp>

namespace weft {

/// A new loop on the backend that WEFT_BACKEND names: see make_backend().
/// Errors: those of make_backend(); OSError without a free descriptor.
[[nodiscard]] std::unique_ptr<EventLoop> new_event_loop();

struct RunnerOptions {
    /// Overrides WEFT_DEBUG.
    std::optional<bool> debug = std::nullopt;
    /// Makes the loop; null means new_event_loop().
    std::unique_ptr<EventLoop> (*loop_factory)() = nullptr;
    /// How long shielded code may go on when the program ends, before it is cancelled all the
    /// same; after a second Ctrl-C, not at all.
    Delay shutdown_grace = std::chrono::seconds(10);
};

/// Runs several coroutines, one after the other, in one loop and one context.
///
/// While run() runs in the main thread and nobody else handles SIGINT, Ctrl-C cancels the main
/// task the first time, and ends the loop at once the second time; run() then throws
/// KeyboardInterrupt. Likewise SIGQUIT (Ctrl-\) writes all tasks to stderr, and the program goes
/// on: see dump_tasks().
/// Spec: asyncio.Runner; that of SIGQUIT is weft's own.
class Runner {
public:
    explicit Runner(RunnerOptions options = {}) : options_(options) {}
    /// close(); what that throws is lost, so call it yourself where it matters.
    ~Runner();
    Runner(const Runner&) = delete;
    Runner& operator=(const Runner&) = delete;

    /// Runs the coroutine to its end.
    /// Errors: what it throws; KeyboardInterrupt; RuntimeError when closed, or in a thread where a
    ///         loop runs.
    template <class T>
    T run(Coro<T> coro, std::source_location where = std::source_location::current()) {
        prepare();
        Task<T> task = loop_->create_task(std::move(coro), {.context = &context_}, where);
        run_main(task);
        return std::move(task).result();
    }

    /// Cancels the tasks that are left and waits for them, closes generators, waits for the
    /// threads of the default executor, and closes the loop.
    /// Errors: what cancel() throws, a RecursionError; the loop is closed all the same.
    void close();

    /// The loop; made when first needed.
    [[nodiscard]] EventLoop& get_loop();

private:
    enum class State : std::uint8_t { created, ready, closed };
    void prepare();
    void run_main(const AnyTask& main);
    void on_sigint();

    RunnerOptions options_;
    State state_ = State::created;
    std::unique_ptr<EventLoop> loop_;
    Context context_;
    AnyTask main_;
    int interrupts_ = 0;
    bool interrupted_at_once_ = false;
};

namespace internal {

[[noreturn]] void throw_run_in_loop();
/// `body`, then close(), whatever the body throws.
void run_and_close(Runner& runner, const std::function<void()>& body);
/// Calls `body`, and turns what it throws into a message and an exit code.
[[nodiscard]] int run_as_program(const std::function<int()>& body) noexcept;

}  // namespace internal

/// Runs a coroutine in a new loop, and cleans up behind it.
/// Errors: what it throws; RuntimeError where a loop runs already.
/// Spec:   asyncio.run.
template <class T>
T run(Coro<T> main, RunnerOptions options = {},
      std::source_location where = std::source_location::current()) {
    if (internal::running_loop) {
        main.close();
        internal::throw_run_in_loop();
    }
    Runner runner(options);
    if constexpr (std::is_void_v<T>) {
        internal::run_and_close(runner, [&] { runner.run(std::move(main), where); });
    } else {
        std::optional<T> result;
        internal::run_and_close(runner,
                                [&] { result.emplace(runner.run(std::move(main), where)); });
        return std::move(*result);
    }
}

/// Runs a coroutine function as the whole program,
/// `int main() { return weft::main_of(async_main); }`, or with arguments that live as long as the
/// program, `main_of(async_main, options)`.
///
/// Returns: what the coroutine returns (0 for void); SystemExit's code; 130 after Ctrl-C; 1 for
///          any other error, which is printed with the awaits that it came through.
template <class F, class... Args>
    requires internal::is_coro<std::invoke_result_t<F&, Args&...>>
int main_of(F&& function, Args&&... args) noexcept {
    return internal::run_as_program([&]() -> int {
        if constexpr (std::is_void_v<typename std::invoke_result_t<F&, Args&...>::value_type>) {
            run(function(args...));
            return 0;
        } else {
            return static_cast<int>(run(function(args...)));
        }
    });
}

}  // namespace weft
