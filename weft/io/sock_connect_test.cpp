// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <cstddef>
#include <optional>

#include <fcntl.h>
#include <gtest/gtest.h>

#include <weft/base/exceptions.hpp>
#include <weft/io/lettings_test.hpp>
#include <weft/io/listen_queue_test.hpp>
#include <weft/io/sock.hpp>
#include <weft/io/sock_test.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;

TEST_P(Sock, connects_and_accepts) {
    Socket listener = tcp_listener();
    Socket client = tcp_client();
    const auto accepted = start(sock_accept(listener));
    run(sock_connect(client, listener.getsockname()));
    finish(accepted);
    const auto& [connection, peer] = accepted.result();
    EXPECT_EQ(peer, client.getsockname());
    EXPECT_EQ(client.getpeername(), listener.getsockname());
    EXPECT_FALSE(connection.getblocking());
    EXPECT_EQ(connection.type(), sock_stream);
    EXPECT_NE(::fcntl(connection.fileno(), F_GETFL) & O_NONBLOCK, 0);
    EXPECT_NE(::fcntl(connection.fileno(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST_P(Sock, accepts_at_once_who_waits_already) {
    Socket listener = listener_at(SocketAddress::from_path(""));
    Socket client(af_unix);
    client.setblocking(false);
    run(sock_connect(client, listener.getsockname()));
    const auto [connection, peer] = run(sock_accept(listener));
    EXPECT_EQ(peer, SocketAddress::from_path(""));
    EXPECT_EQ(connection.family(), af_unix);
}

TEST_P(Sock, says_who_refused_the_connection) {
    Socket deaf;  // bound, and not listening: nobody else can
    deaf.bind({"127.0.0.1", 0});
    const SocketAddress nobody = deaf.getsockname();
    Socket client = tcp_client();
    const Task<> task = loop_->create_task(sock_connect(client, nobody));
    finish(task);
    EXPECT_TRUE(failed_with<ConnectionRefusedError>(task));
    EXPECT_EQ(message_of(task), "[Errno 111] Connect call failed " + nobody.to_string());

    Socket local(af_unix);
    local.setblocking(false);
    EXPECT_THROW(run(sock_connect(local, SocketAddress::from_path("/nonexistent/sock"))),
                 FileNotFoundError);
}

TEST_P(Sock, refuses_a_second_connection) {
    Socket listener = tcp_listener();
    Socket client = tcp_client();
    run(sock_connect(client, listener.getsockname()));
    const Task<> task = loop_->create_task(sock_connect(client, listener.getsockname()));
    finish(task);
    EXPECT_TRUE(failed_with_code(task, EISCONN));
}

// The system has no way to tell when there is room: asyncio takes it for connected.
TEST_P(Sock, tells_that_the_queue_of_a_unix_listener_is_full) {
    Socket listener = listener_at(SocketAddress::from_path(""), 0);
    Socket first(af_unix);
    Socket second(af_unix);
    first.setblocking(false);
    second.setblocking(false);
    run(sock_connect(first, listener.getsockname()));
    EXPECT_THROW(run(sock_connect(second, listener.getsockname())), BlockingIOError);
}

TEST_P(Sock, a_connection_under_way_goes_on_when_its_task_is_cancelled) {
    const FullListener full;
    Socket client = tcp_client();
    for (int i = 0; i < 2; ++i) {  // the second waits for the same
        const Task<> task = start(sock_connect(client, full.address()));
        task.cancel();
        finish(task);
        EXPECT_TRUE(task.cancelled());
    }
}

TEST_P(Sock, connects_although_cancelled_when_it_is_done) {
    Socket listener = tcp_listener();
    Socket client = tcp_client();
    bool connected = false;
    const auto connect = [](Socket& sock, SocketAddress to, bool& done) -> Coro<void> {
        co_await sock_connect(sock, to);
        done = true;
        co_await sleep(1h);
    };
    const Task<> task = start(connect(client, listener.getsockname(), connected));
    if (!connected) {
        run_and_strike(task, [&] { task.cancel(); });
    } else {
        task.cancel();
        finish(task);
    }
    EXPECT_TRUE(connected);
    EXPECT_TRUE(task.cancelled());
}

Coro<void> accept_and_wait(Socket& listener, std::optional<Socket>& connection) {
    connection = (co_await sock_accept(listener)).first;
    co_await sleep(1h);
}

TEST_P(Sock, delivers_a_connection_that_a_cancellation_meets) {
    Socket listener = tcp_listener();
    std::optional<Socket> connection;
    const Task<> task = start(accept_and_wait(listener, connection));
    const Arriving client(listener);
    run_and_strike(task, [&] { task.cancel(); });
    EXPECT_TRUE(task.cancelled());
    EXPECT_TRUE(connection.has_value());
}

TEST_P(Sock, leaks_no_connection_that_comes_together_with_the_cancellation) {
    Socket listener = tcp_listener();
    std::optional<Socket> connection;
    const Task<> task = start(accept_and_wait(listener, connection));
    const Arriving client(listener);
    wait_until_queued(listener, 1);
    task.cancel();
    finish(task);
    EXPECT_TRUE(task.cancelled());
    EXPECT_EQ(connection.has_value(), GetParam() == Letting::go_later);
    if (!connection) run(sock_accept(listener));
}

TEST_P(Sock, closes_a_connection_that_the_closing_loop_did_not_deliver) {
    Socket listener = tcp_listener();
    std::optional<Socket> connection;
    start(accept_and_wait(listener, connection));
    const Arriving client(listener);
    const std::size_t descriptors = open_descriptors();
    run_and_close();
    EXPECT_FALSE(connection.has_value());
    EXPECT_EQ(open_descriptors(), descriptors);
}

TEST_P(Sock, accepts_only_from_a_socket_that_listens) {
    auto [a, b] = non_blocking_pair();
    EXPECT_THROW(run(sock_accept(a)), OSError);
}

}  // namespace
}  // namespace weft
