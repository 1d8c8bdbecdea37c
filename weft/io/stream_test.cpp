// SPDX-License-Identifier: Apache-2.0
// weft/io/stream_test.cpp - both directions in one object, and write_all().
#include <weft/io/stream.hpp>

#include <cstddef>
#include <string>
#include <system_error>
#include <utility>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/io/run.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/io/streams.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/gather.hpp>
#include <weft/runtime/task.hpp>
#include <weft/testing/trace.hpp>

namespace weft {
namespace {

using testing::spin;

// More than the buffers of a Unix socket take.
constexpr std::size_t much = 4 * 1024 * 1024;

struct Ends {
    Stream here;
    Stream there;
};
Coro<Ends> connected() {
    auto [a, b] = Socket::socketpair();
    Stream here = co_await open_connection(std::move(a));
    Stream there = co_await open_connection(std::move(b));
    co_return Ends{.here = std::move(here), .there = std::move(there)};
}

std::string text_of(const WriteResult& sent) { return sent ? "sent" : sent.error().message(); }

TEST(Stream, reads_and_writes) {
    run([]() -> Coro<void> {
        const auto [here, there] = co_await connected();
        EXPECT_TRUE(co_await here.write_all("a line\nfour"));
        EXPECT_EQ(co_await there.readline(), "a line\n");
        EXPECT_EQ(co_await there.readexactly(4), "four");
        there.write("one;two\n");
        co_await there.drain();
        EXPECT_EQ(co_await here.readuntil(";"), "one;");
        EXPECT_EQ(*co_await here.next(), "two\n");
        here.write_eof();
        EXPECT_EQ(co_await there.read(), "");
        EXPECT_TRUE(there.at_eof());
        EXPECT_FALSE(here.at_eof());
        there.close();
        EXPECT_TRUE(there.is_closing());
        co_await there.wait_closed();
        EXPECT_EQ(there.fileno(), -1);
    }());
}

TEST(Stream, goes_both_ways_at_once) {
    run([]() -> Coro<void> {
        const auto [here, there] = co_await connected();
        const Bytes all(much, 'x');
        const auto send = [&](const Stream& stream) -> Coro<bool> {
            const auto sent = co_await stream.write_all(all);
            stream.write_eof();
            co_return sent.has_value();
        };
        const auto [sent_here, sent_there, got_here, got_there] =
            co_await gather(send(here), send(there), here.read(), there.read());
        EXPECT_TRUE(sent_here);
        EXPECT_TRUE(sent_there);
        EXPECT_TRUE(got_here == all);
        EXPECT_TRUE(got_there == all);
    }());
}

TEST(Stream, write_all_waits_until_the_system_has_it_all) {
    run([]() -> Coro<void> {
        const auto [here, there] = co_await connected();
        // Far below the marks of drain(), which would not wait.
        here.writer().set_write_buffer_limits({.high = 2 * much});
        const Bytes all(much, 'x');
        const auto sending = create_task(here.write_all(all));
        co_await spin(3);
        EXPECT_FALSE(sending.done());
        EXPECT_GT(here.writer().get_write_buffer_size(), 0U);
        EXPECT_EQ((co_await there.readexactly(much)).size(), much);
        EXPECT_TRUE(co_await sending);
        EXPECT_EQ(here.writer().get_write_buffer_size(), 0U);
    }());
}

TEST(Stream, write_all_gives_the_error_of_the_connection) {
    run([]() -> Coro<void> {
        const auto [here, there] = co_await connected();
        const Bytes all(much, 'x');
        const auto sending = create_task(here.write_all(all));
        co_await spin(3);
        there.abort();
        const auto sent = co_await sending;
        // Whether sending or receiving hears of it first is the system's.
        EXPECT_TRUE(sent.error() == std::errc::broken_pipe ||
                    sent.error() == std::errc::connection_reset)
            << text_of(sent);
        EXPECT_EQ((co_await here.write_all("more")).error(), sent.error());
    }());
}

TEST(Stream, write_all_to_a_peer_that_has_gone) {
    run([]() -> Coro<void> {
        const auto [here, there] = co_await connected();
        there.abort();
        co_await there.wait_closed();
        EXPECT_EQ((co_await here.write_all("x")).error(), std::errc::broken_pipe);
    }());
}

TEST(Stream, write_all_tells_what_this_side_has_dropped) {
    run([]() -> Coro<void> {
        const auto [here, there] = co_await connected();
        const Bytes all(much, 'x');
        const auto sending = create_task(here.write_all(all));
        co_await spin(3);
        here.abort();
        EXPECT_EQ((co_await sending).error(), std::errc::connection_reset);
        EXPECT_EQ((co_await here.write_all("x")).error(), std::errc::connection_reset);
    }());
}

TEST(Stream, close_sends_what_write_all_waits_for) {
    run([]() -> Coro<void> {
        const auto [here, there] = co_await connected();
        const Bytes all(much, 'x');
        const auto sending = create_task(here.write_all(all));
        co_await spin(3);
        here.close();
        EXPECT_TRUE(co_await there.read() == all);
        EXPECT_TRUE(co_await sending);
    }());
}

// What others write afterwards is theirs.
TEST(Stream, write_all_answers_for_its_own_bytes) {
    run([]() -> Coro<void> {
        const auto [here, there] = co_await connected();
        const Bytes all(much, 'x');
        const auto first = create_task(here.write_all(all));
        co_await spin(1);
        here.write(all);
        co_await there.readexactly(much);
        co_await spin(3);
        EXPECT_TRUE(first.done());
        here.abort();
        EXPECT_TRUE(co_await first);
    }());
}

TEST(Stream, write_all_after_close_does_not_wait) {
    run([]() -> Coro<void> {
        const auto [here, there] = co_await connected();
        here.write(Bytes(much, 'x'));
        here.close();
        EXPECT_EQ((co_await here.write_all("x")).error(), std::errc::connection_reset);
        here.abort();
    }());
}

TEST(Stream, write_all_takes_its_bytes_at_once) {
    run([]() -> Coro<void> {
        const auto [here, there] = co_await connected();
        const auto sending = create_task(here.write_all(Bytes(much, 'x')));
        const Bytes got = co_await there.readexactly(much);
        EXPECT_TRUE(got == Bytes(much, 'x'));
        EXPECT_TRUE(co_await sending);
    }());
}

TEST(Stream, a_cancelled_write_all_is_still_sent) {
    run([]() -> Coro<void> {
        const auto [here, there] = co_await connected();
        Bytes all(much, 'x');
        const auto sending = create_task(here.write_all(all));
        co_await spin(3);
        sending.cancel();
        co_await testing::ended(sending);
        EXPECT_TRUE(sending.cancelled());
        all.assign(all.size(), 'y');  // what was written was copied
        here.write_eof();
        EXPECT_EQ(co_await there.read(), Bytes(much, 'x'));
    }());
}

TEST(Stream, write_all_after_the_end_is_misuse) {
    run([]() -> Coro<void> {
        const auto [here, there] = co_await connected();
        here.write_eof();
        EXPECT_THROW(static_cast<void>(co_await here.write_all("x")), RuntimeError);
    }());
}

}  // namespace
}  // namespace weft
