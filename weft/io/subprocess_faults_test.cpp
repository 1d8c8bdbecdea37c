// SPDX-License-Identifier: Apache-2.0
// Goal:   a program that cannot be started, watched or reaped is told of, and leaves no descriptor and
//         no zombie; one that does what it likes with its pipes and signals holds nobody up for ever.
// Method: system calls that fail on demand, limits of this process, and programs that misbehave.
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/io/streams_test.hpp>
#include <weft/io/subprocess.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/timeout.hpp>
#include <weft/testing/log_capture.hpp>
#include <weft/testing/sandbox.hpp>
#include <weft/testing/system_faults.hpp>
#include <weft/testing/trace.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;
using subprocess::pipe;
using testing::always;
using testing::Call;
using testing::ended;
using testing::LogCapture;
using testing::SystemFaults;

std::string told_of(int error, const std::string& what) {
    return "[Errno " + std::to_string(error) + "] " + std::strerror(error) + ": " + what;
}

// Neither one that runs nor one that nobody has reaped.
void expect_no_children() {
    siginfo_t info{};
    EXPECT_EQ(::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT), -1) << "a child is left";
    EXPECT_EQ(errno, ECHILD);
}

void run_childless(Coro<void> coro) {
    run_clean(std::move(coro));
    expect_no_children();
}

// The C library's functions are what fails on demand: processes are theirs where the system refuses
// clone3(2).
template <class F>
void run_without_clone3(F function, int error) {
    std::thread sandboxed([&] {
        ASSERT_TRUE(testing::refuse(SYS_clone3, ENOSYS));
        run_childless(function(error));
    });
    sandboxed.join();
}

const SubprocessOptions all_pipes = {.stdin_ = pipe, .stdout_ = pipe, .stderr_ = pipe};

Coro<void> expect_it_works() {
    const Process process = co_await create_subprocess_exec({"cat"}, all_pipes);
    const auto [out, err] = co_await process.communicate("works");
    EXPECT_EQ(out, "works");
    EXPECT_EQ(process.returncode(), 0);
}

// ---- what cannot be started

TEST(SubprocessFaults, a_program_that_cannot_be_forked_is_told_of) {
    for (const int error : {EAGAIN, ENOMEM, ENOSYS, EPERM}) {
        run_without_clone3(
            [](int code) -> Coro<void> {
                SystemFaults faults;
                faults.on(Call::posix_spawn, {.error = code});
                const std::string told =
                    co_await outcome(create_subprocess_exec({"cat"}, all_pipes));
                EXPECT_TRUE(told.ends_with(told_of(code, "'cat'"))) << told;
                EXPECT_EQ(faults.met(), 1);
                co_await expect_it_works();
            },
            error);
    }
}

// The real thing: the child finds out, and its parent is told.
TEST(SubprocessFaults, a_program_that_cannot_be_executed_is_told_of) {
    const std::filesystem::path folder =
        "/tmp/weft_subprocess_faults_test_" + std::to_string(::getpid());
    std::filesystem::create_directory(folder);
    const std::string program = folder / "program";
    std::ofstream(program) << "no program of this system";
    run_childless([](std::string file) -> Coro<void> {
        const auto error = [](std::vector<std::string> command,
                              SubprocessOptions options = all_pipes) -> Coro<std::string> {
            co_return co_await outcome(
                create_subprocess_exec(std::move(command), std::move(options)));
        };
        EXPECT_EQ(co_await error({file}), "PermissionError: " + told_of(EACCES, "'" + file + "'"));
        ::chmod(file.c_str(), 0755);
        EXPECT_EQ(co_await error({file}), "OSError: " + told_of(ENOEXEC, "'" + file + "'"));
        std::ofstream(file) << "#!/no/such/interpreter\n";
        EXPECT_EQ(co_await error({file}),
                  "FileNotFoundError: " + told_of(ENOENT, "'" + file + "'"));
        EXPECT_EQ(co_await error({file + "/beyond"}),
                  "NotADirectoryError: " + told_of(ENOTDIR, "'" + file + "/beyond'"));
        // One argument may have 128 KiB.
        EXPECT_EQ(co_await error({"cat", std::string(200'000, 'x')}),
                  "OSError: " + told_of(E2BIG, "'cat'"));
        SubprocessOptions large = all_pipes;
        large.env = {{{"LARGE", std::string(200'000, 'x')}}};
        EXPECT_EQ(co_await error({"cat"}, large), "OSError: " + told_of(E2BIG, "'cat'"));
        std::filesystem::copy_file("/bin/true", file,
                                   std::filesystem::copy_options::overwrite_existing);
        const int writing = ::open(file.c_str(), O_WRONLY | O_CLOEXEC);
        EXPECT_EQ(co_await error({file}), "OSError: " + told_of(ETXTBSY, "'" + file + "'"));
        ::close(writing);
        co_await expect_it_works();
    }(program));
    std::filesystem::remove_all(folder);
}

// Goal:   whichever descriptor is missing, nothing is left of what was made before.
// Method: all numbers up to the limit are taken but a few.
TEST(SubprocessFaults, a_program_for_which_there_are_no_descriptors_is_told_of) {
    for (std::size_t spare = 0;; ++spare) {
        ASSERT_LT(spare, 50U);
        bool worked = false;
        run_childless([](std::size_t left, bool& did) -> Coro<void> {
            rlimit before{};
            ::getrlimit(RLIMIT_NOFILE, &before);
            const rlimit few{.rlim_cur = 200, .rlim_max = before.rlim_max};
            ::setrlimit(RLIMIT_NOFILE, &few);
            std::vector<int> taken;
            for (int fd = ::dup(0); fd >= 0; fd = ::dup(0)) taken.push_back(fd);
            for (std::size_t i = 0; i < left; ++i) {
                ::close(taken.back());
                taken.pop_back();
            }
            const auto process = co_await as_result(create_subprocess_exec({"cat"}, all_pipes));
            for (const int fd : taken) ::close(fd);
            ::setrlimit(RLIMIT_NOFILE, &before);
            did = process.has_value();
            if (process) {
                EXPECT_EQ((co_await process->communicate("works")).first, "works");
            } else {
                const std::string told = describe(process.error());
                EXPECT_NE(told.find("[Errno 24]"), std::string::npos) << told;
            }
        }(spare, worked));
        if (worked) {
            EXPECT_GE(spare, 6U);
            return;
        }
    }
}

// ---- what cannot be watched: nobody would ever reap it

TEST(SubprocessFaults, a_program_that_cannot_be_watched_is_killed_and_told_of) {
    for (const int error : {EMFILE, ENFILE, ENOMEM, ENOSYS}) {
        run_without_clone3(
            [](int code) -> Coro<void> {
                SystemFaults faults;
                faults.on(Call::pidfd_open, {.error = code});
                const std::string told =
                    co_await outcome(create_subprocess_exec({"sleep", "60"}, all_pipes));
                EXPECT_TRUE(told.ends_with(told_of(code, "pidfd_open"))) << told;
                expect_no_children();
            },
            error);
    }
}

TEST(SubprocessFaults, a_program_whose_end_the_loop_cannot_watch_is_killed_and_told_of) {
    for (const int error : {ENOSPC, ENOMEM}) {
        run_childless([](int code) -> Coro<void> {
            SystemFaults faults;
            faults.on(Call::epoll_add, {.error = code});
            const std::string told =
                co_await outcome(create_subprocess_exec({"sleep", "60"}, all_pipes));
            if (get_running_loop().backend() == "epoll") {
                EXPECT_NE(told.find("[Errno " + std::to_string(code) + "]"), std::string::npos)
                    << told;
            } else {
                EXPECT_EQ(told, "ok");  // on io_uring nothing is refused; dropped, it is killed
            }
        }(error));
    }
}

// ---- what somebody else has waited for, or nobody can

TEST(SubprocessFaults, a_program_that_somebody_else_has_reaped_has_ended_all_the_same) {
    const LogCapture log;
    run_childless([]() -> Coro<void> {
        for (const bool is_waited_for : {false, true}) {
            const Process process = co_await create_subprocess_exec({"sleep", "60"});
            const auto waiting = create_task(process.wait());
            if (is_waited_for) co_await sleep(1ms);
            process.kill();
            EXPECT_EQ(::waitpid(process.pid(), nullptr, 0), process.pid());
            EXPECT_EQ(co_await wait_for(process.wait(), 10s), 255);
            EXPECT_EQ(co_await waiting, 255);
            EXPECT_EQ(
                testing::thrown_by([&] {
                    process.terminate();
                    return 0;
                }),
                "ProcessLookupError: process " + std::to_string(process.pid()) + " has ended");
        }
    }());
    EXPECT_TRUE(LogCapture::told_of("Unknown child process pid"));
}

TEST(SubprocessFaults, a_wait_that_is_interrupted_is_made_again) {
    run_childless([]() -> Coro<void> {
        SystemFaults faults;
        faults.on(Call::waitid, {.error = EINTR, .times = 5});
        const Process process = co_await create_subprocess_shell("exit 3");
        EXPECT_EQ(co_await process.wait(), 3);
        EXPECT_EQ(faults.met(), 5);
    }());
}

// ---- pipes that fail

TEST(SubprocessFaults, small_pieces_and_interruptions_are_not_seen) {
    run_childless([]() -> Coro<void> {
        const Bytes all = some_bytes(50'000);
        for (const int error : {0, EINTR, EAGAIN}) {
            const Process process =
                co_await create_subprocess_exec({"cat"}, {.stdin_ = pipe, .stdout_ = pipe});
            const int to = process.stdin_()->fileno();
            SystemFaults faults;
            faults.on(Call::write, {.bytes_max = 999, .times = always, .fd = to});
            faults.on(Call::read, {.bytes_max = 777, .first = 5, .times = always});
            faults.on(Call::write, {.error = error, .first = 2, .times = 3, .fd = to});
            EXPECT_TRUE((co_await process.communicate(all)).first == all) << error;
            EXPECT_EQ(process.returncode(), 0);
            EXPECT_GT(faults.met(), 50);
        }
    }());
}

// As in asyncio, communicate() does not mind a program that takes no more: it depends on the moment
// whether the error is seen as one of those.
TEST(SubprocessFaults, a_pipe_that_breaks_holds_nobody_up) {
    run_childless([]() -> Coro<void> {
        const Process process = co_await create_subprocess_exec(
            {"cat"}, {.stdin_ = pipe, .stdout_ = pipe, .kill_on_cancel = true});
        SystemFaults faults;
        faults.on(Call::write, {.error = EIO, .fd = process.stdin_()->fileno()});
        const std::string told = co_await outcome(wait_for(process.communicate("lost"), 10s));
        EXPECT_TRUE(told == "ok" || told.starts_with("OSError: [Errno 5] ")) << told;
        EXPECT_EQ(co_await wait_for(process.wait(), 10s), told == "ok" ? 0 : -SIGKILL);
        EXPECT_EQ(faults.met(), 1);
    }());
}

// ---- programs that misbehave

TEST(SubprocessFaults, a_program_may_close_its_pipes_and_live_on) {
    run_childless([]() -> Coro<void> {
        const Process process = co_await create_subprocess_shell(
            "echo ready; exec <&- >&- 2>&-; exec sleep 60", all_pipes);
        EXPECT_EQ(co_await process.stdout_()->read(), "ready\n");
        EXPECT_EQ(co_await process.stderr_()->read(), "");
        process.stdin_()->write(Bytes(1'000'000, 'x'));
        EXPECT_EQ(co_await outcome(process.stdin_()->drain()),
                  "ConnectionResetError: Connection lost");
        EXPECT_EQ(process.returncode(), std::nullopt);
        const auto communicating = create_task(process.communicate("nobody reads it"));
        const auto waiting = create_task(process.wait());
        co_await sleep(20ms);
        EXPECT_FALSE(communicating.done() || waiting.done());
        process.terminate();
        EXPECT_EQ(co_await waiting, -SIGTERM);
        EXPECT_EQ((co_await communicating).first, "");
    }());
}

TEST(SubprocessFaults, a_program_that_ignores_every_signal_but_one_ends_with_that) {
    run_childless([]() -> Coro<void> {
        const Process process = co_await create_subprocess_shell(
            "trap '' TERM INT HUP QUIT USR1; echo ready; while :; do sleep 60; done",
            {.stdout_ = pipe, .start_new_session = true});
        co_await process.stdout_()->readline();
        for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1}) {
            process.send_signal(signal);
        }
        EXPECT_EQ(co_await outcome(wait_for(process.wait(), 20ms)), "TimeoutError");
        ::kill(-process.pid(), SIGKILL);  // and whom it has started
        EXPECT_EQ(co_await process.wait(), -SIGKILL);
    }());
}

TEST(SubprocessFaults, a_program_that_stops_itself_has_not_ended) {
    run_childless([]() -> Coro<void> {
        const Process process = co_await create_subprocess_shell("kill -STOP $$; exit 4");
        siginfo_t info{};
        const auto id = static_cast<id_t>(process.pid());
        EXPECT_EQ(::waitid(P_PID, id, &info, WSTOPPED | WNOWAIT), 0);
        EXPECT_EQ(process.returncode(), std::nullopt);
        process.send_signal(SIGCONT);
        EXPECT_EQ(co_await process.wait(), 4);
    }());
}

}  // namespace
}  // namespace weft
