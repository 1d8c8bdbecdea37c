// SPDX-License-Identifier: Apache-2.0
// Goal:   none of the ten failures that libraries on io_uring are known for is weft's.
// Method: each is brought about, where need be by completions that come late, changed, or never.
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <liburing.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <weft/base/bytes.hpp>
#include <weft/base/time.hpp>
#include <weft/io/file.hpp>
#include <weft/io/loop_test.hpp>
#include <weft/io/ring_faults_test.hpp>
#include <weft/io/server.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/stream.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/io/streams.hpp>
#include <weft/io/streams_test.hpp>
#include <weft/io/uring_backend.hpp>
#include <weft/io/uring_faults_test.hpp>
#include <weft/runtime/backend.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/executor.hpp>
#include <weft/runtime/task.hpp>
#include <weft/testing/trace.hpp>
namespace weft {
namespace {

using namespace std::chrono_literals;
using testing::ended;
using testing::spin;

class KnownFailures : public RingFaults {};

INSTANTIATE_TEST_SUITE_P(Tiers, KnownFailures, ::testing::Values(UringTier::basic, UringTier::full),
                         [](const auto& tier) {
                             return tier.param == UringTier::full ? "io_uring" : "io_uring_basic";
                         });

void say(const Socket& from, BytesView text) {
    EXPECT_EQ(::send(from.fileno(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT),
              static_cast<ssize_t>(text.size()));
}

// 1: a buffer or a frame is freed while the kernel still writes into it.
TEST_P(KnownFailures, 1_a_buffer_and_a_frame_stay_until_the_completion_has_come) {
    const OpenedFile file("contents");
    Bytes read(8, '.');
    Told reading(IoKind::file_read, file.fd(), read);
    UringFaults faults;
    const auto is_read = [&](const io_uring_cqe& told) {
        return faults.is_of(told, IORING_OP_READ);
    };
    faults.hold = is_read;
    begin(reading);
    wait_until([&] { return faults.held() == 1; });
    EXPECT_FALSE(backend_->cancel(reading));
    for (int i = 0; i < 10; ++i) look();
    EXPECT_EQ(reading.results, Results{});
    faults.let_go();
    wait_for_end(reading);
    EXPECT_EQ(reading.results, Results{8});
    EXPECT_EQ(read, "contents");

    faults.hold = is_read;
    run_in_a_loop([](UringFaults& ring, int fd) -> Coro<void> {
        const File same = co_await open_file("/proc/self/fd/" + std::to_string(fd));
        const auto task = create_task(same.read(8));
        while (ring.held() == 0) co_await spin();
        task.cancel();
        co_await spin(20);
        EXPECT_FALSE(task.done()) << "its frame is freed under the kernel's hands";
        ring.let_go();
        EXPECT_EQ(co_await ended(task), "CancelledError");
        EXPECT_EQ(same.tell(), 0);
    }(faults, file.fd()));
}

// 2: a result arrives although it was cancelled, and what it brought is lost.
TEST_P(KnownFailures, 2_a_connection_that_comes_after_the_cancellation_is_closed) {
    UringFaults faults;
    run_in_a_loop([](UringFaults& ring) -> Coro<void> {
        const Server server = co_await serve(echo);
        co_await spin(3);
        ring.hold = [&ring](const io_uring_cqe& told) {
            return ring.is_of(told, IORING_OP_ACCEPT);
        };
        const Socket client = connected_to(server);
        while (ring.held() == 0) co_await spin();
        server.close();
        co_await spin(3);
        ring.let_go();
        co_await server.wait_closed();
        while (ring.held() > 0) co_await spin();
        co_await spin(3);
        EXPECT_TRUE(was_let_go(client));
    }(faults));
}

TEST_P(KnownFailures, 2_a_buffer_that_comes_after_the_cancellation_is_given_back) {
    auto [here, there] = tcp_pair();
    const Bytes message = some_bytes(8000);
    int without_buffers = 0;
    UringFaults faults;
    faults.tell = [&](const io_uring_cqe& told) {
        without_buffers += told.res == -ENOBUFS ? 1 : 0;
    };
    for (int i = 0; i < 700; ++i) {  // more than there are buffers, and than fits into them
        Told receiving(IoKind::receive_each, here.fileno());
        faults.hold = [&](const io_uring_cqe& told) { return faults.is_of(told, IORING_OP_RECV); };
        begin(receiving);
        say(there, message);
        wait_until([&] { return faults.held() > 0; });
        EXPECT_FALSE(backend_->cancel(receiving));
        faults.let_go();
        wait_for_end(receiving);
        Bytes all = receiving.received;
        while (all.size() < message.size()) {  // what had not been received stays
            pollfd come{.fd = here.fileno(), .events = POLLIN, .revents = 0};
            ASSERT_EQ(::poll(&come, 1, 30'000), 1);
            Bytes rest(message.size(), '.');
            const ssize_t count = ::recv(here.fileno(), rest.data(), rest.size(), MSG_DONTWAIT);
            ASSERT_GT(count, 0);
            all += rest.substr(0, static_cast<std::size_t>(count));
        }
        ASSERT_TRUE(all == message) << i;
        ASSERT_EQ(receiving.results.back(), -ECANCELED);
    }
    EXPECT_EQ(without_buffers, 0);
}

TEST_P(KnownFailures, 2_a_read_that_is_given_up_loses_no_byte) {
    run_in_a_loop([]() -> Coro<void> {
        auto [a, b] = tcp_pair();
        const Stream here = co_await open_connection(std::move(a));
        const Bytes all = some_bytes(2000);
        Bytes got;
        int given_up = 0;
        std::size_t sent = 0;
        for (int round = 0; got.size() < all.size(); ++round) {
            const auto reading = create_task(here.read(7));
            // In each third round there is nothing to read, however often the loop looks.
            const std::size_t most = round % 3 == 0 ? sent : all.size();
            for (int turn = 0; turn <= round % 5; ++turn) {
                if (sent < most) say(b, BytesView(all).substr(sent++, 1));
                co_await spin();
            }
            reading.cancel();
            if (co_await ended(reading) == "CancelledError") {
                ++given_up;
            } else {
                got += co_await reading;
            }
        }
        EXPECT_TRUE(got == all);
        EXPECT_GT(given_up, 10);
    }());
}

// 3: the ring is closed before what is under way is dropped.
TEST_P(KnownFailures, 3_the_ring_is_closed_when_nothing_is_under_way) {
    auto [here, there] = tcp_pair();
    auto [full, slow] = tcp_pair();
    const Socket listener = tcp_listener();
    const Pipe pipe;
    fill(full);
    Bytes much(1000, 'x');
    Told receiving(IoKind::receive_each, here.fileno());
    Told accepting(IoKind::accept_each, listener.fileno());
    Told sending(IoKind::send, full.fileno(), much);
    Told readable(IoKind::readable, pipe.reader());
    Told* const all[] = {&receiving, &accepting, &sending, &readable};
    UringFaults faults;
    for (Told* one : all) backend_->submit(*one);
    look();
    EXPECT_EQ(faults.under_way(), 4U);
    bool was_closed = false;
    faults.closes = [&] {
        was_closed = true;
        EXPECT_EQ(faults.under_way(), 0U);
        for (const Told* one : all) EXPECT_TRUE(one->is_over);
    };
    backend_.reset();
    EXPECT_TRUE(was_closed);
}

// 4: whoever waits for the end of one operation swallows the completions of others.
TEST_P(KnownFailures, 4_a_cancellation_swallows_no_completion_beside_it) {
    constexpr std::size_t count = 300;
    std::vector<std::unique_ptr<Pipe>> pipes;
    std::vector<std::unique_ptr<Told>> all;
    for (std::size_t i = 0; i < count; ++i) {
        pipes.push_back(std::make_unique<Pipe>());
        all.push_back(std::make_unique<Told>(IoKind::readable_once, pipes.back()->reader()));
        backend_->submit(*all.back());
    }
    const Pipe watched;
    Told watching(IoKind::readable, watched.reader());
    begin(watching);
    for (const auto& pipe : pipes) pipe->write_byte();
    EXPECT_FALSE(backend_->cancel(watching));  // waits for nothing, but calls the kernel
    wait_until(
        [&] { return std::ranges::all_of(all, [](const auto& one) { return one->is_over; }); });
    for (const auto& one : all) EXPECT_EQ(one->results, Results{0});
    wait_for_end(watching);
}

// 5: a cancellation finds no free entry.
TEST_P(KnownFailures, 5_a_cancellation_without_a_free_entry_is_made_later) {
    UringFaults faults;
    faults.entries = 4;
    backend_ = make_uring_backend(GetParam());
    std::vector<std::unique_ptr<Pipe>> pipes;
    std::vector<std::unique_ptr<Told>> all;
    for (const IoKind kind : {IoKind::readable, IoKind::readable_once}) {
        for (int i = 0; i < 20; ++i) {
            pipes.push_back(std::make_unique<Pipe>());
            all.push_back(std::make_unique<Told>(kind, pipes.back()->reader()));
            backend_->submit(*all.back());
        }
    }
    for (int i = 0; i < 100 && faults.under_way() < all.size(); ++i) look();
    ASSERT_EQ(faults.under_way(), all.size());
    const int before = faults.count(IORING_OP_ASYNC_CANCEL);
    faults.on_enter({.error = EAGAIN, .times = always});
    for (const auto& one : all) EXPECT_FALSE(backend_->cancel(*one));
    look();
    EXPECT_EQ(faults.count(IORING_OP_ASYNC_CANCEL), before);
    faults.enter_again();
    wait_until(
        [&] { return std::ranges::all_of(all, [](const auto& one) { return one->is_over; }); });
    for (const auto& one : all) EXPECT_EQ(one->results, Results{-ECANCELED});
}

// 6: close(2) ends nothing that is under way, and the number becomes another file's.
TEST_P(KnownFailures, 6_a_descriptor_keeps_its_number_until_nothing_is_under_way) {
    UringFaults faults;
    run_in_a_loop([](UringFaults& ring) -> Coro<void> {
        auto [a, b] = tcp_pair();
        const int number = a.fileno();
        const Stream here = co_await open_connection(std::move(a));
        co_await spin(3);
        ring.hold = [&ring](const io_uring_cqe& told) { return ring.is_of(told, IORING_OP_RECV); };
        here.writer().abort();
        while (ring.held() == 0) co_await spin();
        EXPECT_GE(::fcntl(number, F_GETFD), 0) << "it is closed";
        ring.let_go();
        co_await here.wait_closed();
        auto [c, d] = tcp_pair();
        EXPECT_TRUE(c.fileno() == number || d.fileno() == number) << "the number is not used again";
        say(d, "for the new one");
        co_await spin(3);
        pollfd come{.fd = c.fileno(), .events = POLLIN, .revents = 0};
        EXPECT_EQ(::poll(&come, 1, 30'000), 1);
        char buffer[32] = {};
        EXPECT_EQ(::recv(c.fileno(), buffer, sizeof buffer, MSG_DONTWAIT), 15);
    }(faults));
}

// 7: a cancellation and what it cancels end in any order, and it may come too late.
TEST_P(KnownFailures, 7_a_cancellation_that_comes_too_late_leaves_the_result) {
    for (const int error : {EALREADY, ENOENT}) {
        auto [here, there] = tcp_pair();
        fill(here);
        Bytes much(1000, 'x');
        const Pipe pipe;
        Told sending(IoKind::send, here.fileno(), much);
        Told readable(IoKind::readable_once, pipe.reader());
        begin(sending);
        begin(readable);
        UringFaults faults;
        faults.on(IORING_OP_ASYNC_CANCEL, {.error = error, .times = 2});
        EXPECT_FALSE(backend_->cancel(sending));
        EXPECT_FALSE(backend_->cancel(readable));
        look();
        EXPECT_EQ(faults.met(), 2);
        EXPECT_FALSE(sending.is_over || readable.is_over);
        pipe.write_byte();
        Bytes taken(1 << 20, '.');
        wait_until([&] {
            while (::recv(there.fileno(), taken.data(), taken.size(), MSG_DONTWAIT) > 0) {
            }
            return sending.is_over;
        });
        EXPECT_EQ(sending.results, Results{1000});
        wait_for_end(readable);
        EXPECT_EQ(readable.results, Results{-ECANCELED});  // nobody wants to know any more
    }
}

TEST_P(KnownFailures, 7_what_was_cancelled_may_end_before_or_after_the_cancellation) {
    for (const bool after : {false, true}) {
        auto [here, there] = tcp_pair();
        Told receiving(IoKind::receive_each, here.fileno());
        UringFaults faults;
        begin(receiving);
        if (after) {
            faults.hold = [&](const io_uring_cqe& told) {
                return faults.is_of(told, IORING_OP_RECV);
            };
        }
        EXPECT_FALSE(backend_->cancel(receiving));
        if (after) {
            wait_until([&] { return faults.held() == 1; });
            EXPECT_FALSE(backend_->cancel(receiving)) << "a second time";
            look();
            EXPECT_FALSE(receiving.is_over);
            faults.let_go();
        }
        wait_for_end(receiving);
        EXPECT_EQ(receiving.results, Results{-ECANCELED});
    }
}

// 8: what goes on ends by itself, and whoever does not begin it anew is deaf from then on.
TEST_P(KnownFailures, 8_what_the_kernel_ends_by_itself_begins_anew) {
    auto [here, there] = tcp_pair();
    const Socket listener = tcp_listener();
    Told receiving(IoKind::receive_each, here.fileno());
    Told accepting(IoKind::accept_each, listener.fileno());
    UringFaults faults;
    int ended_by_kernel = 0;
    faults.tell = [&](io_uring_cqe& told) {
        if ((told.flags & IORING_CQE_F_MORE) == 0) return;
        ++ended_by_kernel;
        faults.end_with(told);
    };
    begin(receiving);
    begin(accepting);
    Bytes sent;
    std::vector<Socket> clients;
    for (std::size_t i = 1; i <= 20; ++i) {
        say(there, "piece ");
        sent += "piece ";
        clients.push_back(connected_to(listener));
        wait_until([&] {
            return receiving.received.size() == sent.size() && accepting.results.size() == i;
        });
    }
    EXPECT_EQ(receiving.received, sent);
    EXPECT_GE(faults.count(IORING_OP_RECV), 20);
    EXPECT_GE(faults.count(IORING_OP_ACCEPT), 20);
    EXPECT_GE(ended_by_kernel, 40);
    faults.tell = nullptr;
    for (const std::int32_t fd : accepting.results) ::close(fd);
    backend_->cancel_all();
}

TEST_P(KnownFailures, 8_so_does_what_ends_for_want_of_something) {
    for (const int error : {ENOBUFS, EAGAIN, EINTR}) {
        auto [here, there] = tcp_pair();
        const Socket listener = tcp_listener();
        Told receiving(IoKind::receive_each, here.fileno());
        Told accepting(IoKind::accept_each, listener.fileno());
        UringFaults faults;
        faults.on(IORING_OP_RECV, {.error = error, .times = 3});
        if (error != ENOBUFS) faults.on(IORING_OP_ACCEPT, {.error = error, .times = 3});
        begin(receiving);
        begin(accepting);
        say(there, "all");
        const Socket client = connected_to(listener);
        wait_until([&] { return receiving.received == "all" && accepting.results.size() == 1; });
        ASSERT_GE(accepting.results.at(0), 0);
        ::close(accepting.results[0]);
        EXPECT_EQ(faults.met(), error == ENOBUFS ? 3 : 6);
        backend_->cancel_all();
    }
}

TEST_P(KnownFailures, 8_a_loop_is_woken_although_the_kernel_has_stopped_watching_for_it) {
    UringFaults faults;
    int ended_by_kernel = 0;
    faults.tell = [&](io_uring_cqe& told) {
        if (!UringFaults::is_of_the_waker(told) || (told.flags & IORING_CQE_F_MORE) == 0) return;
        ++ended_by_kernel;
        faults.end_with(told);
    };
    look();
    for (int i = 0; i < 20; ++i) {
        std::thread other([this] { backend_->wake(); });
        EXPECT_TRUE(backend_->wait(TimePoint::max()));
        other.join();
    }
    EXPECT_GE(ended_by_kernel, 1);
}

// 9: a late cancellation hits the operation that has the place of the old one.
TEST_P(KnownFailures, 9_a_late_cancellation_does_not_hit_who_has_its_name_now) {
    const Pipe first;
    const Pipe second;
    const Pipe beside;
    Told one(IoKind::readable_once, first.reader());
    Told watching(IoKind::readable, beside.reader());
    begin(one);
    begin(watching);
    UringFaults faults;
    first.write_byte();
    EXPECT_FALSE(backend_->cancel(watching));  // which brings the completion of `one`
    EXPECT_FALSE(backend_->cancel(one));       // which is not in the kernel any more
    faults.on_enter({.error = EBUSY});
    look();
    EXPECT_EQ(faults.met(), 1);
    ASSERT_EQ(one.results, Results{-ECANCELED});
    const int asked_before = faults.count(IORING_OP_ASYNC_CANCEL);
    one.fd = second.reader();  // another operation under the same name
    one.results.clear();
    one.is_over = false;
    begin(one);
    EXPECT_EQ(faults.count(IORING_OP_ASYNC_CANCEL), asked_before + 1) << "it was not late";
    second.write_byte();
    wait_for_end(one);
    EXPECT_EQ(one.results, Results{0});
    wait_for_end(watching);
}

TEST_P(KnownFailures, 9_a_stop_callback_may_use_the_loop_that_calls_it) {
    run_in_a_loop([]() -> Coro<void> {
        EventLoop& loop = get_running_loop();
        const Pipe pipe;
        loop.add_reader(pipe.reader(), [] {});
        co_await spin(2);
        std::atomic<bool> waits = false;
        std::atomic<bool> is_gone = false;
        bool called = false;
        const auto waiting = create_task(to_thread([&](const std::stop_token& token) {
            {
                const std::stop_callback use(token, [&] {
                    loop.remove_reader(pipe.reader());  // which calls the kernel
                    loop.call_soon_threadsafe([&] { called = true; });
                });
                waits = true;
                while (!token.stop_requested()) std::this_thread::yield();
            }
            is_gone = true;
        }));
        while (!waits) co_await spin();
        waiting.cancel();
        EXPECT_EQ(co_await ended(waiting), "CancelledError");
        while (!called || !is_gone) co_await spin();
    }());
}

// 10: completions stay in the kernel until it is called for them.
TEST_P(KnownFailures, 10_what_has_ended_is_told_by_a_loop_that_never_blocks) {
    constexpr std::size_t count = 300;
    std::vector<std::unique_ptr<Pipe>> pipes;
    std::vector<std::unique_ptr<Told>> all;
    for (std::size_t i = 0; i < count; ++i) {
        pipes.push_back(std::make_unique<Pipe>());
        all.push_back(std::make_unique<Told>(IoKind::readable_once, pipes.back()->reader()));
        backend_->submit(*all.back());
    }
    look();
    for (const auto& pipe : pipes) pipe->write_byte();
    for (int i = 0; i < 30; ++i) look();
    for (const auto& one : all) EXPECT_EQ(one->results, Results{0});
}

TEST_P(KnownFailures, 10_and_by_one_that_blocks) {
    const Pipe pipe;
    Told readable(IoKind::readable_once, pipe.reader());
    begin(readable);
    pipe.write_byte();
    while (!readable.is_over) EXPECT_TRUE(backend_->wait(TimePoint::max()));
    EXPECT_EQ(readable.results, Results{0});
}

}  // namespace
}  // namespace weft
