// SPDX-License-Identifier: Apache-2.0
// new_event_loop(): the backend and the mode that the environment asks for.
#include <cstdlib>
#include <string>
#include <utility>

#include <gtest/gtest.h>
#include <stdlib.h>

#include <weft/io/loop_test.hpp>
#include <weft/io/run.hpp>
#include <weft/runtime/event_loop.hpp>

namespace weft {
namespace {

TEST(NewEventLoop, refuses_a_backend_that_it_does_not_know) {
    ::setenv("WEFT_BACKEND", "abacus", 1);
    EXPECT_EQ(
        message_of([] { static_cast<void>(new_event_loop()); }),
        "WEFT_BACKEND is 'abacus', but there are only 'epoll', 'io_uring_basic' and 'io_uring'");
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
