// SPDX-License-Identifier: Apache-2.0
#include <weft/io/socket.hpp>

#include <cerrno>
#include <span>
#include <string>
#include <utility>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <weft/base/exceptions.hpp>
#include <weft/base/os_error.hpp>
#include <weft/base/ref.hpp>
#include <weft/io/internal/socket_state.hpp>
#include <weft/io/socket_address.hpp>

namespace weft {
namespace {

static_assert(static_cast<int>(sock_stream) == SOCK_STREAM &&
              static_cast<int>(sock_dgram) == SOCK_DGRAM &&
              static_cast<int>(sock_seqpacket) == SOCK_SEQPACKET);
static_assert(static_cast<int>(shut_rd) == SHUT_RD && static_cast<int>(shut_wr) == SHUT_WR &&
              static_cast<int>(shut_rdwr) == SHUT_RDWR);

void check_result(int result, const char* what) {
    if (result < 0) throw_os_error(errno, what);
}

void check_result(int result, const char* what, int fd) {
    if (result < 0) {
        throw_os_error(errno, std::string(what) + " of descriptor " + std::to_string(fd));
    }
}

const sockaddr* sockaddr_of(const SocketAddress& address) noexcept {
    return reinterpret_cast<const sockaddr*>(address.bytes().data());
}

SocketAddress ask_for_address(int fd, int (*ask)(int, sockaddr*, socklen_t*), const char* what) {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    check_result(ask(fd, reinterpret_cast<sockaddr*>(&storage), &size), what, fd);
    return SocketAddress::from_bytes(std::as_bytes(std::span(&storage, 1)).first(size));
}

int get_option(int fd, int level, int option, const char* what) {
    int value = 0;
    socklen_t size = sizeof value;
    check_result(::getsockopt(fd, level, option, &value, &size), what, fd);
    return value;
}

}  // namespace

SocketAddress internal::own_address_of(int fd) {
    return ask_for_address(fd, ::getsockname, "getsockname");
}

Socket::Socket(AddressFamily family, SocketKind type, int protocol) {
    const int fd =
        ::socket(static_cast<int>(family), static_cast<int>(type) | SOCK_CLOEXEC, protocol);
    check_result(fd, "socket");
    *this = internal::adopt_descriptor(fd, family, type, true);
}

Socket::Socket(Ref<internal::SocketState> state) noexcept : state_(std::move(state)) {}
Socket::Socket(Socket&& other) noexcept = default;

Socket& Socket::operator=(Socket&& other) noexcept {
    if (this != &other) {
        close();
        state_ = std::move(other.state_);
    }
    return *this;
}

// The state may live on with the tasks that wait; the descriptor does not.
Socket::~Socket() { close(); }

Socket Socket::from_fd(int fd) {
    const int family = get_option(fd, SOL_SOCKET, SO_DOMAIN, "from_fd");
    const int type = get_option(fd, SOL_SOCKET, SO_TYPE, "from_fd");
    const int flags = ::fcntl(fd, F_GETFL);
    check_result(flags, "from_fd", fd);
    check_result(::fcntl(fd, F_SETFD, FD_CLOEXEC), "from_fd", fd);
    // Without memory it stays the caller's: nothing owns it yet.
    return Socket(
        Ref(new internal::SocketState(fd, static_cast<AddressFamily>(family),
                                      static_cast<SocketKind>(type), (flags & O_NONBLOCK) == 0)));
}

std::pair<Socket, Socket> Socket::socketpair(AddressFamily family, SocketKind type) {
    int fds[2];
    check_result(
        ::socketpair(static_cast<int>(family), static_cast<int>(type) | SOCK_CLOEXEC, 0, fds),
        "socketpair");
    try {
        Socket first = internal::adopt_descriptor(fds[0], family, type, true);
        return {std::move(first),
                internal::adopt_descriptor(std::exchange(fds[1], -1), family, type, true)};
    } catch (...) {
        if (fds[1] >= 0) ::close(fds[1]);
        throw;
    }
}

internal::SocketState& Socket::open_state() const {
    if (fileno() < 0) throw_os_error(EBADF, "the socket is closed");
    return *state_;
}

void Socket::bind(const SocketAddress& address) {
    const int fd = open_state().fd();
    if (::bind(fd, sockaddr_of(address), static_cast<socklen_t>(address.bytes().size())) < 0) {
        throw_os_error(errno, "bind to " + address.to_string());
    }
}

void Socket::listen(int backlog) {
    const int fd = open_state().fd();
    if (backlog < 0) throw ValueError("negative backlog: " + std::to_string(backlog));
    check_result(::listen(fd, backlog), "listen", fd);
}

void Socket::shutdown(Shutdown how) {
    const int fd = open_state().fd();
    check_result(::shutdown(fd, static_cast<int>(how)), "shutdown", fd);
}

SocketAddress Socket::getsockname() const { return internal::own_address_of(open_state().fd()); }

SocketAddress Socket::getpeername() const {
    return ask_for_address(open_state().fd(), ::getpeername, "getpeername");
}

AddressFamily Socket::family() const { return open_state().family(); }
SocketKind Socket::type() const { return open_state().type(); }

void Socket::setblocking(bool on) {
    internal::SocketState& state = open_state();
    const int flags = ::fcntl(state.fd(), F_GETFL);
    check_result(flags, "setblocking", state.fd());
    const int wanted = on ? flags & ~O_NONBLOCK : flags | O_NONBLOCK;
    check_result(::fcntl(state.fd(), F_SETFL, wanted), "setblocking", state.fd());
    state.set_blocking(on);
}

bool Socket::getblocking() const { return open_state().blocking(); }

// ---- the descriptor

int Socket::fileno() const noexcept { return state_ ? state_->fd() : -1; }

int Socket::detach() noexcept { return state_ ? state_->detach() : -1; }

void Socket::close() noexcept {
    if (state_) state_->close();
}

// ---- options

void Socket::setsockopt(int level, int option, int value) {
    const int fd = open_state().fd();
    check_result(::setsockopt(fd, level, option, &value, sizeof value), "setsockopt", fd);
}

int Socket::getsockopt(int level, int option) const {
    return get_option(open_state().fd(), level, option, "getsockopt");
}

void Socket::set_reuse_address(bool on) { setsockopt(SOL_SOCKET, SO_REUSEADDR, on ? 1 : 0); }
bool Socket::reuse_address() const { return getsockopt(SOL_SOCKET, SO_REUSEADDR) != 0; }
void Socket::set_reuse_port(bool on) { setsockopt(SOL_SOCKET, SO_REUSEPORT, on ? 1 : 0); }
bool Socket::reuse_port() const { return getsockopt(SOL_SOCKET, SO_REUSEPORT) != 0; }
void Socket::set_no_delay(bool on) { setsockopt(IPPROTO_TCP, TCP_NODELAY, on ? 1 : 0); }
bool Socket::no_delay() const { return getsockopt(IPPROTO_TCP, TCP_NODELAY) != 0; }
void Socket::set_keep_alive(bool on) { setsockopt(SOL_SOCKET, SO_KEEPALIVE, on ? 1 : 0); }
bool Socket::keep_alive() const { return getsockopt(SOL_SOCKET, SO_KEEPALIVE) != 0; }
void Socket::set_broadcast(bool on) { setsockopt(SOL_SOCKET, SO_BROADCAST, on ? 1 : 0); }
bool Socket::broadcast() const { return getsockopt(SOL_SOCKET, SO_BROADCAST) != 0; }
void Socket::set_v6_only(bool on) { setsockopt(IPPROTO_IPV6, IPV6_V6ONLY, on ? 1 : 0); }
bool Socket::v6_only() const { return getsockopt(IPPROTO_IPV6, IPV6_V6ONLY) != 0; }
void Socket::set_send_buffer_size(int bytes) { setsockopt(SOL_SOCKET, SO_SNDBUF, bytes); }
int Socket::send_buffer_size() const { return getsockopt(SOL_SOCKET, SO_SNDBUF); }
void Socket::set_receive_buffer_size(int bytes) { setsockopt(SOL_SOCKET, SO_RCVBUF, bytes); }
int Socket::receive_buffer_size() const { return getsockopt(SOL_SOCKET, SO_RCVBUF); }
int Socket::take_error() { return getsockopt(SOL_SOCKET, SO_ERROR); }

}  // namespace weft
