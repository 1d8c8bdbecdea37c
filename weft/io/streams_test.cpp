// SPDX-License-Identifier: Apache-2.0
#include <weft/io/streams.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dirent.h>
#include <gtest/gtest.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/log.hpp>
#include <weft/io/run.hpp>
#include <weft/io/server.hpp>
#include <weft/io/sock.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/executor.hpp>
#include <weft/runtime/gather.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/timeout.hpp>
#include <weft/runtime/with_async.hpp>
#include <weft/testing/trace.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;
using testing::spin;
using testing::thrown_by;

std::size_t open_descriptors() {
    std::size_t count = 0;
    DIR* folder = ::opendir("/proc/self/fd");
    while (::readdir(folder)) ++count;
    ::closedir(folder);
    return count - 3;  // ".", ".." and the folder itself
}

// Runs on a real loop, and sees that no descriptor is left.
void run_clean(Coro<void> coro) {
    const std::size_t before = open_descriptors();
    run(std::move(coro));
    EXPECT_EQ(open_descriptors(), before);
}

// What a coroutine throws, as text.
template <class T>
Coro<std::string> outcome(Coro<T> coro) {
    const auto result = co_await as_result(std::move(coro));
    co_return result ? "ok" : describe(result.error());
}

Coro<Server> serve(ClientConnected handler) {
    co_return co_await start_server(std::move(handler), "127.0.0.1", 0);
}
int port_of(const Server& server) { return server.sockets()[0].getsockname().port(); }

Coro<void> echo(StreamReader reader, StreamWriter writer) {
    for (;;) {
        const Bytes data = co_await reader.read(64 * 1024);
        if (data.empty()) co_return;
        writer.write(data);
        co_await writer.drain();
    }
}

int option_of(const StreamWriter& writer, int level, int option) {
    int value = -1;
    socklen_t size = sizeof value;
    EXPECT_EQ(::getsockopt(writer.fileno(), level, option, &value, &size), 0);
    return value;
}

// ---- a connection

// STR-12
TEST(Streams, carry_a_line_there_and_back) {
    run_clean([]() -> Coro<void> {
        const Server server =
            co_await serve([](StreamReader reader, StreamWriter writer) -> Coro<void> {
                writer.write(co_await reader.readline());
                co_await writer.drain();
                writer.close();
                co_await writer.wait_closed();
            });
        auto [reader, writer] = co_await open_connection("127.0.0.1", port_of(server));
        EXPECT_EQ(writer.peername(), server.sockets()[0].getsockname());
        writer.write("hi\n");
        co_await writer.drain();
        EXPECT_EQ(co_await reader.read(), "hi\n");
        writer.close();
        co_await writer.wait_closed();
        EXPECT_EQ(writer.fileno(), -1);
        server.close();
        co_await server.wait_closed();
    }());
}

Coro<void> send_all(StreamWriter writer, const Bytes& all) {
    for (std::size_t at = 0; at < all.size(); at += 100'000) {
        writer.write(BytesView(all).substr(at, 100'000));
        co_await writer.drain();
    }
    writer.write_eof();
}
Bytes some_bytes(std::size_t count) {
    Bytes all(count, ' ');
    for (std::size_t i = 0; i < count; ++i) all[i] = static_cast<char>(i * 31 >> 7);
    return all;
}

TEST(Streams, carry_more_than_the_system_buffers) {
    run_clean([]() -> Coro<void> {
        const Server server = co_await serve(echo);
        auto [reader, writer] = co_await open_connection("127.0.0.1", port_of(server));
        const Bytes sent = some_bytes(8 << 20);
        const auto sender = create_task(send_all(writer, sent));
        const Bytes received = co_await reader.read();
        co_await sender;
        EXPECT_TRUE(received == sent);
        server.close();
    }());
}

// Goal: a reader that is slow holds the sender up, and nobody buffers more than the marks say.
TEST(Streams, hold_up_a_sender_whose_peer_reads_slowly) {
    run_clean([]() -> Coro<void> {
        auto [a, b] = Socket::socketpair();
        auto [reader, writer] = co_await open_connection(std::move(a));
        auto [peer_reader, peer_writer] = co_await open_connection(std::move(b), {.limit = 1000});
        const Bytes sent = some_bytes(4 << 20);
        const auto sender = create_task(send_all(writer, sent));
        Bytes received;
        while (received.size() < sent.size()) {
            EXPECT_LE(writer.get_write_buffer_size(), 64u * 1024 + 100'000);
            EXPECT_LE(peer_reader.buffered().size(), 2u * 1000 + 64 * 1024);
            received += co_await peer_reader.read(10'000);
        }
        EXPECT_TRUE(received == sent);
        co_await sender;
        EXPECT_EQ(co_await peer_reader.read(), "");
    }());
}

// STR-19
TEST(Streams, can_be_closed_in_one_direction) {
    run_clean([]() -> Coro<void> {
        const Server server =
            co_await serve([](StreamReader reader, StreamWriter writer) -> Coro<void> {
                const Bytes all = co_await reader.read();
                writer.write("got" + all);
                co_await writer.drain();
            });
        auto [reader, writer] = co_await open_connection("127.0.0.1", port_of(server));
        EXPECT_TRUE(writer.can_write_eof());
        writer.write("X");
        writer.write_eof();
        writer.write_eof();
        const StreamWriter& same = writer;
        EXPECT_EQ(thrown_by([&same] { same.write("Y"); }),
                  "RuntimeError: Cannot call write() after write_eof()");
        EXPECT_EQ(co_await reader.read(), "gotX");
        server.close();
    }());
}

TEST(Streams, send_what_was_written_before_close) {
    run_clean([]() -> Coro<void> {
        auto [a, b] = Socket::socketpair();
        auto [reader, writer] = co_await open_connection(std::move(a));
        auto [peer_reader, peer_writer] = co_await open_connection(std::move(b));
        const Bytes sent = some_bytes(4 << 20);
        writer.write(sent);
        writer.close();
        writer.close();
        writer.write("too late");
        EXPECT_TRUE(writer.is_closing());
        EXPECT_TRUE(co_await peer_reader.read() == sent);
        co_await writer.wait_closed();
    }());
}

TEST(Streams, send_nothing_more_after_abort) {
    run_clean([]() -> Coro<void> {
        auto [a, b] = Socket::socketpair();
        auto [reader, writer] = co_await open_connection(std::move(a));
        auto [peer_reader, peer_writer] = co_await open_connection(std::move(b));
        writer.write(some_bytes(4 << 20));
        EXPECT_GT(writer.get_write_buffer_size(), 0u);
        writer.abort();
        co_await writer.wait_closed();
        EXPECT_EQ(writer.get_write_buffer_size(), 0u);
        EXPECT_EQ(co_await reader.read(), "");
        const Bytes got = co_await peer_reader.read();
        EXPECT_LT(got.size(), 4u << 20);
    }());
}

TEST(Streams, write_lines) {
    run_clean([]() -> Coro<void> {
        auto [a, b] = Socket::socketpair();
        auto [reader, writer] = co_await open_connection(std::move(a));
        auto [peer_reader, peer_writer] = co_await open_connection(std::move(b));
        writer.writelines({"one\n", "two\n"});
        writer.writelines(std::vector<Bytes>{"three\n", ""});
        writer.close();
        EXPECT_EQ(co_await peer_reader.read(), "one\ntwo\nthree\n");
    }());
}

TEST(Streams, send_small_pieces_at_once) {
    run_clean([]() -> Coro<void> {
        int accepted = -1;
        const Server server = co_await serve([&](StreamReader, StreamWriter writer) -> Coro<void> {
            accepted = option_of(writer, IPPROTO_TCP, TCP_NODELAY);
            co_return;
        });
        auto [reader, writer] = co_await open_connection("127.0.0.1", port_of(server));
        EXPECT_NE(option_of(writer, IPPROTO_TCP, TCP_NODELAY), 0);
        EXPECT_EQ(co_await reader.read(), "");
        EXPECT_GT(accepted, 0);
        server.close();
    }());
}

// ---- drain and its marks

// STR-13, STR-22
TEST(StreamWriter, has_pythons_marks) {
    run_clean([]() -> Coro<void> {
        auto [a, b] = Socket::socketpair();
        auto [reader, writer] = co_await open_connection(std::move(a));
        using Marks = std::pair<std::size_t, std::size_t>;
        EXPECT_EQ(writer.get_write_buffer_limits(), Marks(16 * 1024, 64 * 1024));
        writer.set_write_buffer_limits({.high = 0});
        EXPECT_EQ(writer.get_write_buffer_limits(), Marks(0, 0));
        writer.set_write_buffer_limits({.low = 10});
        EXPECT_EQ(writer.get_write_buffer_limits(), Marks(10, 40));
        writer.set_write_buffer_limits({.high = 9, .low = 9});
        EXPECT_EQ(writer.get_write_buffer_limits(), Marks(9, 9));
        const StreamWriter& same = writer;
        EXPECT_EQ(thrown_by([&same] { same.set_write_buffer_limits({.high = 1, .low = 2}); }),
                  "ValueError: high (1) must be >= low (2) must be >= 0");
        EXPECT_EQ(thrown_by([&same] { same.set_write_buffer_limits({.high = -4}); }),
                  "ValueError: high (-4) must be >= low (-1) must be >= 0");
    }());
}

TEST(StreamWriter, drains_down_to_the_low_mark) {
    run_clean([]() -> Coro<void> {
        auto [a, b] = Socket::socketpair();
        auto [reader, writer] = co_await open_connection(std::move(a));
        b.setblocking(false);
        writer.write(some_bytes(4 << 20));
        const auto draining = create_task(writer.drain());
        const auto also = create_task(writer.drain());
        co_await spin(3);
        EXPECT_FALSE(draining.done());
        std::size_t received = 0;
        while (received < 4u << 20) received += (co_await sock_recv(b, 1 << 20)).size();
        co_await draining;
        co_await also;
        EXPECT_LE(writer.get_write_buffer_size(), 16u * 1024);
    }());
}

TEST(StreamWriter, sends_on_although_drain_is_cancelled) {
    run_clean([]() -> Coro<void> {
        auto [a, b] = Socket::socketpair();
        auto [reader, writer] = co_await open_connection(std::move(a));
        auto [peer_reader, peer_writer] = co_await open_connection(std::move(b));
        const Bytes sent = some_bytes(4 << 20);
        writer.write(sent);
        const auto draining = create_task(writer.drain());
        co_await spin(2);
        draining.cancel();
        co_await spin(2);
        EXPECT_TRUE(draining.cancelled());
        writer.write_eof();
        EXPECT_TRUE(co_await peer_reader.read() == sent);
    }());
}

// ---- the end of a connection

// STR-14
TEST(StreamWriter, tells_in_drain_that_the_peer_is_gone) {
    run_clean([]() -> Coro<void> {
        auto [a, b] = Socket::socketpair();
        auto [reader, writer] = co_await open_connection(std::move(a));
        b.close();
        std::string told;
        for (int i = 0; i < 5 && told.empty(); ++i) {
            writer.write("x");
            const auto drained = co_await as_result(writer.drain());
            if (!drained) told = describe(drained.error());
        }
        EXPECT_EQ(told, "ConnectionResetError: Connection lost");
        EXPECT_EQ(co_await outcome(writer.wait_closed()),
                  "BrokenPipeError: [Errno 32] Broken pipe: connection with ''");
        EXPECT_TRUE(writer.is_closing());
    }());
}

// Goal: what a peer said before it refused what is sent is read, as the answer of a server that
// refuses a request while that is still being written.
TEST(Streams, read_what_came_before_a_write_failed) {
    run_clean([]() -> Coro<void> {
        auto [a, b] = Socket::socketpair();
        auto [reader, writer] = co_await open_connection(std::move(a));
        b.setblocking(false);
        co_await sock_sendall(b, "413");
        b.close();
        writer.write("the rest of the request");
        EXPECT_EQ(co_await reader.read(100), "413");
        EXPECT_TRUE((co_await outcome(reader.read(100))).starts_with("BrokenPipeError: "));
    }());
}

std::string warnings;

// Goal: debug mode warns of a connection that was opened and not closed, not of a handler's.
TEST(StreamWriter, is_reported_unclosed_in_debug_mode_but_by_a_handler) {
    warnings.clear();
    const LogHook before = set_log_hook(
        [](LogLevel, std::string_view text) noexcept { warnings += std::string(text) + "\n"; });
    run(
        []() -> Coro<void> {
            const Server server =
                co_await serve([](StreamReader, StreamWriter) -> Coro<void> { co_return; });
            auto [reader, writer] = co_await open_connection("127.0.0.1", port_of(server));
            EXPECT_EQ(co_await reader.read(), "");
            EXPECT_EQ(warnings, "");
            server.close();
        }(),
        {.debug = true});
    set_log_hook(before);
    EXPECT_TRUE(warnings.starts_with("unclosed StreamWriter of the connection with ('127.0.0.1', "))
        << warnings;
}

TEST(StreamWriter, belongs_to_one_thread) {
    run(
        []() -> Coro<void> {
            auto [a, b] = Socket::socketpair();
            auto [reader, writer] = co_await open_connection(std::move(a));
            const auto from_another_thread = [](const StreamWriter& shared) {
                return thrown_by([&] { shared.write("x"); });
            };
            const std::string told = co_await to_thread(from_another_thread, std::cref(writer));
            EXPECT_TRUE(told.starts_with("RuntimeError: ")) << told;
            writer.close();
        }(),
        {.debug = true});
}

// STR-25
TEST(StreamWriter, tells_in_drain_that_it_was_closed) {
    run_clean([]() -> Coro<void> {
        auto [a, b] = Socket::socketpair();
        auto [reader, writer] = co_await open_connection(std::move(a));
        writer.close();
        writer.write("x");
        EXPECT_EQ(co_await outcome(writer.drain()), "ConnectionResetError: Connection lost");
        EXPECT_EQ(co_await outcome(writer.wait_closed()), "ok");
    }());
}

TEST(Streams, end_when_bytes_come_after_a_feed_eof_of_the_users) {
    run_clean([]() -> Coro<void> {
        auto [a, b] = Socket::socketpair();
        auto [reader, writer] = co_await open_connection(std::move(a));
        auto [peer_reader, peer_writer] = co_await open_connection(std::move(b));
        reader.feed_eof();
        peer_writer.write("more");
        const std::string told = co_await outcome(wait_for(writer.wait_closed(), 10s));
        EXPECT_TRUE(told.starts_with("OSError: [Errno 71] ")) << told;
    }());
}

// Python's StreamReaderProtocol.connection_lost().
TEST(Streams, tell_the_end_to_the_reader_then_to_wait_closed_then_to_drain) {
    run_clean([]() -> Coro<void> {
        auto [a, b] = Socket::socketpair();
        auto [reader, writer] = co_await open_connection(std::move(a));
        writer.write(some_bytes(4 << 20));
        std::string order;
        const auto note = [&order](auto coro, char who) -> Coro<void> {
            co_await std::move(coro);
            order += who;
        };
        const auto draining = create_task(note(writer.drain(), 'd'));
        const auto also = create_task(note(writer.drain(), 'D'));
        const auto closing = create_task(note(writer.wait_closed(), 'c'));
        const auto reading = create_task(note(reader.read(), 'r'));
        co_await spin(2);
        writer.abort();
        co_await gather(draining, also, closing, reading);
        EXPECT_EQ(order, "rcdD");
    }());
}

void reset_by_peer(Socket peer) {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(peer.fileno(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

// Goal: what came before a reset is read, then the reset is told.
TEST(Streams, tell_a_reset_after_the_bytes_before_it) {
    run_clean([]() -> Coro<void> {
        Socket listener;
        listener.setblocking(false);
        listener.bind({"127.0.0.1", 0});
        listener.listen();
        auto [reader, writer] =
            co_await open_connection("127.0.0.1", listener.getsockname().port());
        auto [peer, address] = co_await sock_accept(listener);
        co_await sock_sendall(peer, "last words");
        EXPECT_EQ(co_await reader.read(4), "last");
        reset_by_peer(std::move(peer));
        EXPECT_EQ(co_await reader.read(100), " words");
        EXPECT_TRUE(
            (co_await outcome(reader.read(1))).starts_with("ConnectionResetError: [Errno 104] "));
        EXPECT_TRUE(
            (co_await outcome(writer.drain())).starts_with("ConnectionResetError: [Errno 104] "));
        EXPECT_TRUE((co_await outcome(writer.wait_closed())).starts_with("ConnectionResetError"));
    }());
}

// STR-16
TEST(StreamWriter, closes_the_connection_when_its_last_handle_is_gone) {
    run_clean([]() -> Coro<void> {
        auto [a, b] = Socket::socketpair();
        auto [peer_reader, peer_writer] = co_await open_connection(std::move(b));
        std::optional<StreamPair> stream = co_await open_connection(std::move(a));
        const StreamReader reader = stream->first;
        std::optional<StreamWriter> copy = stream->second;
        stream->second.write("bye");
        stream.reset();
        EXPECT_EQ(co_await peer_reader.read(10), "bye");
        EXPECT_FALSE(copy->is_closing());
        copy.reset();
        EXPECT_EQ(co_await peer_reader.read(10), "");
        EXPECT_EQ(co_await reader.read(), "");
    }());
}

TEST(Streams, leave_no_descriptor_when_their_loop_is_closed) {
    const std::size_t before = open_descriptors();
    std::optional<StreamPair> kept;
    {
        const auto loop = new_event_loop();
        kept = loop->run_until_complete([]() -> Coro<StreamPair> {
            const Server server = co_await serve(echo);
            auto stream = co_await open_connection("127.0.0.1", port_of(server));
            stream.second.write(some_bytes(1 << 20));
            const auto waiting = create_task(stream.second.drain());
            co_await spin(3);
            co_return stream;
        }());
        loop->close();
        EXPECT_EQ(open_descriptors(), before + 2) << "epoll's and the waker's";
    }
    EXPECT_EQ(open_descriptors(), before);
    EXPECT_TRUE(kept->second.is_closing());
    kept->second.write("nobody hears");
    kept->second.close();
}

// Goal: the child of a fork closes its copies, and the parent hears on.
TEST(Streams, are_not_disturbed_by_the_child_of_a_fork) {
    run_clean([]() -> Coro<void> {
        const Server server = co_await serve(echo);
        auto [reader, writer] = co_await open_connection("127.0.0.1", port_of(server));
        writer.write("x");
        EXPECT_EQ(co_await reader.read(1), "x");
        const pid_t child = ::fork();
        if (child == 0) {
            server.close();
            writer.close();
            writer.write(some_bytes(1));
            ::_exit(0);
        }
        int status = -1;
        EXPECT_EQ(::waitpid(child, &status, 0), child);
        EXPECT_EQ(status, 0);
        writer.write("y");
        EXPECT_EQ(co_await outcome(wait_for(reader.readexactly(1), 10s)), "ok");
        auto [another, its_writer] = co_await open_connection("127.0.0.1", port_of(server));
        its_writer.write("z");
        EXPECT_EQ(co_await outcome(wait_for(another.readexactly(1), 10s)), "ok");
        server.close();
    }());
}

TEST(Streams, refuse_to_wait_in_another_loop) {
    const auto loop = new_event_loop();
    auto [a, b] = Socket::socketpair();
    const StreamPair stream = loop->run_until_complete(open_connection(std::move(a)));
    run([](StreamReader reader, StreamWriter writer) -> Coro<void> {
        EXPECT_EQ(co_await outcome(wait_for(reader.read(1), 10s)),
                  "RuntimeError: StreamReader is bound to a different event loop");
        EXPECT_EQ(co_await outcome(wait_for(writer.drain(), 10s)),
                  "RuntimeError: StreamWriter is bound to a different event loop");
        EXPECT_EQ(co_await outcome(wait_for(writer.wait_closed(), 10s)),
                  "RuntimeError: StreamWriter is bound to a different event loop");
    }(stream.first, stream.second));
    loop->close();
    run([](StreamReader reader, StreamWriter writer) -> Coro<void> {
        EXPECT_EQ(co_await reader.read(), "");
        co_await writer.wait_closed();
    }(stream.first, stream.second));
}

// ---- connecting

// STR-24
TEST(Streams, tell_that_nobody_listens) {
    run_clean([]() -> Coro<void> {
        int port = 0;
        {
            Socket socket;
            socket.bind({"127.0.0.1", 0});
            port = socket.getsockname().port();
        }
        EXPECT_EQ(co_await outcome(open_connection("127.0.0.1", port)),
                  "ConnectionRefusedError: [Errno 111] Connect call failed ('127.0.0.1', " +
                      std::to_string(port) + ")");
    }());
}

TEST(Streams, refuse_a_limit_and_a_port_that_cannot_be) {
    run_clean([]() -> Coro<void> {
        EXPECT_EQ(co_await outcome(open_connection("127.0.0.1", 1, {.limit = 0})),
                  "ValueError: Limit cannot be <= 0");
        EXPECT_EQ(co_await outcome(open_connection("127.0.0.1", 65536)),
                  "ValueError: port must be 0-65535, not 65536");
        EXPECT_EQ(co_await outcome(start_server(echo, "127.0.0.1", 0, {.limit = 0})),
                  "ValueError: Limit cannot be <= 0");
    }());
}

TEST(Streams, refuse_a_host_that_the_resolver_would_cut_short) {
    run_clean([]() -> Coro<void> {
        const std::string refused =
            co_await outcome(open_connection(std::string("localhost\0.example.com", 22), 80));
        EXPECT_TRUE(refused.starts_with("ValueError: embedded null character")) << refused;
    }());
}

// An empty datagram is no end.
TEST(Streams, refuse_a_socket_of_datagrams) {
    run_clean([]() -> Coro<void> {
        auto [a, b] = Socket::socketpair(af_unix, sock_dgram);
        const std::string refused = co_await outcome(open_connection(std::move(a)));
        EXPECT_TRUE(refused.starts_with("ValueError: A Stream Socket was expected")) << refused;
    }());
}

bool knows_localhost() {
    addrinfo hints{};
    hints.ai_family = AF_INET;
    addrinfo* found = nullptr;
    if (::getaddrinfo("localhost", nullptr, &hints, &found) != 0) return false;
    ::freeaddrinfo(found);
    return true;
}

TEST(Streams, look_names_up) {
    if (!knows_localhost()) GTEST_SKIP() << "this machine does not know the name localhost";
    run_clean([]() -> Coro<void> {
        const Server server = co_await start_server(echo, "localhost", 0, {.family = af_inet});
        auto [reader, writer] =
            co_await open_connection("localhost", port_of(server), {.family = af_inet});
        writer.write("x");
        EXPECT_EQ(co_await reader.read(1), "x");
        server.close();
    }());
}

TEST(Streams, tell_that_a_name_is_not_known) {
    run_clean([]() -> Coro<void> {
        const std::string host(64, 'x');  // longer than a name can be: no server is asked
        const std::string unknown = co_await outcome(open_connection(host, 80));
        EXPECT_TRUE(unknown.starts_with("GaiError: ")) << unknown;
        EXPECT_TRUE(unknown.ends_with(": '" + host + "'")) << unknown;
    }());
}

TEST(Streams, are_unix_sockets_as_well) {
    run_clean([]() -> Coro<void> {
        const std::string path = "/tmp/weft_streams_test_" + std::to_string(::getpid());
        const Server server = co_await start_unix_server(echo, path);
        {
            auto [reader, writer] = co_await open_unix_connection(path);
            writer.write("x");
            EXPECT_EQ(co_await reader.read(1), "x");
        }
        server.close();
        co_await server.wait_closed();
        EXPECT_EQ(::access(path.c_str(), F_OK), -1);
        const std::string gone = co_await outcome(open_unix_connection(path));
        EXPECT_TRUE(gone.starts_with("FileNotFoundError: ")) << gone;
    }());
}

TEST(Streams, touch_no_file_of_a_unix_server_that_cannot_be) {
    run_clean([]() -> Coro<void> {
        const std::string path = "/tmp/weft_streams_test_" + std::to_string(::getpid());
        EXPECT_EQ(co_await outcome(start_unix_server(echo, path, {.limit = 0})),
                  "ValueError: Limit cannot be <= 0");
        EXPECT_EQ(::access(path.c_str(), F_OK), -1);
        const Server server = co_await start_unix_server(echo, path);
        const std::string refused =
            co_await outcome(start_unix_server(echo, path + std::string("\0x", 2)));
        EXPECT_TRUE(refused.starts_with("ValueError: embedded null byte")) << refused;
        EXPECT_EQ(::access(path.c_str(), F_OK), 0);
        server.close();
        EXPECT_EQ(::access(path.c_str(), F_OK), -1);
    }());
}

// ---- servers

// STR-15
TEST(Server, reports_a_handler_that_throws_and_closes_the_connection) {
    run_clean([]() -> Coro<void> {
        std::string report;
        get_running_loop().set_exception_handler(
            [&report](EventLoop&, const ExceptionContext& context) {
                report = context.message + " " + describe(context.exception);
            });
        const Server server = co_await serve([](StreamReader, StreamWriter) -> Coro<void> {
            throw ValueError("handler");
            co_return;
        });
        auto [reader, writer] = co_await open_connection("127.0.0.1", port_of(server));
        EXPECT_EQ(co_await reader.read(), "");
        EXPECT_EQ(report, "Unhandled exception in client_connected_cb ValueError: handler");
        server.close();
    }());
}

// STR-17
TEST(Server, waits_for_its_connections) {
    run_clean([]() -> Coro<void> {
        const Server server = co_await serve(echo);
        auto [reader, writer] = co_await open_connection("127.0.0.1", port_of(server));
        writer.write("x");
        EXPECT_EQ(co_await reader.read(1), "x");
        server.close();
        EXPECT_FALSE(server.is_serving());
        EXPECT_TRUE(server.sockets().empty());
        const auto closed = create_task(server.wait_closed());
        co_await spin(3);
        EXPECT_FALSE(closed.done());
        writer.close();
        co_await closed;
    }());
}

// STR-18
TEST(Server, closes_and_aborts_its_clients) {
    for (const bool abort : {false, true}) {
        run_clean([](bool aborts) -> Coro<void> {
            const Server server = co_await serve(echo);
            auto [reader, writer] = co_await open_connection("127.0.0.1", port_of(server));
            writer.write("x");
            EXPECT_EQ(co_await reader.read(1), "x");
            server.close();
            aborts ? server.abort_clients() : server.close_clients();
            EXPECT_EQ(co_await reader.read(), "");
            co_await server.wait_closed();
        }(abort));
    }
}

TEST(Server, serves_many_at_once) {
    run_clean([]() -> Coro<void> {
        const Server server = co_await serve(echo);
        const auto talk = [](int port, int i) -> Coro<bool> {
            auto [reader, writer] = co_await open_connection("127.0.0.1", port);
            const Bytes text = "client " + std::to_string(i) + "\n";
            for (int round = 0; round < 10; ++round) {
                writer.write(text);
                const Bytes line = co_await reader.readline();
                if (line != text) co_return false;
            }
            co_return true;
        };
        std::vector<Coro<bool>> clients;
        for (int i = 0; i < 90; ++i) clients.push_back(talk(port_of(server), i));
        for (const bool ok : co_await gather(std::move(clients))) EXPECT_TRUE(ok);
        server.close();
        co_await server.wait_closed();
    }());
}

TEST(Server, serves_until_it_is_cancelled) {
    run_clean([]() -> Coro<void> {
        const Server server = co_await start_server(echo, "127.0.0.1", 0, {.start_serving = false});
        EXPECT_FALSE(server.is_serving());
        const auto serving = create_task(server.serve_forever());
        co_await spin();
        EXPECT_TRUE(server.is_serving());
        EXPECT_EQ(co_await outcome(server.serve_forever()),
                  "RuntimeError: the server is already being awaited on serve_forever()");
        serving.cancel();
        co_await spin(3);
        EXPECT_TRUE(serving.cancelled());
        EXPECT_FALSE(server.is_serving());
        EXPECT_EQ(co_await outcome(server.serve_forever()), "RuntimeError: the server is closed");
    }());
}

TEST(Server, refuses_to_wait_in_another_loop) {
    const auto loop = new_event_loop();
    const Server server = loop->run_until_complete(serve(echo));
    run([](Server elsewhere) -> Coro<void> {
        EXPECT_EQ(co_await outcome(wait_for(elsewhere.wait_closed(), 10s)),
                  "RuntimeError: Server is bound to a different event loop");
        EXPECT_EQ(co_await outcome(wait_for(elsewhere.serve_forever(), 10s)),
                  "RuntimeError: Server is bound to a different event loop");
    }(server));
    EXPECT_TRUE(server.is_serving());
    loop->close();
    run(server.wait_closed());
}

TEST(Server, is_an_async_context_manager) {
    run_clean([]() -> Coro<void> {
        Server server = co_await serve(echo);
        co_await with_async(server, [](Server& entered) -> Coro<void> {
            auto [reader, writer] = co_await open_connection("127.0.0.1", port_of(entered));
            writer.write("x");
            EXPECT_EQ(co_await reader.read(1), "x");
        });
        EXPECT_FALSE(server.is_serving());
    }());
}

TEST(Server, tells_which_address_is_in_use) {
    run_clean([]() -> Coro<void> {
        const Server server = co_await serve(echo);
        const std::string taken =
            co_await outcome(start_server(echo, "127.0.0.1", port_of(server)));
        EXPECT_TRUE(taken.starts_with("OSError: [Errno 98] Address already in use")) << taken;
        EXPECT_NE(taken.find("('127.0.0.1', "), std::string::npos) << taken;
        server.close();
    }());
}

TEST(Server, listens_at_every_address_without_a_host) {
    run_clean([]() -> Coro<void> {
        const Server server = co_await start_server(echo, "", 0, {.family = af_inet});
        EXPECT_EQ(server.sockets()[0].getsockname().host(), "0.0.0.0");
        auto [reader, writer] = co_await open_connection("127.0.0.1", port_of(server));
        writer.write("x");
        EXPECT_EQ(co_await reader.read(1), "x");
        server.close();
    }());
}

// Goal:   a server that cannot listen at all of its addresses listens at none, and leaves nothing
//         behind that a descriptor with the same number would wake.
// Method: another socket listens at the second address, once that is bound.
TEST(Server, does_not_begin_at_some_of_its_addresses_only) {
    run_clean([]() -> Coro<void> {
        Socket other(af_inet6);
        other.set_reuse_address();
        other.set_v6_only();
        other.bind({"::", 0});
        {
            const Server server = co_await start_server(echo, "", other.getsockname().port(),
                                                        {.start_serving = false});
            EXPECT_EQ(server.sockets().size(), 2u);
            other.listen();
            const std::string taken = co_await outcome(server.start_serving());
            EXPECT_TRUE(taken.starts_with("OSError: [Errno 98] ")) << taken;
            EXPECT_FALSE(server.is_serving());
            server.close();
        }
        auto [a, b] = Socket::socketpair();
        auto [c, d] = Socket::socketpair();
        auto [reader, writer] = co_await open_connection(std::move(a));
        auto [reader_of_b, writer_of_b] = co_await open_connection(std::move(b));
        auto [reader_of_c, writer_of_c] = co_await open_connection(std::move(c));
        writer_of_b.write("x");
        EXPECT_EQ(co_await reader.read(1), "x");
        writer.write("y");
        EXPECT_EQ(co_await reader_of_b.read(1), "y");
    }());
}

TEST(Server, accepts_with_a_backlog_of_zero) {
    run_clean([]() -> Coro<void> {
        const Server server = co_await start_server(echo, "127.0.0.1", 0, {.backlog = 0});
        auto [reader, writer] = co_await open_connection("127.0.0.1", port_of(server));
        writer.write("x");
        EXPECT_EQ(co_await outcome(wait_for(reader.read(1), 10s)), "ok");
        server.close();
    }());
}

// So low that nothing can be opened any more, while it lives.
class NoDescriptorLeft {
public:
    NoDescriptorLeft() {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        const Socket lowest;
        const rlimit low{.rlim_cur = static_cast<rlim_t>(lowest.fileno()),
                         .rlim_max = before_.rlim_max};
        ::setrlimit(RLIMIT_NOFILE, &low);
    }
    ~NoDescriptorLeft() { ::setrlimit(RLIMIT_NOFILE, &before_); }
    NoDescriptorLeft(const NoDescriptorLeft&) = delete;
    NoDescriptorLeft& operator=(const NoDescriptorLeft&) = delete;

private:
    rlimit before_{};
};

// A connection that the server has not accepted yet.
Socket connected_to(const Server& server) {
    Socket socket;
    const SocketAddress address = server.sockets()[0].getsockname();
    EXPECT_EQ(::connect(socket.fileno(), reinterpret_cast<const sockaddr*>(address.bytes().data()),
                        static_cast<socklen_t>(address.bytes().size())),
              0);
    socket.setblocking(false);
    return socket;
}

TEST(Server, serves_on_once_there_are_descriptors_again) {
    run_clean([]() -> Coro<void> {
        const Server server = co_await serve(echo);
        std::optional<NoDescriptorLeft> shortage;
        std::vector<std::string> reports;
        get_running_loop().set_exception_handler([&](EventLoop&, const ExceptionContext& context) {
            shortage.reset();
            reports.push_back(context.message + ": " + describe(context.exception));
        });
        Socket client = connected_to(server);
        shortage.emplace();
        while (reports.empty()) co_await spin();
        EXPECT_EQ(reports[0],
                  "socket.accept() out of system resource: "
                  "OSError: [Errno 24] Too many open files");
        EXPECT_TRUE(server.is_serving());
        co_await sock_sendall(client, "x");
        EXPECT_EQ(co_await sock_recv(client, 1), "x");
        EXPECT_EQ(reports.size(), 1u);
        server.close();
    }());
}

TEST(Server, may_be_closed_and_dropped_where_it_is_told_of_a_shortage) {
    run_clean([]() -> Coro<void> {
        std::optional<Server> server = co_await serve(echo);
        std::optional<NoDescriptorLeft> shortage;
        get_running_loop().set_exception_handler([&](EventLoop&, const ExceptionContext&) {
            shortage.reset();
            server->close();
            server.reset();
        });
        const Socket client = connected_to(*server);
        shortage.emplace();
        while (server) co_await spin();
    }());
}

}  // namespace
}  // namespace weft
