// SPDX-License-Identifier: Apache-2.0
// Goal:   what the kernel can do to a ring of io_uring loses no operation, no byte, no connection and
//         no descriptor, and keeps nobody waiting for ever.
// Method: the calls of the ring fail on demand, and its completions come late, changed, or never.
#include <weft/io/uring_faults_test.hpp>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <liburing.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/io/file.hpp>
#include <weft/io/loop_test.hpp>
#include <weft/io/server.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/io/stream.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/io/streams.hpp>
#include <weft/io/streams_test.hpp>
#include <weft/io/uring_backend.hpp>
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
using testing::thrown_by;

constexpr int always = UringFaults::always;

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
        const TimePoint end = backend_->now() + 10s;
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

INSTANTIATE_TEST_SUITE_P(Tiers, RingFaults, ::testing::Values(UringTier::basic, UringTier::full),
                         [](const auto& tier) {
                             return tier.param == UringTier::full ? "io_uring" : "io_uring_basic";
                         });

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

Socket tcp_listener() {
    Socket listener(af_inet);
    listener.setblocking(false);
    listener.bind({"127.0.0.1", 0});
    listener.listen(1000);
    return listener;
}

void say(const Socket& from, BytesView text) {
    EXPECT_EQ(::send(from.fileno(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT),
              static_cast<ssize_t>(text.size()));
}

// Whoever sends next has to wait.
void fill(const Socket& sender) {
    const Bytes block(64 * 1024, 'f');
    while (::send(sender.fileno(), block.data(), block.size(), MSG_DONTWAIT) > 0) {
    }
}

bool was_let_go(const Socket& client) {
    char byte = 0;
    pollfd end{.fd = client.fileno(), .events = POLLIN, .revents = 0};
    return ::poll(&end, 1, 5000) == 1 && ::recv(client.fileno(), &byte, 1, 0) <= 0;
}

// With room for all who come before anybody is accepted.
Coro<Server> serve_many() {
    co_return co_await start_server(echo, "127.0.0.1", 0, {.backlog = 1000});
}

// Clients that all have a connection before any is accepted, and each hears what it has said.
Coro<void> talk_with_echo(int count, std::size_t bytes) {
    const Server server = co_await serve_many();
    std::vector<Socket> sockets;
    for (int i = 0; i < count; ++i) sockets.push_back(connected_to(server));
    std::vector<Task<void>> all;
    for (Socket& socket : sockets) {
        all.push_back(create_task([](Socket own, Bytes text) -> Coro<void> {
            const Stream stream = co_await open_connection(std::move(own));
            stream.write(text);
            EXPECT_TRUE(co_await stream.readexactly(static_cast<std::ptrdiff_t>(text.size())) ==
                        text);
            stream.close();
            co_await stream.wait_closed();
        }(std::move(socket), some_bytes(bytes + all.size()))));
    }
    for (const Task<void>& one : all) co_await one;
    server.close();
    co_await server.wait_closed();
}

TEST_P(RingFaults, meet_the_calls_and_operations_that_they_are_for) {
    const OpenedFile file("0123456789");
    Bytes read(10, '.');
    Told reading(IoKind::file_read, file.fd(), read);
    Told syncing(IoKind::file_sync, file.fd());
    UringFaults faults;
    faults.on_enter({.error = EBUSY, .times = 3});  // the kernel is called in vain
    faults.on(IORING_OP_READ, {.bytes_max = 7, .times = always});
    faults.on(IORING_OP_FSYNC, {.error = EIO});
    backend_->submit(reading);
    backend_->submit(syncing);
    wait_until([&] { return reading.is_over && syncing.is_over; });
    EXPECT_EQ(reading.results, Results{7});
    EXPECT_EQ(syncing.results, Results{-EIO});
    EXPECT_EQ(faults.met(), 3 + 1 + 1);
}

// ---- io_uring_enter(2)

TEST_P(RingFaults, the_kernel_may_be_called_in_vain_each_time) {
    for (const int error : {EAGAIN, EBUSY, EINTR}) {
        for (int n = 1;; ++n) {
            UringFaults faults;
            faults.on_enter({.error = error, .first = n, .times = 3});
            run_in_a_loop(talk_with_echo(2, 100'000));
            if (faults.met() == 0) {
                EXPECT_GT(n, 5);
                break;
            }
        }
    }
}

TEST_P(RingFaults, any_other_error_of_the_kernel_is_told_and_the_ring_goes_on) {
    for (const int error : {ENOMEM, EFAULT, EBADF}) {
        const Pipe pipe;
        Told readable(IoKind::readable_once, pipe.reader());
        backend_->submit(readable);
        UringFaults faults;
        faults.on_enter({.error = error});
        const std::string told = thrown_by([&] { look(); });
        EXPECT_NE(told.find("[Errno " + std::to_string(error) + "]"), std::string::npos) << told;
        EXPECT_NE(told.find("io_uring_enter"), std::string::npos) << told;
        pipe.write_byte();
        wait_for_end(readable);
        EXPECT_EQ(readable.results, Results{0});
    }
}

// ---- queues that are too short for all

TEST_P(RingFaults, queues_of_four_entries_are_enough) {
    for (const unsigned entries : {4U, 8U, 32U}) {
        UringFaults faults;
        faults.entries = entries;
        run_in_a_loop(talk_with_echo(60, 150'000));
    }
}

TEST_P(RingFaults, no_connection_is_lost_or_leaked_when_the_completions_overflow) {
    UringFaults faults;
    faults.entries = 4;
    run_in_a_loop(talk_with_echo(300, 10));
    run_in_a_loop([]() -> Coro<void> {
        std::vector<Socket> clients;
        {
            const Server server = co_await serve_many();
            co_await spin(3);
            for (int i = 0; i < 200; ++i) clients.push_back(connected_to(server));
            server.close();
            co_await server.wait_closed();
            co_await spin(3);
        }
        for (const Socket& client : clients) EXPECT_TRUE(was_let_go(client));
    }());
}

TEST_P(RingFaults, a_loop_that_is_closed_while_completions_overflow_lets_all_go) {
    UringFaults faults;
    faults.entries = 4;
    EventLoop loop(make_uring_backend(GetParam()));
    std::optional<Server> server;
    loop.run_until_complete([](std::optional<Server>& kept) -> Coro<void> {
        kept = co_await serve_many();
        co_await spin(3);
    }(server));
    std::vector<Socket> clients;
    for (int i = 0; i < 200; ++i) clients.push_back(connected_to(*server));
    loop.close();
    for (const Socket& client : clients) EXPECT_TRUE(was_let_go(client));
    server.reset();
}

// ---- completions that the kernel drops for want of memory: nobody knows whose they were

constexpr const char* dropped =
    "OSError: [Errno 53] Invalid request descriptor: io_uring has dropped a completion for want of "
    "memory, and the loop cannot go on";

TEST_P(RingFaults, a_loop_that_has_lost_a_completion_tells_so_and_can_be_closed) {
    auto [here, there] = tcp_pair();
    auto [full, slow] = tcp_pair();
    const Socket listener = tcp_listener();
    const OpenedFile file("contents");
    const Pipe pipe;
    fill(full);
    Bytes much(1000, 'x');
    Bytes read(8, '.');
    Told receiving(IoKind::receive_each, here.fileno());
    Told accepting(IoKind::accept_each, listener.fileno());
    Told sending(IoKind::send, full.fileno(), much);
    Told reading(IoKind::file_read, file.fd(), read);
    Told readable(IoKind::readable_once, pipe.reader());
    Told* const all[] = {&receiving, &accepting, &sending, &reading, &readable};
    UringFaults faults;
    faults.lose = [&](const io_uring_cqe& told) { return faults.is_of(told, IORING_OP_READ); };
    for (Told* one : all) backend_->submit(*one);
    const std::string told = thrown_by([&] {
        for (int i = 0; i < 100; ++i) static_cast<void>(backend_->wait(backend_->now() + 100ms));
    });
    EXPECT_EQ(told, dropped);
    EXPECT_EQ(thrown_by([&] { look(); }), dropped) << "and again";
    EXPECT_FALSE(reading.is_over);
    faults.lose = nullptr;
    backend_->cancel_all();
    for (const Told* one : all) EXPECT_TRUE(one->is_over);
    EXPECT_EQ(reading.results, Results{-ECANCELED});
}

TEST_P(RingFaults, a_completion_that_is_lost_where_nobody_looks_is_told_by_the_next_wait) {
    const Pipe one;
    const Pipe other;
    Told lost(IoKind::readable_once, one.reader());
    Told watching(IoKind::readable, other.reader());
    begin(lost);
    begin(watching);
    UringFaults faults;
    faults.lose = [&](const io_uring_cqe& told) {
        return told.user_data == reinterpret_cast<std::uintptr_t>(static_cast<IoOperation*>(&lost));
    };
    one.write_byte();
    EXPECT_FALSE(backend_->cancel(watching));  // which calls the kernel
    EXPECT_EQ(thrown_by([&] {
                  for (int i = 0; i < 3; ++i) look();
              }),
              dropped);
    backend_->cancel_all();
    EXPECT_TRUE(lost.is_over && watching.is_over);
}

TEST_P(RingFaults, a_program_ends_with_an_error_where_a_completion_was_lost) {
    UringFaults faults;
    faults.lose = [&](const io_uring_cqe& told) { return faults.is_of(told, IORING_OP_RECV); };
    EXPECT_EQ(thrown_by([&] { run_in_a_loop(talk_with_echo(2, 1000)); }), dropped);
}

// ---- what is known to go wrong with io_uring

// 1: a buffer or a frame is freed while the kernel still writes into it.
TEST_P(RingFaults, known_1_a_buffer_and_a_frame_stay_until_the_completion_has_come) {
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
TEST_P(RingFaults, known_2_a_connection_that_comes_after_the_cancellation_is_closed) {
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

TEST_P(RingFaults, known_2_a_buffer_that_comes_after_the_cancellation_is_given_back) {
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

TEST_P(RingFaults, known_2_a_read_that_is_given_up_loses_no_byte) {
    run_in_a_loop([]() -> Coro<void> {
        auto [a, b] = tcp_pair();
        const Stream here = co_await open_connection(std::move(a));
        const Bytes all = some_bytes(2000);
        Bytes got;
        int given_up = 0;
        std::size_t sent = 0;
        for (int round = 0; got.size() < all.size(); ++round) {
            const auto reading = create_task(here.read(7));
            for (int turn = 0; turn <= round % 5; ++turn) {
                if (sent < all.size()) say(b, BytesView(all).substr(sent++, 1));
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
TEST_P(RingFaults, known_3_the_ring_is_closed_when_nothing_is_under_way) {
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
TEST_P(RingFaults, known_4_a_cancellation_swallows_no_completion_beside_it) {
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
TEST_P(RingFaults, known_5_a_cancellation_without_a_free_entry_is_made_later) {
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
TEST_P(RingFaults, known_6_a_descriptor_keeps_its_number_until_nothing_is_under_way) {
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
        char buffer[32] = {};
        EXPECT_EQ(::recv(c.fileno(), buffer, sizeof buffer, MSG_DONTWAIT), 15);
    }(faults));
}

// 7: a cancellation and what it cancels end in any order, and it may come too late.
TEST_P(RingFaults, known_7_a_cancellation_that_comes_too_late_leaves_the_result) {
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

TEST_P(RingFaults, known_7_what_was_cancelled_may_end_before_or_after_the_cancellation) {
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
TEST_P(RingFaults, known_8_what_the_kernel_ends_by_itself_begins_anew) {
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

TEST_P(RingFaults, known_8_so_does_what_ends_for_want_of_something) {
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

TEST_P(RingFaults, known_8_a_loop_is_woken_although_the_kernel_has_stopped_watching_for_it) {
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
TEST_P(RingFaults, known_9_a_late_cancellation_does_not_hit_who_has_its_name_now) {
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

TEST_P(RingFaults, known_9_a_stop_callback_may_use_the_loop_that_calls_it) {
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
TEST_P(RingFaults, known_10_what_has_ended_is_told_by_a_loop_that_never_blocks) {
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

TEST_P(RingFaults, known_10_and_by_one_that_blocks) {
    const Pipe pipe;
    Told readable(IoKind::readable_once, pipe.reader());
    begin(readable);
    pipe.write_byte();
    while (!readable.is_over) EXPECT_TRUE(backend_->wait(TimePoint::max()));
    EXPECT_EQ(readable.results, Results{0});
}

}  // namespace
}  // namespace weft
