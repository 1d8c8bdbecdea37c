// SPDX-License-Identifier: Apache-2.0
#include <weft/io/subprocess.hpp>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/io/run.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/io/streams_test.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/gather.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/timeout.hpp>
#include <weft/testing/fork.hpp>
#include <weft/testing/log_capture.hpp>
#include <weft/testing/trace.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;
using subprocess::devnull;
using subprocess::pipe;
using subprocess::to_stdout;
using testing::ended;
using testing::in_fork;
using testing::thrown_by;

// What a shell's command line writes.
Coro<std::string> output_of(std::string command, SubprocessOptions options = {}) {
    options.stdout_ = pipe;
    const Process process =
        co_await create_subprocess_shell(std::move(command), std::move(options));
    const auto [out, err] = co_await process.communicate();
    co_return out.value();
}

// Whether there is such a process, be it a zombie.
bool exists(int pid) { return ::kill(pid, 0) == 0; }

// ---- a program and its end

// SUB-06, SUB-07
TEST(Subprocess, runs_a_program_with_its_arguments) {
    run_clean([]() -> Coro<void> {
        const Process process = co_await create_subprocess_exec(
            {"printf", "%s|", "a b", "", "$HOME", "\"q\"\n"}, {.stdout_ = pipe});
        EXPECT_EQ(co_await process.wait(), 0);
        EXPECT_EQ(co_await process.stdout_()->read(), "a b||$HOME|\"q\"\n|");
        EXPECT_EQ(process.returncode(), 0);
        EXPECT_EQ(process.stdin_(), std::nullopt);
        EXPECT_EQ(process.stderr_(), std::nullopt);
    }());
}

TEST(Subprocess, tells_how_the_program_ended) {
    run_clean([]() -> Coro<void> {
        const auto ends_with = [](std::string command) -> Coro<int> {
            const Process process = co_await create_subprocess_shell(std::move(command));
            const int code = co_await process.wait();
            EXPECT_EQ(process.returncode(), code);
            EXPECT_EQ(co_await process.wait(), code);  // and again, at once
            co_return code;
        };
        EXPECT_EQ(co_await ends_with("exit 0"), 0);
        EXPECT_EQ(co_await ends_with("exit 255"), 255);
        EXPECT_EQ(co_await ends_with("kill -9 $$"), -SIGKILL);
        EXPECT_EQ(co_await ends_with("kill -SEGV $$"), -SIGSEGV);
    }());
}

TEST(Subprocess, names_what_it_cannot_start) {
    run_clean([]() -> Coro<void> {
        const auto error = [](std::vector<std::string> command,
                              SubprocessOptions options = {}) -> Coro<std::string> {
            co_return co_await outcome(
                create_subprocess_exec(std::move(command), std::move(options)));
        };
        EXPECT_EQ(co_await error({"/no/such/program"}),
                  "FileNotFoundError: [Errno 2] No such file or directory: '/no/such/program'");
        EXPECT_EQ(co_await error({"no-such-program"}),
                  "FileNotFoundError: [Errno 2] No such file or directory: 'no-such-program'");
        EXPECT_EQ(co_await error({"/tmp"}),
                  "PermissionError: [Errno 13] Permission denied: '/tmp'");
        EXPECT_EQ(co_await error({"true"}, {.cwd = "/no/such/folder"}),
                  "FileNotFoundError: [Errno 2] No such file or directory: '/no/such/folder'");
        EXPECT_EQ(co_await error({"true"}, {.cwd = "/dev/null"}),
                  "NotADirectoryError: [Errno 20] Not a directory: '/dev/null'");
        EXPECT_EQ(co_await error({}), "ValueError: there is no program to run");
        EXPECT_EQ(co_await error({"echo", std::string("a\0b", 3)}),
                  "ValueError: embedded null character in the argument 'a\\0…'");
        EXPECT_EQ(co_await error({"true"}, {.env = {{{"A=B", "c"}}}}),
                  "ValueError: 'A=B' is no name of a variable of the environment");
        EXPECT_EQ(co_await error({"true"}, {.stdin_ = to_stdout}),
                  "ValueError: only stderr_ can be subprocess::to_stdout");
        EXPECT_EQ(co_await error({"true"}, {.stdin_ = 987}),
                  "OSError: [Errno 9] Bad file descriptor: descriptor 987");
        EXPECT_EQ(co_await error({"true"}, {.pass_fds = {987}}),
                  "OSError: [Errno 9] Bad file descriptor: descriptor 987");
    }());
}

// ---- pipes

// SUB-01
TEST(Subprocess, takes_and_gives_more_than_a_pipe_holds) {
    run_clean([]() -> Coro<void> {
        const Process process =
            co_await create_subprocess_exec({"cat"}, {.stdin_ = pipe, .stdout_ = pipe});
        const Bytes all = some_bytes(3'000'000);
        const auto [out, err] = co_await process.communicate(all);
        EXPECT_TRUE(out == all);
        EXPECT_EQ(err, std::nullopt);
        EXPECT_EQ(process.returncode(), 0);
    }());
}

// SUB-02
TEST(Subprocess, does_not_mind_that_the_program_reads_nothing) {
    run_clean([]() -> Coro<void> {
        const Process process = co_await create_subprocess_exec(
            {"true"}, {.stdin_ = pipe, .stdout_ = pipe, .stderr_ = pipe});
        const auto [out, err] = co_await process.communicate(Bytes(1'000'000, 'x'));
        EXPECT_EQ(out, "");
        EXPECT_EQ(err, "");
        EXPECT_EQ(process.returncode(), 0);
    }());
}

TEST(Subprocess, takes_no_input_after_its_end) {
    run_clean([]() -> Coro<void> {
        const Process process = co_await create_subprocess_exec(
            {"cat"}, {.stdin_ = pipe, .stdout_ = pipe, .kill_on_cancel = true});
        process.stdin_()->write("all");
        process.stdin_()->write_eof();
        EXPECT_EQ((co_await process.communicate("too late")).first, "all");
        EXPECT_EQ(process.returncode(), 0);
    }());
}

TEST(Subprocess, talks_with_a_program) {
    run_clean([]() -> Coro<void> {
        const Process process = co_await create_subprocess_exec(
            {"sh", "-c", "while read line; do echo \"<$line>\"; done; echo end >&2"},
            {.stdin_ = pipe, .stdout_ = pipe, .stderr_ = pipe});
        for (const char* line : {"one", "two"}) {
            process.stdin_()->write(std::string(line) + "\n");
            EXPECT_EQ(co_await process.stdout_()->readline(), "<" + std::string(line) + ">\n");
        }
        process.stdin_()->close();
        EXPECT_EQ(co_await process.stdout_()->read(), "");
        EXPECT_EQ(co_await process.stderr_()->read(), "end\n");
        EXPECT_EQ(co_await process.wait(), 0);
    }());
}

TEST(Subprocess, redirects_each_stream) {
    run_clean([]() -> Coro<void> {
        const std::string both = "echo out; echo err >&2";
        EXPECT_EQ(co_await output_of(both, {.stderr_ = to_stdout}), "out\nerr\n");
        EXPECT_EQ(co_await output_of(both, {.stderr_ = devnull}), "out\n");
        EXPECT_EQ(co_await output_of("cat", {.stdin_ = devnull}), "");
        const Process swapped =
            co_await create_subprocess_shell(both, {.stdout_ = devnull, .stderr_ = pipe});
        EXPECT_EQ((co_await swapped.communicate()).second, "err\n");
    }());
}

TEST(Subprocess, hands_descriptors_of_this_process_on) {
    run_clean([]() -> Coro<void> {
        int fds[2];
        EXPECT_EQ(::pipe2(fds, O_CLOEXEC), 0);
        EXPECT_EQ(::write(fds[1], "from a pipe", 11), 11);
        ::close(fds[1]);
        EXPECT_EQ(co_await output_of("cat", {.stdin_ = fds[0]}), "from a pipe");
        ::close(fds[0]);
    }());
}

// Goal:   none of the standard streams is overwritten by another, whatever their numbers are.
// Method: this process has closed its own, so that pipes get their numbers.
TEST(Subprocess, redirects_where_this_process_has_no_standard_streams) {
    const int in = ::fcntl(0, F_DUPFD_CLOEXEC, 10);
    const int out = ::fcntl(1, F_DUPFD_CLOEXEC, 10);
    ::close(0);
    ::close(1);
    std::optional<Bytes> got;
    run([](std::optional<Bytes>& to) -> Coro<void> {
        const Process process = co_await create_subprocess_exec(
            {"sh", "-c", "cat; echo err >&2"},
            {.stdin_ = pipe, .stdout_ = pipe, .stderr_ = to_stdout});
        to = (co_await process.communicate("in ")).first;
    }(got));
    ::dup2(in, 0);
    ::dup2(out, 1);
    ::close(in);
    ::close(out);
    EXPECT_EQ(got, "in err\n");
}

// ---- what a program begins with

TEST(Subprocess, has_the_environment_and_the_folder_that_it_is_given) {
    run_clean([]() -> Coro<void> {
        EXPECT_EQ(co_await output_of("echo $A; pwd", {.cwd = "/usr", .env = {{{"A", "b=c"}}}}),
                  "b=c\n/usr\n");
        ::setenv("WEFT_SUBPROCESS_TEST", "inherited", 1);
        EXPECT_EQ(co_await output_of("echo $WEFT_SUBPROCESS_TEST"), "inherited\n");
        ::unsetenv("WEFT_SUBPROCESS_TEST");
    }());
}

TEST(Subprocess, is_looked_for_in_the_path_of_its_environment) {
    run_clean([]() -> Coro<void> {
        const std::filesystem::path folder =
            "/tmp/weft_subprocess_test_" + std::to_string(::getpid());
        std::filesystem::create_directory(folder);
        std::ofstream(folder / "weft-test-program") << "#!/bin/sh\necho found\n";
        const auto start = [&](SubprocessOptions options = {}) -> Coro<std::string> {
            options.stdout_ = pipe;
            options.env = {{{"PATH", "/nowhere:" + folder.string()}}};
            const Process process =
                co_await create_subprocess_exec({"weft-test-program"}, std::move(options));
            co_return (co_await process.communicate()).first.value();
        };
        EXPECT_EQ(co_await outcome(start()),
                  "PermissionError: [Errno 13] Permission denied: 'weft-test-program'");
        ::chmod((folder / "weft-test-program").c_str(), 0755);
        EXPECT_EQ(co_await start(), "found\n");
        // A relative one is looked up from where the program begins.
        SubprocessOptions there{.stdout_ = pipe, .cwd = folder.parent_path()};
        there.env = {{{"PATH", folder.filename().string()}}};
        const Process process = co_await create_subprocess_exec({"weft-test-program"}, there);
        EXPECT_EQ((co_await process.communicate()).first, "found\n");
        std::filesystem::remove_all(folder);
    }());
}

TEST(Subprocess, inherits_no_descriptor_but_those_that_are_passed) {
    run_clean([]() -> Coro<void> {
        const int open = ::open("/dev/null", O_RDWR);  // and not O_CLOEXEC
        const int passed = ::open("/dev/null", O_RDWR | O_CLOEXEC);
        const std::string show = "ls /proc/self/fd";
        const auto has = [](const std::string& list, int fd) {
            return ("\n" + list).find("\n" + std::to_string(fd) + "\n") != std::string::npos;
        };
        const std::string without = co_await output_of(show);
        EXPECT_FALSE(has(without, open)) << without;
        const std::string with = co_await output_of(show, {.pass_fds = {passed}});
        EXPECT_TRUE(has(with, passed)) << with;
        EXPECT_FALSE(has(with, open)) << with;
        EXPECT_NE(::fcntl(passed, F_GETFD) & FD_CLOEXEC, 0);  // still, here
        ::close(open);
        ::close(passed);
    }());
}

TEST(Subprocess, dies_of_sigpipe_and_sigxfsz_as_usual) {
    run_clean([]() -> Coro<void> {
        const auto ignored = [](bool restore) -> Coro<std::string> {
            co_return co_await output_of("grep SigIgn /proc/self/status",
                                         {.restore_signals = restore});
        };
        const auto is_ignored = [](const std::string& line, int signal) {
            return (std::stoull(line.substr(line.find(':') + 1), nullptr, 16) >> (signal - 1)) & 1;
        };
        for (const int signal : {SIGPIPE, SIGXFSZ}) {
            EXPECT_FALSE(is_ignored(co_await ignored(true), signal)) << signal;
            EXPECT_TRUE(is_ignored(co_await ignored(false), signal)) << signal;
        }
    }());
}

// All are blocked while the child comes to be.
TEST(Subprocess, begins_with_the_signals_blocked_that_are_blocked_here) {
    sigset_t blocked;
    sigset_t before;
    ::sigemptyset(&blocked);
    ::sigaddset(&blocked, SIGUSR2);
    ::pthread_sigmask(SIG_BLOCK, &blocked, &before);
    run_clean([]() -> Coro<void> {
        const std::string line = co_await output_of("exec grep SigBlk: /proc/self/status");
        EXPECT_EQ(std::stoull(line.substr(line.find(':') + 1), nullptr, 16), 1U << (SIGUSR2 - 1));
        sigset_t still{};
        ::pthread_sigmask(SIG_BLOCK, nullptr, &still);
        EXPECT_EQ(::sigismember(&still, SIGUSR2), 1);
        EXPECT_EQ(::sigismember(&still, SIGUSR1), 0);
    }());
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

TEST(Subprocess, is_in_the_session_and_group_that_it_is_told_to) {
    run_clean([]() -> Coro<void> {
        const Process leader =
            co_await create_subprocess_exec({"sleep", "60"}, {.start_new_session = true});
        EXPECT_EQ(::getsid(leader.pid()), leader.pid());
        const Process own = co_await create_subprocess_exec({"sleep", "60"}, {.process_group = 0});
        EXPECT_EQ(::getpgid(own.pid()), own.pid());
        const Process usual = co_await create_subprocess_exec({"sleep", "60"});
        EXPECT_EQ(::getpgid(usual.pid()), ::getpgrp());
        for (const Process& process : {leader, own, usual}) {
            process.kill();
            EXPECT_EQ(co_await process.wait(), -SIGKILL);
        }
    }());
}

// ---- signals

// SUB-05
TEST(Subprocess, gets_signals_until_it_has_ended) {
    run_clean([]() -> Coro<void> {
        const Process process = co_await create_subprocess_exec({"sleep", "60"});
        EXPECT_EQ(thrown_by([&] {
                      process.send_signal(1000);
                      return 0;
                  }),
                  "ValueError: there is no signal 1000");
        process.terminate();
        EXPECT_EQ(co_await process.wait(), -SIGTERM);
        EXPECT_EQ(thrown_by([&] {
                      process.kill();
                      return 0;
                  }),
                  "ProcessLookupError: process " + std::to_string(process.pid()) + " has ended");
    }());
}

TEST(Subprocess, that_ignores_sigterm_can_be_killed) {
    run_clean([]() -> Coro<void> {
        const Process process = co_await create_subprocess_shell(
            "trap '' TERM; echo ready; exec sleep 60", {.stdout_ = pipe});
        co_await process.stdout_()->readline();
        process.terminate();
        EXPECT_EQ(co_await outcome(wait_for(process.wait(), 50ms)), "TimeoutError");
        process.kill();
        EXPECT_EQ(co_await process.wait(), -SIGKILL);
    }());
}

// ---- cancellation, and who lets go

// SUB-03
TEST(Subprocess, goes_on_when_a_wait_is_cancelled) {
    run_clean([]() -> Coro<void> {
        const Process process = co_await create_subprocess_exec({"sleep", "60"});
        const auto waiting = create_task(process.wait());
        co_await sleep(10ms);
        waiting.cancel();
        EXPECT_EQ(co_await ended(waiting), "CancelledError");
        EXPECT_EQ(process.returncode(), std::nullopt);
        process.kill();
        EXPECT_EQ(co_await process.wait(), -SIGKILL);
    }());
}

// SUB-09
TEST(Subprocess, is_killed_by_a_cancellation_when_it_is_to_be) {
    run_clean([]() -> Coro<void> {
        for (const bool communicates : {false, true}) {
            const Process process = co_await create_subprocess_exec(
                {"sleep", "60"}, {.stdout_ = pipe, .kill_on_cancel = true});
            const auto use = [](Process of, bool all) -> Coro<void> {
                if (all) {
                    co_await of.communicate();
                } else {
                    co_await of.wait();
                }
            };
            EXPECT_EQ(co_await outcome(wait_for(use(process, communicates), 20ms)), "TimeoutError");
            EXPECT_EQ(co_await wait_for(process.wait(), 10s), -SIGKILL);
        }
    }());
}

// SUB-11
TEST(Subprocess, is_killed_when_nobody_holds_it_any_more) {
    run_clean([]() -> Coro<void> {
        int pid = 0;
        {
            const Process process = co_await create_subprocess_exec({"sleep", "60"});
            pid = process.pid();
            EXPECT_TRUE(exists(pid));
        }
        for (int i = 0; i < 500 && exists(pid); ++i) co_await sleep(10ms);
        EXPECT_FALSE(exists(pid));  // no zombie either
    }());
}

TEST(Subprocess, is_killed_with_its_loop) {
    int pid = 0;
    std::optional<Process> kept;
    run([](int& to, std::optional<Process>& keep) -> Coro<void> {
        keep = co_await create_subprocess_exec({"sleep", "60"}, {.stdout_ = pipe});
        to = keep->pid();
    }(pid, kept));
    EXPECT_FALSE(exists(pid));
    EXPECT_EQ(kept->returncode(), -SIGKILL);
    EXPECT_THROW(kept->kill(), ProcessLookupError);
    EXPECT_EQ(run(kept->wait()), -SIGKILL);
}

// In the child of a fork, what ends there is not the parent's process.
TEST(Subprocess, is_the_parents_in_the_child_of_a_fork) {
    run_clean([]() -> Coro<void> {
        const Process process = co_await create_subprocess_exec({"sleep", "60"});
        EXPECT_EQ(in_fork([&] {
                      {
                          const Process dropped = process;
                      }
                      const bool refuses = thrown_by([&] {
                                               process.kill();
                                               return 0;
                                           }).starts_with("ProcessLookupError");
                      return refuses ? 0 : 1;
                  }),
                  0);
        co_await sleep(10ms);
        EXPECT_EQ(process.returncode(), std::nullopt);
        process.terminate();
        EXPECT_EQ(co_await process.wait(), -SIGTERM);
    }());
}

// A program that ignores SIGCHLD never learns how its children ended, and goes on all the same.
TEST(Subprocess, whose_end_somebody_else_has_seen) {
    const testing::LogCapture log;
    const auto before = std::signal(SIGCHLD, SIG_IGN);
    run_clean([]() -> Coro<void> {
        for (int i = 0; i < 50; ++i) {
            const Process process = co_await create_subprocess_exec({"true"});
            EXPECT_EQ(co_await process.wait(), 255);
        }
    }());
    std::signal(SIGCHLD, before);
    EXPECT_TRUE(testing::LogCapture::told_of("Unknown child process pid"));
}

// A signal does not keep a loop that closes from waiting for the child that it has killed.
TEST(Subprocess, is_no_zombie_when_its_loop_is_interrupted) {
    struct sigaction action{};
    struct sigaction before{};
    action.sa_handler = [](int) {};
    ::sigaction(SIGALRM, &action, &before);
    const itimerval often{.it_interval = {0, 100}, .it_value = {0, 100}};
    const itimerval never{};
    std::vector<int> pids;
    for (int i = 0; i < 5; ++i) {
        run([](std::vector<int>& to, const itimerval& interrupts) -> Coro<void> {
            const Process process = co_await create_subprocess_exec({"sleep", "60"});
            to.push_back(process.pid());
            const auto waiting = create_task(process.wait());
            co_await sleep(1ms);
            ::setitimer(ITIMER_REAL, &interrupts, nullptr);
        }(pids, often));
        ::setitimer(ITIMER_REAL, &never, nullptr);
    }
    ::sigaction(SIGALRM, &before, nullptr);
    for (const int pid : pids) EXPECT_FALSE(exists(pid));
}

TEST(Subprocess, is_reaped_although_nobody_waits) {
    run_clean([]() -> Coro<void> {
        const Process process = co_await create_subprocess_exec({"true"});
        for (int i = 0; i < 500 && exists(process.pid()); ++i) co_await sleep(10ms);
        EXPECT_FALSE(exists(process.pid()));
        EXPECT_EQ(process.returncode(), 0);
    }());
}

// SUB-08: what asyncio warns of, and communicate() is for.
TEST(Subprocess, waits_for_ever_for_a_program_that_fills_a_pipe) {
    run_clean([]() -> Coro<void> {
        const Process process =
            co_await create_subprocess_shell("head -c 1000000 /dev/zero", {.stdout_ = pipe});
        EXPECT_EQ(co_await outcome(wait_for(process.wait(), 100ms)), "TimeoutError");
        EXPECT_EQ((co_await process.communicate()).first->size(), 1'000'000U);
    }());
}

// A grandchild that has inherited the pipe does not hold up wait().
TEST(Subprocess, has_ended_although_another_has_its_pipe) {
    run_clean([]() -> Coro<void> {
        const Process process =
            co_await create_subprocess_shell("sleep 60 & echo $!", {.stdout_ = pipe});
        const int grandchild = std::stoi(co_await process.stdout_()->readline());
        EXPECT_EQ(co_await wait_for(process.wait(), 10s), 0);
        ::kill(grandchild, SIGKILL);
    }());
}

TEST(Subprocess, many_at_once) {
    run_clean([]() -> Coro<void> {
        std::vector<Coro<std::string>> all;
        for (int i = 0; i < 50; ++i) all.push_back(output_of("echo " + std::to_string(i)));
        const auto got = co_await gather(std::move(all));
        for (std::size_t i = 0; i < got.size(); ++i) EXPECT_EQ(got[i], std::to_string(i) + "\n");
    }());
}

}  // namespace
}  // namespace weft
