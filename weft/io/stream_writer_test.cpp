// SPDX-License-Identifier: Apache-2.0
#include <weft/io/stream_writer.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/io/run.hpp>
#include <weft/io/server.hpp>
#include <weft/io/sock.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/streams.hpp>
#include <weft/io/streams_test.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/executor.hpp>
#include <weft/runtime/gather.hpp>
#include <weft/runtime/timeout.hpp>
#include <weft/testing/log_capture.hpp>
#include <weft/testing/trace.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;
using testing::spin;
using testing::thrown_by;

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

// Goal: debug mode warns of a connection that was opened and not closed, not of a handler's.
TEST(StreamWriter, is_reported_unclosed_in_debug_mode_but_by_a_handler) {
    const testing::LogCapture log;
    run(
        []() -> Coro<void> {
            get_running_loop().slow_callback_duration = 1min;  // nothing to tell of here
            const Server server =
                co_await serve([](StreamReader, StreamWriter) -> Coro<void> { co_return; });
            auto [reader, writer] = co_await open_connection("127.0.0.1", port_of(server));
            EXPECT_EQ(co_await reader.read(), "");
            EXPECT_EQ(testing::LogCapture::told(), "");
            server.close();
        }(),
        {.debug = true});
    EXPECT_TRUE(
        log.told().starts_with("unclosed StreamWriter of the connection with ('127.0.0.1', "))
        << log.told();
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

}  // namespace
}  // namespace weft
