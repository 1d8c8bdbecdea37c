// SPDX-License-Identifier: Apache-2.0
// new_event_loop(): the backend and the mode that the environment asks for.
#include <cerrno>
#include <cstdlib>
#include <string>
#include <utility>

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/syscall.h>

#include <weft/base/exceptions.hpp>
#include <weft/io/loop_test.hpp>
#include <weft/io/run.hpp>
#include <weft/io/uring_backend.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/testing/fork.hpp>
#include <weft/testing/log_capture.hpp>
#include <weft/testing/sandbox.hpp>

namespace weft {
namespace {

TEST(NewEventLoop, refuses_a_backend_that_it_does_not_know) {
    ::setenv("WEFT_BACKEND", "abacus", 1);
    EXPECT_EQ(message_of([] { static_cast<void>(new_event_loop()); }),
              "WEFT_BACKEND is 'abacus', but there are only 'auto', 'epoll', 'io_uring_basic' and "
              "'io_uring'");
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

TEST(NewEventLoop, takes_the_best_there_is_and_tells_once_when_that_is_epoll) {
    ::setenv("WEFT_BACKEND", "auto", 1);
    std::string best = "epoll";
    try {
        best = make_uring_backend()->name();
    } catch (const OSError& error) {
        if (!says_there_is_no_uring(error)) throw;
    }
    EXPECT_EQ(new_event_loop()->backend(), best);
    EXPECT_EQ(testing::in_fork([] {
                  if (!testing::refuse(SYS_io_uring_setup, EPERM)) return 2;
                  const testing::LogCapture log;
                  const bool is_epoll = new_event_loop()->backend() == "epoll" &&
                                        new_event_loop()->backend() == "epoll";
                  const std::string told = log.told();
                  const bool is_one_line = told.find('\n') == told.size() - 1;
                  return is_epoll && is_one_line &&
                                 told.starts_with("io_uring cannot be had here: loops run on epoll")
                             ? 0
                             : 1;
              }),
              0);
    EXPECT_EQ(testing::in_fork([] {
                  if (!testing::refuse(SYS_io_uring_setup, EPERM)) return 2;
                  ::setenv("WEFT_BACKEND", "io_uring", 1);
                  return message_of([] {
                             static_cast<void>(new_event_loop());
                         }).find("WEFT_BACKEND=io_uring cannot be had here") != std::string::npos
                             ? 0
                             : 1;
              }),
              0);
    ::unsetenv("WEFT_BACKEND");
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
