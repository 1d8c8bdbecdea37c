// SPDX-License-Identifier: Apache-2.0
// tests/conformance/cases.hpp - how a case is written and found, and what the cases share.
//
// A case performs the same steps as CPython did when the trace with its id was recorded, with the
// same names in the same order, and returns what it recorded: see README.md. Nothing in a trace may
// be written down as the result: it comes from what the runtime did.
#pragma once

// The cases are users of weft: they see it, and what they say it with, through one header.
// IWYU pragma: begin_exports
#include <chrono>
#include <concepts>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "trace.hpp"

#include <weft/base/exception_group.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/log.hpp>
#include <weft/base/time.hpp>
#include <weft/io/run.hpp>
#include <weft/io/sock.hpp>
#include <weft/io/socket.hpp>
#include <weft/runtime/as_completed.hpp>
#include <weft/runtime/async_generator.hpp>
#include <weft/runtime/barrier.hpp>
#include <weft/runtime/concurrent_future.hpp>
#include <weft/runtime/condition.hpp>
#include <weft/runtime/context.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/coro_function.hpp>
#include <weft/runtime/event.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/executor.hpp>
#include <weft/runtime/future.hpp>
#include <weft/runtime/gather.hpp>
#include <weft/runtime/handle.hpp>
#include <weft/runtime/lock.hpp>
#include <weft/runtime/queue.hpp>
#include <weft/runtime/semaphore.hpp>
#include <weft/runtime/shield.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/staggered_race.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/task_group.hpp>
#include <weft/runtime/timeout.hpp>
#include <weft/runtime/virtual_clock.hpp>
#include <weft/runtime/wait.hpp>
#include <weft/runtime/with_async.hpp>
// IWYU pragma: end_exports

namespace conformance {

using namespace weft;
using namespace std::chrono_literals;

/// How the loop of a case is made. Time is virtual unless threads, signals or descriptors play a
/// part, or the case blocks the loop to let time pass.
struct How {
    bool real_time = false;
    bool debug = false;
};
inline constexpr How real_time{.real_time = true};
inline constexpr How debug{.debug = true};
inline constexpr How debug_in_real_time{.real_time = true, .debug = true};

[[nodiscard]] std::unique_ptr<EventLoop> new_virtual_loop();
/// For cases that call run() themselves.
inline constexpr RunnerOptions in_virtual_time{.loop_factory = new_virtual_loop};

/// Registers a case when it is defined at namespace scope. A function that is a coroutine runs in
/// a Runner of its own; another makes its loops itself.
class Case {
public:
    template <class F>
    Case(std::string_view id, F function) : Case(id, How(), std::move(function)) {}
    template <class F>
    Case(std::string_view id, How how, F function) : id_(id) {
        if constexpr (std::convertible_to<std::invoke_result_t<F&>, Json>) {
            call_ = std::move(function);
        } else {
            call_ = [how, function] { return run_in_loop(how, function()); };
        }
        all().push_back(this);
    }
    Case(const Case&) = delete;
    Case& operator=(const Case&) = delete;

    [[nodiscard]] const std::string& id() const noexcept { return id_; }
    [[nodiscard]] Json operator()() const { return call_(); }

    /// Every case of the program.
    [[nodiscard]] static std::vector<const Case*>& all();

private:
    static Json run_in_loop(How how, Coro<Json> coro);

    std::string id_;
    std::function<Json()> call_;
};

/// Lets the loop turn n times.
Coro<> spin(int n = 1);

/// An `async def` that awaits what it is given.
template <class T>
Coro<T> aw(Future<T> future) {
    if constexpr (std::is_void_v<T>) {
        co_await future;
    } else {
        co_return co_await future;
    }
}
/// Sleeps, then returns.
Coro<> sl(Delay delay);
Coro<std::string> sl(Delay delay, std::string value);
Coro<int> sl(Delay delay, int value);
/// Sleeps, then fails.
template <class E = ValueError>
Coro<> bad(Delay delay = 0s, std::string message = "b") {
    co_await sleep(delay);
    throw E(message);
}

/// Python's `1/0`.
class ZeroDivisionError : public Exception {
    using Exception::Exception;
};
int divide(int dividend, int divisor);

/// The keys that Python's context of an exception handler would have.
[[nodiscard]] Json keys_of(const ExceptionContext& context);

/// Collects what weft logs while it lives.
class LogCapture {
public:
    struct Entry {
        LogLevel level;
        std::string text;
    };
    LogCapture();
    ~LogCapture();
    LogCapture(const LogCapture&) = delete;
    LogCapture& operator=(const LogCapture&) = delete;
    [[nodiscard]] std::vector<Entry> entries() const;

private:
    LogHook before_;
};

/// Longer than any step takes, and shorter than a case may.
inline constexpr auto too_long = 4s;

/// Lets the loop turn until `condition()` holds: for what another thread or a signal brings, on a
/// real loop. A case in which it never does runs into its limit.
template <std::predicate F>
Coro<> until(F condition) {
    while (!condition()) co_await sleep(1ms);
}

/// threading.Event.
class ThreadEvent {
public:
    void set();
    bool wait(Delay timeout);
    [[nodiscard]] bool is_set();

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool set_ = false;
};

/// A cleanup that awaits cannot stand in a handler. Where try_finally() does not fit, since the
/// cleanup is to be interrupted or stands in a generator, the error waits until it is done:
///
///     std::exception_ptr error;
///     try { co_await sleep(9s); } catch (...) { error = std::current_exception(); }
///     co_await cleanup();
///     rethrow(error);
void rethrow(const std::exception_ptr& error);

}  // namespace conformance
