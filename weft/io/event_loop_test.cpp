// SPDX-License-Identifier: Apache-2.0
// The loop on a real system: descriptors, signals, forks, and what it refuses.
#include <weft/runtime/event_loop.hpp>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <weft/base/exceptions.hpp>
#include <weft/base/log.hpp>
#include <weft/base/time.hpp>
#include <weft/io/run.hpp>
#include <weft/runtime/cancel_scope.hpp>
#include <weft/runtime/context.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/handle.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/virtual_clock.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;

class Pipe {
public:
    Pipe() { EXPECT_EQ(::pipe(ends_), 0); }
    ~Pipe() {
        close_reader();
        ::close(ends_[1]);
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    [[nodiscard]] int reader() const { return ends_[0]; }
    [[nodiscard]] int writer() const { return ends_[1]; }
    void write_byte() const { EXPECT_EQ(::write(ends_[1], "x", 1), 1); }
    void read_byte() const {
        char byte = 0;
        EXPECT_EQ(::read(ends_[0], &byte, 1), 1);
    }
    void close_reader() {
        if (ends_[0] >= 0) ::close(std::exchange(ends_[0], -1));
    }

private:
    int ends_[2] = {};
};

template <class F>
std::string message_of(F function) {
    try {
        function();
    } catch (const Exception& error) {
        return error.what();
    }
    return "";
}

// What the log was told, from any thread, while it lives.
class LogCapture {
public:
    LogCapture() {
        const std::lock_guard lock(mutex);
        text.clear();
        before_ = set_log_hook([](LogLevel, std::string_view told) noexcept {
            const std::lock_guard held(mutex);
            text += std::string(told) + "\n";
        });
    }
    ~LogCapture() { set_log_hook(before_); }
    LogCapture(const LogCapture&) = delete;
    LogCapture& operator=(const LogCapture&) = delete;

    [[nodiscard]] static std::string told() {
        const std::lock_guard lock(mutex);
        return text;
    }
    [[nodiscard]] static bool told_of(std::string_view what) {
        return told().find(what) != std::string::npos;
    }
    /// Whether there is a line that begins so and goes on so.
    [[nodiscard]] static bool told_line(std::string_view begin, std::string_view then) {
        const std::string all = told();
        for (std::size_t at = all.find(begin); at != std::string::npos;
             at = all.find(begin, at + 1)) {
            const std::size_t end = all.find('\n', at);
            if (all.substr(at, end - at).find(then) != std::string::npos) return true;
        }
        return false;
    }

private:
    static inline std::mutex mutex;
    static inline std::string text;
    LogHook before_;
};

class Loop : public ::testing::Test {
protected:
    void SetUp() override {
        loop_->set_exception_handler([this](EventLoop&, const ExceptionContext& context) {
            reports_.push_back(context.message);
        });
    }
    void run_for(Nanoseconds span) {
        TimerHandle end = loop_->call_later(span, [this] { loop_->stop(); });
        loop_->run_forever();
        end.cancel();
    }

    std::unique_ptr<EventLoop> loop_ = new_event_loop();
    std::vector<std::string> reports_;
};

TEST_F(Loop, runs_callbacks_in_order_and_new_ones_in_the_next_turn) {
    std::string trace;
    const auto note = [&](char c) {
        trace += c;
        if (trace.size() == 4) loop_->stop();
    };
    loop_->call_soon([&] {
        note('a');
        loop_->call_soon([&] {
            note('c');
            loop_->call_later(-1s, note, 'd');
        });
    });
    loop_->call_soon(note, 'b');
    Handle never = loop_->call_soon([&] { trace += '!'; });
    never.cancel();
    EXPECT_TRUE(never.cancelled());
    loop_->run_forever();
    EXPECT_EQ(trace, "abcd");
}

TEST_F(Loop, stops_after_the_turn_in_which_it_is_asked_to) {
    std::string trace;
    loop_->call_soon([&] {
        trace += 'a';
        loop_->stop();
        loop_->call_soon([&] { trace += 'x'; });
    });
    loop_->call_soon([&] { trace += 'b'; });
    loop_->run_forever();
    EXPECT_EQ(trace, "ab");
    loop_->stop();
    loop_->run_forever();
    EXPECT_EQ(trace, "abx");
}

// LOOP-15. CPython 3.13.0 loses the outer loop here.
TEST_F(Loop, refuses_to_be_run_again_to_run_another_and_to_be_closed_and_goes_on) {
    const auto other = new_event_loop();
    std::string again;
    std::string another;
    std::string closing;
    bool went_on = false;
    loop_->call_soon([&] {
        again = message_of([&] { loop_->run_forever(); });
        another = message_of([&] { other->run_forever(); });
        closing = message_of([&] { loop_->close(); });
        EXPECT_TRUE(loop_->is_running());
        EXPECT_EQ(&get_running_loop(), loop_.get());
        loop_->call_later(1ms, [&] {
            went_on = true;
            loop_->stop();
        });
    });
    loop_->run_forever();
    EXPECT_EQ(again, "This event loop is already running");
    EXPECT_EQ(another, "Cannot run the event loop while another loop is running");
    EXPECT_EQ(closing, "Cannot close a running event loop");
    EXPECT_TRUE(went_on);
    EXPECT_FALSE(loop_->is_running());
    EXPECT_THROW(static_cast<void>(get_running_loop()), RuntimeError);
    other->call_soon([&] { other->stop(); });
    other->run_forever();
}

TEST_F(Loop, refuses_everything_once_it_is_closed) {
    loop_->close();
    loop_->close();
    EXPECT_TRUE(loop_->is_closed());
    EXPECT_EQ(message_of([&] { loop_->call_soon([] {}); }), "Event loop is closed");
    EXPECT_EQ(message_of([&] { loop_->call_later(1s, [] {}); }), "Event loop is closed");
    EXPECT_EQ(message_of([&] { loop_->call_soon_threadsafe([] {}); }), "Event loop is closed");
    EXPECT_EQ(message_of([&] { loop_->run_forever(); }), "Event loop is closed");
    EXPECT_EQ(message_of([&] { loop_->add_reader(0, [] {}); }), "Event loop is closed");
    EXPECT_FALSE(loop_->remove_reader(0));
}

TEST_F(Loop, refuses_another_thread_while_it_runs) {
    std::string refusal;
    std::thread other;
    loop_->call_soon([&] {
        other = std::thread([&] {
            refusal = message_of([&] { loop_->call_soon([] {}); });
            loop_->call_soon_threadsafe([&] { loop_->stop(); });
        });
    });
    loop_->run_forever();
    other.join();
    EXPECT_TRUE(refusal.starts_with("Non-thread-safe operation")) << refusal;
}

TEST_F(Loop, reports_what_callbacks_throw_and_goes_on) {
    loop_->call_soon([] { throw ValueError("one"); });
    loop_->call_soon([] { throw 2; });
    run_for(1ms);
    EXPECT_EQ(reports_.size(), 2u);
}

TEST_F(Loop, logs_what_its_exception_handler_throws_and_goes_on) {
    const LogCapture log;
    loop_->set_exception_handler(
        [](EventLoop&, const ExceptionContext&) { throw ValueError("x"); });
    bool went_on = false;
    loop_->call_soon([] { throw ValueError("three"); });
    loop_->call_soon([&] {
        went_on = true;
        loop_->stop();
    });
    loop_->run_forever();
    EXPECT_TRUE(went_on);
    EXPECT_TRUE(
        LogCapture::told().starts_with("Unhandled error in exception handler\n"
                                       "ValueError: x\n"
                                       "while it was told: Exception in callback <"))
        << LogCapture::told();
}

TEST_F(Loop, ends_with_keyboard_interrupt_and_system_exit_and_can_be_run_again) {
    loop_->call_soon([] { throw KeyboardInterrupt(); });
    EXPECT_THROW(loop_->run_forever(), KeyboardInterrupt);
    const auto exiting = []() -> Coro<void> {
        co_await sleep(0s);
        throw SystemExit(3);
    };
    EXPECT_THROW(loop_->run_until_complete(exiting()), SystemExit);
    loop_->set_exception_handler([](EventLoop&, const ExceptionContext&) { throw SystemExit(4); });
    loop_->call_soon([] { throw ValueError("told"); });
    EXPECT_THROW(loop_->run_forever(), SystemExit);
    run_for(1ms);
}

TEST_F(Loop, says_so_when_it_is_stopped_before_the_future_is_done) {
    const auto future = loop_->create_future<int>();
    loop_->call_soon([&] { loop_->stop(); });
    EXPECT_EQ(message_of([&] { loop_->run_until_complete(future); }),
              "Event loop stopped before Future completed.");
}

TEST_F(Loop, never_wakes_early) {
    for (int i = 0; i < 10; ++i) {
        const TimePoint start = loop_->time();
        loop_->run_until_complete([]() -> Coro<void> { co_await sleep(2ms); }());
        EXPECT_GE(loop_->time() - start, 2ms);
    }
}

TEST_F(Loop, calls_a_reader_until_it_is_removed) {
    const Pipe pipe;
    int calls = 0;
    loop_->add_reader(pipe.reader(), [&] {
        pipe.read_byte();
        if (++calls == 3) {
            EXPECT_TRUE(loop_->remove_reader(pipe.reader()));
            EXPECT_FALSE(loop_->remove_reader(pipe.reader()));
            loop_->stop();
        } else {
            pipe.write_byte();
        }
    });
    pipe.write_byte();
    loop_->run_forever();
    pipe.write_byte();
    run_for(1ms);
    EXPECT_EQ(calls, 3);
}

TEST_F(Loop, a_reader_that_removes_itself_may_go_on) {
    ContextVar<int> number("number");
    const Pipe pipe;
    int seen = 0;
    Context().run([&] {
        number.set(2);
        loop_->add_reader(pipe.reader(), [&] {
            loop_->remove_reader(pipe.reader());
            seen = number.get();
            loop_->call_soon([&] { loop_->stop(); });
            throw ValueError("at last");
        });
    });
    pipe.write_byte();
    loop_->run_forever();
    EXPECT_EQ(seen, 2);
    EXPECT_EQ(reports_, std::vector<std::string>{"Exception in callback <Handle of descriptor " +
                                                 std::to_string(pipe.reader()) + ">"});
}

TEST_F(Loop, readers_may_be_replaced_and_removed_by_others_of_the_same_turn) {
    const Pipe one;
    const Pipe two;
    int calls = 0;
    const auto both = [&] {
        ++calls;
        loop_->remove_reader(one.reader());
        loop_->remove_reader(two.reader());
        loop_->add_reader(one.reader(), [&] { loop_->stop(); });
    };
    loop_->add_reader(one.reader(), [&] { ADD_FAILURE() << "it was replaced"; });
    loop_->add_reader(one.reader(), both);
    loop_->add_reader(two.reader(), both);
    one.write_byte();
    two.write_byte();
    loop_->run_forever();
    EXPECT_EQ(calls, 1);
}

TEST_F(Loop, forgets_a_descriptor_that_was_closed_and_takes_its_number_again) {
    auto first = std::make_unique<Pipe>();
    const int fd = first->reader();
    loop_->add_reader(fd, [] { ADD_FAILURE() << "it is closed"; });
    first->close_reader();
    Pipe second;
    ASSERT_EQ(second.reader(), fd);
    bool called = false;
    loop_->add_reader(fd, [&] {
        called = true;
        loop_->stop();
    });
    second.write_byte();
    run_for(30s);  // it stops itself
    EXPECT_TRUE(called);
    EXPECT_TRUE(loop_->remove_reader(fd));
}

TEST_F(Loop, has_no_reader_left_when_another_for_its_descriptor_is_refused) {
    const Pipe pipe;
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::tmpfile(), std::fclose);
    ASSERT_TRUE(file);
    const int fd = ::dup(pipe.writer());
    bool called = false;
    loop_->add_reader(fd, [&] { called = true; });
    loop_->add_writer(fd, [&] { called = true; });
    ASSERT_EQ(::dup2(::fileno(file.get()), fd), fd);
    EXPECT_THROW(loop_->add_reader(fd, [&] { called = true; }), OSError);
    EXPECT_FALSE(loop_->remove_reader(fd));
    EXPECT_TRUE(loop_->remove_writer(fd));
    ::close(fd);
    run_for(1ms);
    EXPECT_FALSE(called);
}

TEST_F(Loop, watches_both_directions_and_a_hang_up) {
    Pipe pipe;
    bool writable = false;
    loop_->add_writer(pipe.writer(), [&] {
        writable = true;
        loop_->remove_writer(pipe.writer());
        pipe.close_reader();
        loop_->add_writer(pipe.writer(), [&] { loop_->stop(); });
    });
    loop_->run_forever();
    EXPECT_TRUE(writable);
    EXPECT_TRUE(loop_->remove_writer(pipe.writer()));
    EXPECT_THROW(loop_->add_reader(-1, [] {}), OSError);
}

TEST_F(Loop, hands_signals_to_their_handlers) {
    int calls = 0;
    loop_->add_signal_handler(SIGUSR1, [&] {
        ++calls;
        loop_->stop();
    });
    std::thread other([] { ::kill(::getpid(), SIGUSR1); });
    loop_->run_forever();
    other.join();
    EXPECT_EQ(calls, 1);
    EXPECT_TRUE(loop_->remove_signal_handler(SIGUSR1));
    EXPECT_FALSE(loop_->remove_signal_handler(SIGUSR1));
    EXPECT_THROW(loop_->add_signal_handler(0, [] {}), ValueError);
    EXPECT_THROW(loop_->add_signal_handler(10000, [] {}), ValueError);
    EXPECT_THROW(loop_->add_signal_handler(SIGKILL, [] {}), RuntimeError);
    struct sigaction now{};
    ASSERT_EQ(sigaction(SIGUSR1, nullptr, &now), 0);
    EXPECT_EQ(now.sa_handler, SIG_DFL);
}

// Runs in a fork, and gives what it exits with.
template <class F>
int in_fork(F function) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(function());
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(Loop, refuses_the_child_of_a_fork) {
    EXPECT_EQ(in_fork([&] {
                  return message_of([&] { loop_->run_forever(); }).find("fork") ==
                         std::string::npos;
              }),
              0);
    EXPECT_EQ(in_fork([&] {
                  return message_of([&] { loop_->add_reader(0, [] {}); }).find("fork") ==
                         std::string::npos;
              }),
              0);
}

TEST_F(Loop, leaves_the_child_of_a_fork_that_a_callback_makes) {
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
    GTEST_SKIP() << "ThreadSanitizer ends a fork's child that starts a thread, as each loop does";
#endif
#endif
    int here = 0;
    int code = -1;
    loop_->call_soon([&] {
        code = in_fork([&] {
            if (message_of([] { static_cast<void>(get_running_loop()); }).empty()) return 1;
            if (message_of([&] { loop_->call_soon([] {}); }).find("fork") == std::string::npos) {
                return 2;
            }
            // A loop of its own works.
            return new_event_loop()->run_until_complete([]() -> Coro<int> {
                co_await sleep(0s);
                co_return 0;
            }());
        });
        ++here;
        loop_->stop();
    });
    loop_->run_forever();
    EXPECT_EQ(code, 0);
    EXPECT_EQ(here, 1);
}

TEST_F(Loop, ends_its_run_in_the_child_of_a_fork) {
    pid_t child = -1;
    bool second = false;
    loop_->call_soon([&] { child = ::fork(); });
    loop_->call_soon([&] {
        second = true;
        loop_->stop();
    });
    const std::string said = message_of([&] { loop_->run_forever(); });
    if (child == 0) ::_exit(said.find("fork") != std::string::npos && !second ? 0 : 1);
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    EXPECT_TRUE(second);
}

TEST_F(Loop, keeps_its_descriptors_when_the_child_of_a_fork_destroys_its_copy) {
    const Pipe pipe;
    bool called = false;
    loop_->add_reader(pipe.reader(), [&] {
        called = true;
        loop_->stop();
    });
    EXPECT_EQ(in_fork([&] {
                  loop_.reset();
                  return 0;
              }),
              0);
    pipe.write_byte();
    run_for(30s);  // it stops itself
    EXPECT_TRUE(called);
}

// Holds its loop up until that was told.
void hold_up() {
    const auto end = std::chrono::steady_clock::now() + 30s;
    while (!LogCapture::told_of("goes on") && std::chrono::steady_clock::now() < end) {
        std::this_thread::sleep_for(1ms);
    }
}

Coro<void> hold_up_within() {
    co_await sleep(0s);
    hold_up();
}

Coro<void> sleep_once() { co_await sleep(0s); }

// On a busy machine other steps may be slow too: only the lines that are meant count.
Coro<void> until_told(std::string_view begin) {
    for (int i = 0; i < 30'000 && !LogCapture::told_line(begin, " took "); ++i) {
        co_await sleep(1ms);
    }
}

TEST_F(Loop, tells_which_task_holds_it_up_and_where_without_debug_mode) {
    constexpr const char* begin = "Executing <Task pending name='the slow one' coro=<";
    const LogCapture log;
    loop_->set_debug(false);
    loop_->slow_callback_duration = 10ms;
    loop_->run_until_complete([]() -> Coro<void> {
        const auto slow = create_task([]() -> Coro<void> { co_await hold_up_within(); },
                                      {.name = "the slow one"});
        co_await slow;
        co_await until_told(begin);
    }());
    const std::string told = LogCapture::told();
    EXPECT_TRUE(LogCapture::told_line(begin, "event_loop_test.cpp:")) << told;
    EXPECT_TRUE(LogCapture::told_line(begin, " seconds and goes on, in or after the awaits"))
        << told;
    EXPECT_TRUE(LogCapture::told_line(begin, " seconds, give or take ")) << told;
    EXPECT_TRUE(LogCapture::told_line("  at ", "hold_up_within")) << told;
}

TEST_F(Loop, tells_which_callback_holds_it_up_without_debug_mode) {
    constexpr const char* begin = "Executing <Handle made in ";
    loop_->set_debug(false);
    loop_->slow_callback_duration = 10ms;
    {
        const LogCapture log;
        loop_->call_later(1ms, hold_up);
        loop_->run_until_complete(until_told(begin));
        EXPECT_TRUE(LogCapture::told_line(begin, "event_loop_test.cpp:")) << log.told();
    }
    const LogCapture log;
    loop_->call_soon(hold_up);
    loop_->run_until_complete(until_told(begin));
    EXPECT_TRUE(LogCapture::told_line(begin, "event_loop_test.cpp:")) << log.told();
}

// ThreadSanitizer ends a fork's child that starts a thread.
#if !defined(__SANITIZE_THREAD__)
#if !defined(__has_feature) || !__has_feature(thread_sanitizer)
TEST_F(Loop, tells_what_holds_it_up_in_the_child_of_a_fork_too) {
    loop_->run_until_complete(sleep_once());
    EXPECT_EQ(in_fork([&] {
                  const LogCapture log;
                  auto own = new_event_loop();
                  own->set_debug(false);
                  own->slow_callback_duration = 10ms;
                  own->call_soon(hold_up);
                  own->run_until_complete(until_told("Executing <Handle made in "));
                  return LogCapture::told_of(" give or take ") ? 0 : 1;
              }),
              0);
}
#endif
#endif

TEST_F(Loop, leaves_the_report_to_debug_mode_where_that_is_on) {
    const LogCapture log;
    loop_->set_debug(true);
    loop_->slow_callback_duration = 10ms;
    loop_->call_soon([] { std::this_thread::sleep_for(15ms); });
    loop_->run_until_complete(sleep_once());
    EXPECT_TRUE(LogCapture::told_line("Executing <Handle made in ", " seconds")) << log.told();
    EXPECT_FALSE(LogCapture::told_of("give or take")) << log.told();
}

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

// A program of its own: gives its exit code, and what it wrote to stderr.
template <class F>
std::pair<int, std::string> as_program(F async_main) {
    Pipe errors;
    const int code = in_fork([&] {
        ::dup2(errors.writer(), STDERR_FILENO);
        return main_of(async_main);
    });
    std::string text(4096, '\0');
    errors.write_byte();
    text.resize(static_cast<std::size_t>(::read(errors.reader(), text.data(), text.size())));
    return {code, text.substr(0, text.size() - 1)};
}

TEST(MainOf, gives_the_exit_code_and_tells_of_what_was_not_caught) {
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
    GTEST_SKIP() << "ThreadSanitizer ends a fork's child that starts a thread, as each loop does";
#endif
#endif
    EXPECT_EQ(as_program([]() -> Coro<void> { co_return; }), std::pair(0, std::string()));
    EXPECT_EQ(as_program([]() -> Coro<int> { co_return 7; }), std::pair(7, std::string()));
    EXPECT_EQ(as_program([]() -> Coro<void> {
                  throw SystemExit(5);
                  co_return;
              }),
              std::pair(5, std::string()));
    EXPECT_EQ(as_program([]() -> Coro<void> {
                  ::raise(SIGINT);
                  co_await sleep(1h);
              }),
              std::pair(130, std::string()));
    const auto [code, text] = as_program([]() -> Coro<void> {
        co_await sleep(0s);
        throw ValueError("on purpose");
    });
    EXPECT_EQ(code, 1);
    EXPECT_TRUE(text.starts_with("weft: uncaught ValueError: on purpose\n  at ")) << text;
    EXPECT_NE(text.find("event_loop_test.cpp:"), std::string::npos) << text;
}

TEST(NewEventLoop, refuses_a_backend_that_it_does_not_know) {
    ::setenv("WEFT_BACKEND", "abacus", 1);
    EXPECT_EQ(message_of([] { static_cast<void>(new_event_loop()); }),
              "WEFT_BACKEND is 'abacus', but only 'epoll' is built in");
    ::unsetenv("WEFT_BACKEND");
}

TEST(NewEventLoop, takes_epoll_by_its_name_and_without_one) {
    for (const char* name : {"epoll", ""}) {
        ::setenv("WEFT_BACKEND", name, 1);
        EXPECT_EQ(new_event_loop()->backend(), "epoll");
    }
    ::unsetenv("WEFT_BACKEND");
    EXPECT_EQ(new_event_loop()->backend(), "epoll");
}

TEST(NewEventLoop, is_in_debug_mode_when_the_environment_says_so) {
    const char* before = std::getenv("WEFT_DEBUG");
    const std::string kept = before ? before : "";
    ::unsetenv("WEFT_DEBUG");
    EXPECT_FALSE(new_event_loop()->get_debug());
    for (const auto& [setting, on] : {std::pair("1", true), std::pair("yes", true),
                                      std::pair("0", false), std::pair("", false)}) {
        ::setenv("WEFT_DEBUG", setting, 1);
        EXPECT_EQ(new_event_loop()->get_debug(), on) << setting;
        EXPECT_EQ(Runner({.debug = !on}).get_loop().get_debug(), !on) << setting;
    }
    if (before) {
        ::setenv("WEFT_DEBUG", kept.c_str(), 1);
    } else {
        ::unsetenv("WEFT_DEBUG");
    }
}

}  // namespace
}  // namespace weft
