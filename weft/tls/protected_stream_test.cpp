// SPDX-License-Identifier: Apache-2.0
// A stream under TLS: what it carries, and how it ends.
#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/io/run.hpp>
#include <weft/io/server.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/io/streams.hpp>
#include <weft/io/streams_test.hpp>
#include <weft/io/transport_security.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/gather.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/testing/fork.hpp>
#include <weft/testing/trace.hpp>
#include <weft/tls/exceptions.hpp>
#include <weft/tls/tls_test.hpp>

namespace weft::ssl {
namespace {

using namespace std::chrono_literals;
using testing::in_fork;
using testing::spin;
using testing::thrown_by;

constexpr std::size_t large = 8 << 20;

Coro<Server> serve_tls(ClientConnected handler, StartServerOptions options = {}) {
    options.ssl = server_context();
    co_return co_await start_server(std::move(handler), "127.0.0.1", 0, std::move(options));
}
Coro<StreamPair> connect_tls(const Server& server, OpenConnectionOptions options = {}) {
    options.ssl = client_context();
    co_return co_await open_connection("127.0.0.1", port_of(server), std::move(options));
}
Coro<void> close_all(Server server) {
    server.close();
    co_await server.wait_closed();
}

void reset_when_closed(const StreamWriter& writer) {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(writer.fileno(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

// A server's end that does only what it is told to: a socket, and the protocol beside it.
class OddServer {
public:
    static Coro<OddServer> accept(StreamPair stream) {
        OddServer self(std::move(stream));
        while (!self.layer_->is_established()) co_await self.receive();
        self.give();
        co_return self;
    }
    Coro<Bytes> receive() {
        Bytes text;
        const Bytes got = co_await stream_.first.read(64 * 1024);
        layer_->decrypt(got, text);
        if (got.empty()) layer_->peer_is_gone();
        give();
        co_return text;
    }
    void say(BytesView text) {
        layer_->encrypt(text);
        give();
    }
    void say_no_more() {
        layer_->end();
        give();
    }
    [[nodiscard]] bool client_has_ended() const { return layer_->peer_has_ended(); }
    [[nodiscard]] const StreamReader& reader() const { return stream_.first; }
    [[nodiscard]] const StreamWriter& socket() const { return stream_.second; }

private:
    explicit OddServer(StreamPair stream)
        : stream_(std::move(stream)), layer_(StreamSecurity(server_context())->server_layer()) {
        layer_->start("");
    }
    void give() {
        stream_.second.write(layer_->outgoing());
        layer_->outgoing().clear();
    }
    StreamPair stream_;
    std::unique_ptr<SecurityLayer> layer_;
};

// A client of weft, and such a server.
struct Odd {
    StreamReader reader;
    StreamWriter writer;
    OddServer server;
};

Coro<Odd> odd_pair(OpenConnectionOptions options = {},
                   std::pair<Socket, Socket> sockets = tcp_pair()) {
    auto [ours, theirs] = std::move(sockets);
    options.ssl = client_context();
    options.server_hostname = "localhost";
    const auto connecting = create_task(open_connection(std::move(ours), std::move(options)));
    StreamPair plain = co_await open_connection(std::move(theirs));
    OddServer server = co_await OddServer::accept(std::move(plain));
    auto [reader, writer] = co_await connecting;
    co_return Odd{std::move(reader), std::move(writer), std::move(server)};
}

TEST(ProtectedStream, carries_more_than_any_buffer_both_ways) {
    run_clean([]() -> Coro<void> {
        const Server server = co_await serve_tls(echo);
        auto [reader, writer] = co_await connect_tls(server);
        const Bytes all = some_bytes(large);
        const auto write = [&]() -> Coro<void> {
            for (std::size_t at = 0; at < large; at += 100'000) {
                writer.write(BytesView(all).substr(at, 100'000));
                co_await writer.drain();
            }
        };
        const auto [got, sent] = co_await gather(reader.readexactly(large), write());
        EXPECT_TRUE(got == all);
        writer.close();
        co_await writer.wait_closed();
        co_await close_all(server);
    }());
}

TEST(ProtectedStream, holds_up_a_writer_whose_peer_does_not_read) {
    run_clean([]() -> Coro<void> {
        const Server server =
            co_await serve_tls([](StreamReader reader, StreamWriter) -> Coro<void> {
                co_await sleep(50ms);
                while (!(co_await reader.read(1 << 16)).empty()) {
                }
            });
        auto [reader, writer] = co_await connect_tls(server);
        std::size_t most = 0;
        for (int i = 0; i < 200; ++i) {
            writer.write(Bytes(100'000, 'x'));
            most = std::max(most, writer.get_write_buffer_size());
            co_await writer.drain();
        }
        EXPECT_LT(most, 300'000U);
        writer.close();
        co_await writer.wait_closed();
        co_await close_all(server);
    }());
}

TEST(ProtectedStream, reads_no_more_than_its_limit_allows) {
    run_clean([]() -> Coro<void> {
        const Server server =
            co_await serve_tls([](StreamReader, StreamWriter writer) -> Coro<void> {
                writer.write(Bytes(large, 'x'));
                co_await outcome(writer.drain());
            });
        auto [reader, writer] = co_await connect_tls(server);
        co_await sleep(100ms);
        EXPECT_LT(reader.buffered().size(), std::size_t{4} << 20);
        EXPECT_EQ((co_await reader.readexactly(large)).size(), large);
        EXPECT_EQ(co_await reader.read(), "");
        writer.close();
        co_await close_all(server);
    }());
}

TEST(ProtectedStream, waits_until_all_is_sent) {
    run_clean([]() -> Coro<void> {
        const Server server = co_await serve_tls(echo);
        auto [reader, writer] = co_await connect_tls(server);
        const Bytes all = some_bytes(large);
        const auto reading = create_task(reader.readexactly(large));
        EXPECT_TRUE((co_await writer.write_all(all)).has_value());
        EXPECT_EQ(writer.get_write_buffer_size(), 0U);
        EXPECT_TRUE(co_await reading == all);
        writer.close();
        co_await close_all(server);
        EXPECT_EQ((co_await writer.write_all("late")).error(), std::errc::connection_reset);
    }());
}

TEST(ProtectedStream, loses_nothing_when_a_read_is_cancelled) {
    run_clean([]() -> Coro<void> {
        Odd odd = co_await odd_pair();
        for (int i = 0; i < 3; ++i) {
            const auto reading = create_task(odd.reader.readexactly(4));
            co_await spin();
            odd.server.say("ab");
            co_await sleep(5ms);
            reading.cancel();
            EXPECT_EQ(co_await testing::ended(reading), "CancelledError");
            odd.server.say("cd");
            EXPECT_EQ(co_await odd.reader.readexactly(4), "abcd");
        }
        odd.writer.abort();
    }());
}

// ---- ends

TEST(ProtectedStream, has_no_end_in_one_direction) {
    run_clean([]() -> Coro<void> {
        const Server server = co_await serve_tls(echo);
        auto [reader, writer] = co_await connect_tls(server);
        EXPECT_FALSE(writer.can_write_eof());
        EXPECT_EQ(thrown_by([&] {
                      writer.write_eof();
                      return 0;
                  }),
                  "NotImplementedError: a protected stream has no end of its own in one "
                  "direction");
        writer.close();
        co_await close_all(server);
    }());
}

TEST(ProtectedStream, that_is_closed_tells_the_peer_and_waits_for_its_answer) {
    run_clean([]() -> Coro<void> {
        Odd odd = co_await odd_pair();
        odd.writer.write("the last");
        odd.writer.close();
        const auto closing = create_task(odd.writer.wait_closed());
        Bytes text;
        while (!odd.server.client_has_ended()) text += co_await odd.server.receive();
        EXPECT_EQ(text, "the last");
        co_await sleep(20ms);
        EXPECT_FALSE(closing.done());
        odd.server.say("a text that nobody reads");
        co_await sleep(5ms);
        EXPECT_FALSE(closing.done());
        odd.server.say_no_more();
        co_await closing;
        EXPECT_EQ(co_await odd.reader.read(), "");
        EXPECT_EQ(co_await odd.server.reader().read(), "");
    }());
}

TEST(ProtectedStream, that_is_closed_sends_all_to_a_slow_peer_first) {
    run_clean([]() -> Coro<void> {
        // Of which the system keeps less than of TCP's.
        Odd odd = co_await odd_pair({.ssl_shutdown_timeout = 2s}, Socket::socketpair());
        constexpr std::size_t all = std::size_t{4} << 20;
        odd.writer.write(Bytes(all, 'x'));
        const TimePoint closed_at = get_running_loop().time();
        odd.writer.close();
        std::size_t got = 0;
        // In steps that are short of the limit, and together above it: there is room again once the
        // peer has taken three quarters of what the system keeps.
        while (!odd.server.client_has_ended()) {
            got += (co_await odd.server.receive()).size();
            co_await sleep(50ms);
        }
        EXPECT_EQ(got, all);
        EXPECT_GT(get_running_loop().time() - closed_at, 2s);
        odd.server.say_no_more();
        co_await odd.writer.wait_closed();
    }());
}

// What the protocol itself has to say is no text that comes after the end.
TEST(ProtectedStream, whose_reader_was_told_of_the_end_hears_that_of_the_peer) {
    run_clean([]() -> Coro<void> {
        Odd odd = co_await odd_pair();
        odd.reader.feed_eof();
        odd.server.say_no_more();
        while (!odd.server.client_has_ended()) co_await odd.server.receive();
        EXPECT_EQ(co_await outcome(odd.writer.wait_closed()), "ok");
    }());
}

TEST(ProtectedStream, that_is_closed_does_not_wait_for_ever) {
    run_clean([]() -> Coro<void> {
        Odd odd = co_await odd_pair({.ssl_shutdown_timeout = 50ms});
        odd.writer.close();
        EXPECT_EQ(co_await outcome(odd.writer.wait_closed()),
                  "TimeoutError: SSL shutdown timed out");
    }());
}

// Whoever ends it: a peer that says that it sends no more, and takes nothing either.
TEST(ProtectedStream, that_the_peer_has_ended_does_not_wait_for_ever) {
    run_clean([]() -> Coro<void> {
        // Of which the system keeps less than of TCP's.
        Odd odd = co_await odd_pair({.ssl_shutdown_timeout = 50ms}, Socket::socketpair());
        odd.writer.write(Bytes(large, 'x'));
        odd.server.say_no_more();
        EXPECT_EQ(co_await outcome(odd.writer.wait_closed()),
                  "TimeoutError: SSL shutdown timed out");
    }());
}

TEST(ProtectedStream, that_is_closed_although_its_reader_has_enough) {
    run_clean([]() -> Coro<void> {
        Odd odd = co_await odd_pair({.limit = 1000, .ssl_shutdown_timeout = 5s});
        odd.server.say(Bytes(1 << 20, 'x'));
        co_await sleep(20ms);  // it reads no more
        odd.writer.close();
        while (!odd.server.client_has_ended()) co_await odd.server.receive();
        odd.server.say_no_more();
        co_await odd.writer.wait_closed();
    }());
}

TEST(ProtectedStream, that_is_closed_takes_a_peer_that_leaves_for_an_answer) {
    run_clean([]() -> Coro<void> {
        Odd odd = co_await odd_pair();
        odd.writer.close();
        while (!odd.server.client_has_ended()) co_await odd.server.receive();
        odd.server.socket().close();
        EXPECT_EQ(co_await outcome(odd.writer.wait_closed()), "ok");
    }());
}

TEST(ProtectedStream, ends_where_the_peer_says_so_and_answers) {
    run_clean([]() -> Coro<void> {
        Odd odd = co_await odd_pair();
        odd.server.say("all");
        odd.server.say_no_more();
        EXPECT_EQ(co_await odd.reader.read(), "all");
        EXPECT_TRUE(odd.reader.at_eof());
        while (!odd.server.client_has_ended()) co_await odd.server.receive();
        co_await odd.writer.wait_closed();
        odd.writer.write("too late");  // dropped, as after any end
    }());
}

// What an attacker on the way can do to a connection: cut it off.
TEST(ProtectedStream, that_is_cut_off_is_an_error_after_what_came) {
    run_clean([]() -> Coro<void> {
        Odd odd = co_await odd_pair();
        odd.server.say("half");
        odd.server.socket().close();
        EXPECT_EQ(co_await odd.reader.readexactly(4), "half");
        EXPECT_THROW(co_await odd.reader.read(), SSLEOFError);
        EXPECT_THROW(co_await odd.writer.drain(), SSLEOFError);
        EXPECT_THROW(co_await odd.writer.wait_closed(), SSLEOFError);
    }());
}

TEST(ProtectedStream, is_reset_like_any_other) {
    run_clean([]() -> Coro<void> {
        const Server server =
            co_await serve_tls([](StreamReader reader, StreamWriter writer) -> Coro<void> {
                co_await reader.readline();
                reset_when_closed(writer);
                writer.abort();
            });
        auto [reader, writer] = co_await connect_tls(server);
        writer.write("x\n");
        EXPECT_THROW(co_await reader.read(), ConnectionResetError);
        writer.close();
        co_await close_all(server);
    }());
}

TEST(ProtectedStream, that_is_closed_takes_a_reset_for_an_answer_once_all_is_sent) {
    run_clean([]() -> Coro<void> {
        Odd odd = co_await odd_pair();
        odd.writer.write("x");
        odd.writer.close();
        co_await spin();
        reset_when_closed(odd.server.socket());
        odd.server.socket().abort();
        EXPECT_EQ(co_await outcome(odd.writer.wait_closed()), "ok");
    }());
}

// In the child of a fork the connection is its parent's, who goes on.
TEST(ProtectedStream, is_not_ended_by_the_child_of_a_fork) {
    run_clean([]() -> Coro<void> {
        const Server server = co_await serve_tls(echo);
        auto [reader, writer] = co_await connect_tls(server);
        EXPECT_EQ(in_fork([&] {
                      writer.close();
                      return 0;
                  }),
                  0);
        writer.write("still\n");
        EXPECT_EQ(co_await reader.readline(), "still\n");
        writer.close();
        co_await close_all(server);
    }());
}

TEST(ProtectedStream, that_is_aborted_says_nothing_more) {
    run_clean([]() -> Coro<void> {
        Odd odd = co_await odd_pair();
        odd.writer.abort();
        EXPECT_EQ(co_await outcome(odd.writer.wait_closed()), "ok");
        EXPECT_NE(co_await outcome(odd.server.receive()), "ok");
        EXPECT_FALSE(odd.server.client_has_ended());
    }());
}

TEST(ProtectedStream, ends_at_a_record_that_was_forged) {
    run_clean([]() -> Coro<void> {
        Odd odd = co_await odd_pair();
        odd.server.say("true");
        odd.server.socket().write(Bytes("\x17\x03\x03\x00\x20", 5) + Bytes(32, 'f'));
        EXPECT_EQ(co_await odd.reader.readexactly(4), "true");
        EXPECT_EQ(co_await outcome(odd.reader.read()),
                  "ssl::SSLError: [SSL: DECRYPTION_FAILED_OR_BAD_RECORD_MAC] decryption failed or "
                  "bad record mac");
        EXPECT_FALSE((co_await odd.server.reader().read()).empty());  // it was told: an alert
    }());
}

TEST(ProtectedStream, of_a_loop_that_ends_is_closed_with_it) {
    const std::size_t before = open_descriptors();
    run([]() -> Coro<void> {
        const Server server = co_await serve_tls(echo);
        auto [reader, writer] = co_await connect_tls(server);
        writer.close();  // it waits for an answer
    }());
    EXPECT_EQ(open_descriptors(), before);
}

// Goal:   nothing is lost, doubled or mixed up, whatever is cancelled when.
// Method: ten connections echo, each checks its own bytes, and reads are given up at random.
TEST(ProtectedStream, storm_of_cancellations) {
    run_clean([]() -> Coro<void> {
        const Server server = co_await serve_tls(echo);
        const auto talk = [](const Server& to, unsigned seed) -> Coro<void> {
            auto [reader, writer] = co_await connect_tls(to);
            const auto next = [&seed] { return (seed = seed * 1103515245 + 12345) >> 16; };
            for (int i = 0; i < 60; ++i) {
                const Bytes text = Bytes(next() % 40'000, static_cast<char>(next())) + "\n";
                writer.write(text);
                const auto reading =
                    create_task(reader.readexactly(static_cast<std::ptrdiff_t>(text.size())));
                for (unsigned turns = next() % 3; turns > 0; --turns) co_await spin();
                const bool given_up =
                    reading.cancel() && (co_await testing::ended(reading)) == "CancelledError";
                const Bytes got =
                    given_up ? co_await reader.readexactly(static_cast<std::ptrdiff_t>(text.size()))
                             : co_await reading;
                EXPECT_TRUE(got == text);
            }
            writer.close();
            co_await writer.wait_closed();
        };
        std::vector<Task<void>> all;
        for (unsigned i = 0; i < 10; ++i) all.push_back(create_task(talk(server, i)));
        for (const auto& one : all) co_await one;
        co_await close_all(server);
    }());
}

}  // namespace
}  // namespace weft::ssl
