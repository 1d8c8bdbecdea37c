// SPDX-License-Identifier: Apache-2.0
// What each way to fail is called. The peers are scripted.
#include <cerrno>
#include <cstddef>
#include <exception>
#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/http/client/client_test.hpp>
#include <weft/http/client/connector.hpp>
#include <weft/http/client/exceptions.hpp>
#include <weft/http/client/session.hpp>
#include <weft/http/client/timeout.hpp>
#include <weft/http/client_error.hpp>
#include <weft/io/resolver.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/io/standing_clock_test.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/coro_function.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/timeout.hpp>
#include <weft/testing/scripted_peer.hpp>
#include <weft/testing/trace.hpp>

namespace weft::http {
namespace {

using namespace std::chrono_literals;
using testing::answering;
using testing::PeerScript;
using testing::spin;

// Sends a part of a response, and then it is over with.
PeerScript sending(Bytes data, void (PeerConnection::*end)() const) {
    return [data = std::move(data), end](PeerConnection& client) -> Coro<void> {
        co_await client.request();
        client.send(data);
        (client.*end)();
        co_await client.stall();
    };
}

Coro<std::string> outcome_with(PeerScript script, SessionOptions options = {}) {
    const auto peer = co_await ScriptedPeer::start(std::move(script));
    const std::string url = peer.url();
    std::string text = co_await fetch_outcome(url, std::move(options));
    if (const auto at = text.find(url); at != std::string::npos)
        text.replace(at, url.size(), "URL");
    co_await peer.stop();
    co_return text;
}

struct Broken {
    Bytes response;
    void (PeerConnection::*end)() const;
    std::string outcome;
};

TEST(ClientErrors, name_what_was_wrong_with_the_response) {
    const auto close = &PeerConnection::close;
    const auto reset = &PeerConnection::reset;
    const Bytes head = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
    const Broken cases[] = {
        {"", close, "ServerDisconnectedError: the server closed the connection without a response"},
        {"", reset, "ClientOSError: [Errno 104] Connection reset by peer: connection with "},
        {"HTTP/1.1 200 OK\r\nContent-Le", close,
         "ClientResponseError: message='the connection ended within the message; at byte 27 of the "
         "message', url='URL'"},
        {"SSH-2.0-OpenSSH\r\n", close, "ClientResponseError: message='"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", close,
         "ClientResponseError: message='"},
        {head + "hell", close,
         "ClientPayloadError: the connection ended within the message; at byte "},
        {head + "hell", reset,
         "ClientPayloadError: the connection was lost before the body was complete: [Errno 104]"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", close,
         "ClientPayloadError: the connection ended within the message; at byte "},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5x\r\nhello\r\n", close,
         "ClientPayloadError: '5x' "},
    };
    for (const Broken& broken : cases) {
        SCOPED_TRACE(broken.response);
        run_clean([](const Broken& expected) -> Coro<void> {
            const auto text = co_await outcome_with(sending(expected.response, expected.end));
            EXPECT_EQ(text.substr(0, expected.outcome.size()), expected.outcome) << text;
        }(broken));
    }
}

TEST(ClientErrors, are_what_their_bases_in_python_are) {
    const auto made = [](auto error) { return std::make_exception_ptr(std::move(error)); };
    const auto timeout = made(SocketTimeoutError("late"));
    EXPECT_TRUE(holds<ServerTimeoutError>(timeout));
    EXPECT_TRUE(holds<ServerConnectionError>(timeout));
    EXPECT_TRUE(holds<TimeoutError>(timeout));
    EXPECT_TRUE(holds<OSError>(timeout));
    EXPECT_TRUE(holds<ClientError>(timeout));
    EXPECT_TRUE(holds<std::exception>(timeout));
    EXPECT_EQ(message(timeout), "late");
    const auto dns = made(ClientConnectorDNSError("host", 80, 3, "no such name"));
    EXPECT_TRUE(holds<ClientConnectorError>(dns));
    EXPECT_TRUE(holds<ClientOSError>(dns));
    EXPECT_TRUE(holds<OSError>(dns));
    EXPECT_EQ(message(dns), "Cannot connect to host host:80: no such name");
}

TEST(ClientErrors, tell_that_nobody_listens) {
    run_clean([]() -> Coro<void> {
        Socket taken(af_inet);  // bound, and not listening
        taken.bind({"127.0.0.1", 0});
        const int port = taken.getsockname().port();
        ClientSession session;
        try {
            co_await session.get("http://127.0.0.1:" + std::to_string(port) + "/");
            ADD_FAILURE() << "nothing was thrown";
        } catch (const ClientConnectorError& error) {
            EXPECT_EQ(error.host(), "127.0.0.1");
            EXPECT_EQ(error.port(), port);
            EXPECT_EQ(error.code(), ECONNREFUSED);
            EXPECT_TRUE(holds<ConnectionRefusedError>(error.cause()));
        }
        EXPECT_EQ(session.connector().in_use(), 0U);
        co_await session.close();
    }());
}

TEST(ClientErrors, tell_that_a_name_is_unknown) {
    run_clean([]() -> Coro<void> {
        // Nobody answers at that port.
        const Resolver resolver(
            {.nameservers = {{"127.0.0.1", 1}}, .timeout = 50ms, .attempts = 1});
        const auto text = co_await fetch_outcome(
            "http://no-such-host.invalid/", {.connector = TCPConnector({.resolver = resolver})});
        EXPECT_TRUE(text.starts_with(
            "ClientConnectorDNSError: Cannot connect to host no-such-host.invalid:80: "))
            << text;
    }());
}

TEST(ClientErrors, refuse_a_body_over_the_limit) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(
            answering(response_of("hello")),
            answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"));
        ClientSession session;
        EXPECT_EQ(co_await session.get(peer.url()).read(5), "hello");
        EXPECT_EQ(co_await outcome_of(session.get(peer.url()).read(4)),
                  "ClientPayloadError: the body is longer than bytes_max, 4 bytes");
        auto held = co_await session.get(peer.url());
        EXPECT_EQ(co_await outcome_of(session.get(peer.url()).read(4)),
                  "ClientPayloadError: the body is longer than bytes_max, 4 bytes");
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(ClientErrors, refuse_a_body_over_the_limit_of_its_session_or_request) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(
            answering("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                      "Content-Length: 5\r\n\r\n12345"));
        const std::string refused =
            "ClientPayloadError: the body is longer than read_bytes_max, 4 bytes";
        ClientSession session({.body_limits = {.read_bytes_max = 4}});
        EXPECT_EQ(co_await outcome_of(session.get(peer.url()).read()), refused);
        EXPECT_EQ(co_await outcome_of(session.get(peer.url()).text()), refused);
        const auto number = co_await as_result(session.get(peer.url()).json<int>());
        EXPECT_TRUE(!number && holds<ClientPayloadError>(number.error()));
        EXPECT_EQ(co_await session.get(peer.url()).read(5), "12345");
        auto streamed = co_await session.get(peer.url());
        auto pieces = streamed.content();
        EXPECT_EQ(co_await pieces.next(), "12345");
        EXPECT_EQ(co_await session.get(peer.url()).body_limits({}).json<int>(), 12345);
        co_await session.close();
        co_await peer.stop();
    }());
}

// ---- limits of time

TEST(ClientTimeouts, are_told_by_their_name) {
    struct Case {
        ClientTimeout timeout;
        Bytes sent;
        const char* outcome;
    };
    const Bytes half = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe";
    const Case cases[] = {
        {{.total = 20ms},
         "",
         "ServerTimeoutError: the request took longer than its limit total, 0.02 s"},
        {{.total = 20ms},
         half,
         "ServerTimeoutError: the request took longer than its limit total, 0.02 s"},
        {{.sock_read = 20ms},
         "",
         "SocketTimeoutError: nothing came from the server within the limit sock_read, 0.02 s"},
        {{.sock_read = 20ms},
         half,
         "SocketTimeoutError: nothing came from the server within the limit sock_read, 0.02 s"},
    };
    for (const Case& limited : cases) {
        run_clean([](const Case& expected) -> Coro<void> {
            const auto stalling = [&](PeerConnection& client) -> Coro<void> {
                co_await client.request();
                client.send(expected.sent);
                co_await client.stall();
            };
            EXPECT_EQ(co_await outcome_with(stalling, {.timeout = expected.timeout}),
                      expected.outcome);
        }(limited));
    }
}

// Gives 20 bytes, each so long after the client has got the one before. What the client does with one,
// it does in `then`.
Coro<std::string> outcome_of_dripping(StandingClock& clock, Nanoseconds each, ClientTimeout timeout,
                                      CoroFunction<Coro<void>(std::size_t)> then) {
    constexpr std::size_t count = 20;
    struct Client {
        Bytes got;
        bool has_ended = false;
    };
    const auto state = std::make_shared<Client>();  // which may outlive this frame
    const auto drip = [&clock, each, state](PeerConnection& client) -> Coro<void> {
        co_await client.request();
        client.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(count) + "\r\n\r\n");
        for (std::size_t sent = 0; sent < count; ++sent) {
            while (state->got.size() < sent && !state->has_ended) co_await spin();
            if (state->has_ended) co_return;
            clock.advance(each);
            client.send(".");
        }
        co_await client.stall();
    };
    const auto peer = co_await ScriptedPeer::start(drip);
    ClientSession session;
    const auto fetch = [&]() -> Coro<Bytes> {
        auto response = co_await session.get(peer.url()).timeout(timeout);
        auto pieces = response.content();
        while (auto piece = co_await pieces.next()) {
            state->got += *piece;
            co_await then(state->got.size());
        }
        co_return state->got;
    };
    std::string told = co_await outcome_of(fetch());
    state->has_ended = true;
    co_await session.close();
    co_await peer.stop();
    co_return told;
}
Coro<void> nothing(std::size_t) { co_return; }

TEST(ClientTimeouts, of_a_read_begin_anew_with_each_piece) {
    run_under_clock([](StandingClock& clock) -> Coro<void> {
        EXPECT_EQ(co_await outcome_of_dripping(clock, 900ms, {.sock_read = 1s}, nothing),
                  Bytes(20, '.'));
    });
}

TEST(ClientTimeouts, give_up_a_server_that_is_too_slow) {
    run_under_clock([](StandingClock& clock) -> Coro<void> {
        const ClientTimeout limit{.low_speed = ClientTimeout::LowSpeed{.bytes = 2, .window = 50ms}};
        EXPECT_EQ(co_await outcome_of_dripping(clock, 80ms, limit, nothing),
                  "SocketTimeoutError: the server sent less than the limit low_speed asks for, "
                  "2 bytes in 0.05 s");
        EXPECT_EQ(co_await outcome_of_dripping(clock, 15ms, limit, nothing), Bytes(20, '.'));
    });
}

TEST(ClientTimeouts, do_not_blame_a_server_for_who_reads_slowly) {
    run_under_clock([](StandingClock& clock) -> Coro<void> {
        const ClientTimeout limit{.low_speed = ClientTimeout::LowSpeed{.bytes = 1, .window = 30ms}};
        const auto rest = [&](std::size_t got) -> Coro<void> {
            if (got < 5) co_await pass(clock, 50ms);
        };
        EXPECT_EQ(co_await outcome_of_dripping(clock, 5ms, limit, rest), Bytes(20, '.'));
    });
}

TEST(ClientTimeouts, of_low_speed_look_at_each_stretch) {
    run_clean([]() -> Coro<void> {
        const auto fast_and_slow = [](PeerConnection& client) -> Coro<void> {
            co_await client.request();
            client.send("HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n");
            co_await sleep(5ms);
            client.send(Bytes(8000, 'x'));
            co_await client.stall();
        };
        const ClientTimeout::LowSpeed limit{.bytes = 1000, .window = 30ms};
        EXPECT_TRUE(
            (co_await outcome_with(fast_and_slow, {.timeout = {.total = 10s, .low_speed = limit}}))
                .starts_with("SocketTimeoutError: the server sent less than"));
    }());
}

TEST(ClientTimeouts, of_low_speed_look_at_the_body_alone) {
    run_under_clock([](StandingClock& clock) -> Coro<void> {
        const auto late = [&](PeerConnection& client) -> Coro<void> {
            co_await client.request();
            co_await pass(clock, 100ms);
            client.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
            clock.advance(5ms);
            client.send("hi");
            co_await client.stall();
        };
        const ClientTimeout::LowSpeed limit{.bytes = 1000, .window = 30ms};
        EXPECT_EQ(co_await outcome_with(late, {.timeout = {.low_speed = limit}}), "hi");
    });
}

TEST(ClientTimeouts, do_not_count_where_nobody_waits_any_more) {
    run_under_clock([](StandingClock& clock) -> Coro<void> {
        bool is_given_up = false;
        bool is_sent = false;
        const auto peer = co_await ScriptedPeer::start([&](PeerConnection& client) -> Coro<void> {
            co_await client.request();
            client.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe");
            while (!is_given_up) co_await spin();
            co_await pass(clock, 500ms);
            client.send("llo");
            is_sent = true;
            co_await client.stall();
        });
        ClientSession session;
        auto response = co_await session.get(peer.url()).timeout({.sock_read = 200ms});
        const auto reading = create_task(outcome_of(wait_for(response.read(), 10ms)));
        co_await spin();
        clock.advance(10ms);
        EXPECT_EQ(co_await reading, "TimeoutError");
        is_given_up = true;
        while (!is_sent) co_await spin();
        co_await pass(clock, 500ms);
        EXPECT_EQ(co_await response.read(), "hello");
        co_await session.close();
        co_await peer.stop();
    });
}

TEST(ClientTimeouts, limit_the_wait_for_a_connection_of_the_pool) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(
            answering("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe"));
        ClientSession session({.connector = TCPConnector({{.limit = 1}})});
        auto held = co_await session.get(peer.url());
        EXPECT_EQ(
            co_await outcome_of(session.get(peer.url()).timeout({.pool = 20ms}).read()),
            "ConnectionTimeoutError: no connection to the server within the limit pool, 0.02 s");
        EXPECT_EQ(co_await outcome_of(session.get(peer.url()).timeout({.total = 20ms}).read()),
                  "ServerTimeoutError: the request took longer than its limit total, 0.02 s");
        EXPECT_EQ(session.connector().waiting(), 0U);
        co_await session.close();
        co_await peer.stop();
    }());
}

// A server that takes connections and does not begin TLS.
TEST(ClientTimeouts, limit_the_making_of_a_connection) {
    run_clean([]() -> Coro<void> {
        const auto silent = [](PeerConnection& client) -> Coro<void> { co_await client.stall(); };
        const auto peer = co_await ScriptedPeer::start(silent);
        const auto url = "https://127.0.0.1:" + std::to_string(peer.port()) + "/";
        EXPECT_EQ(
            co_await fetch_outcome(url, {.timeout = {.connect = 20ms}}),
            "ConnectionTimeoutError: no connection to the server within the limit connect, 0.02 s");
        EXPECT_EQ(co_await fetch_outcome(url, {.timeout = {.sock_connect = 20ms}}),
                  "ConnectionTimeoutError: no connection to the server within the limit "
                  "sock_connect, 0.02 s");
        co_await peer.stop();
    }());
}

}  // namespace
}  // namespace weft::http
