// SPDX-License-Identifier: Apache-2.0
#include <weft/io/socket.hpp>

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <weft/base/exceptions.hpp>
#include <weft/io/socket_address.hpp>

namespace weft {
namespace {

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

template <class F>
int code_of(F function) {
    try {
        function();
    } catch (const OSError& error) {
        return error.code();
    }
    return 0;
}

TEST(Socket, is_blocking_and_not_inherited_at_first) {
    const Socket sock;
    EXPECT_EQ(sock.family(), af_inet);
    EXPECT_EQ(sock.type(), sock_stream);
    EXPECT_TRUE(sock.getblocking());
    EXPECT_EQ(::fcntl(sock.fileno(), F_GETFL) & O_NONBLOCK, 0);
    EXPECT_EQ(::fcntl(sock.fileno(), F_GETFD), FD_CLOEXEC);
}

TEST(Socket, tells_the_system_whether_it_may_block) {
    Socket sock;
    sock.setblocking(false);
    EXPECT_FALSE(sock.getblocking());
    EXPECT_NE(::fcntl(sock.fileno(), F_GETFL) & O_NONBLOCK, 0);
    sock.setblocking(true);
    EXPECT_TRUE(sock.getblocking());
    EXPECT_EQ(::fcntl(sock.fileno(), F_GETFL) & O_NONBLOCK, 0);
}

TEST(Socket, closes_its_descriptor_once) {
    int fd = -1;
    {
        Socket sock;
        fd = sock.fileno();
        Socket moved = std::move(sock);
        EXPECT_EQ(moved.fileno(), fd);
        EXPECT_EQ(sock.fileno(), -1);  // NOLINT(bugprone-use-after-move): that is what is tested
        EXPECT_TRUE(is_open(fd));
    }
    EXPECT_FALSE(is_open(fd));
    Socket sock;
    sock.close();
    const Socket other;  // has the same number
    sock.close();
    EXPECT_TRUE(is_open(other.fileno()));
}

TEST(Socket, closes_what_an_assignment_replaces) {
    Socket sock;
    const int fd = sock.fileno();
    sock = Socket(af_unix);
    EXPECT_EQ(sock.family(), af_unix);
    EXPECT_FALSE(is_open(fd));
    Socket& same = sock;
    sock = std::move(same);
    EXPECT_TRUE(is_open(sock.fileno()));
}

TEST(Socket, gives_its_descriptor_away) {
    Socket sock;
    const int fd = sock.detach();
    EXPECT_TRUE(is_open(fd));
    EXPECT_EQ(sock.fileno(), -1);
    EXPECT_EQ(sock.detach(), -1);
    ::close(fd);
}

TEST(Socket, takes_a_descriptor_over) {
    const int fd = ::socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    {
        const Socket sock = Socket::from_fd(fd);
        EXPECT_EQ(sock.family(), af_inet6);
        EXPECT_EQ(sock.type(), sock_dgram);
        EXPECT_FALSE(sock.getblocking());
        EXPECT_EQ(::fcntl(fd, F_GETFD), FD_CLOEXEC);
    }
    EXPECT_FALSE(is_open(fd));
}

TEST(Socket, takes_over_nothing_but_a_socket) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    EXPECT_EQ(code_of([&] { static_cast<void>(Socket::from_fd(ends[0])); }), ENOTSOCK);
    EXPECT_TRUE(is_open(ends[0]));
    ::close(ends[0]);
    ::close(ends[1]);
    EXPECT_EQ(code_of([] { static_cast<void>(Socket::from_fd(-1)); }), EBADF);
}

TEST(Socket, makes_a_connected_pair) {
    auto [a, b] = Socket::socketpair();
    EXPECT_EQ(::send(a.fileno(), "x", 1, 0), 1);
    char byte = 0;
    EXPECT_EQ(::recv(b.fileno(), &byte, 1, MSG_DONTWAIT), 1);
    EXPECT_EQ(::fcntl(b.fileno(), F_GETFD), FD_CLOEXEC);
    a.shutdown(shut_wr);
    EXPECT_EQ(::recv(b.fileno(), &byte, 1, MSG_DONTWAIT), 0);
    EXPECT_EQ(Socket::socketpair(af_unix, sock_dgram).first.type(), sock_dgram);
    EXPECT_EQ(code_of([] { static_cast<void>(Socket::socketpair(af_inet)); }), EOPNOTSUPP);
}

TEST(Socket, knows_its_addresses) {
    Socket listener;
    listener.bind({"127.0.0.1", 0});
    listener.listen();
    const SocketAddress address = listener.getsockname();
    EXPECT_EQ(address.host(), "127.0.0.1");
    EXPECT_NE(address.port(), 0);
    EXPECT_EQ(code_of([&] { static_cast<void>(listener.getpeername()); }), ENOTCONN);

    Socket local(af_unix);
    EXPECT_EQ(local.getsockname(), SocketAddress::from_path(""));
    local.bind(SocketAddress::from_path(""));
    EXPECT_TRUE(local.getsockname().is_abstract());
}

TEST(Socket, names_the_address_that_is_in_use) {
    Socket first;
    first.bind({"127.0.0.1", 0});
    first.listen();
    Socket second;
    try {
        second.bind(first.getsockname());
        FAIL();
    } catch (const OSError& error) {
        EXPECT_EQ(error.code(), EADDRINUSE);
        EXPECT_EQ(error.what(),
                  "[Errno 98] Address already in use: bind to " + first.getsockname().to_string());
    }
    EXPECT_THROW(first.listen(-1), ValueError);
}

TEST(Socket, has_options) {
    Socket sock;
    EXPECT_FALSE(sock.reuse_address());
    sock.set_reuse_address();
    EXPECT_TRUE(sock.reuse_address());
    sock.set_reuse_address(false);
    EXPECT_FALSE(sock.reuse_address());
    sock.set_reuse_port();
    EXPECT_TRUE(sock.reuse_port());
    sock.set_no_delay();
    EXPECT_TRUE(sock.no_delay());
    sock.set_keep_alive();
    EXPECT_TRUE(sock.keep_alive());
    sock.set_send_buffer_size(10'000);
    EXPECT_EQ(sock.send_buffer_size(), 20'000);
    sock.set_receive_buffer_size(10'000);
    EXPECT_EQ(sock.receive_buffer_size(), 20'000);
    EXPECT_EQ(sock.take_error(), 0);
    Socket datagrams(af_inet, sock_dgram);
    datagrams.set_broadcast();
    EXPECT_TRUE(datagrams.broadcast());
    Socket ipv6(af_inet6);
    ipv6.set_v6_only();
    EXPECT_TRUE(ipv6.v6_only());
    EXPECT_EQ(code_of([&] { sock.setsockopt(-1, -1, 0); }), ENOPROTOOPT);
}

TEST(Socket, refuses_everything_when_it_is_closed) {
    Socket sock;
    sock.close();
    EXPECT_EQ(code_of([&] { sock.bind({"127.0.0.1", 0}); }), EBADF);
    EXPECT_EQ(code_of([&] { sock.listen(); }), EBADF);
    EXPECT_EQ(code_of([&] { sock.shutdown(shut_rd); }), EBADF);
    EXPECT_EQ(code_of([&] { static_cast<void>(sock.getsockname()); }), EBADF);
    EXPECT_EQ(code_of([&] { sock.setblocking(false); }), EBADF);
    EXPECT_EQ(code_of([&] { static_cast<void>(sock.family()); }), EBADF);
    EXPECT_EQ(code_of([&] { sock.set_no_delay(); }), EBADF);
}

TEST(Socket, says_what_the_system_has_not) {
    EXPECT_EQ(code_of([] { const Socket sock(static_cast<AddressFamily>(999)); }), EAFNOSUPPORT);
}

}  // namespace
}  // namespace weft
