// SPDX-License-Identifier: Apache-2.0
#include <weft/io/pipes.hpp>

#include <cerrno>
#include <cstddef>
#include <string>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <weft/base/exceptions.hpp>
#include <weft/base/os_error.hpp>
#include <weft/io/internal/channel.hpp>
#include <weft/io/internal/stream_transport.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>

namespace weft {
namespace {

using internal::Channel;
using internal::Flow;
using internal::StreamTransport;

int check_result(int result, int fd) {
    if (result < 0) throw_os_error(errno, "descriptor " + std::to_string(fd));
    return result;
}

struct stat status_of(int fd) {
    struct stat found{};
    check_result(::fstat(fd, &found), fd);
    return found;
}

Channel::Kind kind_of(const struct stat& status) noexcept {
    if (S_ISSOCK(status.st_mode)) return Channel::Kind::socket;
    return S_ISFIFO(status.st_mode) ? Channel::Kind::pipe : Channel::Kind::file;
}

void set_nonblocking(int fd) {
    const int flags = check_result(::fcntl(fd, F_GETFL), fd);
    check_result(::fcntl(fd, F_SETFL, flags | O_NONBLOCK), fd);
}

Channel take_over(int fd) {
    const struct stat status = status_of(fd);
    if (!S_ISFIFO(status.st_mode) && !S_ISSOCK(status.st_mode) && !S_ISCHR(status.st_mode)) {
        throw ValueError("pipes, sockets and character devices only; descriptor " +
                         std::to_string(fd) + " is none of them");
    }
    set_nonblocking(fd);
    check_result(::fcntl(fd, F_SETFD, FD_CLOEXEC), fd);
    return {fd, kind_of(status)};
}

// A descriptor of its own for a standard one. The flag O_NONBLOCK is not the descriptor's: it would
// be everybody's who has inherited it.
Channel open_anew(int fd, int access) {
    const struct stat status = status_of(fd);
    if (S_ISFIFO(status.st_mode) || ::isatty(fd) == 1) {
        const std::string path = "/proc/self/fd/" + std::to_string(fd);
        const int anew = ::open(path.c_str(), access | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
        if (anew >= 0) return {anew, kind_of(status)};
    }
    // Above the standard ones, should one of them be closed.
    Channel duplicate(check_result(::fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1), fd),
                      kind_of(status));
    if (duplicate.is_pipe()) set_nonblocking(duplicate.fileno());
    return duplicate;
}

StreamReader make_reader(Channel channel, StreamReader reader) {
    static_cast<void>(StreamTransport::start(get_running_loop(), std::move(channel),
                                             SocketAddress(), reader, Flow::receiving));
    return reader;
}

StreamWriter make_writer(Channel channel) {
    return StreamWriter(StreamTransport::start(get_running_loop(), std::move(channel),
                                               SocketAddress(), StreamReader(), Flow::sending));
}

}  // namespace

Coro<StreamReader> connect_read_pipe(int fd, std::ptrdiff_t limit) {
    StreamReader reader(limit);
    co_return make_reader(take_over(fd), std::move(reader));
}

Coro<StreamWriter> connect_write_pipe(int fd) { co_return make_writer(take_over(fd)); }

Coro<StreamReader> open_stdin(std::ptrdiff_t limit) {
    StreamReader reader(limit);
    co_return make_reader(open_anew(STDIN_FILENO, O_RDONLY), std::move(reader));
}

Coro<StreamWriter> open_stdout() { co_return make_writer(open_anew(STDOUT_FILENO, O_WRONLY)); }
Coro<StreamWriter> open_stderr() { co_return make_writer(open_anew(STDERR_FILENO, O_WRONLY)); }

}  // namespace weft
