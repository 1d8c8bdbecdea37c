// SPDX-License-Identifier: Apache-2.0
// weft/io/receive_at_once_test.cpp - a stream of which more is there than one piece, on epoll: it is
// received without a turn of the loop for each, and others have their turn.
#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <utility>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <weft/base/bytes.hpp>
#include <weft/io/epoll_backend.hpp>
#include <weft/io/pipes.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/streams.hpp>
#include <weft/io/streams_test.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/task_group.hpp>
#include <weft/runtime/timeout.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;

constexpr std::ptrdiff_t piece_bytes = 64 * 1024;  // what epoll receives at a time

void run_on_epoll(Coro<void> coro) {
    EventLoop loop(make_epoll_backend());
    loop.run_until_complete(std::move(coro));
}

// How often the loop has turned.
struct Turns {
    int count = 0;
    Task<void> counting = create_task([](int& turns) -> Coro<void> {
        for (;;) {
            ++turns;
            co_await sleep(0s);
        }
    }(count));
    Turns() = default;
    Turns(const Turns&) = delete;
    Turns& operator=(const Turns&) = delete;
    ~Turns() { counting.cancel(); }
};

// A stream whose peer has sent so many bytes already.
struct Sent {
    explicit Sent(std::ptrdiff_t bytes) : peer(tcp_pair_with_room(bytes)) {
        const Bytes all = some_bytes(static_cast<std::size_t>(bytes));
        EXPECT_EQ(::send(peer.first.fileno(), all.data(), all.size(), 0), bytes);
        wait_until_received(peer.second.fileno(), all.size());
    }
    void more(BytesView byte) const {
        EXPECT_EQ(::send(peer.first.fileno(), byte.data(), byte.size(), 0), 1);
        wait_until_received(receiving_fd, byte.size());
    }
    // The other end has it when its buffer holds it all.
    static void wait_until_received(int fd, std::size_t bytes) {
        Bytes seen(bytes, ' ');
        while (std::cmp_not_equal(::recv(fd, seen.data(), bytes, MSG_PEEK | MSG_DONTWAIT), bytes)) {
            continue;
        }
    }
    static std::pair<Socket, Socket> tcp_pair_with_room(std::ptrdiff_t bytes) {
        const int room = static_cast<int>(4 * bytes);
        Socket listener(af_inet);
        ::setsockopt(listener.fileno(), SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
        listener.bind({"127.0.0.1", 0});
        listener.listen(1);
        Socket sending = connected_to(listener);
        ::setsockopt(sending.fileno(), SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
        Socket receiving = Socket::from_fd(::accept(listener.fileno(), nullptr, nullptr));
        receiving.setblocking(false);
        return {std::move(sending), std::move(receiving)};
    }
    std::pair<Socket, Socket> peer;                 // sending, receiving
    const int receiving_fd = peer.second.fileno();  // a stream's, later
};

TEST(ReceiveAtOnce, gives_the_next_piece_without_a_turn_of_the_loop) {
    run_on_epoll([]() -> Coro<void> {
        Sent sent(3 * piece_bytes);
        auto [reader, writer] = co_await open_connection(std::move(sent.peer.second));
        EXPECT_EQ((co_await reader.read(piece_bytes)).size(), piece_bytes);
        const Turns turns;
        Bytes rest = co_await reader.read(piece_bytes);
        rest += co_await reader.read(piece_bytes);
        EXPECT_EQ(turns.count, 0);
        EXPECT_EQ(rest, some_bytes(3 * piece_bytes).substr(piece_bytes));
        // What is no whole piece was all: the next one is waited for.
        sent.more("x");
        EXPECT_EQ(co_await reader.read(1), "x");
        EXPECT_EQ(turns.count, 0);
        sent.more("y");
        EXPECT_EQ(co_await reader.read(1), "y");
        EXPECT_GT(turns.count, 0);
    }());
}

TEST(ReceiveAtOnce, sees_the_end_that_follows_a_whole_piece) {
    run_on_epoll([]() -> Coro<void> {
        Sent sent(2 * piece_bytes);
        sent.peer.first = Socket();
        auto [reader, writer] = co_await open_connection(std::move(sent.peer.second));
        EXPECT_EQ((co_await reader.read(piece_bytes)).size(), piece_bytes);
        EXPECT_EQ((co_await reader.read(piece_bytes)).size(), piece_bytes);
        EXPECT_EQ(co_await reader.read(piece_bytes), "");
        EXPECT_TRUE(reader.at_eof());
        EXPECT_EQ(co_await reader.read(), "");
    }());
}

TEST(ReceiveAtOnce, raises_the_reset_that_follows_a_whole_piece) {
    run_on_epoll([]() -> Coro<void> {
        Sent sent(piece_bytes);
        auto [reader, writer] = co_await open_connection(std::move(sent.peer.second));
        EXPECT_EQ((co_await reader.read(piece_bytes)).size(), piece_bytes);
        reset_by_peer(std::move(sent.peer.first));
        const std::string told = co_await outcome(reader.read(1));
        EXPECT_TRUE(told.starts_with("ConnectionResetError: [Errno 104]")) << told;
    }());
}

TEST(ReceiveAtOnce, feeds_nobody_once_the_stream_is_closed) {
    run_on_epoll([]() -> Coro<void> {
        Sent sent(2 * piece_bytes);
        auto [reader, writer] = co_await open_connection(std::move(sent.peer.second));
        EXPECT_EQ((co_await reader.read(piece_bytes)).size(), piece_bytes);
        writer.close();
        EXPECT_EQ(co_await reader.read(piece_bytes), "");
    }());
}

TEST(ReceiveAtOnce, leaves_to_the_first_who_waits_what_comes_next) {
    run_on_epoll([]() -> Coro<void> {
        Sent sent(piece_bytes);
        auto [reader, writer] = co_await open_connection(std::move(sent.peer.second));
        auto first = create_task(reader.readexactly(piece_bytes + 1));
        while (reader.buffered().empty()) co_await sleep(0s);
        EXPECT_EQ((co_await reader.read(piece_bytes)).size(), piece_bytes);
        EXPECT_EQ(co_await outcome(reader.read(1)),
                  "RuntimeError: read() called while another coroutine is already waiting for "
                  "incoming data");
        first.cancel();
    }());
}

// Whether a read may wait is a property of the pipe, which others may have, too.
TEST(ReceiveAtOnce, does_not_wait_in_a_pipe_that_somebody_has_made_blocking) {
    run_on_epoll([]() -> Coro<void> {
        int ends[2] = {};
        EXPECT_EQ(::pipe(ends), 0);
        const StreamReader reader = co_await connect_read_pipe(ends[0]);
        const Bytes piece = some_bytes(piece_bytes);  // what a pipe has room for
        EXPECT_EQ(::write(ends[1], piece.data(), piece.size()), piece_bytes);
        EXPECT_EQ(co_await reader.read(piece_bytes), piece);
        EXPECT_EQ(::fcntl(ends[0], F_SETFL, 0), 0);
        EXPECT_TRUE((co_await outcome(wait_for(reader.read(1), 1ms))).starts_with("TimeoutError"));
        ::close(ends[1]);
    }());
}

// /dev/zero has always more.
TEST(ReceiveAtOnce, lets_the_loop_turn_for_each_megabyte) {
    run_on_epoll([]() -> Coro<void> {
        const StreamReader zeros =
            co_await connect_read_pipe(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
        EXPECT_EQ((co_await zeros.read(piece_bytes)).size(), piece_bytes);
        const Turns turns;
        constexpr int pieces = 160;
        int waits = 0;
        for (int i = 0; i < pieces; ++i) {
            const int before = turns.count;
            EXPECT_EQ((co_await zeros.read(piece_bytes)).size(), piece_bytes);
            waits += turns.count > before ? 1 : 0;
        }
        EXPECT_GE(waits, pieces / 17);
        EXPECT_LE(waits, pieces / 15);
    }());
}

TEST(ReceiveAtOnce, lets_the_loop_turn_for_each_four_megabytes_of_all_streams) {
    run_on_epoll([]() -> Coro<void> {
        const Turns turns;
        std::map<int, int> pieces_in_turn;
        constexpr int streams = 8;  // 15 pieces at once each would be 120
        const auto read = [&]() -> Coro<void> {
            const StreamReader zeros =
                co_await connect_read_pipe(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
            for (int i = 0; i < 100; ++i) {
                EXPECT_EQ((co_await zeros.read(piece_bytes)).size(), piece_bytes);
                ++pieces_in_turn[turns.count];
            }
        };
        co_await TaskGroup::scope([&](TaskGroup& group) -> Coro<void> {
            for (int i = 0; i < streams; ++i) group.create_task(read());
            co_return;
        });
        int most = 0;
        for (const auto& [turn, pieces] : pieces_in_turn) most = std::max(most, pieces);
        EXPECT_EQ(most, 64 + streams);  // and one for each that it is told of
    }());
}

}  // namespace
}  // namespace weft
