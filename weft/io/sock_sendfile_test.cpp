// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

#include <weft/base/exceptions.hpp>
#include <weft/io/sock.hpp>
#include <weft/io/sock_test.hpp>
#include <weft/io/socket.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/task.hpp>

namespace weft {
namespace {

TEST_P(Sock, sends_a_file) {
    auto [a, b] = non_blocking_pair();
    const TemporaryFile file("0123456789");
    EXPECT_EQ(run(sock_sendfile(a, file.fd())), 10u);
    EXPECT_EQ(peer_receives(b), "0123456789");
    EXPECT_EQ(file.position(), 10);
    EXPECT_EQ(run(sock_sendfile(a, file.fd(), 2, 3)), 3u);
    EXPECT_EQ(peer_receives(b), "234");
    EXPECT_EQ(file.position(), 5);
    EXPECT_EQ(run(sock_sendfile(a, file.fd(), 8, 100)), 2u);
    EXPECT_EQ(run(sock_sendfile(a, file.fd(), 100)), 0u);
    const TemporaryFile empty("");
    EXPECT_EQ(run(sock_sendfile(a, empty.fd())), 0u);
}

TEST_P(Sock, sends_a_file_to_a_slow_reader) {
    auto [a, b] = non_blocking_pair();
    const std::string data = pattern(1 << 20);
    const TemporaryFile file(data);
    const auto send = [](Socket& sock, int fd) -> Coro<std::size_t> {
        const std::size_t sent = co_await sock_sendfile(sock, fd);
        sock.shutdown(shut_wr);
        co_return sent;
    };
    const Task<std::size_t> task = start(send(a, file.fd()));
    EXPECT_EQ(run(receive_slowly(b)), data);
    EXPECT_EQ(task.result(), data.size());
}

TEST_P(Sock, the_position_of_a_file_tells_what_was_sent_before_the_cancellation) {
    auto [a, b] = non_blocking_pair();
    const std::string data = pattern(4 << 20);
    const TemporaryFile file(data);
    const Task<std::size_t> task = start(sock_sendfile(a, file.fd()));
    task.cancel();
    finish(task);
    EXPECT_TRUE(task.cancelled());
    std::string all;
    for (std::string part = peer_receives(b); !part.empty(); part = peer_receives(b)) all += part;
    EXPECT_GT(all.size(), 0u);
    EXPECT_EQ(file.position(), static_cast<std::int64_t>(all.size()));
}

TEST_P(Sock, sends_what_sendfile_cannot_read) {
    auto [a, b] = non_blocking_pair();
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    ASSERT_EQ(::write(ends[1], "through a pipe", 14), 14);
    ::close(ends[1]);
    EXPECT_EQ(run(sock_sendfile(a, ends[0], 0, 9)), 9u);
    EXPECT_EQ(peer_receives(b), "through a");
    EXPECT_EQ(run(sock_sendfile(a, ends[0])), 5u);
    EXPECT_EQ(peer_receives(b), " pipe");
    ::close(ends[0]);
    EXPECT_THROW(run(sock_sendfile(a, -1)), OSError);
}

TEST_P(Sock, refuses_to_send_a_file_like_that) {
    auto [a, b] = non_blocking_pair();
    auto [c, d] = non_blocking_pair(sock_dgram);
    const TemporaryFile file("x");
    EXPECT_THROW(run(sock_sendfile(a, file.fd(), -1)), ValueError);
    EXPECT_THROW(run(sock_sendfile(a, file.fd(), 0, 0)), ValueError);
    EXPECT_THROW(run(sock_sendfile(c, file.fd())), ValueError);
    b.close();
    EXPECT_THROW(run(sock_sendfile(a, file.fd())), BrokenPipeError);
}

TEST_P(Sock, ends_sending_a_file_when_the_socket_is_closed) {
    auto [a, b] = non_blocking_pair();
    const TemporaryFile file(pattern(1 << 20));
    const Task<std::size_t> task = start(sock_sendfile(a, file.fd()));
    a.close();
    finish(task);
    EXPECT_TRUE(failed_with_code(task, EBADF));
}

}  // namespace
}  // namespace weft
