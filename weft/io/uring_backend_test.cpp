// SPDX-License-Identifier: Apache-2.0
// Goal:   what is io_uring's own: its buffers run out, its queues are full, its thread is another.
//         What it has in common with epoll is tested by the others, which run on both.
#include <weft/io/uring_backend.hpp>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/io/server.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/stream.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/io/streams.hpp>
#include <weft/io/streams_test.hpp>
#include <weft/runtime/backend.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/future.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/timeout.hpp>
#include <weft/testing/descriptors.hpp>
#include <weft/testing/fork.hpp>
#include <weft/testing/trace.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;
using testing::exit_code_of;
using testing::open_descriptors;
using testing::spin;
using testing::thrown_by;

class Uring : public ::testing::TestWithParam<UringTier> {
protected:
    void SetUp() override {
        try {
            loop_ = std::make_unique<EventLoop>(make_uring_backend(GetParam()));
        } catch (const OSError& error) {
            if (!says_there_is_no_uring(error)) throw;
            GTEST_SKIP() << "the system refuses io_uring: " << error.what();
        }
    }
    void TearDown() override {
        loop_.reset();
        EXPECT_EQ(open_descriptors(), descriptors_);
    }

    std::size_t descriptors_ = open_descriptors();
    std::unique_ptr<EventLoop> loop_;
};

Coro<std::pair<Stream, Stream>> connected() {
    auto [a, b] = tcp_pair();
    Stream here = co_await open_connection(std::move(a));
    co_return {std::move(here), co_await open_connection(std::move(b))};
}

Coro<void> sleep_a_little() { co_await sleep(1ms); }

std::string name_of(UringTier tier) {
    return tier == UringTier::full ? "io_uring" : "io_uring_basic";
}

INSTANTIATE_TEST_SUITE_P(Tiers, Uring, ::testing::Values(UringTier::basic, UringTier::full),
                         [](const auto& tier) { return name_of(tier.param); });

TEST_P(Uring, tells_its_tier) { EXPECT_EQ(loop_->backend(), name_of(GetParam())); }

// More messages at once than there are buffers, and each of several buffers' size.
TEST_P(Uring, goes_on_when_its_buffers_run_out) {
    loop_->run_until_complete([]() -> Coro<void> {
        constexpr std::size_t count = 400;
        const Bytes message(20'000, 'm');
        std::vector<std::pair<Stream, Stream>> pairs;
        for (std::size_t i = 0; i < count; ++i) pairs.push_back(co_await connected());
        for (int round = 0; round < 3; ++round) {
            for (const auto& [here, there] : pairs) here.write(message);
            for (const auto& [here, there] : pairs) {
                EXPECT_TRUE(co_await there.readexactly(message.size()) == message);
            }
        }
    }());
}

// Lesson: the kernel receives up to 32 buffers at once, and has forgotten by the second time that
// the peer had shut its side down (github.com/axboe/liburing/issues/1549).
TEST_P(Uring, sees_the_end_of_what_was_there_before_it_received) {
    loop_->run_until_complete([]() -> Coro<void> {
        for (const std::size_t kib : {1, 120, 132, 136, 144, 160}) {
            auto [a, b] = Socket::socketpair();
            const Bytes sent(kib * 1024, 's');
            b.set_send_buffer_size(1 << 20);  // where all of it finds room at once
            EXPECT_EQ(::send(b.fileno(), sent.data(), sent.size(), MSG_DONTWAIT), sent.size());
            EXPECT_EQ(::shutdown(b.fileno(), SHUT_WR), 0);
            const Stream here = co_await open_connection(std::move(a));
            EXPECT_TRUE(co_await timeout(5s, here.read()) == sent) << kib;
        }
    }());
}

// More than its queue has entries, begun and cancelled in one turn.
TEST_P(Uring, takes_more_operations_than_its_queue_has_entries) {
    constexpr int count = 2000;
    int ends[2] = {};
    ASSERT_EQ(::pipe(ends), 0);
    int called = 0;
    std::vector<int> copies;
    for (int i = 0; i < count; ++i) {
        copies.push_back(::dup(ends[0]));
        loop_->add_reader(copies.back(), [&called] { ++called; });
    }
    loop_->run_until_complete(spin());
    for (int i = count / 2; i < count; ++i) loop_->remove_reader(copies[static_cast<size_t>(i)]);
    ASSERT_EQ(::write(ends[1], "x", 1), 1);
    loop_->run_until_complete([](const int& calls) -> Coro<void> {
        const auto all = [&]() -> Coro<void> {
            while (calls < count / 2) co_await spin();
        };
        co_await timeout(30s, all);
    }(called));
    EXPECT_GE(called, count / 2);
    for (int i = 0; i < count / 2; ++i) loop_->remove_reader(copies[static_cast<size_t>(i)]);
    for (const int copy : copies) ::close(copy);
    ::close(ends[0]);
    ::close(ends[1]);
}

TEST_P(Uring, is_woken_by_other_threads_each_time) {
    constexpr int count = 10'000;
    int called = 0;
    const Future<> all = loop_->create_future();
    std::thread other([&] {
        for (int i = 0; i < count; ++i) {
            loop_->call_soon_threadsafe([&] {
                if (++called == count) all.set_result();
            });
            if (i % 100 == 0) std::this_thread::yield();
        }
    });
    loop_->run_until_complete([](const Future<>& waited) -> Coro<void> { co_await waited; }(all));
    other.join();
    EXPECT_EQ(called, count);
}

TEST_P(Uring, a_receive_that_is_paused_and_resumed_in_one_turn_goes_on) {
    loop_->run_until_complete([]() -> Coro<void> {
        auto [a, b] = tcp_pair();
        const Stream here = co_await open_connection(std::move(a));
        const Stream there = co_await open_connection(std::move(b), {.limit = 100});
        const Bytes much(2'000'000, 'x');
        here.write(much);
        std::size_t got = 0;
        while (got < much.size()) got += (co_await there.read(150)).size();
        EXPECT_EQ(got, much.size());
    }());
}

// Goal: nobody gets what is another's, and all in its order, where one buffer holds what came from
//       several and what comes goes on at the ring's start.
TEST_P(Uring, each_connection_gets_what_was_sent_to_it) {
    constexpr std::size_t count = 16;
    constexpr std::size_t bytes = 3'000'000;
    const auto content = [](std::size_t connection, std::size_t at) {
        return static_cast<char>((at * (2 * connection + 1)) >> 5 ^ at ^ connection);
    };
    loop_->run_until_complete([](auto at) -> Coro<void> {
        const auto send = [at](Stream to, std::size_t connection) -> Coro<void> {
            for (std::size_t sent = 0; sent < bytes;) {
                // Pieces of all sizes, so that buffers end anywhere.
                const std::size_t piece =
                    std::min((sent * 7 + connection) % 9000 + 1, bytes - sent);
                Bytes data(piece, ' ');
                for (std::size_t i = 0; i < piece; ++i) data[i] = at(connection, sent + i);
                to.write(data);
                co_await to.drain();
                sent += piece;
            }
        };
        const auto receive = [at](Stream from, std::size_t connection) -> Coro<std::size_t> {
            std::size_t got = 0;
            std::size_t wrong = 0;
            while (got < bytes) {
                for (const char c : co_await from.read(100'000)) {
                    wrong += c != at(connection, got++) ? 1 : 0;
                }
            }
            co_return wrong;
        };
        std::vector<Task<void>> senders;
        std::vector<Task<std::size_t>> receivers;
        for (std::size_t i = 0; i < count; ++i) {
            const auto [here, there] = co_await connected();
            senders.push_back(create_task(send(here, i)));
            receivers.push_back(create_task(receive(there, i)));
        }
        for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(co_await receivers[i], 0u) << i;
        for (const Task<void>& sender : senders) co_await sender;
    }(content));
}

// ---- files

// One operation, without a task.
class Transfer final : public IoOperation {
public:
    using IoOperation::IoOperation;
    void complete(std::int32_t told, bool) noexcept override { result = told; }
    std::optional<std::int32_t> result;
};

// The kernel does it itself, or says that the file is ready, as it always is.
TEST_P(Uring, reads_and_writes_files_at_their_position_and_at_any) {
    for (const auto [read, write] : {std::pair(IoKind::file_read, IoKind::file_write),
                                     std::pair(IoKind::read, IoKind::write)}) {
        char path[] = "/tmp/weft-uring-test-XXXXXX";
        const int fd = ::mkstemp(path);
        ASSERT_GE(fd, 0);
        ::unlink(path);
        const auto transfer = [&](IoKind kind, std::string& text, std::int64_t offset) {
            Transfer one(kind, fd);
            one.buffer = reinterpret_cast<std::byte*>(text.data());
            one.length = text.size();
            one.offset = offset;
            loop_->system().submit(one);
            while (!one.result) loop_->run_until_complete(sleep_a_little());
            return *one.result;
        };
        std::string digits = "0123456789";
        EXPECT_EQ(transfer(write, digits, -1), 10);
        EXPECT_EQ(transfer(write, digits, -1), 10);
        std::string got(8, '.');
        EXPECT_EQ(transfer(read, got, 5), 8);
        EXPECT_EQ(got, "56789012");
        EXPECT_EQ(transfer(read, got, -1), 0) << "it is where the writing ended";
        EXPECT_EQ(transfer(read, got, 19), 1);
        ::close(fd);
    }
}

// It is known what they are, or told when they are over.
TEST_P(Uring, asks_the_system_nothing_about_what_it_reads_and_writes) {
    for (const IoKind kind : {IoKind::readable_once, IoKind::read_each, IoKind::write,
                              IoKind::receive_each, IoKind::receive_each_local, IoKind::send}) {
        Transfer one(kind, -1);
        loop_->system().submit(one);
        while (!one.result) loop_->run_until_complete(sleep_a_little());
        EXPECT_EQ(*one.result, -EBADF);
    }
}

TEST_P(Uring, refuses_to_watch_what_is_always_ready_and_what_is_no_descriptor) {
    const int fd = ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    EXPECT_TRUE(thrown_by([&] { loop_->add_reader(fd, [] {}); }).starts_with("PermissionError"));
    ::close(fd);
    EXPECT_TRUE(thrown_by([&] { loop_->add_reader(fd, [] {}); }).starts_with("OSError: [Errno 9]"));
}

// ---- the end

TEST_P(Uring, a_loop_that_is_closed_leaves_nothing_in_the_kernel) {
    std::optional<std::pair<Stream, Stream>> kept;
    loop_->run_until_complete([](std::optional<std::pair<Stream, Stream>>& pair) -> Coro<void> {
        pair = co_await connected();
        pair->first.write(Bytes(1'000'000, 'x'));  // more than fits
        static_cast<void>(create_task([](Stream from) -> Coro<void> {
            co_await from.read(1);
            co_await sleep(1h);
        }(pair->second)));
        co_await spin(3);
    }(kept));
    loop_->close();
    kept.reset();
}

TEST_P(Uring, a_loop_that_is_closed_forgets_what_it_watched) {
    int ends[2] = {};
    ASSERT_EQ(::pipe(ends), 0);
    const auto watched = std::make_shared<int>();
    const auto removed = std::make_shared<int>();
    loop_->add_reader(ends[0], [watched] {});
    loop_->add_writer(ends[1], [removed] {});
    loop_->run_until_complete(spin());
    loop_->remove_writer(ends[1]);
    loop_->close();
    EXPECT_EQ(watched.use_count(), 1);
    EXPECT_EQ(removed.use_count(), 1);
    ::close(ends[0]);
    ::close(ends[1]);
}

// ---- connections that come as nobody wants them any more

// Whoever connects has a connection before anybody accepts it.
std::vector<Socket> connect_some(const Server& server) {
    std::vector<Socket> clients;
    for (int i = 0; i < 20; ++i) clients.push_back(connected_to(server));
    return clients;
}

bool was_let_go(const Socket& client) {
    char byte = 0;
    pollfd end{.fd = client.fileno(), .events = POLLIN, .revents = 0};
    return ::poll(&end, 1, 30'000) == 1 && ::recv(client.fileno(), &byte, 1, 0) <= 0;
}

Coro<Server> serve_nobody() {
    co_return co_await serve([](StreamReader, StreamWriter) -> Coro<void> { co_return; });
}

TEST_P(Uring, a_server_that_closes_lets_go_of_who_has_come) {
    std::vector<Socket> clients;
    loop_->run_until_complete([](std::vector<Socket>& come) -> Coro<void> {
        Server server = co_await serve_nobody();
        co_await spin();
        come = connect_some(server);
        server.close();
        co_await server.wait_closed();
        co_await spin();
    }(clients));
    for (const Socket& client : clients) EXPECT_TRUE(was_let_go(client));
}

TEST_P(Uring, a_loop_that_is_closed_lets_go_of_who_has_come) {
    std::optional<Server> server;
    loop_->run_until_complete([](std::optional<Server>& kept) -> Coro<void> {
        kept = co_await serve_nobody();
        co_await spin();
    }(server));
    const std::vector<Socket> clients = connect_some(*server);
    loop_->close();
    for (const Socket& client : clients) EXPECT_TRUE(was_let_go(client));
    server.reset();
}

TEST_P(Uring, a_loop_whose_thread_is_gone_lets_go_of_who_has_come) {
    std::optional<Server> server;
    std::vector<Socket> clients;
    std::thread([&] {
        loop_->run_until_complete([](std::optional<Server>& kept) -> Coro<void> {
            kept = co_await serve_nobody();
            co_await spin();
        }(server));
        clients = connect_some(*server);
    }).join();
    loop_->close();
    for (const Socket& client : clients) EXPECT_TRUE(was_let_go(client));
    server.reset();
}

// ---- the child of a fork, which shares the ring

// Made while an operation is on its way to its end: the child has a copy of it.
TEST_P(Uring, the_child_of_a_fork_leaves_the_ring_to_its_parent) {
    std::optional<std::pair<Stream, Stream>> kept;
    int child = -1;
    const auto make_child = [](auto& pair, int& made) -> Coro<void> {
        pair = co_await connected();
        Server server = co_await serve_nobody();
        co_await spin();
        server.close();
        made = ::fork();
    };
    const std::string told = thrown_by([&] { loop_->run_until_complete(make_child(kept, child)); });
    if (child == 0) {
        kept.reset();
        loop_.reset();
        ::_exit(7);
    }
    EXPECT_EQ(told, "nothing");
    EXPECT_EQ(exit_code_of(child), 7);
    loop_->run_until_complete([](std::optional<std::pair<Stream, Stream>>& pair) -> Coro<void> {
        pair->first.write("still here");
        EXPECT_EQ(co_await pair->second.readexactly(10), "still here");
        pair.reset();
        co_await spin(3);
    }(kept));
}

// ---- threads

TEST_P(Uring, another_thread_may_take_over_while_nothing_is_under_way) {
    loop_->run_until_complete(sleep_a_little());
    std::thread([this] { loop_->run_until_complete(sleep_a_little()); }).join();
    loop_->run_until_complete(sleep_a_little());
}

TEST_P(Uring, no_other_thread_may_while_io_is_under_way) {
    std::optional<std::pair<Stream, Stream>> kept;
    loop_->run_until_complete([](std::optional<std::pair<Stream, Stream>>& pair) -> Coro<void> {
        pair = co_await connected();
        co_await spin(2);
    }(kept));
    std::string told;
    std::thread([&] {
        told = thrown_by([&] { loop_->run_until_complete(sleep_a_little()); });
    }).join();
    EXPECT_EQ(told,
              "RuntimeError: a loop on io_uring cannot go on in another thread while I/O is under "
              "way; with WEFT_BACKEND=epoll it can");
    loop_->run_until_complete([](std::optional<std::pair<Stream, Stream>>& pair) -> Coro<void> {
        pair.reset();
        co_await spin(3);
    }(kept));
}

TEST_P(Uring, is_closed_elsewhere_when_its_thread_is_gone) {
    std::optional<Stream> kept;
    auto [here, there] = tcp_pair();
    std::thread([&] {
        loop_->run_until_complete([](Socket socket, std::optional<Stream>& stream) -> Coro<void> {
            stream = co_await open_connection(std::move(socket));
            co_await spin(2);
        }(std::move(here), kept));
    }).join();
    loop_->close();
    EXPECT_EQ(loop_->backend(), name_of(GetParam()));
    char byte = 0;
    pollfd end{.fd = there.fileno(), .events = POLLIN, .revents = 0};
    ::poll(&end, 1, 30'000);  // the kernel takes a ring down in the background
    EXPECT_EQ(::recv(there.fileno(), &byte, 1, 0), 0) << "the peer does not hear of the end";
    kept.reset();
}

}  // namespace
}  // namespace weft
