// SPDX-License-Identifier: Apache-2.0
// How tasks, loops and the sock_ functions get along: turns, blocking sockets, signals.
#include <cstddef>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>

#include <weft/base/exceptions.hpp>
#include <weft/io/internal/turn_budget.hpp>
#include <weft/io/sock.hpp>
#include <weft/io/sock_test.hpp>
#include <weft/io/socket.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/task.hpp>
#include <weft/testing/attack.hpp>
#include <weft/testing/virtual_loop.hpp>

namespace weft {
namespace {

// ---- turns

Coro<void> receive_one(Socket& sock, std::string& story, std::string name) {
    story += name + co_await sock_recv(sock, 1);
}

TEST_P(Sock, tasks_that_receive_from_one_socket_take_turns) {
    auto [a, b] = non_blocking_pair();
    std::string story;
    const Task<> first = start(receive_one(a, story, "a"));
    const Task<> second = start(receive_one(a, story, "b"));
    const Task<> third = start(receive_one(a, story, "c"));
    second.cancel();
    peer_sends(b, "1");
    // Comes when a byte is there that the first has not taken yet.
    const Task<> fourth = loop_->create_task(receive_one(a, story, "d"));
    finish(first);
    peer_sends(b, "23");
    finish(third);
    finish(fourth);
    EXPECT_EQ(story, "a1c2d3");
    EXPECT_TRUE(second.cancelled());
}

TEST_P(Sock, the_turn_goes_on_when_the_first_is_cancelled) {
    auto [a, b] = non_blocking_pair();
    std::string story;
    const Task<> first = start(receive_one(a, story, "a"));
    const Task<> second = start(receive_one(a, story, "b"));
    first.cancel();
    peer_sends(b, "1");
    finish(second);
    EXPECT_EQ(story, "b1");
}

Coro<void> send_one_by_one(Socket& sock, int bytes, int& sent) {
    for (; sent < bytes; ++sent) co_await sock_sendall(sock, "x");
}

TEST_P(Sock, lets_the_loop_turn_after_128_operations_at_once) {
    auto [a, b] = non_blocking_pair();
    a.set_send_buffer_size(1 << 20);
    internal::turn_was_taken();
    int sent = 0;
    const Task<> task = loop_->create_task(send_one_by_one(a, 300, sent));
    std::vector<int> sent_at;
    while (!task.done()) {
        turn();
        sent_at.push_back(sent);
    }
    EXPECT_EQ(sent_at, (std::vector{128, 256, 300}));
    EXPECT_EQ(internal::operations_at_once_max, 128);
}

// Goal:   where an operation completes at once, a cancellation loses nothing either.
// Method: attack a task that sends and receives more than one turn allows; a virtual loop will do,
//         since nothing waits for a descriptor.
TEST(SockAtOnce, withstands_attacks_at_every_turn) {
    const std::size_t descriptors = open_descriptors();
    const auto body = [](bool transparent_frame) -> Coro<void> {
        if (transparent_frame) co_await transparent;
        internal::turn_was_taken();
        auto [a, b] = non_blocking_pair();
        const testing::Counted counted;
        for (int i = 0; i < 300; ++i) {
            co_await sock_sendall(a, "ping");
            EXPECT_EQ(co_await sock_recv(b, 10), "ping");
        }
    };
    EXPECT_EQ(testing::attack(body), std::vector<std::string>());
    EXPECT_EQ(open_descriptors(), descriptors);
}

TEST(SockAtOnce, says_that_a_virtual_clock_has_no_descriptors) {
    auto [a, b] = non_blocking_pair();
    testing::VirtualLoop loop;
    EXPECT_THROW(loop.run(sock_recv(a, 1)), OSError);
    peer_sends(b, "x");
    EXPECT_EQ(loop.run(sock_recv(a, 1)), "x");
}

// ---- blocking sockets

TEST_P(Sock, refuses_a_blocking_socket_in_debug_mode) {
    loop_->set_debug(true);
    auto [a, b] = Socket::socketpair();
    const Task<std::string> task = loop_->create_task(sock_recv(a, 1));
    finish(task);
    EXPECT_TRUE(failed_with<ValueError>(task));
    EXPECT_EQ(message_of(task), "the socket must be non-blocking");
    EXPECT_THROW(run(sock_sendall(a, "x")), ValueError);
    EXPECT_THROW(run(sock_accept(a)), ValueError);
    EXPECT_THROW(run(sock_connect(a, {"127.0.0.1", 1})), ValueError);
    EXPECT_THROW(run(sock_recvfrom(a, 1)), ValueError);
    EXPECT_THROW(run(sock_sendto(a, "x", {"127.0.0.1", 1})), ValueError);
    EXPECT_THROW(run(sock_sendfile(a, 0)), ValueError);
    a.setblocking(false);
    run(sock_sendall(a, "x"));
}

TEST_P(Sock, a_blocking_socket_does_not_hold_the_loop_up) {
    loop_->set_debug(false);
    auto [a, b] = Socket::socketpair();
    const Task<std::string> task = start(sock_recv(a, 1));
    fill(b);
    const Task<> sending = start(sock_sendall(b, "x"));
    finish(task);
    sending.cancel();
    finish(sending);
    Socket listener = tcp_listener();
    listener.setblocking(true);
    const auto accepting = start(sock_accept(listener));
    const Arriving client(listener);
    finish(accepting);
    EXPECT_GE(accepting.result().first.fileno(), 0);
}

// ---- signals

TEST_P(Sock, goes_on_waiting_when_a_signal_interrupts_the_system) {
    struct sigaction counting{};
    struct sigaction before{};
    static int signals;
    signals = 0;
    counting.sa_handler = [](int) { ++signals; };  // without SA_RESTART
    ASSERT_EQ(sigaction(SIGUSR1, &counting, &before), 0);
    auto [a, b] = non_blocking_pair();
    const Task<std::string> task = start(sock_recv(a, 10));
    const pthread_t loop_thread = pthread_self();
    std::thread peer([&loop_thread, &peer_sock = b] {
        for (int i = 0; i < 100; ++i) pthread_kill(loop_thread, SIGUSR1);
        peer_sends(peer_sock, "after all");
    });
    finish(task);
    peer.join();
    sigaction(SIGUSR1, &before, nullptr);
    EXPECT_EQ(task.result(), "after all");
    EXPECT_GT(signals, 0);
}

}  // namespace
}  // namespace weft
