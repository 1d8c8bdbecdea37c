// SPDX-License-Identifier: Apache-2.0
// main_of(): the exit code of a program.
#include <csignal>
#include <cstddef>
#include <string>
#include <utility>

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <weft/base/exceptions.hpp>
#include <weft/io/loop_test.hpp>
#include <weft/io/run.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/testing/fork.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;
using testing::in_fork;

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
    EXPECT_NE(text.find("main_of_test.cpp:"), std::string::npos) << text;
}

}  // namespace
}  // namespace weft
