// SPDX-License-Identifier: Apache-2.0
// Goal:   the memory of what is sent without a copy stays until the kernel has done with it, and
//         nobody waits for that, whatever becomes of the ring meanwhile.
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <string>
#include <thread>
#include <utility>

#include <gtest/gtest.h>
#include <liburing.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <weft/base/bytes.hpp>
#include <weft/io/internal/unreleased_sends.hpp>
#include <weft/io/loop_test.hpp>
#include <weft/io/ring_faults_test.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/streams_test.hpp>
#include <weft/io/uring_backend.hpp>
#include <weft/io/uring_faults_test.hpp>
#include <weft/io/zero_copy_test.hpp>
#include <weft/runtime/backend.hpp>
#include <weft/testing/trace.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;
using internal::UnreleasedSends;
using testing::thrown_by;

INSTANTIATE_TEST_SUITE_P(Tiers, ZeroCopy, ::testing::Values(UringTier::basic, UringTier::full),
                         [](const auto& tier) {
                             return tier.param == UringTier::full ? "io_uring" : "io_uring_basic";
                         });

// ---- the operation

TEST_P(ZeroCopy, tells_the_count_and_then_that_nobody_reads_the_bytes) {
    auto [here, there] = tcp_pair();
    Bytes much(piece, 'm');
    fill(here);
    Told sending(IoKind::send_zero_copy, here.fileno(), much);
    Bytes taken = send_to_the_kernel(sending, there);
    EXPECT_GT(sending.results.at(0), 0);
    look_until(there, taken, [&] { return sending.is_over; });
    EXPECT_EQ(sending.results.at(1), 1) << "to this host, it is copied";
    EXPECT_EQ(sending.results.size(), 2u);
}

TEST_P(ZeroCopy, tells_an_error_only) {
    auto [here, there] = tcp_pair();
    ::shutdown(here.fileno(), SHUT_WR);
    Bytes much(piece, 'm');
    Told sending(IoKind::send_zero_copy, here.fileno(), much);
    begin(sending);
    wait_for_end(sending);
    EXPECT_EQ(sending.results.at(0), -EPIPE);

    auto [a, b] = Socket::socketpair();
    Told refused(IoKind::send_zero_copy, a.fileno(), much);
    begin(refused);
    wait_for_end(refused);
    EXPECT_EQ(refused.results.at(0), -EOPNOTSUPP);
}

TEST_P(ZeroCopy, is_cancelled_while_nothing_was_sent) {
    auto [here, there] = tcp_pair();
    fill(here);
    Bytes much(piece, 'm');
    Told sending(IoKind::send_zero_copy, here.fileno(), much);
    begin(sending);
    EXPECT_FALSE(backend_->cancel(sending));
    wait_for_end(sending);
    EXPECT_EQ(sending.results.at(0), -ECANCELED);
}

// There is none to tell when the memory is free.
TEST_P(ZeroCopy, is_a_copy_where_there_is_no_descriptor) {
    auto [here, there] = tcp_pair();
    Bytes much(piece, 'm');
    Told sending(IoKind::send_zero_copy, here.fileno(), much);
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    const rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
    look();
    ::setrlimit(RLIMIT_NOFILE, &none);
    begin(sending);
    ::setrlimit(RLIMIT_NOFILE, &before);
    wait_for_end(sending);
    EXPECT_EQ(sending.results.size(), 1u);
    EXPECT_GT(sending.results.at(0), 0);
}

// ---- the end of the ring

TEST_P(ZeroCopy, a_ring_is_closed_at_once_although_the_peer_takes_nothing) {
    auto [here, there] = tcp_pair();
    fill(here);
    Bytes much = some_bytes(piece);
    Told sending(IoKind::send_zero_copy, here.fileno(), much);
    Bytes taken = send_to_the_kernel(sending, there);
    const auto begun = std::chrono::steady_clock::now();
    backend_->cancel_all();
    backend_.reset();
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 5s);
    const auto count = static_cast<std::size_t>(sending.results.at(0));
    EXPECT_EQ(sending.results.size(), 1u);
    here.close();
    UnreleasedSends::release_some();
    EXPECT_FALSE(sending.is_over) << "the kernel still sends from it";
    taken += taken_to_the_end(there);
    EXPECT_TRUE(taken.ends_with(much.substr(0, count))) << "it is not what was there";
    wait_until_let_go(sending);
}

TEST_P(ZeroCopy, what_waits_for_room_when_the_ring_is_closed_is_told_so) {
    auto [here, there] = tcp_pair();
    fill(here);
    Bytes much(piece, 'm');
    Told sending(IoKind::send_zero_copy, here.fileno(), much);
    Told behind(IoKind::send_zero_copy, here.fileno(), much);
    begin(sending);
    backend_->submit(behind);  // of which the kernel has not heard
    backend_->cancel_all();
    EXPECT_EQ(sending.results.at(0), -ECANCELED);
    EXPECT_EQ(behind.results, Results{});
    backend_.reset();
    here.close();
    wait_until_let_go(sending);
}

// What it has come to does not matter any more, but that the kernel reads the bytes.
TEST_P(ZeroCopy, what_was_sent_and_not_told_when_the_ring_is_closed_is_kept) {
    auto [here, there] = tcp_pair();
    const std::size_t filled = fill(here);
    Bytes much = some_bytes(piece);
    Told sending(IoKind::send_zero_copy, here.fileno(), much);
    const Pipe pipe;
    Told watching(IoKind::readable, pipe.reader());
    begin(watching);
    begin(sending);
    Bytes taken;
    pollfd room{.fd = here.fileno(), .events = POLLOUT, .revents = 0};
    while (::poll(&room, 1, 0) == 0) taken += taken_now(there);
    EXPECT_FALSE(backend_->cancel(watching));  // which brings the count, and may tell it
    backend_->cancel_all();
    ASSERT_EQ(sending.results.size(), 1U);
    // How much it took at once is the system's affair, too.
    EXPECT_TRUE(sending.results[0] > 0 || sending.results[0] == -ECANCELED) << sending.results[0];
    EXPECT_FALSE(sending.is_over) << "nothing was sent, or the peer has all";
    backend_.reset();
    here.close();
    taken += taken_to_the_end(there);
    const BytesView sent = BytesView(taken).substr(filled);
    EXPECT_FALSE(sent.empty());
    EXPECT_TRUE(much.starts_with(sent)) << "it is not what was there";
    wait_until_let_go(sending);
}

// The kernel gives up what nobody can ask for any more.
TEST_P(ZeroCopy, a_thread_that_is_gone_leaves_it_to_who_closes_the_loop) {
    auto [here, there] = tcp_pair();
    fill(here);
    Bytes much = some_bytes(piece);
    Bytes taken;
    Told sending(IoKind::send_zero_copy, here.fileno(), much);
    Told waiting(IoKind::send_zero_copy, here.fileno(), much);
    std::thread([&] {
        taken = send_to_the_kernel(sending, there);
        fill(here);
        begin(waiting);
    }).join();
    backend_->cancel_all();
    backend_.reset();
    EXPECT_EQ(sending.results.size(), 1u);
    EXPECT_EQ(waiting.results.at(0), -ECANCELED);
    EXPECT_FALSE(sending.is_over || waiting.is_over);
    here.close();
    const auto count = static_cast<std::size_t>(sending.results.at(0));
    taken += taken_to_the_end(there);
    EXPECT_NE(taken.find(much.substr(0, count)), Bytes::npos);
    wait_until_let_go(sending);
    wait_until_let_go(waiting);
}

TEST_P(ZeroCopy, another_thread_takes_a_loop_over_although_the_peer_takes_nothing) {
    auto [here, there] = tcp_pair();
    fill(here);
    Bytes much(piece, 'm');
    Told sending(IoKind::send_zero_copy, here.fileno(), much);
    send_to_the_kernel(sending, there);
    std::thread([&] { look(); }).join();
    EXPECT_FALSE(sending.is_over);
    here.close();
    taken_to_the_end(there);
    wait_until_let_go(sending);
}

TEST_P(ZeroCopy, a_ring_that_has_lost_what_tells_of_the_end_is_closed_at_once) {
    auto [here, there] = tcp_pair();
    fill(here);
    Bytes much(piece, 'm');
    Told sending(IoKind::send_zero_copy, here.fileno(), much);
    const Pipe pipe;
    Told readable(IoKind::readable_once, pipe.reader());
    begin(readable);
    send_to_the_kernel(sending, there);
    UringFaults faults;
    int lost = 0;
    faults.lose = [&](const io_uring_cqe& told) {
        const bool is_last = (told.flags & IORING_CQE_F_NOTIF) != 0;
        lost += is_last ? 1 : 0;
        return is_last;
    };
    const std::string told = thrown_by([&] {
        for (int i = 0; i < 5000; ++i) {
            taken_now(there);
            static_cast<void>(backend_->wait(backend_->now() + 1ms));
        }
    });
    EXPECT_NE(told.find("has dropped a completion"), std::string::npos) << told;
    EXPECT_EQ(lost, 1);
    backend_->cancel_all();
    EXPECT_TRUE(readable.is_over);
    EXPECT_FALSE(sending.is_over);
    backend_.reset();
    wait_until_let_go(sending);
}

}  // namespace
}  // namespace weft
