// SPDX-License-Identifier: Apache-2.0
// run() and Runner.
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <memory>
#include <vector>

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/io/loop_test.hpp>
#include <weft/io/run.hpp>
#include <weft/runtime/cancel_scope.hpp>
#include <weft/runtime/context.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/virtual_clock.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;

TEST(Runner, runs_several_in_one_loop_and_one_context_until_it_is_closed) {
    static ContextVar<int> number("number");
    Runner runner;
    runner.run([]() -> Coro<void> {
        number.set(4);
        co_return;
    }());
    EXPECT_EQ(runner.run([]() -> Coro<int> { co_return number.get(); }()), 4);
    EXPECT_THROW(static_cast<void>(number.get()), LookupError);
    runner.close();
    runner.close();
    EXPECT_THROW(static_cast<void>(runner.get_loop()), RuntimeError);
}

TEST(Runner, cancels_and_awaits_what_is_left) {
    bool cleaned = false;
    const int value = run([](bool& cleaned) -> Coro<int> {
        create_task([&cleaned]() -> Coro<void> {
            bool cancelled = false;
            try {
                co_await sleep(1h);
            } catch (const CancelledError&) {
                cancelled = true;
            }
            co_await sleep(1ms);
            cleaned = cancelled;
        });
        co_await sleep(0s);
        co_return 3;
    }(cleaned));
    EXPECT_EQ(value, 3);
    EXPECT_TRUE(cleaned);
}

Coro<void> await_in_ring(std::vector<Task<>>& ring, std::size_t next) {
    co_await sleep(0s);
    co_await ring[next];
}

TEST(Runner, ends_with_an_error_when_tasks_that_await_each_other_are_left) {
    std::vector<Task<>> ring;
    EXPECT_THROW(run([](std::vector<Task<>>& tasks) -> Coro<void> {
                     tasks.push_back(create_task(await_in_ring(tasks, 1)));
                     tasks.push_back(create_task(await_in_ring(tasks, 0)));
                     co_await sleep(1ms);
                 }(ring)),
                 RecursionError);
    for (const Task<>& task : ring) EXPECT_FALSE(task.done());
}

// What is left is shielded for an hour: gives when it ended.
TimePoint end_of_a_shielded_task(RunnerOptions options) {
    options.loop_factory = [] { return std::make_unique<EventLoop>(make_virtual_backend()); };
    TimePoint ended;
    run(
        [](TimePoint& ended) -> Coro<void> {
            create_task([&ended]() -> Coro<void> {
                try {
                    co_await shielded([]() -> Coro<void> { co_await sleep(1h); });
                } catch (const CancelledError&) {
                    ended = get_running_loop().time();
                }
            });
            co_await sleep(1s);
        }(ended),
        options);
    return ended;
}

TEST(Runner, gives_shielded_code_the_grace_period_at_its_end) {
    EXPECT_EQ(end_of_a_shielded_task({.shutdown_grace = 3s}), TimePoint(4s));
    EXPECT_EQ(end_of_a_shielded_task({.shutdown_grace = 0s}), TimePoint(1s));
    EXPECT_EQ(end_of_a_shielded_task({}), TimePoint(11s));
}

TEST(Run, turns_a_peer_that_went_away_into_an_error_of_the_write) {
    std::signal(SIGPIPE, SIG_DFL);
    Pipe pipe;
    pipe.close_reader();
    run([](int writer) -> Coro<void> {
        EXPECT_EQ(::write(writer, "x", 1), -1);
        EXPECT_EQ(errno, EPIPE);
        co_return;
    }(pipe.writer()));
}

TEST(Run, leaves_a_handler_of_sigpipe_where_it_is) {
    static const auto own = [](int) {};
    std::signal(SIGPIPE, own);
    run([]() -> Coro<void> { co_return; }());
    EXPECT_EQ(std::signal(SIGPIPE, SIG_IGN), static_cast<void (*)(int)>(own));
}

TEST(Runner, refuses_to_run_inside_a_loop) {
    run([]() -> Coro<void> {
        EXPECT_THROW(run([]() -> Coro<void> { co_return; }()), RuntimeError);
        co_return;
    }());
}

}  // namespace
}  // namespace weft
