// SPDX-License-Identifier: Apache-2.0
// The loop on a real system: callbacks, signals, and what it refuses.
#include <weft/runtime/event_loop.hpp>

#include <chrono>
#include <csignal>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/io/loop_test.hpp>
#include <weft/io/run.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/handle.hpp>
#include <weft/runtime/sleep.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;

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
        LogCapture::told_of("Unhandled error in exception handler\n"
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

}  // namespace
}  // namespace weft
