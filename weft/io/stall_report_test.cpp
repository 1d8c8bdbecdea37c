// SPDX-License-Identifier: Apache-2.0
// The loop tells what holds it up.
#include <chrono>
#include <string>
#include <string_view>
#include <thread>

#include <gtest/gtest.h>

#include <weft/io/loop_test.hpp>
#include <weft/io/run.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/testing/fork.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;
using testing::in_fork;

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
    EXPECT_TRUE(LogCapture::told_line(begin, "stall_report_test.cpp:")) << told;
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
        EXPECT_TRUE(LogCapture::told_line(begin, "stall_report_test.cpp:")) << log.told();
    }
    const LogCapture log;
    loop_->call_soon(hold_up);
    loop_->run_until_complete(until_told(begin));
    EXPECT_TRUE(LogCapture::told_line(begin, "stall_report_test.cpp:")) << log.told();
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

}  // namespace
}  // namespace weft
