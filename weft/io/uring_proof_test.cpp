// SPDX-License-Identifier: Apache-2.0
// Goal:   backend.hpp is shaped for completions: io_uring fits below the loop as it is.
// Method: the smallest backend on a ring, for tests only, drives a real EventLoop.
#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_set>
#include <utility>

#include <gtest/gtest.h>
#include <liburing.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <weft/base/check.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/list.hpp>
#include <weft/base/time.hpp>
#include <weft/io/sock.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/runtime/backend.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/op.hpp>
#include <weft/runtime/result.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/task_state.hpp>
#include <weft/runtime/timeout.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;

class UringBackend final : public Backend {
public:
    UringBackend() : waker_(eventfd(0, EFD_CLOEXEC)) {
        if (const int error = -io_uring_queue_init(64, &ring_, 0)) {
            ::close(waker_);
            throw OSError(std::strerror(error));
        }
        read_waker();
    }
    ~UringBackend() override {
        cancel_all();
        io_uring_queue_exit(&ring_);
        ::close(waker_);
    }

    [[nodiscard]] std::string_view name() const noexcept override { return "io_uring"; }
    [[nodiscard]] TimePoint now() const noexcept override {
        return TimePoint(std::chrono::steady_clock::now().time_since_epoch());
    }

    void submit(IoOperation& operation) override {
        start(operation);
        submitted_.insert(&operation);
    }
    bool cancel(IoOperation& operation) noexcept override {
        io_uring_sqe* sqe = next_sqe();
        io_uring_prep_cancel(sqe, &operation, 0);
        io_uring_sqe_set_data(sqe, nullptr);
        cancelled_.insert(&operation);
        return false;  // the kernel has it until its completion
    }

    // The kernel may still write into buffers: all operations are ended first.
    void cancel_all() noexcept override {
        for (IoOperation* operation : submitted_) cancelled_.insert(operation);
        io_uring_sqe* sqe = next_sqe();
        io_uring_prep_cancel64(sqe, 0, IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL);
        io_uring_sqe_set_data(sqe, nullptr);
        while (in_flight() > 0) {
            io_uring_submit_and_wait(&ring_, 1);
            reap();
        }
    }

    bool wait(TimePoint deadline) override {
        if (deadline == TimePoint::min()) {
            io_uring_submit(&ring_);
        } else {
            __kernel_timespec span{};
            const Nanoseconds left = std::max(deadline - now(), Nanoseconds::zero());
            span.tv_sec = left.count() / 1'000'000'000;
            span.tv_nsec = left.count() % 1'000'000'000;
            io_uring_cqe* cqe = nullptr;
            io_uring_submit_and_wait_timeout(
                &ring_, &cqe, 1, deadline == TimePoint::max() ? nullptr : &span, nullptr);
        }
        reap();
        return true;
    }
    void wake() noexcept override {
        const std::uint64_t one = 1;
        static_cast<void>(!::write(waker_, &one, sizeof one));
    }

    [[nodiscard]] std::size_t in_flight() const { return submitted_.size() + waker_armed_; }

private:
    io_uring_sqe* next_sqe() noexcept {
        io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
        if (!sqe) {
            io_uring_submit(&ring_);
            sqe = io_uring_get_sqe(&ring_);
        }
        check(sqe != nullptr, "the submission queue is full");
        return sqe;
    }
    void start(IoOperation& operation) {
        io_uring_sqe* sqe = next_sqe();
        const auto length = static_cast<unsigned>(operation.length);
        const auto offset = static_cast<__u64>(operation.offset);
        auto* const message = reinterpret_cast<msghdr*>(operation.buffer);
        switch (operation.kind) {
            case IoKind::readable:
            case IoKind::readable_once:
                io_uring_prep_poll_add(sqe, operation.fd, POLLIN);
                break;
            case IoKind::writable:
            case IoKind::writable_once:
                io_uring_prep_poll_add(sqe, operation.fd, POLLOUT);
                break;
            case IoKind::read:
                io_uring_prep_read(sqe, operation.fd, operation.buffer, length, offset);
                break;
            case IoKind::write:
                io_uring_prep_write(sqe, operation.fd, operation.buffer, length, offset);
                break;
            case IoKind::receive_each:  // need the kernel's buffer rings, beyond a proof
            case IoKind::read_each:
                check(false, "this backend lends no buffers");
                break;
            case IoKind::receive:
                io_uring_prep_recv(sqe, operation.fd, operation.buffer, length, 0);
                break;
            case IoKind::send:
                io_uring_prep_send(sqe, operation.fd, operation.buffer, length, MSG_NOSIGNAL);
                break;
            case IoKind::receive_message:
                io_uring_prep_recvmsg(sqe, operation.fd, message, MSG_CMSG_CLOEXEC);
                break;
            case IoKind::send_message:
                io_uring_prep_sendmsg(sqe, operation.fd, message, MSG_NOSIGNAL);
                break;
            case IoKind::connect:
                io_uring_prep_connect(sqe, operation.fd,
                                      reinterpret_cast<const sockaddr*>(operation.buffer), length);
                break;
            case IoKind::accept:
                io_uring_prep_accept(sqe, operation.fd,
                                     message ? static_cast<sockaddr*>(message->msg_name) : nullptr,
                                     message ? &message->msg_namelen : nullptr,
                                     SOCK_NONBLOCK | SOCK_CLOEXEC);
                break;
        }
        io_uring_sqe_set_data(sqe, &operation);
    }
    void read_waker() {
        io_uring_sqe* sqe = next_sqe();
        io_uring_prep_read(sqe, waker_, &wakes_, sizeof wakes_, 0);
        io_uring_sqe_set_data(sqe, &wakes_);
        waker_armed_ = true;
    }
    void reap() {
        io_uring_cqe* cqe = nullptr;
        while (io_uring_peek_cqe(&ring_, &cqe) == 0) {
            void* const data = io_uring_cqe_get_data(cqe);
            const std::int32_t result = cqe->res;
            io_uring_cqe_seen(&ring_, cqe);
            if (data == &wakes_) {
                waker_armed_ = false;
                if (result > 0) read_waker();
            } else if (data) {
                deliver(*static_cast<IoOperation*>(data), result);
            }
        }
    }
    // A poll of the kernel's fires once, or with IORING_POLL_ADD_MULTI on edges only; the loop
    // wants levels, so it is started anew.
    void deliver(IoOperation& operation, std::int32_t result) {
        const bool repeats =
            operation.kind == IoKind::readable || operation.kind == IoKind::writable;
        const bool more = repeats && result >= 0 && !cancelled_.contains(&operation);
        if (more) {
            again_.push_back(operation);
        } else {
            submitted_.erase(&operation);
            cancelled_.erase(&operation);
        }
        const bool is_poll = repeats || operation.kind == IoKind::readable_once ||
                             operation.kind == IoKind::writable_once;
        operation.complete(is_poll && result >= 0 ? 0 : result, more);
        // Submitted with the next wait(), when the callbacks of this one have run.
        while (IoOperation* one = again_.pop_front()) start(*one);
    }

    io_uring ring_{};
    int waker_;
    std::uint64_t wakes_ = 0;
    bool waker_armed_ = false;
    std::unordered_set<IoOperation*> submitted_;
    std::unordered_set<IoOperation*> cancelled_;
    List<IoOperation> again_;
};

constexpr internal::OpKind read_kind{"read"};

// What a file or a socket does with its backend: one operation and the wait for it, in the frame.
// A cancel that the kernel confirms later leaves the task waiting, so the frame and the buffer
// stay; a result that came first is delivered, and the cancellation waits for the next await.
class ReadWait final : public internal::Op, public IoOperation {
public:
    ReadWait(int the_fd, std::byte* to, std::size_t size) : IoOperation(IoKind::read, the_fd) {
        buffer = to;
        length = size;
    }
    internal::CancelAck cancel() noexcept override {
        if (task()->loop().system().cancel(*this)) return internal::CancelAck::now;
        return internal::CancelAck::later;
    }
    [[nodiscard]] bool result_wins() const noexcept override { return true; }
    void complete(std::int32_t the_result, bool) noexcept override {
        result_ = the_result;
        task()->wake(the_result == -ECANCELED ? internal::Outcome::cancelled
                                              : internal::Outcome::value);
    }

    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> frame) {
        frame.promise().task->loop().system().submit(*this);
        suspend(frame.promise(), read_kind);
    }
    std::int32_t await_resume() const {
        raise_if_cancelled();
        return result_;
    }

private:
    std::int32_t result_ = 0;
};

struct Read {
    int fd;
    std::byte* buffer;
    std::size_t length;
    [[nodiscard]] ReadWait make_awaiter() const { return {fd, buffer, length}; }
};

class UringProof : public ::testing::Test {
protected:
    void SetUp() override {
        try {
            auto backend = std::make_unique<UringBackend>();
            backend_ = backend.get();
            loop_ = std::make_unique<EventLoop>(std::move(backend));
        } catch (const OSError& error) {
            GTEST_SKIP() << "the kernel refuses io_uring here: " << error.what();
        }
        ASSERT_EQ(::pipe(pipe_), 0);
    }
    void TearDown() override {
        for (const int end : pipe_) {
            if (end >= 0) ::close(end);
        }
    }
    void write_byte() const { EXPECT_EQ(::write(pipe_[1], "x", 1), 1); }

    UringBackend* backend_ = nullptr;
    std::unique_ptr<EventLoop> loop_;
    int pipe_[2] = {-1, -1};
};

Coro<int> read_some(int fd) {
    std::array<std::byte, 16> buffer{};
    const std::int32_t count = co_await Read{fd, buffer.data(), buffer.size()};
    EXPECT_EQ(buffer[0], std::byte{'x'});
    co_return count;
}

TEST_F(UringProof, waits_for_a_timer) {
    const TimePoint start = loop_->time();
    loop_->run_until_complete([]() -> Coro<void> { co_await sleep(5ms); }());
    EXPECT_GE(loop_->time() - start, 5ms);
    EXPECT_EQ(loop_->backend(), "io_uring");
}

TEST_F(UringProof, completes_a_read_later) {
    loop_->call_later(2ms, [&] { write_byte(); });
    EXPECT_EQ(loop_->run_until_complete(read_some(pipe_[0])), 1);
}

TEST_F(UringProof, keeps_the_buffer_of_a_cancelled_read_until_the_kernel_lets_go) {
    const auto limited = [](int fd) -> Coro<int> {
        co_return co_await wait_for(read_some(fd), 2ms);
    };
    EXPECT_THROW(loop_->run_until_complete(limited(pipe_[0])), TimeoutError);
    EXPECT_EQ(backend_->in_flight(), 1u);  // the waker's read
    write_byte();
    EXPECT_EQ(loop_->run_until_complete(read_some(pipe_[0])), 1);
}

TEST_F(UringProof, delivers_a_result_that_a_cancellation_meets) {
    int count = 0;
    const Task<> task = loop_->create_task([](int fd, int& count) -> Coro<void> {
        count = co_await read_some(fd);
        co_await sleep(1h);
    }(pipe_[0], count));
    loop_->call_later(1ms, [&] {
        write_byte();
        // The kernel has the byte before it hears of the cancellation.
        task.cancel();
    });
    loop_->run_until_done(task);
    EXPECT_TRUE(task.cancelled());
    if (count == 0) {  // the cancellation was first: then the byte is still in the pipe
        EXPECT_EQ(loop_->run_until_complete(read_some(pipe_[0])), 1);
    }
}

TEST_F(UringProof, calls_a_reader_while_there_is_something_to_read) {
    int calls = 0;
    loop_->add_reader(pipe_[0], [&] {
        if (++calls < 3) return;  // a level, not an edge: the byte is still there
        loop_->remove_reader(pipe_[0]);
        loop_->call_later(2ms, [&] { loop_->stop(); });
    });
    loop_->call_later(1ms, [&] { write_byte(); });
    loop_->run_forever();
    EXPECT_EQ(calls, 3);
    EXPECT_EQ(backend_->in_flight(), 1u);
}

TEST_F(UringProof, is_woken_by_another_thread) {
    std::thread::id woken;
    std::thread other([&] {
        loop_->call_soon_threadsafe([&] {
            woken = std::this_thread::get_id();
            loop_->stop();
        });
    });
    loop_->run_forever();
    other.join();
    EXPECT_EQ(woken, std::this_thread::get_id());
}

TEST_F(UringProof, connects_accepts_sends_and_receives) {
    Socket listener;
    listener.setblocking(false);
    listener.bind({"127.0.0.1", 0});
    listener.listen();
    Socket client;
    client.setblocking(false);
    auto accepted = loop_->create_task(sock_accept(listener));
    loop_->run_until_complete(sock_connect(client, listener.getsockname()));
    loop_->run_until_done(accepted);
    auto [connection, peer] = std::move(accepted).result();
    EXPECT_EQ(peer, client.getsockname());
    EXPECT_FALSE(connection.getblocking());

    const std::string data(1 << 20, 'd');
    const auto send = [](Socket& sock, std::string_view text) -> Coro<void> {
        co_await sock_sendall(sock, text);
        sock.shutdown(shut_wr);
    };
    const auto receive = [](Socket& sock) -> Coro<std::string> {
        std::string all;
        std::array<char, 4096> buffer{};
        while (true) {
            all += co_await sock_recv(sock, 4096);
            const std::size_t count = co_await sock_recv_into(sock, buffer);
            if (count == 0) co_return all;
            all.append(buffer.data(), count);
        }
    };
    const Task<> sender = loop_->create_task(send(client, data));
    EXPECT_EQ(loop_->run_until_complete(receive(connection)), data);
}

TEST_F(UringProof, loses_no_connection_that_a_cancellation_meets) {
    Socket listener(af_unix);
    listener.setblocking(false);
    listener.bind(SocketAddress::from_path(""));
    listener.listen();
    const auto accepting = loop_->create_task(sock_accept(listener));
    loop_->call_soon([&] { accepting.cancel(); });
    Socket client(af_unix);
    client.setblocking(false);
    loop_->call_soon([&] { loop_->stop(); });
    loop_->run_forever();
    loop_->run_until_complete(sock_connect(client, listener.getsockname()));
    loop_->run_until_done(accepting);
    if (accepting.cancelled()) loop_->run_until_complete(sock_accept(listener));
}

TEST_F(UringProof, keeps_the_descriptor_of_a_closed_socket_until_the_kernel_lets_go) {
    auto [a, b] = Socket::socketpair();
    a.setblocking(false);
    std::array<char, 16> buffer{};
    Task<std::size_t> task = loop_->create_task(sock_recv_into(a, buffer));
    loop_->call_later(1ms, [&] { a.close(); });
    loop_->run_until_done(task);
    EXPECT_THROW(std::move(task).result(), OSError);
    EXPECT_EQ(backend_->in_flight(), 1u);
}

TEST_F(UringProof, ends_what_the_kernel_has_when_the_loop_is_destroyed) {
    const auto held = std::make_shared<int>();
    loop_->add_reader(pipe_[0], [held] {});
    loop_->call_soon([&] { loop_->stop(); });
    loop_->run_forever();
    EXPECT_EQ(backend_->in_flight(), 2u);
    EXPECT_EQ(held.use_count(), 2);
    loop_.reset();
    EXPECT_EQ(held.use_count(), 1);
}

TEST_F(UringProof, ends_a_read_whose_task_the_loop_destroys) {
    loop_->create_task(read_some(pipe_[0]));
    loop_->call_later(1ms, [&] { loop_->stop(); });
    loop_->run_forever();
    EXPECT_EQ(backend_->in_flight(), 2u);
    loop_->close();
    EXPECT_EQ(backend_->in_flight(), 0u);
}

}  // namespace
}  // namespace weft
