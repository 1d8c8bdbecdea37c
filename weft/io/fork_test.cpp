// SPDX-License-Identifier: Apache-2.0
// A loop and the child of a fork.
#include <weft/testing/fork.hpp>

#include <string>

#include <gtest/gtest.h>
#include <sys/types.h>
#include <unistd.h>

#include <weft/io/loop_test.hpp>
#include <weft/io/run.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/sleep.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;
using testing::exit_code_of;
using testing::in_fork;

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
    EXPECT_EQ(exit_code_of(child), 0);
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

}  // namespace
}  // namespace weft
