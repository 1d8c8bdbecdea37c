// SPDX-License-Identifier: Apache-2.0
// weft/io/sandboxed_subprocess_test.cpp - processes where the system refuses what starts them best.
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <weft/io/streams_test.hpp>
#include <weft/io/subprocess.hpp>
#include <weft/runtime/coro.hpp>

namespace weft {
namespace {

using subprocess::devnull;
using subprocess::pipe;
using subprocess::to_stdout;

// For the rest of this thread and for its children, as a sandbox does.
void refuse(int number, int error) {
    sock_filter instructions[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(number), 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error)),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog program{.len = std::size(instructions), .filter = instructions};
    ASSERT_EQ(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    ASSERT_EQ(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0), 0);
}

struct Refused {
    int call;
    int error;
};
class SandboxedSubprocess : public ::testing::TestWithParam<Refused> {};

TEST_P(SandboxedSubprocess, is_started_all_the_same) {
    std::thread sandboxed([refused = GetParam()] {
        refuse(refused.call, refused.error);
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
INSTANTIATE_TEST_SUITE_P(, SandboxedSubprocess,
                         ::testing::Values(Refused{.call = SYS_clone3, .error = ENOSYS},
                                           Refused{.call = SYS_close_range, .error = ENOSYS},
                                           Refused{.call = SYS_close_range, .error = EPERM}));

}  // namespace
}  // namespace weft
