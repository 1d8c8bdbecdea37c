// SPDX-License-Identifier: Apache-2.0
// weft/io/ring_faults_test.hpp - a backend on io_uring whose ring meets faults, and what its tests use.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/io/loop_test.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/io/streams_test.hpp>
#include <weft/io/uring_backend.hpp>
#include <weft/io/uring_faults_test.hpp>
#include <weft/runtime/backend.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
namespace weft {

inline constexpr int always = UringFaults::always;

// An operation without a task.
class Told final : public IoOperation {
public:
    using IoOperation::IoOperation;
    Told(IoKind the_kind, int the_fd, Bytes& bytes) noexcept : IoOperation(the_kind, the_fd) {
        buffer = reinterpret_cast<std::byte*>(bytes.data());
        length = bytes.size();
        offset = 0;
    }
    void complete(std::int32_t result, bool more) noexcept override {
        results.push_back(result);
        is_over = !more;
        if (kind == IoKind::receive_each && result > 0) {
            received.append(reinterpret_cast<const char*>(buffer),
                            static_cast<std::size_t>(result));
        }
    }
    std::vector<std::int32_t> results;
    Bytes received;
    bool is_over = false;
};

using Results = std::vector<std::int32_t>;

class RingFaults : public ::testing::TestWithParam<UringTier> {
protected:
    void SetUp() override {
        try {
            backend_ = make_uring_backend(GetParam());
        } catch (const OSError& error) {
            if (!says_there_is_no_uring(error)) throw;
            GTEST_SKIP() << "the system refuses io_uring: " << error.what();
        }
    }
    void TearDown() override {
        backend_.reset();
        EXPECT_EQ(open_descriptors(), descriptors_);
    }

    void begin(Told& operation) {
        backend_->submit(operation);
        look();
    }
    // Without waiting for anything.
    void look() { static_cast<void>(backend_->wait(TimePoint::min())); }
    void wait_until(const std::function<bool()>& condition) {
        const TimePoint end = backend_->now() + std::chrono::seconds(10);
        while (!condition() && backend_->now() < end) static_cast<void>(backend_->wait(end));
        EXPECT_TRUE(condition()) << "it does not happen";
    }
    void wait_for_end(const Told& operation) {
        wait_until([&] { return operation.is_over; });
    }
    // In a loop on a ring of its own.
    void run_in_a_loop(Coro<void> coro) {
        const std::size_t before = open_descriptors();
        {
            EventLoop loop(make_uring_backend(GetParam()));
            loop.run_until_complete(std::move(coro));
        }
        EXPECT_EQ(open_descriptors(), before);
    }

    std::size_t descriptors_ = open_descriptors();
    std::unique_ptr<Backend> backend_;
};

class OpenedFile {
public:
    explicit OpenedFile(const Bytes& contents) {
        char path[] = "/tmp/weft-uring-faults-XXXXXX";
        fd_ = ::mkstemp(path);
        EXPECT_GE(fd_, 0);
        ::unlink(path);
        EXPECT_EQ(::write(fd_, contents.data(), contents.size()),
                  static_cast<ssize_t>(contents.size()));
    }
    OpenedFile(const OpenedFile&) = delete;
    OpenedFile& operator=(const OpenedFile&) = delete;
    ~OpenedFile() { ::close(fd_); }
    [[nodiscard]] int fd() const noexcept { return fd_; }

private:
    int fd_ = -1;
};

inline Socket tcp_listener() {
    Socket listener(af_inet);
    listener.setblocking(false);
    listener.bind({"127.0.0.1", 0});
    listener.listen(1000);
    return listener;
}

// Whether something that this TCP socket has sent has not come to its peer yet.
inline bool has_bytes_under_way(const Socket& sender) {
    tcp_info info{};
    socklen_t length = sizeof info;
    EXPECT_EQ(::getsockopt(sender.fileno(), IPPROTO_TCP, TCP_INFO, &info, &length), 0);
    return info.tcpi_unacked > 0;
}

// Whoever sends next has to wait, for as long as the peer takes nothing.
// Returns: how much it took.
inline std::size_t fill(const Socket& sender) {
    const Bytes block(64 * 1024, 'f');
    std::size_t total = 0;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(1);
    for (;;) {
        // What is under way makes room here once it has come there.
        const bool is_settled = !has_bytes_under_way(sender);
        const ssize_t count = ::send(sender.fileno(), block.data(), block.size(), MSG_DONTWAIT);
        if (count > 0) {
            total += static_cast<std::size_t>(count);
        } else if (is_settled || std::chrono::steady_clock::now() > end) {
            return total;
        } else {
            std::this_thread::yield();
        }
    }
}

inline bool was_let_go(const Socket& client) {
    char byte = 0;
    pollfd end{.fd = client.fileno(), .events = POLLIN, .revents = 0};
    return ::poll(&end, 1, 30'000) == 1 && ::recv(client.fileno(), &byte, 1, 0) <= 0;
}

}  // namespace weft
