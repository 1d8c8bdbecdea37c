// SPDX-License-Identifier: Apache-2.0
// Goal:   each sock_ function completes at once and later, fails, and may be cancelled, its socket
//         closed, and its loop closed, at every moment; nothing is lost, leaked or left waiting.
// Method: a real loop over socket pairs. Its backend is epoll, either as it is, or one that lets go
//         of a cancelled operation only at the next wait, with a result where there is one: what
//         io_uring does. A hook runs between a completion and the step of the task it woke.
#pragma once

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/io/lettings_test.hpp>
#include <weft/io/sock.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/testing/descriptors.hpp>

namespace weft {

using testing::open_descriptors;

inline std::string message_of(const AnyTask& task) { return message(task.exception()); }

template <class E>
inline bool failed_with(const AnyTask& task) {
    return task.done() && !task.cancelled() && task.exception() && holds<E>(task.exception());
}

inline bool failed_with_code(const AnyTask& task, int code) {
    try {
        if (task.done() && task.exception()) std::rethrow_exception(task.exception());
    } catch (const OSError& error) {
        return error.code() == code;
    }
    return false;
}

inline std::pair<Socket, Socket> non_blocking_pair(SocketKind type = sock_stream) {
    auto pair = Socket::socketpair(af_unix, type);
    pair.first.setblocking(false);
    pair.second.setblocking(false);
    return pair;
}

// From outside of the loop, as a peer in another process would.
inline void peer_sends(const Socket& peer, std::string_view text) {
    EXPECT_EQ(::send(peer.fileno(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT),
              static_cast<ssize_t>(text.size()));
}
inline std::string peer_receives(const Socket& peer, std::size_t most = 1 << 20) {
    std::string text(most, '\0');
    const ssize_t count = ::recv(peer.fileno(), text.data(), text.size(), MSG_DONTWAIT);
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    return text;
}

inline Socket listener_at(const SocketAddress& address, int backlog = 128) {
    Socket listener(address.family());
    listener.setblocking(false);
    listener.bind(address);
    listener.listen(backlog);
    return listener;
}
inline Socket tcp_listener(int backlog = 128) { return listener_at({"127.0.0.1", 0}, backlog); }

inline Socket tcp_client() {
    Socket client;
    client.setblocking(false);
    return client;
}

// Fills the queue of the system, so that whoever sends next has to wait.
inline std::size_t fill(const Socket& sender) {
    const std::string block(4096, 'f');
    std::size_t filled = 0;
    while (true) {
        const ssize_t count = ::send(sender.fileno(), block.data(), block.size(), MSG_DONTWAIT);
        if (count < 0) return filled;
        filled += static_cast<std::size_t>(count);
    }
}

inline std::string pattern(std::size_t size) {
    std::string text(size, '\0');
    for (std::size_t i = 0; i < size; ++i)
        text[i] = static_cast<char>('a' + (i * 7 + i / 251) % 26);
    return text;
}

inline Coro<std::string> receive_slowly(Socket& sock) {
    using namespace std::chrono_literals;
    std::string all;
    while (true) {
        const std::string data = co_await sock_recv(sock, 10000);
        if (data.empty()) co_return all;
        all += data;
        co_await sleep(0s);
    }
}

inline Coro<void> send_and_end(Socket& sock, std::string_view data) {
    co_await sock_sendall(sock, data);
    sock.shutdown(shut_wr);
}

// Receives, and then waits for ever.
inline Coro<void> receive_and_wait(Socket& sock, std::span<char> buffer, std::size_t& count) {
    using namespace std::chrono_literals;
    count = co_await sock_recv_into(sock, buffer);
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

// A file without a name.
class TemporaryFile {
public:
    explicit TemporaryFile(std::string_view text) : file_(::tmpfile()) {
        EXPECT_EQ(::fwrite(text.data(), 1, text.size(), file_), text.size());
        EXPECT_EQ(::fflush(file_), 0);
    }
    ~TemporaryFile() { ::fclose(file_); }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    [[nodiscard]] int fd() const { return ::fileno(file_); }
    [[nodiscard]] std::int64_t position() const { return ::lseek(fd(), 0, SEEK_CUR); }

private:
    ::FILE* file_;
};

class Sock : public ::testing::TestWithParam<Letting> {
protected:
    void SetUp() override {
        descriptors_ = open_descriptors();
        new_loop();
    }
    void TearDown() override {
        loop_.reset();
        EXPECT_EQ(open_descriptors(), descriptors_) << "descriptors are left";
        EXPECT_EQ(reports_, std::vector<std::string>());
    }

    static bool is_on_uring() { return GetParam() == Letting::go_when_the_kernel_does; }

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
    /// A turn that does not wait. Where nothing is ready it looks what the backend has, be that due
    /// or not.
    void turn() {
        loop_->call_soon_threadsafe([] {});
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

INSTANTIATE_TEST_SUITE_P(, Sock, ::testing::ValuesIn(all_lettings()), letting_name);

}  // namespace weft
