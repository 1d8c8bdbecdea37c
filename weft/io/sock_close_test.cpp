// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <weft/base/exceptions.hpp>
#include <weft/io/lettings_test.hpp>
#include <weft/io/listen_queue_test.hpp>
#include <weft/io/run.hpp>
#include <weft/io/sock.hpp>
#include <weft/io/sock_test.hpp>
#include <weft/io/socket.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/task.hpp>
#include <weft/testing/fork.hpp>

namespace weft {
namespace {

using testing::in_fork;

TEST_P(Sock, refuses_a_closed_socket) {
    Socket moved_from = tcp_client();
    const Socket moved_to = std::move(moved_from);
    Socket closed = tcp_client();
    closed.close();
    // NOLINTNEXTLINE(bugprone-use-after-move): that is what is tested
    for (Socket* sock : {&moved_from, &closed}) {
        const Task<std::string> task = loop_->create_task(sock_recv(*sock, 1));
        finish(task);
        EXPECT_TRUE(failed_with_code(task, EBADF));
        EXPECT_EQ(message_of(task),
                  "[Errno 9] Bad file descriptor: sock_recv: the socket is closed");
        EXPECT_THROW(run(sock_sendall(*sock, "x")), OSError);
        EXPECT_THROW(run(sock_accept(*sock)), OSError);
        EXPECT_THROW(run(sock_connect(*sock, {"127.0.0.1", 1})), OSError);
    }
}

TEST_P(Sock, tasks_that_wait_end_when_their_socket_is_closed) {
    auto [a, b] = non_blocking_pair();
    fill(a);
    std::array<char, 8> buffer{};
    const Task<std::string> receiving = start(sock_recv(a, 1));
    const Task<std::size_t> in_line = start(sock_recv_into(a, buffer));
    const Task<> sending = start(sock_sendall(a, "x"));
    Socket listener = tcp_listener();
    const auto accepting = start(sock_accept(listener));
    const FullListener full;
    Socket client = tcp_client();
    const Task<> connecting = start(sock_connect(client, full.address()));
    a.close();
    listener.close();
    client.close();
    const std::vector<AnyTask> tasks{receiving, in_line, sending, accepting, connecting};
    for (const AnyTask& task : tasks) {
        finish(task);
        EXPECT_TRUE(failed_with_code(task, EBADF)) << message_of(task);
    }
}

TEST_P(Sock, a_task_that_waits_outlives_its_socket) {
    auto [a, b] = non_blocking_pair();
    auto doomed = std::make_unique<Socket>(std::move(a));
    std::array<char, 8> buffer{};
    const Task<std::size_t> task = start(sock_recv_into(*doomed, buffer));
    const Task<std::size_t> in_line = start(sock_recv_into(*doomed, buffer));
    doomed.reset();
    finish(task);
    finish(in_line);
    EXPECT_TRUE(failed_with_code(task, EBADF));
    EXPECT_TRUE(failed_with_code(in_line, EBADF));
}

TEST_P(Sock, a_task_goes_on_waiting_when_its_socket_is_moved) {
    auto [a, b] = non_blocking_pair();
    const Task<std::string> task = start(sock_recv(a, 10));
    const Socket moved = std::move(a);
    peer_sends(b, "found");
    finish(task);
    EXPECT_EQ(task.result(), "found");
}

TEST_P(Sock, a_task_that_waits_ends_when_the_descriptor_is_given_away) {
    auto [a, b] = non_blocking_pair();
    const Task<std::string> task = start(sock_recv(a, 10));
    Socket again = Socket::from_fd(a.detach());
    peer_sends(b, "kept");
    finish(task);
    EXPECT_TRUE(failed_with_code(task, EBADF));
    EXPECT_EQ(run(sock_recv(again, 10)), "kept");
}

TEST_P(Sock, bytes_that_came_before_the_socket_was_closed_are_delivered) {
    auto [a, b] = non_blocking_pair();
    std::array<char, 8> buffer{};
    std::size_t count = 0;
    const Task<void> task = start(receive_and_wait(a, buffer, count));
    peer_sends(b, "met");
    run_and_strike(task, [&, &sock = a] {
        sock.close();
        task.cancel();
    });
    EXPECT_EQ(std::string_view(buffer.data(), count), "met");
}

TEST_P(Sock, closing_meets_a_cancellation) {
    auto [a, b] = non_blocking_pair();
    const Task<std::string> first = start(sock_recv(a, 10));
    first.cancel();
    a.close();
    finish(first);
    EXPECT_TRUE(first.cancelled() || failed_with_code(first, EBADF));
    auto [c, d] = non_blocking_pair();
    const Task<std::string> second = start(sock_recv(c, 10));
    c.close();
    second.cancel();
    finish(second);
    EXPECT_TRUE(second.cancelled() || failed_with_code(second, EBADF));
}

// Goal:   a task never gets the bytes of another file that has the number of its own.
// Method: close, and open until the number is there again.
TEST_P(Sock, a_number_that_is_used_again_is_another_socket) {
    for (int i = 0; i < 3; ++i) {
        auto [a, b] = non_blocking_pair();
        const int number = a.fileno();
        const Task<std::string> old = start(sock_recv(a, 10));
        a.close();
        if (GetParam() != Letting::go_at_once) turn();  // the backend lets go, then it is closed
        auto [c, d] = non_blocking_pair();
        ASSERT_EQ(c.fileno(), number);
        const Task<std::string> task = start(sock_recv(c, 10));
        peer_sends(d, "for c");
        finish(task);
        EXPECT_EQ(task.result(), "for c");
        finish(old);
        EXPECT_TRUE(failed_with_code(old, EBADF));
    }
}

TEST_P(Sock, the_number_is_not_given_back_before_the_backend_lets_go) {
    auto [a, b] = non_blocking_pair();
    const int number = a.fileno();
    const Task<std::string> task = start(sock_recv(a, 10));
    turn();  // a kernel has it only now
    a.close();
    EXPECT_EQ(::fcntl(number, F_GETFD) >= 0, GetParam() != Letting::go_at_once);
    finish(task);
    EXPECT_TRUE(failed_with_code(task, EBADF));
    EXPECT_LT(::fcntl(number, F_GETFD), 0);
}

// A watch that was left behind when its descriptor was closed must not deafen the next one.
TEST_P(Sock, a_forgotten_reader_of_the_same_number_does_no_harm) {
    auto [a, b] = non_blocking_pair();
    const int number = a.fileno();
    loop_->add_reader(number, [] {});
    turn();
    a.close();
    auto [c, d] = non_blocking_pair();
    ASSERT_EQ(c.fileno(), number);
    const Task<std::string> task = start(sock_recv(c, 10));
    peer_sends(d, "heard");
    finish(task);
    EXPECT_EQ(task.result(), "heard");
    loop_->remove_reader(number);
    turn();
}

TEST_P(Sock, closing_a_socket_after_its_loop_is_harmless) {
    auto [a, b] = non_blocking_pair();
    const Task<std::string> task = start(sock_recv(a, 10));
    loop_->close();
    a.close();
    EXPECT_FALSE(task.done());
}

Coro<void> own_and_wait(Socket sock) { static_cast<void>(co_await sock_recv(sock, 1)); }

TEST_P(Sock, a_socket_goes_with_the_task_that_owns_it) {
    auto [a, b] = non_blocking_pair();
    start(own_and_wait(std::move(a)));
    loop_->close();
    EXPECT_EQ(peer_receives(b), "");
    EXPECT_EQ(::send(b.fileno(), "x", 1, MSG_NOSIGNAL), -1);
    EXPECT_EQ(errno, EPIPE);
}

TEST_P(Sock, serves_one_loop_after_the_other) {
    auto [a, b] = non_blocking_pair();
    for (int i = 0; i < 2; ++i) {
        const Task<std::string> first = start(sock_recv(a, 1));
        const Task<std::string> second = start(sock_recv(a, 1));  // waits for its turn
        peer_sends(b, "xy");
        finish(second);
        EXPECT_EQ(first.result() + second.result(), "xy");
        new_loop();
    }
}

TEST_P(Sock, refuses_to_serve_two_loops_at_a_time) {
    auto [a, b] = non_blocking_pair();
    const Task<std::string> task = start(sock_recv(a, 10));
    const auto other = new_event_loop();
    EXPECT_THROW(other->run_until_complete(sock_recv(a, 1)), RuntimeError);
    EXPECT_THROW(other->run_until_complete(sock_sendall(a, "x")), RuntimeError);
    peer_sends(b, "x");
    finish(task);
    EXPECT_EQ(task.result(), "x");
}

// The kernel's side of a wait is shared with the child, which must not end it.
TEST_P(Sock, a_fork_that_closes_the_socket_leaves_the_parent_waiting) {
    auto [a, b] = non_blocking_pair();
    const Task<std::string> task = start(sock_recv(a, 10));
    EXPECT_EQ(in_fork([&] {
                  a.close();
                  return a.fileno() < 0 ? 0 : 1;
              }),
              0);
    peer_sends(b, "for the parent");
    finish(task);
    EXPECT_EQ(task.result(), "for the pa");
}

}  // namespace
}  // namespace weft
