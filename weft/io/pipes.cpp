// SPDX-License-Identifier: Apache-2.0
#include <weft/io/pipes.hpp>

#include <cerrno>
#include <cstddef>
#include <string>
#include <utility>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
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

int socket_option(int fd, int option) {
    int value = 0;
    socklen_t size = sizeof value;
    check_result(::getsockopt(fd, SOL_SOCKET, option, &value, &size), fd);
    return value;
}

// Errors: ValueError for a socket that keeps bounds between messages, which a stream would lose.
Channel::Kind kind_of(int fd, const struct stat& status) {
    if (!S_ISSOCK(status.st_mode)) {
        return S_ISFIFO(status.st_mode) ? Channel::Kind::pipe : Channel::Kind::file;
    }
    if (socket_option(fd, SO_TYPE) != SOCK_STREAM) {
        throw ValueError("A Stream Socket was expected, got descriptor " + std::to_string(fd));
    }
    return Channel::kind_of(static_cast<AddressFamily>(socket_option(fd, SO_DOMAIN)));
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
    Channel::Kind kind = kind_of(fd, status);
    // Where both ends are one descriptor, what is written can be read: nobody has gone.
    const int access = check_result(::fcntl(fd, F_GETFL), fd) & O_ACCMODE;
    if (kind == Channel::Kind::pipe && access == O_RDWR) kind = Channel::Kind::file;
    check_result(::fcntl(fd, F_SETFD, FD_CLOEXEC), fd);
    set_nonblocking(fd);
    return {fd, kind};
}

// A descriptor of its own for a standard one. The flag O_NONBLOCK is not the descriptor's: it would
// be everybody's who has inherited it.
Channel open_anew(int fd, int access) {
    const struct stat status = status_of(fd);
    const Channel::Kind kind = kind_of(fd, status);
    unsigned number = 0;
    // The other side of a terminal, opened anew, would be a new terminal.
    const bool is_terminal = ::isatty(fd) == 1 && ::ioctl(fd, TIOCGPTN, &number) != 0;
    if (kind == Channel::Kind::pipe || is_terminal) {
        const std::string path = "/proc/self/fd/" + std::to_string(fd);
        const int anew = ::open(path.c_str(), access | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
        if (anew >= 0) return {anew, kind};
    }
    // Above the standard ones, should one of them be closed.
    Channel duplicate(check_result(::fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1), fd), kind);
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
