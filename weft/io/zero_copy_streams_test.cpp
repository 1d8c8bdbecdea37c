// SPDX-License-Identifier: Apache-2.0
// Goal:   what a stream sends without a copy arrives as it was written, whatever becomes of the stream
//         and its loop meanwhile.
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <liburing.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <weft/base/bytes.hpp>
#include <weft/base/ref.hpp>
#include <weft/io/epoll_backend.hpp>
#include <weft/io/internal/send_queue.hpp>
#include <weft/io/internal/zero_copy_send.hpp>
#include <weft/io/ring_faults_test.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/io/stream.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/io/streams.hpp>
#include <weft/io/streams_test.hpp>
#include <weft/io/uring_backend.hpp>
#include <weft/io/uring_faults_test.hpp>
#include <weft/io/zero_copy_test.hpp>
#include <weft/runtime/backend.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/timeout.hpp>
#include <weft/testing/fork.hpp>
#include <weft/testing/trace.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;
using internal::zero_copy_terms;
using internal::ZeroCopyUse;
using testing::ended;
using testing::exit_code_of;
using testing::spin;
using testing::thrown_by;

constexpr std::size_t bytes_min = internal::ZeroCopyTerms().bytes_min;

INSTANTIATE_TEST_SUITE_P(Tiers, ZeroCopy, ::testing::Values(UringTier::basic, UringTier::full),
                         [](const auto& tier) {
                             return tier.param == UringTier::full ? "io_uring" : "io_uring_basic";
                         });

// ---- streams

struct Ends {
    Stream stream;
    Socket peer;
    std::size_t filled = 0;  // bytes for the peer that are not the stream's
};

// What is written has to wait.
Coro<Ends> full_connection() {
    auto [a, b] = tcp_pair();
    const std::size_t filled = fill(a);
    Stream stream = co_await open_connection(std::move(a));
    co_return Ends{std::move(stream), std::move(b), filled};
}

// Takes what comes until that is so.
template <class Condition>
Coro<void> take_until(const Socket& peer, Bytes& taken, Condition condition) {
    co_await timeout(20s, [&]() -> Coro<void> {
        while (!condition()) {
            taken += taken_now(peer);
            co_await spin();
        }
    });
}
Coro<void> take_all(const Ends& ends, Bytes& taken, std::size_t written) {
    co_await take_until(ends.peer, taken, [&] { return taken.size() >= ends.filled + written; });
}

bool is_whole(const Ends& ends, const Bytes& taken, const Bytes& written) {
    return taken.size() == ends.filled + written.size() && taken.ends_with(written);
}

// Writes so much on a new connection.
Coro<void> send_whole(std::size_t bytes) {
    const Ends ends = co_await full_connection();
    const Bytes all = some_bytes(bytes);
    Bytes taken;
    ends.stream.write(all);
    co_await take_all(ends, taken, bytes);
    EXPECT_TRUE(is_whole(ends, taken, all)) << bytes;
    EXPECT_TRUE(taken_now(ends.peer).empty()) << "more than was written";
}

TEST_P(ZeroCopy, bytes_arrive_whole_and_in_order_and_then_the_end) {
    int tried = 0;
    for (const std::size_t bytes : {bytes_min - 1, bytes_min, bytes_min + 1, piece, piece + 1,
                                    piece + bytes_min, 3 * piece + 5, std::size_t{9'000'000}}) {
        UringFaults faults;
        run_in_a_loop([](std::size_t count) -> Coro<void> {
            const Ends ends = co_await full_connection();
            const Bytes all = some_bytes(count);
            Bytes taken;
            ends.stream.write(all);
            ends.stream.write_eof();
            co_await take_all(ends, taken, count);
            EXPECT_TRUE(is_whole(ends, taken, all)) << count;
            char byte = 0;
            pollfd end{.fd = ends.peer.fileno(), .events = POLLIN, .revents = 0};
            while (::poll(&end, 1, 0) == 0) co_await spin();
            EXPECT_EQ(::recv(ends.peer.fileno(), &byte, 1, 0), 0) << "there is no end";
            EXPECT_EQ(::send(ends.peer.fileno(), "answer", 6, 0), 6);
            EXPECT_EQ(co_await ends.stream.readexactly(6), "answer");
        }(bytes));
        // How much the system takes at once, which is copied, is its own affair.
        const int here = faults.count(IORING_OP_SEND_ZC);
        EXPECT_TRUE(bytes >= bytes_min || here == 0) << here;
        tried += here;
    }
    EXPECT_GT(tried, 0);
}

TEST_P(ZeroCopy, what_the_kernel_cannot_send_so_is_copied_and_the_connection_asks_no_more) {
    for (const int error : {EINVAL, EMSGSIZE, ENOBUFS, ENOMEM, EOPNOTSUPP}) {
        for (const int n : {1, 2, 5}) {
            UringFaults faults;
            faults.on(IORING_OP_SEND_ZC, {.error = error, .first = n});
            run_in_a_loop(send_whole(20 * piece));
            EXPECT_EQ(faults.met(), 1);
            EXPECT_EQ(faults.count(IORING_OP_SEND_ZC), n) << error;
        }
    }
}

TEST_P(ZeroCopy, it_begins_anew_where_it_was_interrupted) {
    for (const int error : {EAGAIN, EINTR}) {
        UringFaults faults;
        faults.on(IORING_OP_SEND_ZC, {.error = error, .first = 2, .times = 3});
        run_in_a_loop(send_whole(8 * piece));
        EXPECT_EQ(faults.met(), 3);
        EXPECT_GE(faults.count(IORING_OP_SEND_ZC), 8);
    }
}

TEST_P(ZeroCopy, it_may_take_little_each_time) {
    for (const auto& [most, pieces] : {std::pair(1'000U, 3U), std::pair(100'000U, 40U)}) {
        UringFaults faults;
        faults.on(IORING_OP_SEND_ZC, {.bytes_max = most, .times = always});
        run_in_a_loop(send_whole(pieces * piece));
        EXPECT_GT(faults.met(), 3);
    }
}

TEST_P(ZeroCopy, an_error_of_the_connection_is_told) {
    for (const int error : {ECONNRESET, EPIPE, ETIMEDOUT}) {
        UringFaults faults;
        faults.on(IORING_OP_SEND_ZC, {.error = error, .first = 2});
        run_in_a_loop([](int code) -> Coro<void> {
            const Ends ends = co_await full_connection();
            Bytes taken;
            ends.stream.write(some_bytes(8 * piece));
            const auto draining = create_task(outcome(ends.stream.drain()));
            co_await take_until(ends.peer, taken, [&] { return draining.done(); });
            const std::string told = co_await draining;
            EXPECT_NE(told.find("[Errno " + std::to_string(code) + "]"), std::string::npos) << told;
        }(error));
        EXPECT_EQ(faults.met(), 1);
    }
}

// What the kernel tells, and what the stream and the connection make of it.
TEST(ZeroCopySend, tells_once_and_goes_when_nobody_reads_its_bytes) {
    struct Case {
        std::vector<std::pair<std::int32_t, bool>> completions;
        std::int32_t told;
        bool is_tried_again;
    };
    const Case cases[] = {
        {{{100, true}, {0, false}}, 100, true},
        {{{100, true}, {1, false}}, 100, false},    // copied
        {{{100, false}}, 100, false},               // copied
        {{{-ENOMEM, true}, {0, false}}, 0, false},  // not at all
        {{{-EAGAIN, true}, {0, false}}, 0, false},  // which the backend cannot begin anew
        {{{-EOPNOTSUPP, false}}, 0, false},
        {{{-EPIPE, true}, {0, false}}, -EPIPE, true},
        {{{-ECANCELED, true}, {0, false}}, -ECANCELED, true},
    };
    for (const auto& [completions, result, is_tried_again] : cases) {
        internal::SendQueue queue;
        queue.append("bytes");
        Told told(IoKind::send, -1);
        const Ref use(new ZeroCopyUse({"192.0.2.1", 80}));
        auto* const send = new internal::ZeroCopySend(queue, use, told);
        for (const auto& [count, more] : completions) {
            EXPECT_EQ(use->sends(), 1);
            send->complete(count, more);
        }
        EXPECT_EQ(use->sends(), 0);
        EXPECT_EQ(told.results, Results{result});
        EXPECT_TRUE(told.is_over);
        EXPECT_EQ(use->admits_one_more(), is_tried_again);
    }
}

// ---- where it is not tried

TEST_P(ZeroCopy, is_for_peers_on_other_hosts) {
    const auto is_tried = [](const SocketAddress& peer) {
        return Ref(new ZeroCopyUse(peer))->admits_one_more();
    };
    zero_copy_terms.to_this_host = false;
    for (const char* host : {"192.0.2.1", "128.0.0.1", "2001:db8::1", "::ffff:192.0.2.1"}) {
        EXPECT_TRUE(is_tried({host, 80})) << host;
    }
    for (const char* host : {"127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1"}) {
        EXPECT_FALSE(is_tried({host, 80})) << host;
    }
    EXPECT_FALSE(is_tried(SocketAddress::from_path("/path")));
    EXPECT_FALSE(is_tried(SocketAddress()));

    UringFaults faults;
    run_in_a_loop(send_whole(8 * piece));
    EXPECT_EQ(faults.count(IORING_OP_SEND_ZC), 0);
    EXPECT_GT(faults.count(IORING_OP_SEND), 0);
}

TEST_P(ZeroCopy, is_not_tried_again_where_the_kernel_has_copied) {
    zero_copy_terms.though_copied = false;
    UringFaults faults;
    run_in_a_loop([](UringFaults& ring) -> Coro<void> {
        const Ends ends = co_await full_connection();
        const Bytes all = some_bytes(40 * piece);
        Bytes taken;
        ends.stream.write(all);
        co_await take_all(ends, taken, all.size());
        const int tried = ring.count(IORING_OP_SEND_ZC);
        EXPECT_GT(tried, 0);
        EXPECT_LT(tried, 40);
        ends.stream.write(all);
        co_await take_all(ends, taken, 2 * all.size());
        EXPECT_EQ(ring.count(IORING_OP_SEND_ZC), tried);
        EXPECT_TRUE(is_whole(ends, taken, all + all));
    }(faults));
}

TEST_P(ZeroCopy, is_not_tried_over_a_unix_socket) {
    UringFaults faults;
    run_in_a_loop([]() -> Coro<void> {
        auto [a, b] = Socket::socketpair();
        b.setblocking(false);
        const Stream stream = co_await open_connection(std::move(a));
        const Bytes all = some_bytes(8 * piece);
        Bytes taken;
        stream.write(all);
        co_await take_until(b, taken, [&] { return taken.size() == all.size(); });
        EXPECT_TRUE(taken == all);
    }());
    EXPECT_EQ(faults.count(IORING_OP_SEND_ZC), 0);
    EXPECT_FALSE(make_epoll_backend()->does_zero_copy());
}

TEST_P(ZeroCopy, no_more_is_with_the_kernel_than_its_limit_and_the_rest_is_copied) {
    UringFaults faults;
    faults.hold = [&](const io_uring_cqe& told) { return (told.flags & IORING_CQE_F_NOTIF) != 0; };
    run_in_a_loop([](UringFaults& ring) -> Coro<void> {
        const Ends ends = co_await full_connection();
        const Bytes all = some_bytes(40 * piece);
        Bytes taken;
        ends.stream.write(all);
        co_await take_all(ends, taken, all.size());
        EXPECT_EQ(ring.count(IORING_OP_SEND_ZC), ZeroCopyUse::sends_max);
        while (ring.held() < ZeroCopyUse::sends_max) co_await spin();
        ring.let_go();
        while (ring.held() > 0) co_await spin();
        co_await spin(3);
        ends.stream.write(all);
        co_await take_all(ends, taken, 2 * all.size());
        EXPECT_GT(ring.count(IORING_OP_SEND_ZC), ZeroCopyUse::sends_max);
        EXPECT_TRUE(is_whole(ends, taken, all + all));
    }(faults));
}

// ---- the end of the stream

enum class Far : std::uint8_t { count_is_told, count_is_to_come };

// A stream of which the kernel reads bytes that the peer does not take.
Coro<Ends> stuck_connection(Far far, Bytes& taken) {
    zero_copy_terms.bytes_min = 1;  // so that what waits is never a copy
    Ends ends = co_await full_connection();
    ends.stream.write(some_bytes(far == Far::count_is_told ? piece / 2 : 40 * piece));
    const std::size_t before = ends.stream.writer().get_write_buffer_size();
    co_await take_until(ends.peer, taken, [&] {
        const std::size_t left = ends.stream.writer().get_write_buffer_size();
        return far == Far::count_is_told ? left == 0 : left < before;
    });
    co_await spin(3000);  // as many sends as there is room for, and one that waits
    co_return ends;
}

TEST_P(ZeroCopy, a_stream_that_is_closed_waits_for_nothing_that_the_kernel_has_taken) {
    run_in_a_loop([]() -> Coro<void> {
        Bytes taken;
        const Ends ends = co_await stuck_connection(Far::count_is_told, taken);
        ends.stream.close();
        co_await timeout(5s, ends.stream.wait_closed());
        EXPECT_EQ(ends.stream.writer().fileno(), -1);
        taken += taken_to_the_end(ends.peer);
        EXPECT_TRUE(is_whole(ends, taken, some_bytes(piece / 2)));
    }());
}

TEST_P(ZeroCopy, a_stream_that_is_aborted_ends_when_the_kernel_has_told_the_count) {
    UringFaults faults;
    run_in_a_loop([](UringFaults& ring) -> Coro<void> {
        const Ends ends = co_await full_connection();
        bool count_is_held = false;
        ring.hold = [&](const io_uring_cqe& told) {
            const bool is_ours = ring.is_of(told, IORING_OP_SEND_ZC);
            if (is_ours && (told.flags & IORING_CQE_F_NOTIF) == 0) count_is_held = true;
            return is_ours;
        };
        ends.stream.write(some_bytes(piece));
        while (ring.count(IORING_OP_SEND_ZC) == 0) co_await spin();
        ends.stream.writer().abort();
        while (!count_is_held) co_await spin();
        co_await spin(5);
        EXPECT_NE(ends.stream.writer().fileno(), -1);
        ring.let_go();
        co_await timeout(5s, ends.stream.wait_closed());
    }(faults));
}

TEST_P(ZeroCopy, a_stream_may_be_aborted_or_dropped_at_any_moment) {
    for (const Far far : {Far::count_is_told, Far::count_is_to_come}) {
        run_in_a_loop([](Far when) -> Coro<void> {
            Bytes taken;
            {
                const Ends ends = co_await stuck_connection(when, taken);
                ends.stream.writer().abort();
                co_await timeout(5s, ends.stream.wait_closed());
                EXPECT_EQ(ends.stream.writer().fileno(), -1);
            }
            const Ends dropped = co_await stuck_connection(when, taken);
        }(far));
    }
}

TEST_P(ZeroCopy, a_task_that_waits_for_it_is_cancelled_at_once) {
    run_in_a_loop([]() -> Coro<void> {
        Bytes taken;
        const Ends ends = co_await stuck_connection(Far::count_is_to_come, taken);
        const auto draining = create_task([](StreamWriter writer) -> Coro<void> {
            co_await writer.drain();
        }(ends.stream.writer()));
        co_await spin(3);
        draining.cancel();
        EXPECT_EQ(co_await ended(draining), "CancelledError");
        co_await take_all(ends, taken, 40 * piece);
        EXPECT_TRUE(is_whole(ends, taken, some_bytes(40 * piece)));
    }());
}

TEST_P(ZeroCopy, a_peer_that_resets_ends_it_with_an_error) {
    run_in_a_loop([]() -> Coro<void> {
        Bytes taken;
        Ends ends = co_await stuck_connection(Far::count_is_to_come, taken);
        reset_by_peer(std::move(ends.peer));
        const std::string told = co_await outcome(timeout(5s, ends.stream.drain()));
        EXPECT_TRUE(told.starts_with("ConnectionResetError: ") ||
                    told.starts_with("BrokenPipeError: "))
            << told;
        EXPECT_NE(co_await outcome(timeout(5s, ends.stream.wait_closed())), "ok");
    }());
}

TEST_P(ZeroCopy, a_loop_may_be_closed_at_any_moment) {
    for (const Far far : {Far::count_is_told, Far::count_is_to_come}) {
        std::optional<Ends> kept;
        Bytes taken;
        run_in_a_loop([](Far when, std::optional<Ends>& ends, Bytes& bytes) -> Coro<void> {
            ends = co_await stuck_connection(when, bytes);
        }(far, kept, taken));
        taken += taken_to_the_end(kept->peer);
        const Bytes written = some_bytes(40 * piece);
        const BytesView sent = BytesView(taken).substr(kept->filled);
        EXPECT_TRUE(written.starts_with(sent)) << "the peer got what was in memory later";
        EXPECT_FALSE(sent.empty());
        kept.reset();
    }
}

TEST_P(ZeroCopy, the_child_of_a_fork_frees_its_copies_only) {
    for (const Far far : {Far::count_is_told, Far::count_is_to_come}) {
        auto loop = std::make_unique<EventLoop>(make_uring_backend(GetParam()));
        std::optional<Ends> kept;
        Bytes taken;
        int child = -1;
        const std::string told = thrown_by([&] {
            loop->run_until_complete(
                [](Far when, auto& ends, Bytes& bytes, int& made) -> Coro<void> {
                    ends = co_await stuck_connection(when, bytes);
                    made = ::fork();
                }(far, kept, taken, child));
        });
        if (child == 0) {
            kept.reset();
            loop.reset();
            ::_exit(7);
        }
        EXPECT_EQ(told, "nothing");
        EXPECT_EQ(exit_code_of(child), 7);
        const std::size_t written = far == Far::count_is_told ? piece / 2 : 40 * piece;
        loop->run_until_complete(take_all(*kept, taken, written));
        EXPECT_TRUE(is_whole(*kept, taken, some_bytes(written)));
        kept.reset();
    }
}

// ---- a storm

class Dice {
public:
    explicit Dice(unsigned seed) : engine_(seed) {}
    std::size_t up_to(std::size_t most) {
        return std::uniform_int_distribution<std::size_t>(0, most)(engine_);
    }

private:
    std::mt19937 engine_;
};

// Writes pieces of all sizes, and gives up waiting now and then.
// Returns: whether it has written all, and closed.
Coro<bool> write_in_haste(Stream stream, const Bytes& all, Dice dice) {
    for (std::size_t at = 0; at < all.size();) {
        const BytesView some = BytesView(all).substr(at, dice.up_to(3 * piece));
        stream.write(some);
        at += some.size();
        if (dice.up_to(200) == 0) {
            stream.writer().abort();
            co_return false;
        }
        const auto limit = std::chrono::microseconds(dice.up_to(2000));
        while (stream.writer().get_write_buffer_size() > 2 * piece) {
            static_cast<void>(co_await as_result(wait_for(stream.drain(), limit)));
            if (stream.writer().is_closing()) co_return false;
        }
    }
    stream.close();
    co_return true;
}

// Returns: whether it has got all; and where it went before the end, that, too.
Coro<bool> take_at_leisure(Socket peer, const Bytes& all, Dice dice) {
    Bytes taken;
    char byte = 0;
    while (dice.up_to(2000) > 0) {
        const std::size_t before = taken.size();
        taken += taken_now(peer, 1 + dice.up_to(100'000));
        co_await spin(static_cast<int>(dice.up_to(3)));
        EXPECT_TRUE(BytesView(all).substr(before).starts_with(BytesView(taken).substr(before)));
        const bool has_ended = ::recv(peer.fileno(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
        if (has_ended) co_return taken.size() == all.size();
    }
    if (dice.up_to(1) == 0) reset_by_peer(std::move(peer));
    co_return true;
}

TEST_P(ZeroCopy, loses_and_doubles_no_byte_in_a_storm) {
    zero_copy_terms.bytes_min = 10'000;
    UringFaults faults;
    const Bytes bytes = some_bytes(20'000'000);
    for (unsigned seed = 0; seed < 4; ++seed) {
        run_in_a_loop([](unsigned round, const Bytes& all) -> Coro<void> {
            std::vector<std::pair<Task<bool>, Task<bool>>> pairs;
            for (unsigned i = 0; i < 6; ++i) {
                auto [a, b] = tcp_pair();
                const unsigned number = 100 * round + i;
                const Stream stream = co_await open_connection(std::move(a));
                pairs.emplace_back(create_task(write_in_haste(stream, all, Dice(number))),
                                   create_task(take_at_leisure(std::move(b), all, Dice(~number))));
            }
            // The loop is closed when all is over, or in the middle of it all.
            if (round % 2 == 1) co_return co_await spin(300);
            for (const auto& [writer, taker] : pairs) {
                const bool is_written = co_await writer;
                EXPECT_TRUE(co_await taker || !is_written);
            }
        }(seed, bytes));
    }
    EXPECT_GT(faults.count(IORING_OP_SEND_ZC), 100);
}

}  // namespace
}  // namespace weft
