// SPDX-License-Identifier: Apache-2.0
#include <weft/io/sock.hpp>

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>
#include <signal.h>

#include <weft/base/exceptions.hpp>
#include <weft/io/lettings_test.hpp>
#include <weft/io/sock_test.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/gather.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/timeout.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;

Coro<void> serve_one(Socket& listener) {
    auto [connection, peer] = co_await sock_accept(listener);
    while (true) {
        const std::string data = co_await sock_recv(connection, 1024);
        if (data.empty()) co_return;
        co_await sock_sendall(connection, data);
    }
}

Coro<std::string> ask(SocketAddress address) {
    Socket client;
    client.setblocking(false);
    co_await sock_connect(client, address);
    co_await sock_sendall(client, "hello");
    client.shutdown(shut_wr);
    std::string answer;
    while (true) {
        const std::string data = co_await sock_recv(client, 1024);
        if (data.empty()) co_return answer;
        answer += data;
    }
}

TEST_P(Sock, echoes_over_tcp) {
    Socket listener = tcp_listener();
    const auto both = [](Socket& listening) -> Coro<std::string> {
        const SocketAddress address = listening.getsockname();
        auto results = co_await gather(serve_one(listening), ask(address));
        co_return std::get<1>(results);
    };
    EXPECT_EQ(run(both(listener)), "hello");
}

// ---- receiving

TEST_P(Sock, receives_at_once_what_is_there) {
    auto [a, b] = non_blocking_pair();
    peer_sends(b, "abcdef");
    bool turned = false;
    const auto main = [](Socket& sock, bool& turned) -> Coro<std::string> {
        get_running_loop().call_soon([&] { turned = true; });
        std::string data = co_await sock_recv(sock, 3);
        EXPECT_FALSE(turned);
        co_return data + "|" + co_await sock_recv(sock, 100);
    };
    EXPECT_EQ(run(main(a, turned)), "abc|def");
}

TEST_P(Sock, receives_what_comes_later) {
    auto [a, b] = non_blocking_pair();
    const Task<std::string> task = start(sock_recv(a, 100));
    peer_sends(b, "later");
    finish(task);
    EXPECT_EQ(task.result(), "later");

    std::array<char, 8> buffer{};
    const Task<std::size_t> into = start(sock_recv_into(a, buffer));
    peer_sends(b, "xyz");
    finish(into);
    EXPECT_EQ(into.result(), 3u);
    EXPECT_EQ(std::string_view(buffer.data(), 3), "xyz");
}

TEST_P(Sock, gives_no_bytes_at_the_end_of_the_stream) {
    auto [a, b] = non_blocking_pair();
    const Task<std::string> task = start(sock_recv(a, 100));
    b.close();
    finish(task);
    EXPECT_EQ(task.result(), "");
    std::array<std::byte, 8> buffer{};
    EXPECT_EQ(run(sock_recv_into(a, buffer)), 0u);
}

TEST_P(Sock, holds_no_more_memory_than_what_came) {
    auto [a, b] = non_blocking_pair();
    peer_sends(b, std::string(100, 'x'));
    EXPECT_LE(run(sock_recv(a, 1 << 20)).capacity(), 200u);
}

TEST_P(Sock, receives_nothing_where_nothing_is_asked_for) {
    auto [a, b] = non_blocking_pair();
    EXPECT_EQ(run(sock_recv(a, 0)), "");
    EXPECT_EQ(run(sock_recv_into(a, std::span<std::byte>())), 0u);
}

TEST_P(Sock, refuses_a_negative_size) {
    auto [a, b] = non_blocking_pair();
    try {
        run(sock_recv(a, -1));
        FAIL();
    } catch (const ValueError& error) {
        EXPECT_STREQ(error.what(), "negative buffersize in recv");
    }
    EXPECT_THROW(run(sock_recvfrom(a, -1)), ValueError);
}

TEST_P(Sock, tells_that_the_connection_was_reset) {
    auto [a, b] = non_blocking_pair();
    peer_sends(a, "never read");
    const Task<std::string> task = start(sock_recv(a, 100));
    b.close();  // with bytes that were not read: a reset
    finish(task);
    EXPECT_TRUE(failed_with<ConnectionResetError>(task));
    EXPECT_NE(message_of(task).find("sock_recv on descriptor " + std::to_string(a.fileno())),
              std::string::npos)
        << message_of(task);
}

TEST_P(Sock, does_nothing_when_cancelled_before_it_begins) {
    auto [a, b] = non_blocking_pair();
    peer_sends(b, "kept");
    const Task<std::string> task = loop_->create_task(sock_recv(a, 100));
    task.cancel();
    finish(task);
    EXPECT_TRUE(task.cancelled());
    EXPECT_EQ(run(sock_recv(a, 100)), "kept");
}

TEST_P(Sock, loses_no_byte_when_cancelled_while_it_waits) {
    auto [a, b] = non_blocking_pair();
    std::array<char, 8> buffer{};
    for (int i = 0; i < 2; ++i) {
        const Task<std::string> task = start(sock_recv(a, 100));
        task.cancel();
        finish(task);
        EXPECT_TRUE(task.cancelled());
        const Task<std::size_t> into = start(sock_recv_into(a, buffer));
        into.cancel();
        finish(into);
        EXPECT_TRUE(into.cancelled());
    }
    peer_sends(b, "kept");
    EXPECT_EQ(run(sock_recv(a, 100)), "kept");
}

TEST_P(Sock, delivers_bytes_that_a_cancellation_meets_and_raises_that_at_the_next_await) {
    auto [a, b] = non_blocking_pair();
    std::array<char, 8> buffer{};
    std::size_t count = 0;
    const Task<void> task = start(receive_and_wait(a, buffer, count));
    peer_sends(b, "met");
    run_and_strike(task, [&] { task.cancel(); });
    EXPECT_TRUE(task.cancelled());
    EXPECT_EQ(std::string_view(buffer.data(), count), "met");
}

// What the kernel has done before it hears of the cancellation.
TEST_P(Sock, loses_no_byte_that_comes_together_with_the_cancellation) {
    auto [a, b] = non_blocking_pair();
    std::array<char, 8> buffer{};
    std::size_t count = 0;
    const Task<void> task = start(receive_and_wait(a, buffer, count));
    peer_sends(b, "met");
    task.cancel();
    finish(task);
    EXPECT_TRUE(task.cancelled());
    EXPECT_EQ(count, GetParam() == Letting::go_later ? 3u : 0u);
    if (count == 0) {
        EXPECT_EQ(run(sock_recv(a, 100)), "met");
    }
}

TEST_P(Sock, leaves_bytes_in_the_socket_when_cancelled_after_they_came) {
    auto [a, b] = non_blocking_pair();
    const Task<std::string> task = start(sock_recv(a, 100));
    peer_sends(b, "kept");
    run_and_strike(task, [&] { task.cancel(); });
    EXPECT_TRUE(task.cancelled());
    EXPECT_EQ(run(sock_recv(a, 100)), "kept");
}

TEST_P(Sock, is_interrupted_by_a_timeout) {
    auto [a, b] = non_blocking_pair();
    const auto limited = [](Socket& sock) -> Coro<std::string> {
        co_return co_await wait_for(sock_recv(sock, 100), 1ms);
    };
    EXPECT_THROW(run(limited(a)), TimeoutError);
    peer_sends(b, "kept");
    EXPECT_EQ(run(limited(a)), "kept");
}

TEST_P(Sock, leaves_nothing_when_its_loop_is_closed) {
    auto [a, b] = non_blocking_pair();
    std::array<char, 8> buffer{};
    std::size_t count = 0;
    start(receive_and_wait(a, buffer, count));
    start(sock_recv(b, 10));
    loop_->close();
    new_loop();

    start(receive_and_wait(a, buffer, count));
    peer_sends(b, "lost");
    run_and_close();
    EXPECT_EQ(count, 0u);
    new_loop();
    peer_sends(b, "x");
    EXPECT_EQ(run(sock_recv(a, 10)), "x");
}

// ---- sending

TEST_P(Sock, sends_4_mib_to_a_slow_reader) {
    auto [a, b] = non_blocking_pair();
    a.set_send_buffer_size(4096);
    const std::string data = pattern(4 << 20);
    const auto both = [](Socket& from, Socket& to, const std::string& text) -> Coro<std::string> {
        auto results = co_await gather(send_and_end(from, text), receive_slowly(to));
        co_return std::get<1>(std::move(results));
    };
    EXPECT_EQ(run(both(a, b, data)), data);
}

TEST_P(Sock, sends_nothing_without_waiting) {
    auto [a, b] = non_blocking_pair();
    run(sock_sendall(a, ""));
    EXPECT_EQ(peer_receives(b), "");
}

TEST_P(Sock, does_not_mix_what_several_tasks_send) {
    auto [a, b] = non_blocking_pair();
    a.set_send_buffer_size(4096);
    const std::string ones(100'000, '1');
    const std::string twos(100'000, '2');
    const Task<> first = start(sock_sendall(a, ones));
    const Task<> second = start(sock_sendall(a, twos));
    std::string all;
    while (!second.done()) {
        turn();
        all += peer_receives(b);
    }
    all += peer_receives(b);
    EXPECT_TRUE(first.done());
    EXPECT_EQ(all, ones + twos);
}

TEST_P(Sock, tells_that_nobody_receives_any_more) {
    auto [a, b] = non_blocking_pair();
    fill(a);
    const Task<> task = start(sock_sendall(a, "data"));
    b.close();
    finish(task);
    EXPECT_TRUE(failed_with<ConnectionError>(task)) << message_of(task);
    ::signal(SIGPIPE, SIG_DFL);  // would end the test
    EXPECT_THROW(run(sock_sendall(a, "data")), BrokenPipeError);
    ::signal(SIGPIPE, SIG_IGN);
}

TEST_P(Sock, stops_sending_when_cancelled) {
    auto [a, b] = non_blocking_pair();
    const std::string data = pattern(1 << 20);
    const Task<> task = start(sock_sendall(a, data));
    task.cancel();
    finish(task);
    EXPECT_TRUE(task.cancelled());
    const std::string part = peer_receives(b);
    EXPECT_GT(part.size(), 0u);
    EXPECT_EQ(part, data.substr(0, part.size()));
    run(sock_sendall(a, "next"));
    EXPECT_EQ(peer_receives(b).substr(0, 4), "next");
}

TEST_P(Sock, a_send_that_is_done_when_the_cancellation_comes_counts) {
    auto [a, b] = non_blocking_pair();
    fill(a);
    const Task<> task = start(sock_sendall(a, "last"));
    while (!peer_receives(b).empty()) {
    }
    run_and_strike(task, [&] { task.cancel(); });
    EXPECT_EQ(peer_receives(b), "last");
}

// ---- everything at once

Coro<void> receive_into(Socket& sock, std::string& all) {
    std::array<char, 700> buffer{};
    while (true) {
        const std::size_t count = co_await sock_recv_into(sock, buffer);
        if (count == 0) co_return;
        all.append(buffer.data(), count);
        const std::string more = co_await sock_recv(sock, 500);
        all += more;
        if (more.empty()) co_return;
    }
}

// Goal:   whenever a receiver is cancelled, the next one goes on with the very next byte.
// Method: cancel it after the k-th turn, for every k until the transfer ends before.
TEST_P(Sock, a_stream_is_whole_wherever_its_reader_is_cancelled) {
    const std::string data = pattern(20'000);
    bool cancelled = true;
    for (int k = 0; cancelled; ++k) {
        auto [a, b] = non_blocking_pair();
        a.set_send_buffer_size(2048);
        std::string all;
        const Task<> sender = loop_->create_task(send_and_end(a, data));
        const Task<> reader = loop_->create_task(receive_into(b, all));
        for (int i = 0; i < k && !reader.done(); ++i) turn();
        cancelled = reader.cancel();
        finish(reader);
        run(receive_into(b, all));
        finish(sender);
        ASSERT_EQ(all, data) << "cancelled after turn " << k;
    }
}

}  // namespace
}  // namespace weft
