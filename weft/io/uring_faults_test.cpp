// SPDX-License-Identifier: Apache-2.0
// Goal:   what the kernel can do to a ring of io_uring loses no operation, no byte, no connection and
//         no descriptor, and keeps nobody waiting for ever.
// Method: the calls of the ring fail on demand, and its completions come late, changed, or never.
#include <weft/io/uring_faults_test.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <liburing.h>
#include <unistd.h>

#include <weft/base/bytes.hpp>
#include <weft/base/time.hpp>
#include <weft/io/internal/uring.hpp>
#include <weft/io/loop_test.hpp>
#include <weft/io/ring_faults_test.hpp>
#include <weft/io/server.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/stream.hpp>
#include <weft/io/streams.hpp>
#include <weft/io/streams_test.hpp>
#include <weft/io/uring_backend.hpp>
#include <weft/runtime/backend.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/timeout.hpp>
#include <weft/testing/trace.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;
using testing::spin;
using testing::thrown_by;

INSTANTIATE_TEST_SUITE_P(Tiers, RingFaults, ::testing::Values(UringTier::basic, UringTier::full),
                         [](const auto& tier) {
                             return tier.param == UringTier::full ? "io_uring" : "io_uring_basic";
                         });

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

// ---- operations that fail

Coro<void> hear_all_again(int port) {
    const auto [reader, writer] = co_await open_connection("127.0.0.1", port);
    const Bytes all = some_bytes(6'000'000);
    writer.write(all);
    EXPECT_TRUE(co_await reader.readexactly(static_cast<std::ptrdiff_t>(all.size())) == all);
    writer.close();
    co_await writer.wait_closed();
}

Coro<void> talk_to_the_end(std::string& told) {
    get_running_loop().set_exception_handler([](EventLoop&, const ExceptionContext&) {});
    const Server server = co_await serve(echo);
    told = co_await outcome(wait_for(hear_all_again(port_of(server)), 10s));
    server.close();
    server.abort_clients();
    co_await server.wait_closed();
}

// Goal: whichever fails, and whoever has begun it, the client hears of it or does not need to.
TEST_P(RingFaults, a_conversation_ends_whichever_operation_fails) {
    for (const int operation : {IORING_OP_RECV, IORING_OP_SEND, IORING_OP_POLL_ADD}) {
        for (const int error : {ECONNRESET, EPIPE, ETIMEDOUT, ENOMEM}) {
            for (int n = 1; n <= 20; ++n) {
                UringFaults faults;
                faults.on(operation, {.error = error, .first = n});
                std::string told;
                run_in_a_loop(talk_to_the_end(told));
                const bool names_it =
                    told.find("[Errno " + std::to_string(error) + "]") != std::string::npos;
                EXPECT_TRUE(told == "ok" || names_it || told.starts_with("IncompleteReadError: ") ||
                            told.starts_with("ConnectionResetError: ") ||
                            told.starts_with("BrokenPipeError: "))
                    << told << ": operation " << operation << ", the " << n << ". time";
                if (faults.met() == 0) {
                    EXPECT_GT(n, 1) << "operation " << operation << " is not made";
                    break;
                }
            }
        }
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

TEST_P(RingFaults, a_loop_whose_kernel_takes_nothing_any_more_can_be_closed) {
    const Pipe pipe;
    Told readable(IoKind::readable, pipe.reader());
    begin(readable);
    UringFaults faults;
    faults.on_enter({.error = EAGAIN, .times = always});
    backend_->cancel_all();
    EXPECT_GT(faults.met(), 1);
    EXPECT_EQ(readable.results, Results{-ECANCELED});
}

// Closes a ring that somebody else has, too, and of which nobody knows what it still does.
void close_where_the_kernel_takes_nothing(UringTier tier, const std::function<void(int)>& held) {
    const Pipe pipe;
    Told readable(IoKind::readable, pipe.reader());
    const std::unique_ptr<Backend> backend = make_uring_backend(tier);
    UringFaults faults;
    backend->submit(readable);
    static_cast<void>(backend->wait(TimePoint::min()));
    faults.on_enter({.error = EAGAIN, .times = always});
    faults.closes = [&] { held(faults.descriptor()); };
    backend->cancel_all();
    EXPECT_EQ(readable.results, Results{-ECANCELED});
}

TEST_P(RingFaults, a_loop_is_closed_when_who_else_has_its_ring_has_let_it_go) {
    std::thread other;
    close_where_the_kernel_takes_nothing(GetParam(), [&](int ring) {
        other = std::thread([ring, copy = ::dup(ring)] {
            while (::fcntl(ring, F_GETFD) >= 0) std::this_thread::yield();
            ::close(copy);
        });
    });
    other.join();
}

TEST_P(RingFaults, a_program_ends_where_that_is_not_in_time) {
    EXPECT_DEATH(
        {
            internal::ring_release_time_max = 20ms;
            close_where_the_kernel_takes_nothing(GetParam(), [](int ring) { ::dup(ring); });
        },
        "io_uring has lost a completion, and does not let its files go");
}

TEST_P(RingFaults, a_program_ends_with_an_error_where_a_completion_was_lost) {
    UringFaults faults;
    faults.lose = [&](const io_uring_cqe& told) { return faults.is_of(told, IORING_OP_RECV); };
    EXPECT_EQ(thrown_by([&] { run_in_a_loop(talk_with_echo(2, 1000)); }), dropped);
}

}  // namespace
}  // namespace weft
