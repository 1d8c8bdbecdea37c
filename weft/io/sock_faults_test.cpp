// SPDX-License-Identifier: Apache-2.0
// Goal:   the sock_ functions lose nothing where the kernel does less than was asked for, and tell
//         what went wrong where it does nothing; the socket serves on.
// Method: system calls fail on demand, the first or any later one.
#include <array>
#include <cerrno>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include <weft/base/exceptions.hpp>
#include <weft/io/lettings_test.hpp>
#include <weft/io/sock.hpp>
#include <weft/io/sock_test.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/gather.hpp>
#include <weft/runtime/task.hpp>
#include <weft/testing/system_faults.hpp>

namespace weft {
namespace {

using testing::always;
using testing::Call;
using testing::SystemFaults;

// ---- less than was asked for

Coro<std::string> receive_all(Socket& sock) {
    std::string all;
    std::array<char, 40> buffer{};
    while (true) {
        const std::size_t count = co_await sock_recv_into(sock, buffer);
        if (count == 0) co_return all;
        all.append(buffer.data(), count);
        all += co_await sock_recv(sock, 40);
    }
}

TEST_P(Sock, carries_all_however_little_each_call_takes_or_gives) {
    const std::string data = pattern(200);
    for (std::size_t n = 1; n <= 20; ++n) {
        SystemFaults faults;
        for (const Call call : {Call::send, Call::recv, Call::recvfrom}) {
            faults.on(call, {.bytes_max = n, .times = always});
        }
        auto [a, b] = non_blocking_pair();
        const auto both = [](Socket& from, Socket& to, std::string_view text) -> Coro<std::string> {
            auto results = co_await gather(send_and_end(from, text), receive_all(to));
            co_return std::get<1>(std::move(results));
        };
        ASSERT_EQ(run(both(a, b, data)), data) << n << " bytes at a time";
        if (!is_on_uring()) {
            EXPECT_GE(faults.calls(Call::send), static_cast<int>(data.size() / n));
        }
    }
}

TEST_P(Sock, sends_a_file_however_little_each_call_takes) {
    const std::string data = pattern(200);
    const TemporaryFile file(data);
    for (std::size_t n = 1; n <= 20; ++n) {
        SystemFaults faults;
        faults.on(Call::sendfile, {.bytes_max = n, .times = always});
        auto [a, b] = non_blocking_pair();
        EXPECT_EQ(run(sock_sendfile(a, file.fd())), data.size());
        ASSERT_EQ(peer_receives(b), data) << n << " bytes at a time";
    }
}

// ---- every call that waits, interrupted or not ready after all

Coro<std::string> answer(Socket& listener) {
    auto [connection, peer] = co_await sock_accept(listener);
    std::array<char, 100> buffer{};
    const std::size_t count = co_await sock_recv_into(connection, buffer);
    std::string told(buffer.data(), count);
    co_await sock_sendall(connection, told);
    co_return told;
}

Coro<std::string> call(SocketAddress address, const TemporaryFile& file) {
    Socket client = tcp_client();
    co_await sock_connect(client, address);
    static_cast<void>(co_await sock_sendfile(client, file.fd()));
    co_return co_await sock_recv(client, 100);
}

Coro<std::string> converse(const TemporaryFile& file) {
    Socket listener = tcp_listener();
    auto [served, heard] = co_await gather(answer(listener), call(listener.getsockname(), file));

    Socket a(af_inet, sock_dgram);
    Socket b(af_inet, sock_dgram);
    for (Socket* socket : {&a, &b}) {
        socket->setblocking(false);
        socket->bind({"127.0.0.1", 0});
    }
    static_cast<void>(co_await sock_sendto(a, "one", b.getsockname()));
    static_cast<void>(co_await sock_sendto(a, "two", b.getsockname()));
    const auto [data, from] = co_await sock_recvfrom(b, 100);
    std::array<char, 100> buffer{};
    const auto [count, from_again] = co_await sock_recvfrom_into(b, buffer);
    EXPECT_EQ(from, a.getsockname());
    EXPECT_EQ(from_again, a.getsockname());
    co_return served + heard + data + std::string(buffer.data(), count);
}

class SockConversation : public Sock {
protected:
    // As it should be whenever one of these calls fails like that, several times in a row.
    void withstand(std::initializer_list<Call> calls, int error, int times) {
        const TemporaryFile file("a file");
        for (const Call faulty : calls) {
            if (faulty == Call::epoll_wait && is_on_uring()) continue;  // it is not made
            for (int n = 1;; ++n) {
                SystemFaults faults;
                faults.on(faulty, {.error = error, .first = n, .times = times});
                ASSERT_EQ(run(converse(file)), "a filea fileonetwo")
                    << "call " << static_cast<int>(faulty) << ", the " << n << ". time";
                if (faults.met() == 0) {
                    EXPECT_GT(n, 1) << "call " << static_cast<int>(faulty) << " is not made";
                    break;
                }
            }
        }
    }
};

INSTANTIATE_TEST_SUITE_P(, SockConversation, ::testing::ValuesIn(all_lettings()), letting_name);

TEST_P(SockConversation, goes_on_where_a_call_is_interrupted) {
    withstand({Call::accept4, Call::connect, Call::epoll_wait, Call::recv, Call::recvfrom,
               Call::recvmsg, Call::send, Call::sendfile, Call::sendmsg},
              EINTR, 3);
}

TEST_P(SockConversation, goes_on_where_a_descriptor_is_not_ready_after_all) {
    withstand({Call::accept4, Call::recv, Call::recvfrom, Call::recvmsg, Call::send, Call::sendfile,
               Call::sendmsg},
              EAGAIN, 2);
}

// ---- what cannot be done

Coro<std::size_t> receive_into(Socket& sock, std::span<char> buffer) {
    co_return co_await sock_recv_into(sock, buffer);
}

// Goal: the caller is told, be it at once or after a wait, and the next call finds all in place.
TEST_P(Sock, tells_what_receiving_failed_with_and_keeps_the_bytes) {
    for (const int error : {ECONNRESET, ETIMEDOUT, ENOBUFS, ENOMEM, EHOSTUNREACH}) {
        for (const bool waits : {false, true}) {
            auto [a, b] = non_blocking_pair();
            std::array<char, 8> buffer{};
            SystemFaults faults;
            faults.on(Call::recv, {.error = error, .first = waits ? 2 : 1});
            if (!waits) peer_sends(b, "kept");
            const Task<std::size_t> task = loop_->create_task(receive_into(a, buffer));
            turn();
            if (waits) peer_sends(b, "kept");
            finish(task);
            EXPECT_TRUE(failed_with_code(task, error)) << message_of(task);
            EXPECT_EQ(faults.met(), 1);
            EXPECT_EQ(run(sock_recv_into(a, buffer)), 4u);
        }
    }
}

TEST_P(Sock, tells_what_sending_failed_with) {
    for (const int error : {EPIPE, ECONNRESET, ETIMEDOUT, ENOBUFS, ENOMEM}) {
        for (const bool waits : {false, true}) {
            if (waits && is_on_uring()) continue;  // the kernel does it, and makes no call
            auto [a, b] = non_blocking_pair();
            if (waits) fill(a);
            SystemFaults faults;
            faults.on(Call::send, {.error = error, .first = waits ? 2 : 1});
            const Task<> task = loop_->create_task(sock_sendall(a, "data"));
            turn();
            while (waits && !peer_receives(b).empty()) {
            }
            finish(task);
            EXPECT_TRUE(failed_with_code(task, error)) << message_of(task);
            EXPECT_EQ(faults.met(), 1);
            run(sock_sendall(a, "more"));
            EXPECT_EQ(peer_receives(b), "more");
        }
    }
}

TEST_P(Sock, tells_what_a_datagram_failed_with) {
    Socket a(af_inet, sock_dgram);
    a.setblocking(false);
    a.bind({"127.0.0.1", 0});
    std::array<char, 8> buffer{};
    for (const int error : {ENOBUFS, ENOMEM, ECONNREFUSED, EPERM}) {
        SystemFaults faults;
        faults.on(Call::sendmsg, {.error = error});
        faults.on(Call::recvmsg, {.error = error});
        const auto sending = loop_->create_task(sock_sendto(a, "x", a.getsockname()));
        finish(sending);
        EXPECT_TRUE(failed_with_code(sending, error)) << message_of(sending);
        const auto receiving = loop_->create_task(sock_recvfrom_into(a, buffer));
        finish(receiving);
        EXPECT_TRUE(failed_with_code(receiving, error)) << message_of(receiving);
    }
    EXPECT_EQ(run(sock_sendto(a, "x", a.getsockname())), 1u);
    EXPECT_EQ(run(sock_recvfrom_into(a, buffer)).first, 1u);
}

TEST_P(Sock, tells_what_accepting_failed_with_and_the_connection_stays_in_line) {
    for (const int error :
         {EMFILE, ENFILE, ENOBUFS, ENOMEM, ECONNABORTED, EPROTO, EPERM, ENETUNREACH}) {
        for (const bool waits : {false, true}) {
            Socket listener = tcp_listener();
            SystemFaults faults;
            faults.on(Call::accept4, {.error = error, .first = waits ? 2 : 1});
            const auto task = loop_->create_task(sock_accept(listener));
            if (waits) turn();
            const Arriving client(listener);
            finish(task);
            EXPECT_TRUE(failed_with_code(task, error)) << message_of(task);
            EXPECT_GE(run(sock_accept(listener)).first.fileno(), 0);
        }
    }
}

TEST_P(Sock, tells_what_connecting_failed_with) {
    for (const int error : {ECONNREFUSED, ECONNRESET, ETIMEDOUT, ENETUNREACH, EADDRNOTAVAIL}) {
        Socket listener = tcp_listener();
        Socket client = tcp_client();
        SystemFaults faults;
        faults.on(Call::connect, {.error = error});
        const Task<> task = loop_->create_task(sock_connect(client, listener.getsockname()));
        finish(task);
        EXPECT_TRUE(failed_with_code(task, error)) << message_of(task);
        run(sock_connect(client, listener.getsockname()));
    }
}

// A connection that is under way fails when the second connect(2) asks how it went.
TEST_P(Sock, tells_that_a_connection_under_way_has_timed_out) {
    const Socket listener = tcp_listener();
    Socket client = tcp_client();
    SystemFaults faults;
    faults.on(Call::connect, {.error = EINTR});
    faults.on(Call::connect, {.error = ETIMEDOUT, .first = 2});
    const Task<> task = loop_->create_task(sock_connect(client, listener.getsockname()));
    finish(task);
    EXPECT_TRUE(failed_with<TimeoutError>(task)) << message_of(task);
    EXPECT_EQ(message_of(task),
              "[Errno 110] Connect call failed " + listener.getsockname().to_string());
}

TEST_P(Sock, tells_that_the_loop_cannot_watch_the_socket) {
    if (is_on_uring()) GTEST_SKIP() << "nothing is refused here: it is asked for later";
    for (const int error : {ENOSPC, ENOMEM}) {
        auto [a, b] = non_blocking_pair();
        SystemFaults faults;
        faults.on(Call::epoll_add, {.error = error});
        const Task<std::string> task = loop_->create_task(sock_recv(a, 10));
        finish(task);
        EXPECT_TRUE(failed_with_code(task, error)) << message_of(task);
        const Task<std::string> again = start(sock_recv(a, 10));
        peer_sends(b, "heard");
        finish(again);
        EXPECT_EQ(again.result(), "heard");
    }
}

TEST_P(Sock, tells_what_sending_a_file_failed_with_and_how_far_it_came) {
    const TemporaryFile file(pattern(100));
    for (const int error : {EIO, ENOMEM, EPIPE}) {
        auto [a, b] = non_blocking_pair();
        SystemFaults faults;
        faults.on(Call::sendfile, {.bytes_max = 30, .times = always});
        faults.on(Call::sendfile, {.error = error, .first = 3});
        const auto task = loop_->create_task(sock_sendfile(a, file.fd()));
        finish(task);
        EXPECT_TRUE(failed_with_code(task, error)) << message_of(task);
        EXPECT_EQ(peer_receives(b), pattern(100).substr(0, 60));
        EXPECT_EQ(file.position(), 60);
    }
}

TEST_P(Sock, reads_the_file_where_the_system_has_no_sendfile_for_it) {
    const TemporaryFile file(pattern(100));
    for (const int error : {EINVAL, ENOSYS, EOPNOTSUPP}) {
        auto [a, b] = non_blocking_pair();
        SystemFaults faults;
        faults.on(Call::sendfile, {.error = error});
        EXPECT_EQ(run(sock_sendfile(a, file.fd())), 100u);
        EXPECT_EQ(peer_receives(b), pattern(100));
    }
}

}  // namespace
}  // namespace weft
