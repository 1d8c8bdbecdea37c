// SPDX-License-Identifier: Apache-2.0
// weft/io/zero_copy_test.hpp - what the tests of sends without a copy share.
//
// They send between the two ends of this host, where the kernel copies when the bytes arrive: it
// reads those of which the peer has no room yet.
#pragma once

#include <chrono>
#include <cstddef>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <weft/base/bytes.hpp>
#include <weft/io/internal/send_queue.hpp>
#include <weft/io/internal/unreleased_sends.hpp>
#include <weft/io/internal/zero_copy_send.hpp>
#include <weft/io/ring_faults_test.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/streams_test.hpp>
#include <weft/io/uring_backend.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>

namespace weft {

inline constexpr std::size_t piece = internal::SendQueue::piece_bytes_max;

// What the peer has for now. None: it has no more, or there is none.
inline Bytes taken_now(const Socket& peer, std::size_t most = 64 * 1024) {
    Bytes some(most, '.');
    const ssize_t count = ::recv(peer.fileno(), some.data(), some.size(), MSG_DONTWAIT);
    some.resize(static_cast<std::size_t>(count > 0 ? count : 0));
    return some;
}

// All until the end.
inline Bytes taken_to_the_end(const Socket& peer) {
    Bytes all;
    ::fcntl(peer.fileno(), F_SETFL, 0);
    while (true) {
        Bytes some(64 * 1024, '.');
        const ssize_t count = ::recv(peer.fileno(), some.data(), some.size(), 0);
        if (count <= 0) return all;
        all.append(some, 0, static_cast<std::size_t>(count));
    }
}

class ZeroCopy : public RingFaults {
protected:
    void SetUp() override {
        internal::zero_copy_terms = {.to_this_host = true, .though_copied = true};
        RingFaults::SetUp();
        if (backend_ && !backend_->does_zero_copy()) {
            GTEST_SKIP() << "the kernel's io_uring is older than 6.3";
        }
    }
    void TearDown() override {
        internal::zero_copy_terms = {};
        backend_.reset();
        wait_for_release();
        RingFaults::TearDown();
    }
    // Rings that are closed may have something to send yet.
    void wait_for_release() {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        while (open_descriptors() != descriptors_ && std::chrono::steady_clock::now() < end) {
            internal::UnreleasedSends::release_some();
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    }
    void run_in_a_loop(Coro<void> coro) {
        EventLoop(make_uring_backend(GetParam())).run_until_complete(std::move(coro));
    }

    // Looks again and again while the peer takes what comes.
    template <class Condition>
    void look_until(const Socket& peer, Bytes& taken, Condition condition) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        while (!condition() && std::chrono::steady_clock::now() < end) {
            taken += taken_now(peer);
            look();
        }
        EXPECT_TRUE(condition()) << "it does not happen";
    }
    // Sends without a copy until the count is told, to a peer that takes no more then.
    Bytes send_to_the_kernel(Told& sending, const Socket& peer) {
        Bytes taken;
        begin(sending);
        look_until(peer, taken, [&] { return !sending.results.empty(); });
        EXPECT_FALSE(sending.is_over) << "the peer has all";
        return taken;
    }
    void wait_until_let_go(const Told& sending) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        while (!sending.is_over && std::chrono::steady_clock::now() < end) {
            internal::UnreleasedSends::release_some();
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        EXPECT_TRUE(sending.is_over) << "its memory is kept";
    }
};

}  // namespace weft
