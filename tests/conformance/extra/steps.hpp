// SPDX-License-Identifier: Apache-2.0
// tests/conformance/extra/steps.hpp - what several of the extra cases do.
#pragma once

#include "cases.hpp"

namespace conformance {

/// Records what the loop's exception handler is told.
inline void reports_to(const Trace& t) {
    get_running_loop().set_exception_handler([t](EventLoop&, const ExceptionContext& c) {
        t("report", c.message.substr(0, 22), en(c.exception));
    });
}

/// Records the types of the errors that the loop's exception handler is told.
inline void report_types_to(const Trace& t) {
    get_running_loop().set_exception_handler(
        [t](EventLoop&, const ExceptionContext& c) { t("report", type_name(c.exception)); });
}

/// Counts the turns of the loop from 0 to `last` in `t`.
inline void tick(const Trace& t, int n, int last) {
    t(n);
    if (n < last) get_running_loop().call_soon([=] { tick(t, n + 1, last); });
}

template <class T>
Coro<T> aw_task(Task<T> task) {
    co_return co_await task;
}

/// Waits until it is cancelled, and cleans up for some time.
inline Coro<> slow(Trace t, Json name, Delay cleanup = 10ms) {
    std::exception_ptr error;
    try {
        co_await sleep(9s);
    } catch (...) {
        error = std::current_exception();
    }
    co_await sleep(cleanup);
    t("cleaned", name);
    rethrow(error);
}

inline Coro<> bad_at_once(std::string message) {
    throw ValueError(std::move(message));
    co_return;
}

/// Which of the tasks are done.
template <class T>
Json all_done(const std::vector<Task<T>>& tasks) {
    Json::List done;
    for (const Task<T>& task : tasks) done.emplace_back(task.done());
    return done;
}

/// How often the running task was asked to cancel itself.
inline std::uint32_t count() { return current_task().cancelling(); }

}  // namespace conformance
