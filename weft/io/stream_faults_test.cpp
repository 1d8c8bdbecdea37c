// SPDX-License-Identifier: Apache-2.0
// Goal:   a stream is whole or ends with an error, whatever the kernel does: nobody waits for ever,
//         and no task and no descriptor is left.
// Method: system calls fail on demand, the first or any later one.
#include <cerrno>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/io/pipes.hpp>
#include <weft/io/server.hpp>
#include <weft/io/sock.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/io/streams.hpp>
#include <weft/io/streams_test.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/timeout.hpp>
#include <weft/testing/system_faults.hpp>
#include <weft/testing/trace.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;
using testing::always;
using testing::Call;
using testing::Fault;
using testing::spin;
using testing::SystemFaults;

Coro<void> end_in_time(Coro<void> coro) {
    co_await wait_for(std::move(coro), 10s);
    for (int i = 0; i < 20 && all_tasks().size() > 1; ++i) co_await spin();
    EXPECT_EQ(all_tasks().size(), 1u) << "tasks are left";
}
void run_to_the_end(Coro<void> coro) { run_clean(end_in_time(std::move(coro))); }

// "[Errno 104] " for ECONNRESET.
std::string errno_of(int error) { return "[Errno " + std::to_string(error) + "] "; }

bool tells(const std::string& told, int error) {
    return told.find(errno_of(error)) != std::string::npos;
}

// ---- a whole conversation

// What a client says and hears: a line, more than a segment, and the end.
Coro<void> converse(int port, Bytes& heard) {
    auto [reader, writer] = co_await open_connection("127.0.0.1", port);
    writer.write("hello\n");
    co_await writer.drain();
    heard += co_await reader.readline();
    writer.write(some_bytes(500));
    heard += co_await reader.readexactly(500);
    writer.write_eof();
    heard += co_await reader.read();
    writer.close();
    co_await writer.wait_closed();
}

struct Ending {
    std::string told;  // "ok", or the client's error
    int met = 0;       // calls that met a fault
};

// With a server that echoes, while the calls fail as planned.
Coro<void> converse_with_echo(const std::vector<std::pair<Call, Fault>>& plan, Ending& ending) {
    SystemFaults faults;
    for (const auto& [call, fault] : plan) faults.on(call, fault);
    get_running_loop().set_exception_handler([](EventLoop&, const ExceptionContext&) {});
    const auto server = co_await as_result(serve(echo));
    if (server) {
        Bytes heard;
        ending.told = co_await outcome(converse(port_of(*server), heard));
        EXPECT_TRUE(ending.told != "ok" || heard == "hello\n" + some_bytes(500)) << heard.size();
        server->close();
        server->abort_clients();
        co_await server->wait_closed();
    } else {
        ending.told = describe(server.error());
    }
    ending.met = faults.met();
}

Ending ending_of(const std::vector<std::pair<Call, Fault>>& plan) {
    Ending ending;
    run_to_the_end(converse_with_echo(plan, ending));
    return ending;
}

TEST(StreamFaults, a_conversation_is_whole_however_little_each_call_takes_or_gives) {
    for (std::size_t n = 1; n <= 20; ++n) {
        const Fault little{.bytes_max = n, .times = always};
        const Ending ending =
            ending_of({{Call::send, little}, {Call::sendmsg, little}, {Call::recv, little}});
        ASSERT_EQ(ending.told, "ok") << n << " bytes at a time";
        EXPECT_GE(ending.met, 2 * 500 / static_cast<int>(n));
    }
}

// As it should be whenever one of these calls fails so, several times in a row.
void withstand(std::initializer_list<Call> calls, int error, int times) {
    for (const Call call : calls) {
        for (int n = 1;; ++n) {
            const Ending ending = ending_of({{call, {.error = error, .first = n, .times = times}}});
            ASSERT_EQ(ending.told, "ok")
                << "call " << static_cast<int>(call) << ", the " << n << ". time";
            if (ending.met == 0) {
                EXPECT_GT(n, 1) << "call " << static_cast<int>(call) << " is not made";
                break;
            }
        }
    }
}

TEST(StreamFaults, a_conversation_goes_on_where_a_call_is_interrupted) {
    withstand({Call::accept4, Call::connect, Call::epoll_wait, Call::recv, Call::send}, EINTR, 3);
}

TEST(StreamFaults, a_conversation_goes_on_where_a_descriptor_is_not_ready_after_all) {
    withstand({Call::accept4, Call::recv, Call::send}, EAGAIN, 2);
}

// Goal: whichever call fails, and whoever made it, the client hears of it or does not need to.
TEST(StreamFaults, a_conversation_ends_whichever_call_fails) {
    for (const Call call : {Call::socket, Call::listen, Call::connect, Call::epoll_add, Call::recv,
                            Call::send, Call::shutdown}) {
        for (const int error : {ECONNRESET, EPIPE, ETIMEDOUT, ENOBUFS, ENOMEM}) {
            for (int n = 1;; ++n) {
                const auto& [told, met] = ending_of({{call, {.error = error, .first = n}}});
                // When the server's end fails, the client sees an end or a reset.
                const bool right = told == "ok" || tells(told, error) || tells(told, ECONNRESET) ||
                                   tells(told, EPIPE) ||
                                   told == "ConnectionResetError: Connection lost" ||
                                   told.starts_with("IncompleteReadError: ");
                ASSERT_TRUE(right)
                    << told << ": call " << static_cast<int>(call) << ", the " << n << ". time";
                if (met > 0) continue;
                EXPECT_GT(n, 1) << "call " << static_cast<int>(call) << " is not made";
                break;
            }
        }
    }
}

// ---- one call that fails

struct Pair {
    StreamReader reader;
    StreamWriter writer;
    Socket peer;  // non-blocking
};

Coro<Pair> connected_pair() {
    auto [a, b] = Socket::socketpair();
    b.setblocking(false);
    auto [reader, writer] = co_await open_connection(std::move(a));
    co_return Pair{std::move(reader), std::move(writer), std::move(b)};
}

TEST(StreamFaults, a_send_that_fails_ends_the_stream) {
    for (const int error : {EPIPE, ECONNRESET, ETIMEDOUT, EHOSTUNREACH, ENOBUFS, ENOMEM}) {
        for (const bool waits : {false, true}) {
            run_to_the_end([](int code, bool later) -> Coro<void> {
                Pair stream = co_await connected_pair();
                auto& [reader, writer, peer] = stream;
                if (later) writer.write(some_bytes(4 << 20));
                SystemFaults faults;
                faults.on(Call::send, {.error = code, .fd = writer.fileno()});
                if (!later) writer.write("never sent");
                while (later && faults.met() == 0)
                    static_cast<void>(co_await sock_recv(peer, 1 << 20));
                EXPECT_TRUE(tells(co_await outcome(reader.read(1)), code));
                EXPECT_TRUE(tells(co_await outcome(writer.drain()), code));
                EXPECT_TRUE(tells(co_await outcome(writer.wait_closed()), code));
                EXPECT_TRUE(writer.is_closing());
                while (!(co_await sock_recv(peer, 1 << 20)).empty()) {
                }
                EXPECT_EQ(faults.met(), 1);
            }(error, waits));
        }
    }
}

TEST(StreamFaults, a_receive_that_fails_ends_the_stream_after_what_came_before) {
    for (const int error : {ECONNRESET, ETIMEDOUT, EHOSTUNREACH, ENOBUFS, ENOMEM}) {
        run_to_the_end([](int code) -> Coro<void> {
            Pair stream = co_await connected_pair();
            auto& [reader, writer, peer] = stream;
            SystemFaults faults;
            faults.on(Call::recv, {.error = code, .first = 2, .fd = writer.fileno()});
            const auto reading = create_task(outcome(reader.readexactly(10)));
            co_await sock_sendall(peer, "before");
            while (reader.buffered().empty()) co_await spin();
            co_await sock_sendall(peer, "after");
            EXPECT_TRUE(tells(co_await reading, code));
            EXPECT_EQ(co_await reader.read(100), "before");
            EXPECT_TRUE(tells(co_await outcome(reader.read(100)), code));
            EXPECT_TRUE(tells(co_await outcome(writer.drain()), code));
            EXPECT_TRUE(tells(co_await outcome(writer.wait_closed()), code));
        }(error));
    }
}

TEST(StreamFaults, a_shutdown_that_fails_ends_the_stream) {
    run_to_the_end([]() -> Coro<void> {
        Pair stream = co_await connected_pair();
        auto& [reader, writer, peer] = stream;
        SystemFaults faults;
        faults.on(Call::shutdown, {.error = ENOBUFS});
        writer.write_eof();
        EXPECT_TRUE(tells(co_await outcome(reader.read()), ENOBUFS));
        EXPECT_TRUE(tells(co_await outcome(writer.wait_closed()), ENOBUFS));
    }());
}

TEST(StreamFaults, a_socket_that_the_loop_cannot_watch_becomes_no_stream) {
    for (const int error : {ENOSPC, ENOMEM}) {
        run_to_the_end([](int code) -> Coro<void> {
            auto [a, b] = Socket::socketpair();
            b.setblocking(false);
            SystemFaults faults;
            faults.on(Call::epoll_add, {.error = code});
            EXPECT_TRUE(tells(co_await outcome(open_connection(std::move(a))), code));
            EXPECT_EQ(co_await sock_recv(b, 1), "");
        }(error));
    }
}

// A reader that has enough is not watched; then it wants more.
TEST(StreamFaults, a_socket_that_the_loop_cannot_watch_again_ends_its_stream) {
    run_to_the_end([]() -> Coro<void> {
        auto [a, b] = Socket::socketpair();
        b.setblocking(false);
        auto [reader, writer] = co_await open_connection(std::move(a), {.limit = 10});
        co_await sock_sendall(b, "more than twice the limit of ten bytes");
        while (reader.buffered().empty()) co_await spin();
        co_await spin(3);
        SystemFaults faults;
        faults.on(Call::epoll_add, {.error = ENOSPC, .fd = writer.fileno()});
        EXPECT_TRUE(tells(co_await outcome(reader.read()), ENOSPC));
        EXPECT_EQ(reader.buffered(), "more than twice the limit of ten bytes");
        EXPECT_TRUE(tells(co_await outcome(writer.wait_closed()), ENOSPC));
        EXPECT_EQ(faults.met(), 1);
    }());
}

TEST(StreamFaults, an_open_connection_tells_that_no_socket_is_left) {
    for (const int error : {EMFILE, ENFILE, ENOBUFS, ENOMEM}) {
        run_to_the_end([](int code) -> Coro<void> {
            SystemFaults faults;
            faults.on(Call::socket, {.error = code});
            EXPECT_TRUE(tells(co_await outcome(open_connection("127.0.0.1", 9)), code));
        }(error));
    }
}

// ---- a peer that resets the connection

// Over TCP: a Unix socket is not reset but for bytes that its peer had not read.
Coro<Pair> connected_over_tcp() {
    Socket listener;
    listener.setblocking(false);
    listener.bind({"127.0.0.1", 0});
    listener.listen();
    auto [reader, writer] = co_await open_connection("127.0.0.1", listener.getsockname().port());
    auto [peer, address] = co_await sock_accept(listener);
    co_return Pair{std::move(reader), std::move(writer), std::move(peer)};
}

constexpr const char* reset = "ConnectionResetError: [Errno 104] ";

bool was_reset(const std::string& told) { return told.starts_with(reset); }

// Nothing was sent: whoever closed it hears of no loss.
Coro<void> close_for_good(StreamWriter writer, bool told_already) {
    writer.close();
    const std::string told = co_await outcome(writer.wait_closed());
    EXPECT_TRUE(told_already ? was_reset(told) : told == "ok" || was_reset(told)) << told;
    EXPECT_EQ(writer.fileno(), -1);
}

TEST(StreamReset, while_it_connects) {
    run_to_the_end([]() -> Coro<void> {
        const Server server = co_await serve(echo);
        SystemFaults faults;
        faults.on(Call::connect, {.error = EINTR});
        faults.on(Call::connect, {.error = ECONNRESET, .first = 2});
        EXPECT_EQ(co_await outcome(open_connection("127.0.0.1", port_of(server))),
                  "ConnectionResetError: [Errno 104] Connect call failed ('127.0.0.1', " +
                      std::to_string(port_of(server)) + ")");
        server.close();
        co_await server.wait_closed();
    }());
}

TEST(StreamReset, before_the_first_read) {
    run_to_the_end([]() -> Coro<void> {
        auto [reader, writer, peer] = co_await connected_over_tcp();
        reset_by_peer(std::move(peer));
        EXPECT_TRUE(was_reset(co_await outcome(reader.read(1))));
        EXPECT_TRUE(was_reset(co_await outcome(reader.readline())));
        co_await close_for_good(writer, true);
    }());
}

TEST(StreamReset, amid_a_read) {
    run_to_the_end([]() -> Coro<void> {
        auto [reader, writer, peer] = co_await connected_over_tcp();
        co_await sock_sendall(peer, "half");
        const auto reading = create_task(outcome(reader.readexactly(8)));
        while (reader.buffered().empty()) co_await spin();
        reset_by_peer(std::move(peer));
        EXPECT_TRUE(was_reset(co_await reading));
        EXPECT_EQ(co_await reader.read(8), "half");
        EXPECT_TRUE(was_reset(co_await outcome(reader.read(8))));
        co_await close_for_good(writer, true);
    }());
}

TEST(StreamReset, amid_a_write) {
    run_to_the_end([]() -> Coro<void> {
        auto [reader, writer, peer] = co_await connected_over_tcp();
        writer.write(some_bytes(8 << 20));
        EXPECT_GT(writer.get_write_buffer_size(), 0u);
        reset_by_peer(std::move(peer));
        writer.write("more");
        const std::string told = co_await outcome(writer.drain());
        EXPECT_TRUE(was_reset(told) || told.starts_with("BrokenPipeError: ")) << told;
        EXPECT_NE(co_await outcome(writer.wait_closed()), "ok");
        EXPECT_EQ(writer.get_write_buffer_size(), 0u);
        writer.write("dropped");
    }());
}

TEST(StreamReset, while_drain_waits) {
    run_to_the_end([]() -> Coro<void> {
        auto [reader, writer, peer] = co_await connected_over_tcp();
        writer.write(some_bytes(8 << 20));
        const auto draining = create_task(outcome(writer.drain()));
        const auto also = create_task(outcome(writer.drain()));
        co_await spin(3);
        EXPECT_FALSE(draining.done());
        reset_by_peer(std::move(peer));
        EXPECT_NE(co_await draining, "ok");
        EXPECT_NE(co_await also, "ok");
        EXPECT_NE(co_await outcome(writer.wait_closed()), "ok");
    }());
}

TEST(StreamReset, before_write_eof) {
    run_to_the_end([]() -> Coro<void> {
        auto [reader, writer, peer] = co_await connected_over_tcp();
        reset_by_peer(std::move(peer));
        writer.write_eof();
        EXPECT_TRUE(was_reset(co_await outcome(reader.read())));
        co_await close_for_good(writer, true);
    }());
}

TEST(StreamReset, before_close) {
    run_to_the_end([]() -> Coro<void> {
        auto [reader, writer, peer] = co_await connected_over_tcp();
        reset_by_peer(std::move(peer));
        co_await close_for_good(writer, false);
    }());
}

TEST(StreamReset, while_wait_closed_waits) {
    run_to_the_end([]() -> Coro<void> {
        auto [reader, writer, peer] = co_await connected_over_tcp();
        writer.write(some_bytes(8 << 20));
        writer.close();
        const auto closing = create_task(outcome(writer.wait_closed()));
        co_await spin(3);
        EXPECT_FALSE(closing.done());
        reset_by_peer(std::move(peer));
        const std::string told = co_await closing;
        EXPECT_TRUE(was_reset(told) || told.starts_with("BrokenPipeError: ")) << told;
        EXPECT_EQ(writer.fileno(), -1);
    }());
}

// ---- a peer that stalls

TEST(StreamStall, a_timeout_ends_a_drain_and_abort_the_connection) {
    run_to_the_end([]() -> Coro<void> {
        Pair stream = co_await connected_pair();
        auto& [reader, writer, peer] = stream;
        writer.write(some_bytes(4 << 20));
        EXPECT_GT(writer.get_write_buffer_size(), writer.get_write_buffer_limits().second);
        bool timed_out = false;
        try {
            co_await timeout(1ms, [&]() -> Coro<void> { co_await writer.drain(); });
        } catch (const TimeoutError&) {
            timed_out = true;
        }
        EXPECT_TRUE(timed_out);
        EXPECT_FALSE(writer.is_closing());
        writer.abort();
        EXPECT_EQ(co_await outcome(writer.wait_closed()), "ok");
        EXPECT_EQ(writer.fileno(), -1);
    }());
}

TEST(StreamStall, a_timeout_ends_wait_closed_and_abort_the_connection) {
    run_to_the_end([]() -> Coro<void> {
        Pair stream = co_await connected_pair();
        auto& [reader, writer, peer] = stream;
        writer.write(some_bytes(4 << 20));
        writer.close();
        EXPECT_EQ(co_await outcome(wait_for(writer.wait_closed(), 1ms)), "TimeoutError");
        EXPECT_GE(writer.fileno(), 0);
        writer.abort();
        EXPECT_EQ(co_await outcome(writer.wait_closed()), "ok");
        EXPECT_EQ(writer.fileno(), -1);
    }());
}

TEST(StreamStall, a_drain_goes_on_when_the_peer_reads_again) {
    run_to_the_end([]() -> Coro<void> {
        Pair stream = co_await connected_pair();
        auto& [reader, writer, peer] = stream;
        const Bytes sent = some_bytes(4 << 20);
        writer.write(sent);
        EXPECT_EQ(co_await outcome(wait_for(writer.drain(), 1ms)), "TimeoutError");
        const auto draining = create_task(writer.drain());
        Bytes received;
        while (received.size() < sent.size()) received += co_await sock_recv(peer, 1 << 20);
        co_await draining;
        EXPECT_TRUE(received == sent);
    }());
}

// ---- pipes

struct PipeCalls {
    Fault reading;
    Fault writing;
};

// What was sent and has arrived before the end.
Coro<std::string> through_a_pipe(const PipeCalls& calls, const Bytes& sent, Bytes& received) {
    int ends[2] = {};
    EXPECT_EQ(::pipe(ends), 0);
    const StreamReader reader = co_await connect_read_pipe(ends[0]);
    const StreamWriter writer = co_await connect_write_pipe(ends[1]);
    SystemFaults faults;
    Fault reading = calls.reading;
    Fault writing = calls.writing;
    reading.fd = ends[0];
    writing.fd = ends[1];
    faults.on(Call::read, reading);
    faults.on(Call::write, writing);
    const auto receiving = create_task([](const StreamReader& from, Bytes& into) -> Coro<void> {
        while (true) {
            const Bytes some = co_await from.read(1000);
            if (some.empty()) co_return;
            into += some;
        }
    }(reader, received));
    writer.write(sent);
    writer.close();
    const std::string told = co_await outcome(writer.wait_closed());
    co_return told + ", " + co_await testing::ended(receiving);
}

TEST(PipeFaults, interruptions_and_small_pieces_are_not_seen) {
    const Bytes sent = some_bytes(100'000);
    const PipeCalls interrupted = {.reading = {.error = EINTR, .first = 2, .times = 5},
                                   .writing = {.error = EINTR, .times = 3}};
    const PipeCalls in_pieces = {.reading = {.bytes_max = 77, .times = always},
                                 .writing = {.bytes_max = 1001, .times = always}};
    for (const PipeCalls& calls : {interrupted, in_pieces}) {
        run_to_the_end([](const PipeCalls& how, const Bytes& all) -> Coro<void> {
            Bytes received;
            EXPECT_EQ(co_await through_a_pipe(how, all, received), "ok, ok");
            EXPECT_TRUE(received == all);
        }(calls, sent));
    }
}

TEST(PipeFaults, an_error_is_told_to_the_end_where_it_happened) {
    run_to_the_end([]() -> Coro<void> {
        Bytes received;
        const std::string told =
            co_await through_a_pipe({.reading = {.error = EIO, .first = 2},
                                     .writing = {.bytes_max = 1000, .times = always}},
                                    some_bytes(2000), received);
        EXPECT_TRUE(tells(told, EIO)) << told;
        EXPECT_TRUE(told.starts_with("ok, ")) << told;
    }());
    run_to_the_end([]() -> Coro<void> {
        Bytes received;
        const Bytes sent = some_bytes(2000);
        const std::string told = co_await through_a_pipe(
            {.reading = {.times = 0}, .writing = {.error = EIO}}, sent, received);
        EXPECT_TRUE(tells(told, EIO)) << told;
        EXPECT_TRUE(told.ends_with(", ok")) << told;
        EXPECT_EQ(received, "");
    }());
}

}  // namespace
}  // namespace weft
