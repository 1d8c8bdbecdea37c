// SPDX-License-Identifier: Apache-2.0
#include <weft/io/run.hpp>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <signal.h>
#include <unistd.h>

#include <weft/base/at_end.hpp>
#include <weft/base/await_chain.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/io/backends.hpp>
#include <weft/runtime/context.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/future.hpp>
#include <weft/runtime/handle.hpp>
#include <weft/runtime/inspect.hpp>
#include <weft/runtime/result.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/task_state.hpp>

namespace weft {
namespace {

// Python's limit for joining the default executor's threads.
constexpr Nanoseconds executor_join_max = std::chrono::seconds(300);

// A peer that went away, or a file that may not grow, must be an error of the write, not the end of
// the process.
void ignore_signals_of_writes() {
    for (const int signal : {SIGPIPE, SIGXFSZ}) {
        struct sigaction current{};
        if (sigaction(signal, nullptr, &current) == 0 && current.sa_handler == SIG_DFL) {
            std::signal(signal, SIG_IGN);
        }
    }
}

bool is_free(int signal) {
    if (gettid() != getpid()) return false;  // as in Python, the main thread only
    struct sigaction current{};
    return sigaction(signal, nullptr, &current) == 0 && current.sa_handler == SIG_DFL;
}

// Handles a signal, if nobody does, while it lives.
class Handling {
public:
    Handling(EventLoop& loop, int signal, std::function<void()> function, bool insistent)
        : loop_(loop), signal_(signal), active_(is_free(signal)) {
        if (active_) loop_.set_fallback_handler(signal, std::move(function), insistent);
    }
    ~Handling() {
        if (active_) loop_.set_fallback_handler(signal_, nullptr, false);
    }
    Handling(const Handling&) = delete;
    Handling& operator=(const Handling&) = delete;

private:
    EventLoop& loop_;
    int signal_;
    bool active_;
};

// Every task that is there, and what its end was.
Coro<void> wait_for_all(std::vector<AnyTask> tasks) {
    for (const AnyTask& task : tasks) {
        if (task.done()) continue;
        const Future<> ended = create_future();
        task.add_done_callback([ended] {
            if (!ended.done()) ended.set_result();
        });
        co_await ended;
    }
}

void report_failed(EventLoop& loop, const std::vector<AnyTask>& tasks) {
    for (const AnyTask& task : tasks) {
        if (task.cancelled() || !task.exception()) continue;
        ExceptionContext report;
        report.message = "unhandled exception during run() shutdown";
        report.exception = task.exception();
        report.await_chain = task.await_chain();
        report.task = task.state()->describe();
        loop.call_exception_handler(report);
    }
}

// Shields hold off the first cancellation only for the grace period.
void cancel_all_tasks(EventLoop& loop, Delay grace) {
    std::vector<AnyTask> tasks;
    for (internal::TaskBase& task : loop.tasks()) tasks.emplace_back(Ref(&task));
    if (tasks.empty()) return;
    for (const AnyTask& task : tasks) task.cancel();
    TimerHandle limit = loop.call_later(grace, [&tasks] {
        for (const AnyTask& task : tasks) {
            static_cast<internal::TaskBase&>(*task.state()).break_shields();
        }
    });
    loop.run_until_complete(wait_for_all(tasks));
    limit.cancel();
    report_failed(loop, tasks);
}

}  // namespace

std::unique_ptr<EventLoop> new_event_loop() {
    ignore_signals_of_writes();
    return std::make_unique<EventLoop>(make_backend());
}

Runner::~Runner() {
    try {
        close();
    } catch (...) {
        std::fprintf(stderr, "weft error: closing a Runner failed: %s\n",
                     describe(std::current_exception()).c_str());
    }
}

void Runner::prepare() {
    if (internal::running_loop) {
        throw RuntimeError("Runner.run() cannot be called from a running event loop");
    }
    static_cast<void>(get_loop());
}

EventLoop& Runner::get_loop() {
    if (state_ == State::closed) throw RuntimeError("Runner is closed");
    if (state_ == State::created) {
        loop_ = options_.loop_factory ? options_.loop_factory() : new_event_loop();
        if (options_.debug) loop_->set_debug(*options_.debug);
        context_ = copy_context();
        state_ = State::ready;
    }
    return *loop_;
}

void Runner::run_main(const AnyTask& main) {
    main_ = main;
    interrupts_ = 0;
    const AtEnd forget_main([this] { main_ = AnyTask(); });
    const Handling sigint(*loop_, SIGINT, [this] { on_sigint(); }, true);
    const Handling sigquit(*loop_, SIGQUIT, dump_tasks, false);

    loop_->run_until_done(main);
    if (main.cancelled() && interrupts_ > 0 && AnyTask(main).uncancel() == 0) {
        throw KeyboardInterrupt();
    }
}

void Runner::on_sigint() {
    if (++interrupts_ == 1 && !main_.done()) {
        main_.cancel();
    } else {
        interrupted_at_once_ = true;
        loop_->end_run_with(std::make_exception_ptr(KeyboardInterrupt()));
    }
}

void Runner::close() {
    if (state_ != State::ready) return;
    state_ = State::closed;
    const std::unique_ptr<EventLoop> loop = std::move(loop_);
    const AtEnd close([&] { loop->close(); });
    cancel_all_tasks(*loop,
                     interrupted_at_once_ ? Delay(Nanoseconds::zero()) : options_.shutdown_grace);
    loop->run_until_complete(loop->shutdown_asyncgens());
    loop->run_until_complete(loop->shutdown_default_executor(executor_join_max));
}

namespace internal {

void throw_run_in_loop() { throw RuntimeError("run() cannot be called from a running event loop"); }

void run_and_close(Runner& runner, const std::function<void()>& body) {
    try {
        body();
    } catch (...) {
        // Closing may throw too; then, as in Python, the newer error goes on.
        FailurePtr in_flight(std::exchange(failure_in_flight, nullptr));
        runner.close();
        drop_failure_in_flight();
        failure_in_flight = in_flight.release();  // so that the await chain can still be told
        throw;
    }
    runner.close();
}

int run_as_program(const std::function<int()>& body) noexcept {
    try {
        return body();
    } catch (const KeyboardInterrupt&) {
        return 128 + SIGINT;
    } catch (const SystemExit& exit) {
        return exit.code();
    } catch (...) {
        const std::string what = describe(std::current_exception());
        const std::string chain = format_await_chain(current_await_chain());
        std::fprintf(stderr, "weft: uncaught %s\n%s", what.c_str(), chain.c_str());
        return 1;
    }
}

}  // namespace internal
}  // namespace weft
