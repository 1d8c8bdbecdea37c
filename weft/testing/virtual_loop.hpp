// SPDX-License-Identifier: Apache-2.0
// weft/testing/virtual_loop.hpp - a loop for tests: no time passes, and a deadlock is an error.
#pragma once

#include <source_location>
#include <string>
#include <utility>
#include <vector>

#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/virtual_clock.hpp>

namespace weft::testing {

/// Runs coroutines under a virtual clock.
class VirtualLoop {
public:
    VirtualLoop();
    ~VirtualLoop();
    VirtualLoop(const VirtualLoop&) = delete;
    VirtualLoop& operator=(const VirtualLoop&) = delete;

    [[nodiscard]] EventLoop& loop() noexcept { return loop_; }

    /// Runs it to its end in a task.
    /// Errors: what it throws; RuntimeError on a deadlock.
    template <class T>
    T run(Coro<T> coro, std::source_location where = std::source_location::current()) {
        return loop_.run_until_complete(std::move(coro), where);
    }

    /// Runs it in a task, cancels that after `k` turns of the loop, and runs it to its end. Every
    /// state that the task can be cancelled in lies between two turns: not started, waiting,
    /// woken but not resumed.
    /// Returns: false when it ended before, so that nothing was cancelled. Whatever the task
    ///          ended with is dropped; ask the objects that it used.
    template <class T>
    bool run_and_cancel_at(int k, Coro<T> coro) {
        return cancel_at(k, loop_.create_task(std::move(coro)));
    }

    /// Runs so many turns; fewer when nothing is left to run.
    void run_turns(int turns);
    /// Runs until nothing is ready and no timer is left.
    void settle();

    /// What the loop's exception handler was told, in order.
    [[nodiscard]] std::vector<std::string>& reports() noexcept { return reports_; }
    /// Tasks that are not done.
    [[nodiscard]] std::size_t task_count() noexcept;
    [[nodiscard]] std::size_t timer_count() noexcept { return loop_.timers().size(); }

private:
    bool cancel_at(int k, const AnyTask& task);
    [[nodiscard]] bool has_work() noexcept;

    EventLoop loop_;
    std::vector<std::string> reports_;
};

}  // namespace weft::testing
