// SPDX-License-Identifier: Apache-2.0
#include <weft/io/pipes.hpp>

#include <cerrno>
#include <cstddef>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/io/run.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/io/streams_test.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/gather.hpp>
#include <weft/runtime/task.hpp>
#include <weft/testing/log_capture.hpp>
#include <weft/testing/trace.hpp>

namespace weft {
namespace {

using testing::ended;
using testing::LogCapture;
using testing::spin;
using testing::thrown_by;

struct Ends {
    int reading;
    int writing;
};
Ends new_pipe() {
    int ends[2] = {};
    EXPECT_EQ(::pipe(ends), 0);
    return {.reading = ends[0], .writing = ends[1]};
}

struct PipeStreams {
    StreamReader reader;
    StreamWriter writer;
};
Coro<PipeStreams> open_pipe() {
    const Ends ends = new_pipe();
    StreamReader reader = co_await connect_read_pipe(ends.reading);
    co_return {std::move(reader), co_await connect_write_pipe(ends.writing)};
}

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }
bool is_nonblocking(int fd) { return (::fcntl(fd, F_GETFL) & O_NONBLOCK) != 0; }

TEST(Pipes, carry_bytes_and_the_end) {
    run_clean([]() -> Coro<void> {
        auto [reader, writer] = co_await open_pipe();
        writer.write("one\ntwo");
        EXPECT_EQ(co_await reader.readline(), "one\n");
        writer.close();
        co_await writer.wait_closed();
        EXPECT_EQ(co_await reader.read(), "two");
        EXPECT_TRUE(reader.at_eof());
    }());
}

TEST(Pipes, carry_more_than_they_hold) {
    run_clean([]() -> Coro<void> {
        auto [reader, writer] = co_await open_pipe();
        const Bytes much = some_bytes(3'000'000);
        const auto [sent, received] = co_await gather(
            [](const StreamWriter& to, const Bytes& all) -> Coro<bool> {
                const WriteResult result = co_await to.write_all(all);
                to.write_eof();
                co_return result.has_value();
            }(writer, much),
            reader.read());
        EXPECT_TRUE(sent);
        EXPECT_TRUE(received == much);
    }());
}

TEST(Pipes, are_nonblocking_and_for_this_process_alone) {
    run_clean([]() -> Coro<void> {
        const Ends ends = new_pipe();
        const StreamReader reader = co_await connect_read_pipe(ends.reading);
        const StreamWriter writer = co_await connect_write_pipe(ends.writing);
        EXPECT_EQ(writer.fileno(), ends.writing);
        for (const int fd : {ends.reading, ends.writing}) {
            EXPECT_TRUE(is_nonblocking(fd));
            EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
        }
        writer.close();
        co_await writer.wait_closed();
        EXPECT_EQ(writer.fileno(), -1);
    }());
}

TEST(Pipes, have_no_address) {
    run_clean([]() -> Coro<void> {
        auto [reader, writer] = co_await open_pipe();
        EXPECT_EQ(writer.peername(), SocketAddress());
        EXPECT_THROW(static_cast<void>(writer.sockname()), OSError);
    }());
}

TEST(Pipes, write_eof_closes) {
    run_clean([]() -> Coro<void> {
        auto [reader, writer] = co_await open_pipe();
        writer.write("last");
        EXPECT_TRUE(writer.can_write_eof());
        writer.write_eof();
        EXPECT_EQ(co_await reader.read(), "last");
        co_await writer.wait_closed();
        EXPECT_TRUE(writer.is_closing());
        EXPECT_EQ(thrown_by([&] { writer.write("x"); }),
                  "RuntimeError: Cannot call write() after write_eof()");
    }());
}

// ---- the other end

TEST(Pipes, a_reader_that_is_dropped_closes_its_end) {
    run_clean([]() -> Coro<void> {
        const Ends ends = new_pipe();
        std::optional<StreamReader> reader = co_await connect_read_pipe(ends.reading);
        const StreamWriter writer = co_await connect_write_pipe(ends.writing);
        const StreamReader copy = *reader;
        reader.reset();
        co_await spin(3);
        EXPECT_TRUE(is_open(ends.reading));
        reader = copy;
        const_cast<StreamReader&>(copy) = StreamReader();
        reader.reset();
        co_await spin(3);
        EXPECT_FALSE(is_open(ends.reading));
        co_await writer.wait_closed();  // of itself: nothing was unsent
        EXPECT_TRUE(writer.is_closing());
        EXPECT_EQ(co_await outcome(writer.drain()), "ConnectionResetError: Connection lost");
    }());
}

TEST(Pipes, tell_of_what_nobody_will_read) {
    run_clean([]() -> Coro<void> {
        const Ends ends = new_pipe();
        const StreamWriter writer = co_await connect_write_pipe(ends.writing);
        const auto writing = create_task([](const StreamWriter& to) -> Coro<void> {
            to.write(some_bytes(1'000'000));
            co_await to.drain();
        }(writer));
        co_await spin(3);
        EXPECT_FALSE(writing.done());
        ::close(ends.reading);
        const std::string told = "BrokenPipeError: [Errno 32] Broken pipe: pipe with descriptor " +
                                 std::to_string(ends.writing);
        EXPECT_EQ(co_await ended(writing), told);
        EXPECT_EQ(co_await outcome(writer.wait_closed()), told);
        const WriteResult result = co_await writer.write_all("more");
        EXPECT_TRUE(!result && result.error() == std::errc::broken_pipe);
    }());
}

TEST(Pipes, a_broken_one_does_not_end_the_program) {
    run_clean([]() -> Coro<void> {
        const Ends ends = new_pipe();
        ::close(ends.reading);
        const StreamWriter writer = co_await connect_write_pipe(ends.writing);
        writer.write("x");
        EXPECT_TRUE((co_await outcome(writer.wait_closed())).starts_with("BrokenPipeError: "));
    }());
}

TEST(Pipes, a_read_that_is_cancelled_loses_nothing) {
    run_clean([]() -> Coro<void> {
        auto [reader, writer] = co_await open_pipe();
        const auto reading = create_task(reader.readexactly(4));
        co_await spin(2);
        writer.write("ab");
        co_await spin(2);
        reading.cancel();
        co_await ended(reading);
        writer.write("cd");
        EXPECT_EQ(co_await reader.readexactly(4), "abcd");
    }());
}

TEST(Pipes, a_reader_that_is_full_stops_the_other_end) {
    run_clean([]() -> Coro<void> {
        const Ends ends = new_pipe();
        const StreamReader reader = co_await connect_read_pipe(ends.reading, 1000);
        const StreamWriter writer = co_await connect_write_pipe(ends.writing);
        writer.write(some_bytes(1'000'000));
        co_await spin(20);
        EXPECT_LT(reader.buffered().size(), 200'000u);
        EXPECT_GT(writer.get_write_buffer_size(), 500'000u);
        EXPECT_EQ((co_await reader.readexactly(1'000'000)).size(), 1'000'000u);
    }());
}

TEST(Pipes, are_closed_with_the_loop) {
    const std::size_t before = open_descriptors();
    std::optional<StreamReader> reader;
    run([](std::optional<StreamReader>& kept) -> Coro<void> {
        auto [from, to] = co_await open_pipe();
        to.write("x");
        kept = from;
    }(reader));
    EXPECT_EQ(open_descriptors(), before);
}

TEST(Pipes, a_writer_that_was_not_closed_is_told_of_in_debug_mode) {
    const LogCapture log;
    run([]() -> Coro<void> { co_await open_pipe(); }(), {.debug = true});
    EXPECT_TRUE(log.told_line("unclosed StreamWriter of the ", "pipe with descriptor "))
        << log.told();
}

// ---- what is no pipe

class TemporaryFile {
public:
    TemporaryFile() : fd_(::mkstemp(path_.data())) { EXPECT_GE(fd_, 0); }
    ~TemporaryFile() {
        ::unlink(path_.c_str());
        ::close(fd_);
    }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    [[nodiscard]] int fd() const { return fd_; }

private:
    std::string path_ = "/tmp/weft-pipes-test-XXXXXX";
    int fd_;
};

TEST(Pipes, regular_files_and_closed_descriptors_are_refused_and_stay_the_callers) {
    run_clean([]() -> Coro<void> {
        const TemporaryFile file;
        const std::string told =
            "ValueError: pipes, sockets and character devices only; "
            "descriptor " +
            std::to_string(file.fd()) + " is none of them";
        EXPECT_EQ(co_await outcome(connect_read_pipe(file.fd())), told);
        EXPECT_EQ(co_await outcome(connect_write_pipe(file.fd())), told);
        EXPECT_TRUE(is_open(file.fd()));
        const Ends ends = new_pipe();
        EXPECT_EQ(co_await outcome(connect_read_pipe(ends.reading, 0)),
                  co_await outcome([]() -> Coro<void> {
                      const StreamReader none(0);
                      co_return;
                  }()));
        EXPECT_TRUE(is_open(ends.reading));
        ::close(ends.reading);
        ::close(ends.writing);
        EXPECT_TRUE(
            (co_await outcome(connect_read_pipe(ends.reading))).starts_with("OSError: [Errno 9]"));
    }());
}

TEST(Pipes, sockets_will_do) {
    run_clean([]() -> Coro<void> {
        int ends[2] = {};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
        const StreamReader reader = co_await connect_read_pipe(ends[0]);
        const StreamWriter writer = co_await connect_write_pipe(ends[1]);
        writer.write("x");
        EXPECT_EQ(co_await reader.read(1), "x");
    }());
}

TEST(Pipes, sockets_that_keep_bounds_between_messages_will_not) {
    run_clean([]() -> Coro<void> {
        for (const int type : {SOCK_DGRAM, SOCK_SEQPACKET}) {
            int ends[2] = {};
            EXPECT_EQ(::socketpair(AF_UNIX, type, 0, ends), 0);
            EXPECT_EQ(co_await outcome(connect_read_pipe(ends[0])),
                      "ValueError: A Stream Socket was expected, got descriptor " +
                          std::to_string(ends[0]));
            EXPECT_FALSE(is_nonblocking(ends[0]));
            ::close(ends[0]);
            ::close(ends[1]);
        }
    }());
}

TEST(Pipes, a_fifo_whose_both_ends_are_one_will_do) {
    run_clean([]() -> Coro<void> {
        const std::string path = "/tmp/weft-pipes-test-" + std::to_string(::getpid());
        EXPECT_EQ(::mkfifo(path.c_str(), 0600), 0);
        const int both = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
        ::unlink(path.c_str());
        const StreamReader reader = co_await connect_read_pipe(::dup(both));
        const StreamWriter writer = co_await connect_write_pipe(both);
        for (int i = 0; i < 3; ++i) {
            writer.write("x");
            EXPECT_EQ(co_await reader.read(10), "x");
            co_await spin(2);
        }
        EXPECT_FALSE(writer.is_closing());
    }());
}

TEST(Pipes, a_device_that_never_waits_will_do) {
    run_clean([]() -> Coro<void> {
        const StreamReader nothing = co_await connect_read_pipe(::open("/dev/null", O_RDONLY));
        EXPECT_EQ(co_await nothing.read(), "");
        {
            const StreamReader zeros = co_await connect_read_pipe(::open("/dev/zero", O_RDONLY));
            EXPECT_EQ(co_await zeros.readexactly(300'000), Bytes(300'000, '\0'));
        }
        const StreamWriter away = co_await connect_write_pipe(::open("/dev/null", O_WRONLY));
        away.write(some_bytes(1'000'000));
        EXPECT_EQ(away.get_write_buffer_size(), 0u);
        co_await away.drain();
        away.close();
        co_await away.wait_closed();
        co_await spin(3);
    }());
}

TEST(Pipes, a_full_device_says_so) {
    run_clean([]() -> Coro<void> {
        const StreamWriter full = co_await connect_write_pipe(::open("/dev/full", O_WRONLY));
        full.write("x");
        EXPECT_TRUE((co_await outcome(full.wait_closed())).starts_with("OSError: [Errno 28]"));
    }());
}

TEST(Pipes, a_terminal_will_do) {
    run_clean([]() -> Coro<void> {
        const int master = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
        EXPECT_GE(master, 0);
        EXPECT_EQ(::grantpt(master), 0);
        EXPECT_EQ(::unlockpt(master), 0);
        const int terminal = ::open(::ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
        EXPECT_GE(terminal, 0);
        const StreamReader typed = co_await connect_read_pipe(terminal);
        const StreamWriter keys = co_await connect_write_pipe(master);
        keys.write("hello\n");
        EXPECT_EQ(co_await typed.readline(), "hello\n");
        keys.write("\x04");  // ^D
        EXPECT_EQ(co_await typed.read(), "");
    }());
}

// ---- the standard streams

// Has `fd` in the place of a standard descriptor while it lives.
class Redirection {
public:
    Redirection(int standard, int fd) : standard_(standard), kept_(::dup(standard)) {
        EXPECT_EQ(::dup2(fd, standard), standard);
    }
    ~Redirection() {
        ::dup2(kept_, standard_);
        ::close(kept_);
    }
    Redirection(const Redirection&) = delete;
    Redirection& operator=(const Redirection&) = delete;

private:
    int standard_;
    int kept_;
};

TEST(StandardStreams, go_through_pipes_that_stay_blocking_for_the_others) {
    run_clean([]() -> Coro<void> {
        const Ends in = new_pipe();
        const Ends out = new_pipe();
        {
            const Redirection from(STDIN_FILENO, in.reading);
            const Redirection to(STDOUT_FILENO, out.writing);
            const StreamReader input = co_await open_stdin();
            const StreamWriter output = co_await open_stdout();
            EXPECT_EQ(::write(in.writing, "hello\n", 6), 6);
            output.write(co_await input.readline());
            output.close();
            co_await output.wait_closed();
            EXPECT_FALSE(is_nonblocking(STDIN_FILENO));
            EXPECT_FALSE(is_nonblocking(STDOUT_FILENO));
            EXPECT_TRUE(is_open(STDOUT_FILENO));
        }
        char heard[6] = {};
        EXPECT_EQ(::read(out.reading, heard, 6), 6);
        EXPECT_EQ(std::string(heard, 6), "hello\n");
        for (const int fd : {in.reading, in.writing, out.reading, out.writing}) ::close(fd);
    }());
}

TEST(StandardStreams, go_through_files) {
    run_clean([]() -> Coro<void> {
        const Bytes much = some_bytes(300'000);
        const TemporaryFile file;
        EXPECT_EQ(::write(file.fd(), much.data(), much.size()), static_cast<ssize_t>(much.size()));
        {
            const Redirection to(STDERR_FILENO, file.fd());
            const StreamWriter output = co_await open_stderr();
            output.write("the end");  // behind what is there already
            output.close();
            co_await output.wait_closed();
        }
        EXPECT_EQ(::lseek(file.fd(), 1000, SEEK_SET), 1000);
        {
            const Redirection from(STDIN_FILENO, file.fd());
            const StreamReader input = co_await open_stdin();
            EXPECT_TRUE(co_await input.read() == much.substr(1000) + "the end");
        }
        co_await spin(2);
    }());
}

TEST(StandardStreams, go_through_a_terminal_that_stays_blocking) {
    run_clean([]() -> Coro<void> {
        const int master = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
        EXPECT_EQ(::grantpt(master), 0);
        EXPECT_EQ(::unlockpt(master), 0);
        const int terminal = ::open(::ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
        {
            const Redirection from(STDIN_FILENO, terminal);
            const StreamReader input = co_await open_stdin();
            EXPECT_FALSE(is_nonblocking(STDIN_FILENO));
            EXPECT_EQ(::write(master, "typed\n", 6), 6);
            EXPECT_EQ(co_await input.readline(), "typed\n");
        }
        co_await spin(2);
        ::close(terminal);
        ::close(master);
    }());
}

TEST(StandardStreams, that_are_closed_are_an_error) {
    run_clean([]() -> Coro<void> {
        const int kept = ::dup(STDIN_FILENO);
        ::close(STDIN_FILENO);
        const std::string told = co_await outcome(open_stdin());
        EXPECT_EQ(::dup2(kept, STDIN_FILENO), STDIN_FILENO);
        ::close(kept);
        EXPECT_EQ(told, "OSError: [Errno 9] Bad file descriptor: descriptor 0");
    }());
}

}  // namespace
}  // namespace weft
