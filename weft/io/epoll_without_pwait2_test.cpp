// SPDX-License-Identifier: Apache-2.0
// weft/io/epoll_without_pwait2_test.cpp - a system that has no epoll_pwait2(2), as valgrind and
// kernels before 5.11.
#include <cerrno>
#include <chrono>
#include <ctime>

#include <gtest/gtest.h>
#include <sys/epoll.h>

#include <weft/base/time.hpp>
#include <weft/io/epoll_backend.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/sleep.hpp>

static int calls = 0;
static int refusal = 0;

// In place of libc's.
extern "C" int epoll_pwait2(int, epoll_event*, int, const timespec*, const sigset_t*) {
    ++calls;
    errno = refusal;
    return -1;
}

namespace weft {
namespace {

using namespace std::chrono_literals;

class EpollWithoutPwait2 : public ::testing::TestWithParam<int> {};

TEST_P(EpollWithoutPwait2, sleeps_no_less_than_it_was_told_to) {
    refusal = GetParam();
    calls = 0;
    EventLoop own(make_epoll_backend());
    own.run_until_complete([]() -> Coro<void> {
        const EventLoop& loop = get_running_loop();
        for (const Nanoseconds span : {Nanoseconds(1us), Nanoseconds(1500us), Nanoseconds(5ms)}) {
            const TimePoint begin = loop.time();
            co_await sleep(span);
            EXPECT_GE(loop.time() - begin, span);
        }
    }());
    EXPECT_EQ(calls, 1);  // it is asked for once
}

// The kernel does not know the call; a sandbox does not let it through.
INSTANTIATE_TEST_SUITE_P(, EpollWithoutPwait2, ::testing::Values(ENOSYS, EPERM));

}  // namespace
}  // namespace weft
