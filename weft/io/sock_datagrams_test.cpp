// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include <weft/base/exceptions.hpp>
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
using namespace std::string_literals;

Socket udp_socket() {
    Socket sock(af_inet, sock_dgram);
    sock.setblocking(false);
    sock.bind({"127.0.0.1", 0});
    return sock;
}

TEST_P(Sock, sends_and_receives_datagrams) {
    Socket a = udp_socket();
    Socket b = udp_socket();
    EXPECT_EQ(run(sock_sendto(a, "first", b.getsockname())), 5u);
    EXPECT_EQ(run(sock_sendto(a, "", b.getsockname())), 0u);
    EXPECT_EQ(run(sock_sendto(a, "longer than asked for", b.getsockname())), 21u);
    EXPECT_EQ(run(sock_recvfrom(b, 100)), std::pair("first"s, a.getsockname()));
    EXPECT_EQ(run(sock_recvfrom(b, 100)), std::pair(""s, a.getsockname()));
    std::array<char, 6> buffer{};
    EXPECT_EQ(run(sock_recvfrom_into(b, buffer)), std::pair(std::size_t{6}, a.getsockname()));
    EXPECT_EQ(std::string_view(buffer.data(), 6), "longer");

    const auto later = start(sock_recvfrom(b, 100));
    const auto into = start(sock_recvfrom_into(b, buffer));
    run(sock_sendto(a, "one", b.getsockname()));
    run(sock_sendto(a, "two", b.getsockname()));
    finish(into);
    EXPECT_EQ(later.result(), std::pair("one"s, a.getsockname()));
    EXPECT_EQ(into.result(), std::pair(std::size_t{3}, a.getsockname()));
}

TEST_P(Sock, a_stream_has_no_address_to_tell) {
    auto [a, b] = non_blocking_pair();
    peer_sends(b, "x");
    EXPECT_EQ(run(sock_recvfrom(a, 10)).second, SocketAddress());
    peer_sends(b, "x");
    std::array<std::byte, 4> buffer{};
    EXPECT_EQ(run(sock_recvfrom_into(a, buffer)).second, SocketAddress());
}

TEST_P(Sock, tells_that_no_datagram_can_go_there) {
    Socket a = udp_socket();
    const Task<std::size_t> task = loop_->create_task(sock_sendto(a, "x", {"::1", 9}));
    finish(task);
    EXPECT_TRUE(failed_with<OSError>(task));
    EXPECT_NE(message_of(task).find("sock_sendto ('::1', 9, 0, 0)"), std::string::npos);

    const SocketAddress nobody = udp_socket().getsockname();
    run(sock_connect(a, nobody));
    run(sock_sendall(a, "x"));
    EXPECT_THROW(run(sock_recv(a, 10)), ConnectionRefusedError);
}

TEST_P(Sock, waits_until_a_datagram_finds_room) {
    Socket receiver(af_unix, sock_dgram);
    receiver.bind(SocketAddress::from_path(""));
    Socket sender(af_unix, sock_dgram);
    sender.setblocking(false);
    int queued = 0;
    Task<std::size_t> task;
    for (; !task || task.done(); ++queued) {
        task = loop_->create_task(sock_sendto(sender, "x", receiver.getsockname()));
        turn();
    }
    for (int i = 1; i < queued; ++i) EXPECT_EQ(peer_receives(receiver), "x");
    finish(task);
    EXPECT_EQ(task.result(), 1u);
    EXPECT_EQ(peer_receives(receiver), "x");
}

TEST_P(Sock, loses_no_datagram_when_cancelled) {
    Socket a = udp_socket();
    Socket b = udp_socket();
    std::array<char, 8> buffer{};
    std::size_t count = 0;
    const auto receive = [](Socket& sock, std::span<char> into, std::size_t& n) -> Coro<void> {
        n = (co_await sock_recvfrom_into(sock, into)).first;
        co_await sleep(1h);
    };
    const Task<> task = start(receive(b, buffer, count));
    run(sock_sendto(a, "met", b.getsockname()));
    if (!task.done() && count == 0) run_and_strike(task, [&] { task.cancel(); });
    task.cancel();
    finish(task);
    EXPECT_EQ(count, 3u);
}

}  // namespace
}  // namespace weft
