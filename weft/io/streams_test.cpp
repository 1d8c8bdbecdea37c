// SPDX-License-Identifier: Apache-2.0
#include <weft/io/streams.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <weft/base/bytes.hpp>
#include <weft/io/run.hpp>
#include <weft/io/server.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/io/streams_test.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/timeout.hpp>
#include <weft/testing/fork.hpp>
#include <weft/testing/trace.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;
using testing::in_fork;
using testing::spin;
using testing::thrown_by;

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

TEST(Streams, connect_to_the_first_address_that_answers) {
    run_clean([]() -> Coro<void> {
        const Server server = co_await serve(echo);
        Socket deaf(af_inet);  // bound, and not listening
        deaf.bind({"127.0.0.1", 0});
        const SocketAddress address = server.sockets()[0].getsockname();
        auto [reader, writer] = co_await open_connection({deaf.getsockname(), address});
        EXPECT_EQ(writer.peername(), address);
        writer.close();
        co_await writer.wait_closed();
        EXPECT_EQ(co_await outcome(open_connection(std::vector<SocketAddress>())),
                  "ValueError: there is no address to connect to");
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

// Goal: what fills the buffer that a backend lends is taken with it: the next one gets another.
TEST(Streams, give_each_its_own_when_much_comes_for_several_at_once) {
    run_clean([]() -> Coro<void> {
        constexpr std::size_t each = 100'000;
        std::vector<StreamPair> readers;
        std::vector<Socket> writers;
        for (int i = 0; i < 8; ++i) {
            auto [here, there] = i % 2 == 0 ? tcp_pair() : Socket::socketpair();
            there.set_send_buffer_size(2 * each);  // where all of it finds room at once
            readers.push_back(co_await open_connection(std::move(here)));
            writers.push_back(std::move(there));
        }
        for (int round = 0; round < 3; ++round) {
            for (std::size_t i = 0; i < writers.size(); ++i) {
                const Bytes all(i == 3 ? 10 : each, static_cast<char>('a' + i));
                EXPECT_EQ(::send(writers[i].fileno(), all.data(), all.size(), MSG_DONTWAIT),
                          static_cast<ssize_t>(all.size()));
            }
            for (std::size_t i = 0; i < readers.size(); ++i) {
                const Bytes all(i == 3 ? 10 : each, static_cast<char>('a' + i));
                EXPECT_TRUE(co_await readers[i].first.readexactly(all.size()) == all) << i;
            }
        }
    }());
}

// Goal: a reader that is slow holds the sender up, and nobody buffers more than the marks say.
// What may still come when a reader has had enough.
std::size_t at_once_bytes_max() {
    // io_uring has received what the system had in its own buffer before the loop is told.
    return get_running_loop().backend() == "epoll" ? 64 * 1024 : 4 * 1024 * 1024;
}

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
            EXPECT_LE(peer_reader.buffered().size(), 2u * 1000 + at_once_bytes_max());
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
        EXPECT_EQ(in_fork([&] {
                      server.close();
                      writer.close();
                      writer.write(some_bytes(1));
                      return 0;
                  }),
                  0);
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
        Socket deaf;  // bound, and not listening: nobody else can
        deaf.bind({"127.0.0.1", 0});
        const int port = deaf.getsockname().port();
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

// As in asyncio, a path that begins with a null byte is a name in no file system.
TEST(Streams, are_unix_sockets_with_an_abstract_name_as_well) {
    run_clean([]() -> Coro<void> {
        const std::string name =
            '\0' + std::string("weft_streams_test\0", 18) + std::to_string(::getpid());
        const Server server = co_await start_unix_server(echo, name);
        EXPECT_EQ(server.sockets()[0].getsockname().path(), name);
        {
            auto [reader, writer] = co_await open_unix_connection(name);
            EXPECT_EQ(writer.peername().path(), name);
            writer.write("x");
            EXPECT_EQ(co_await reader.read(1), "x");
        }
        const std::string taken = co_await outcome(start_unix_server(echo, name));
        EXPECT_TRUE(taken.starts_with("OSError: [Errno 98] Address already in use")) << taken;
        server.close();
        co_await server.wait_closed();
        const std::string gone = co_await outcome(open_unix_connection(name));
        EXPECT_TRUE(gone.starts_with("ConnectionRefusedError: ")) << gone;
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

}  // namespace
}  // namespace weft
