// SPDX-License-Identifier: Apache-2.0
// weft/io/sandboxed_subprocess_test.cpp - processes where the system refuses what starts them best.
#include <cerrno>
#include <cstring>
#include <string>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <weft/io/streams_test.hpp>
#include <weft/io/subprocess.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/testing/sandbox.hpp>
#include <weft/testing/system_faults.hpp>

namespace weft {
namespace {

using subprocess::devnull;
using subprocess::pipe;
using subprocess::to_stdout;

Coro<void> start_true() {
    const Process process = co_await create_subprocess_exec({"true"});
    EXPECT_EQ(co_await process.wait(), 0);
}

struct Refused {
    int call;
    int error;
};
class SubprocessIn : public ::testing::TestWithParam<Refused> {};

TEST_P(SubprocessIn, a_sandbox_is_started_all_the_same) {
    std::thread sandboxed([refused = GetParam()] {
        ASSERT_TRUE(testing::refuse(refused.call, refused.error));
        run_clean([]() -> Coro<void> {
            const int passed = ::fcntl(STDERR_FILENO, F_DUPFD, 50);  // not closed on exec
            const int other = ::fcntl(STDERR_FILENO, F_DUPFD, 40);
            const std::string command = "echo $ONE; pwd; echo error >&2; cat; [ -e /proc/self/fd/" +
                                        std::to_string(passed) + " ] && echo passed; [ -e " +
                                        "/proc/self/fd/" + std::to_string(other) +
                                        " ] || echo closed; exit 3";
            SubprocessOptions options{.stdin_ = devnull, .stdout_ = pipe, .stderr_ = to_stdout};
            options.cwd = "/";
            options.env = {{"ONE", "1"}, {"PATH", "/usr/bin:/bin"}};
            options.pass_fds = {passed};
            options.start_new_session = true;
            const Process process = co_await create_subprocess_shell(command, options);
            const auto [out, err] = co_await process.communicate();
            EXPECT_EQ(out, "1\n/\nerror\npassed\nclosed\n");
            EXPECT_EQ(process.returncode(), 3);
            ::close(passed);
            ::close(other);
            EXPECT_EQ(co_await outcome(create_subprocess_exec({"/nowhere/program"})),
                      "FileNotFoundError: [Errno 2] No such file or directory: "
                      "'/nowhere/program'");
        }());
    });
    sandboxed.join();
}

// The kernel does not know the call; a sandbox does not let it through.
INSTANTIATE_TEST_SUITE_P(, SubprocessIn,
                         ::testing::Values(Refused{.call = SYS_clone3, .error = ENOSYS},
                                           Refused{.call = SYS_close_range, .error = ENOSYS},
                                           Refused{.call = SYS_close_range, .error = EPERM}));

// A sandbox is not asked again: each time would cost a process that comes to nothing.
TEST(SandboxedSubprocess, is_started_by_other_means_from_then_on) {
    std::thread sandboxed([] {
        ASSERT_TRUE(testing::refuse(SYS_close_range, ENOSYS));
        run_clean(start_true());
    });
    sandboxed.join();
    testing::SystemFaults calls;
    run_clean(start_true());
    EXPECT_EQ(calls.calls(testing::Call::posix_spawn), 1);
}

// What the system has not enough of is told, and not tried in another way.
TEST(SubprocessFork, that_fails_is_told_of) {
    for (const int error : {EAGAIN, ENOMEM}) {
        std::thread sandboxed([error] {
            ASSERT_TRUE(testing::refuse(SYS_clone3, error));
            run_clean([](int code) -> Coro<void> {
                const std::string told = co_await outcome(create_subprocess_exec(
                    {"cat"}, {.stdin_ = pipe, .stdout_ = pipe, .stderr_ = pipe}));
                EXPECT_TRUE(told.ends_with("[Errno " + std::to_string(code) + "] " +
                                           std::strerror(code) + ": 'cat'"))
                    << told;
            }(error));
        });
        sandboxed.join();
    }
}

}  // namespace
}  // namespace weft
