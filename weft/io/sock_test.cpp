// SPDX-License-Identifier: Apache-2.0
// Goal:   each sock_ function completes at once and later, fails, and may be cancelled, its socket
//         closed, and its loop closed, at every moment; nothing is lost, leaked or left waiting.
// Method: a real loop over socket pairs. Its backend is epoll, either as it is, or one that lets go
//         of a cancelled operation only at the next wait, with a result where there is one: what
//         io_uring does. A hook runs between a completion and the step of the task it woke.
#include <weft/io/sock.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <weft/base/exceptions.hpp>
#include <weft/base/list.hpp>
#include <weft/base/time.hpp>
#include <weft/io/epoll_backend.hpp>
#include <weft/io/internal/attempt.hpp>
#include <weft/io/internal/turn_budget.hpp>
#include <weft/io/run.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/runtime/backend.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/gather.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/timeout.hpp>
#include <weft/testing/attack.hpp>
#include <weft/testing/virtual_loop.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;

enum class Letting { go_at_once, go_later };

class TestBackend final : public Backend {
public:
    explicit TestBackend(Letting letting) : letting_(letting) {}

    /// Called once, after a wait, when completions have been told and no task has run yet.
    std::function<void()> after_wait;

    [[nodiscard]] std::string_view name() const noexcept override { return "test"; }
    [[nodiscard]] TimePoint now() const noexcept override { return epoll_->now(); }
    void submit(IoOperation& operation) override { epoll_->submit(operation); }
    bool cancel(IoOperation& operation) noexcept override {
        static_cast<void>(epoll_->cancel(operation));
        if (letting_ == Letting::go_at_once) return true;
        cancelled_.push_back(operation);
        return false;
    }
    void cancel_all() noexcept override {
        while (cancelled_.pop_front()) {
        }
    }
    bool wait(TimePoint deadline) override {
        const bool waited = epoll_->wait(cancelled_.empty() ? deadline : TimePoint::min());
        List<IoOperation> ended;
        ended.splice_back(cancelled_);
        while (IoOperation* operation = ended.pop_front()) {
            operation->complete(internal::attempt(*operation).value_or(-ECANCELED), false);
        }
        if (auto call = std::exchange(after_wait, nullptr)) call();
        return waited;
    }
    void wake() noexcept override { epoll_->wake(); }

private:
    Letting letting_;
    std::unique_ptr<Backend> epoll_ = make_epoll_backend();
    List<IoOperation> cancelled_;
};

std::size_t count_descriptors() {
    const std::filesystem::directory_iterator entries("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

std::string message_of(const AnyTask& task) { return message(task.exception()); }

template <class E>
bool failed_with(const AnyTask& task) {
    return task.done() && !task.cancelled() && task.exception() && holds<E>(task.exception());
}

bool failed_with_code(const AnyTask& task, int code) {
    try {
        if (task.done() && task.exception()) std::rethrow_exception(task.exception());
    } catch (const OSError& error) {
        return error.code() == code;
    }
    return false;
}

std::pair<Socket, Socket> non_blocking_pair(SocketKind type = sock_stream) {
    auto pair = Socket::socketpair(af_unix, type);
    pair.first.setblocking(false);
    pair.second.setblocking(false);
    return pair;
}

// From outside of the loop, as a peer in another process would.
void peer_sends(const Socket& peer, std::string_view text) {
    EXPECT_EQ(::send(peer.fileno(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT),
              static_cast<ssize_t>(text.size()));
}
std::string peer_receives(const Socket& peer, std::size_t most = 1 << 20) {
    std::string text(most, '\0');
    const ssize_t count = ::recv(peer.fileno(), text.data(), text.size(), MSG_DONTWAIT);
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    return text;
}

Socket listener_at(const SocketAddress& address, int backlog = 128) {
    Socket listener(address.family());
    listener.setblocking(false);
    listener.bind(address);
    listener.listen(backlog);
    return listener;
}
Socket tcp_listener(int backlog = 128) { return listener_at({"127.0.0.1", 0}, backlog); }

Socket tcp_client() {
    Socket client;
    client.setblocking(false);
    return client;
}

// Fills the queue of the system, so that whoever sends next has to wait.
std::size_t fill(const Socket& sender) {
    const std::string block(4096, 'f');
    std::size_t filled = 0;
    while (true) {
        const ssize_t count = ::send(sender.fileno(), block.data(), block.size(), MSG_DONTWAIT);
        if (count < 0) return filled;
        filled += static_cast<std::size_t>(count);
    }
}

class Sock : public ::testing::TestWithParam<Letting> {
protected:
    void SetUp() override {
        descriptors_ = count_descriptors();
        new_loop();
    }
    void TearDown() override {
        loop_.reset();
        EXPECT_EQ(count_descriptors(), descriptors_) << "descriptors are left";
        EXPECT_EQ(reports_, std::vector<std::string>());
    }

    void new_loop() {
        loop_.reset();
        ::signal(SIGPIPE, SIG_IGN);
        auto backend = std::make_unique<TestBackend>(GetParam());
        backend_ = backend.get();
        loop_ = std::make_unique<EventLoop>(std::move(backend));
        loop_->set_exception_handler([this](EventLoop&, const ExceptionContext& context) {
            reports_.push_back(context.message);
        });
    }
    template <class T>
    T run(Coro<T> coro) {
        return loop_->run_until_complete(std::move(coro));
    }
    /// The task has run up to where it waits.
    template <class T>
    Task<T> start(Coro<T> coro) {
        Task<T> task = loop_->create_task(std::move(coro));
        turn();
        EXPECT_FALSE(task.done());
        return task;
    }
    /// A turn that does not wait.
    void turn() {
        loop_->call_soon([] {});
        loop_->run_one_turn();
    }
    void finish(const AnyTask& task) { loop_->run_until_done(task); }
    /// Runs it, and `strike` between its completion and its step.
    void run_and_strike(const AnyTask& task, std::function<void()> strike) {
        backend_->after_wait = std::move(strike);
        loop_->run_one_turn();
        finish(task);
    }
    /// Closes the loop when an operation has completed, and its task has not run.
    void run_and_close() {
        const auto end = std::make_exception_ptr(RuntimeError("the end"));
        backend_->after_wait = [this, end] { loop_->end_run_with(end); };
        EXPECT_THROW(loop_->run_one_turn(), RuntimeError);
        loop_->close();
    }

    TestBackend* backend_ = nullptr;
    std::unique_ptr<EventLoop> loop_;

private:
    std::size_t descriptors_ = 0;
    std::vector<std::string> reports_;
};

INSTANTIATE_TEST_SUITE_P(, Sock, ::testing::Values(Letting::go_at_once, Letting::go_later),
                         [](const auto& info) {
                             return std::string(info.param == Letting::go_at_once
                                                    ? "a_backend_that_cancels_at_once"
                                                    : "a_backend_that_cancels_later");
                         });

//! [echo]
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
//! [echo]

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

// Receives, and then waits for ever.
Coro<void> receive_and_wait(Socket& sock, std::span<char> buffer, std::size_t& count) {
    count = co_await sock_recv_into(sock, buffer);
    co_await sleep(1h);
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
    const std::size_t descriptors = count_descriptors();
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
    EXPECT_EQ(count_descriptors(), descriptors);
}

TEST(SockAtOnce, says_that_a_virtual_clock_has_no_descriptors) {
    auto [a, b] = non_blocking_pair();
    testing::VirtualLoop loop;
    EXPECT_THROW(loop.run(sock_recv(a, 1)), OSError);
    peer_sends(b, "x");
    EXPECT_EQ(loop.run(sock_recv(a, 1)), "x");
}

// ---- sending

std::string pattern(std::size_t size) {
    std::string text(size, '\0');
    for (std::size_t i = 0; i < size; ++i)
        text[i] = static_cast<char>('a' + (i * 7 + i / 251) % 26);
    return text;
}

Coro<std::string> receive_slowly(Socket& sock) {
    std::string all;
    while (true) {
        const std::string data = co_await sock_recv(sock, 10000);
        if (data.empty()) co_return all;
        all += data;
        co_await sleep(0s);
    }
}

Coro<void> send_and_end(Socket& sock, std::string_view data) {
    co_await sock_sendall(sock, data);
    sock.shutdown(shut_wr);
}

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

// ---- datagrams

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

// ---- connections

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
    const SocketAddress nobody = tcp_listener().getsockname();
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

// A listener whose queue is full, so that a connection stays under way.
class FullListener {
public:
    FullListener() {
        for (Socket& client : clients_) {
            client.setblocking(false);
            const SocketAddress address = listener_.getsockname();
            static_cast<void>(::connect(client.fileno(),
                                        reinterpret_cast<const sockaddr*>(address.bytes().data()),
                                        static_cast<socklen_t>(address.bytes().size())));
        }
    }
    [[nodiscard]] SocketAddress address() const { return listener_.getsockname(); }

private:
    Socket listener_ = tcp_listener(0);
    std::array<Socket, 3> clients_;
};

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

class Arriving {
public:
    explicit Arriving(const Socket& listener) : client_(listener.family()) {
        const SocketAddress address = listener.getsockname();
        EXPECT_EQ(
            ::connect(client_.fileno(), reinterpret_cast<const sockaddr*>(address.bytes().data()),
                      static_cast<socklen_t>(address.bytes().size())),
            0);
    }

private:
    Socket client_;
};

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
    const std::size_t descriptors = count_descriptors();
    run_and_close();
    EXPECT_FALSE(connection.has_value());
    EXPECT_EQ(count_descriptors(), descriptors);
}

TEST_P(Sock, accepts_again_when_a_descriptor_is_free) {
    Socket listener = tcp_listener();
    const Arriving client(listener);
    rlimit usual{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &usual), 0);
    rlimit none = usual;
    none.rlim_cur = 0;
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
    const auto task = loop_->create_task(sock_accept(listener));
    finish(task);
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &usual), 0);
    EXPECT_TRUE(failed_with_code(task, EMFILE));
    EXPECT_GE(run(sock_accept(listener)).first.fileno(), 0);
}

TEST_P(Sock, accepts_only_from_a_socket_that_listens) {
    auto [a, b] = non_blocking_pair();
    EXPECT_THROW(run(sock_accept(a)), OSError);
}

// ---- closing

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
        if (GetParam() == Letting::go_later) turn();  // the backend lets go, then it is closed
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
    a.close();
    EXPECT_EQ(::fcntl(number, F_GETFD) >= 0, GetParam() == Letting::go_later);
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
    const pid_t child = ::fork();
    if (child == 0) {
        a.close();
        ::_exit(a.fileno() < 0 ? 0 : 1);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    peer_sends(b, "for the parent");
    finish(task);
    EXPECT_EQ(task.result(), "for the pa");
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

// ---- files

// A file without a name.
class File {
public:
    explicit File(std::string_view text) : file_(::tmpfile()) {
        EXPECT_EQ(::fwrite(text.data(), 1, text.size(), file_), text.size());
        EXPECT_EQ(::fflush(file_), 0);
    }
    ~File() { ::fclose(file_); }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    [[nodiscard]] int fd() const { return ::fileno(file_); }
    [[nodiscard]] std::int64_t position() const { return ::lseek(fd(), 0, SEEK_CUR); }

private:
    ::FILE* file_;
};

TEST_P(Sock, sends_a_file) {
    auto [a, b] = non_blocking_pair();
    const File file("0123456789");
    EXPECT_EQ(run(sock_sendfile(a, file.fd())), 10u);
    EXPECT_EQ(peer_receives(b), "0123456789");
    EXPECT_EQ(file.position(), 10);
    EXPECT_EQ(run(sock_sendfile(a, file.fd(), 2, 3)), 3u);
    EXPECT_EQ(peer_receives(b), "234");
    EXPECT_EQ(file.position(), 5);
    EXPECT_EQ(run(sock_sendfile(a, file.fd(), 8, 100)), 2u);
    EXPECT_EQ(run(sock_sendfile(a, file.fd(), 100)), 0u);
    const File empty("");
    EXPECT_EQ(run(sock_sendfile(a, empty.fd())), 0u);
}

TEST_P(Sock, sends_a_file_to_a_slow_reader) {
    auto [a, b] = non_blocking_pair();
    const std::string data = pattern(1 << 20);
    const File file(data);
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
    const File file(data);
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
    const File file("x");
    EXPECT_THROW(run(sock_sendfile(a, file.fd(), -1)), ValueError);
    EXPECT_THROW(run(sock_sendfile(a, file.fd(), 0, 0)), ValueError);
    EXPECT_THROW(run(sock_sendfile(c, file.fd())), ValueError);
    b.close();
    EXPECT_THROW(run(sock_sendfile(a, file.fd())), BrokenPipeError);
}

TEST_P(Sock, ends_sending_a_file_when_the_socket_is_closed) {
    auto [a, b] = non_blocking_pair();
    const File file(pattern(1 << 20));
    const Task<std::size_t> task = start(sock_sendfile(a, file.fd()));
    a.close();
    finish(task);
    EXPECT_TRUE(failed_with_code(task, EBADF));
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
