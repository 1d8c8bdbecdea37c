// SPDX-License-Identifier: Apache-2.0
// What servers do while a body is sent: they answer before, take nothing, or are to ask for it first.
#include <cstddef>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/http/client/client_test.hpp>
#include <weft/http/client/connector.hpp>
#include <weft/http/client/payload.hpp>
#include <weft/http/client/session.hpp>
#include <weft/http/client/uploads_test.hpp>
#include <weft/io/standing_clock_test.hpp>
#include <weft/runtime/async_generator.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/testing/scripted_peer.hpp>

namespace weft::http {
namespace {

using namespace std::chrono_literals;
using testing::answering;

TEST(Uploads, end_when_the_server_has_answered_with_an_error) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(
            [](PeerConnection& client) -> Coro<void> {
                co_await client.receive(10'000);
                client.send("HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig");
                co_await client.stall();
            },
            give_back);
        ClientSession session;
        Story story;
        auto response =
            co_await session.put(peer.url()).data(pieces(1'000'000, Bytes(10'000, 'x'), &story));
        EXPECT_EQ(response.status(), 413);
        EXPECT_EQ(co_await response.read(), "big");
        EXPECT_EQ(session.connector().idle(), 0U) << "its request has no end";
        while (!story.is_closed) co_await sleep(Nanoseconds::zero());
        EXPECT_EQ(co_await session.put(peer.url()).data("next").read(), "next");
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(Uploads, end_at_once_though_the_response_goes_on) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start([](PeerConnection& client) -> Coro<void> {
            co_await client.receive(10'000);
            client.send("HTTP/1.1 413 Too Large\r\nContent-Length: 300000\r\n\r\nbig");
            co_await client.stall();
        });
        ClientSession session;
        Story story;
        auto response =
            co_await session.put(peer.url()).data(pieces(1'000'000, Bytes(100, 'x'), &story));
        for (int i = 0; i < 10; ++i) co_await sleep(Nanoseconds::zero());
        EXPECT_TRUE(story.is_closed);
        response.close();
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(Uploads, are_over_with_their_request_whatever_they_wait_for) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start([](PeerConnection& client) -> Coro<void> {
            client.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
            co_await client.stall();
        });
        ClientSession session;
        bool is_closed = false;
        const auto waiting = [&]() -> AsyncGenerator<Bytes> {
            co_yield "first";
            try {
                co_await Event().wait();
            } catch (const CancelledError&) {
                is_closed = true;
                throw;
            }
        };
        {
            auto response = co_await session.put(peer.url()).data(waiting());
        }
        for (int i = 0; i < 10; ++i) co_await sleep(Nanoseconds::zero());
        EXPECT_TRUE(is_closed);
        co_await session.close();
        co_await peer.stop();
    }());
}

// All that was announced is sent by then, and the connection is another request's.
TEST(Uploads, what_their_source_says_after_its_end_harms_no_other_request) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(give_back);
        ClientSession session;
        const auto stubborn = []() -> AsyncGenerator<Bytes> {
            co_yield "body";
            try {
                co_await Event().wait();
            } catch (const CancelledError&) {
                throw KeyError("too late");
            }
        };
        EXPECT_EQ(co_await session.put(peer.url()).data(Payload(stubborn(), 4)).read(), "body");
        EXPECT_EQ(session.connector().idle(), 1U);
        for (int i = 0; i < 5; ++i) {
            EXPECT_EQ(co_await session.put(peer.url()).data("next").read(), "next");
        }
        EXPECT_EQ(peer.connections(), 1U);
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(Uploads, that_can_be_read_once_are_not_repeated_for_a_connection_that_was_dead) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(
            [](PeerConnection& client) -> Coro<void> {
                client.send(response_of((co_await client.request()).body));
                co_await client.reader().readuntil("\r\n\r\n");
                client.reset();
            },
            give_back);
        ClientSession session;
        EXPECT_EQ(co_await session.put(peer.url()).data("first").read(), "first");
        const auto told =
            co_await outcome_of(session.put(peer.url()).data(pieces(2, "abc")).read());
        EXPECT_TRUE(told.starts_with("ClientOSError: ") ||
                    told.starts_with("ServerDisconnectedError: "))
            << told;
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(Uploads, go_on_while_the_response_comes) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start([](PeerConnection& client) -> Coro<void> {
            client.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            for (;;) {
                const Bytes some = co_await client.reader().read(3000);
                if (some.ends_with("\r\n0\r\n\r\n")) break;
                client.send("1\r\n.\r\n");
                co_await client.writer().drain();
            }
            client.send("0\r\n\r\n");
            co_await client.stall();
        });
        ClientSession session;
        Event answered;
        int given = 0;
        const auto halting = [&]() -> AsyncGenerator<Bytes> {
            for (; given < 300; ++given) {
                if (given == 150) co_await answered.wait();
                co_yield Bytes(10'000, 'x');
                co_await sleep(Nanoseconds::zero());
            }
        };
        auto response = co_await session.put(peer.url()).data(halting()).timeout({.total = 60s});
        EXPECT_LT(given, 300);
        answered.set();
        EXPECT_GT((co_await response.read()).size(), 100U);
        EXPECT_EQ(given, 300);
        EXPECT_EQ(session.connector().idle(), 1U);
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(Uploads, are_not_read_faster_than_the_server_takes_them) {
    run_clean([]() -> Coro<void> {
        Event stops;
        const auto peer = co_await ScriptedPeer::start(
            [&](PeerConnection&) -> Coro<void> { co_await stops.wait(); });
        ClientSession session;
        Story story;
        const auto told = co_await outcome_of(session.put(peer.url())
                                                  .data(pieces(10'000, Bytes(100'000, 'x'), &story))
                                                  .timeout({.sock_write = 50ms})
                                                  .read());
        EXPECT_EQ(told,
                  "SocketTimeoutError: the server took nothing within the limit sock_write, "
                  "0.05 s");
        EXPECT_LT(story.given, 200U);
        EXPECT_TRUE(story.is_closed);
        const Bytes body(30'000'000, 'x');
        EXPECT_EQ(co_await outcome_of(
                      session.put(peer.url()).data(body).timeout({.sock_write = 50ms}).read()),
                  told);
        stops.set();
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(Uploads, of_many_short_pieces_are_few_packets_and_let_others_run) {
    run_clean([]() -> Coro<void> {
        std::size_t receives = 0;
        const auto peer = co_await ScriptedPeer::start([&](PeerConnection& client) -> Coro<void> {
            for (Bytes all; !all.ends_with("\r\n0\r\n\r\n"); ++receives) {
                all += co_await client.reader().read(1'000'000);
            }
            client.send(response_of("got"));
            co_await client.stall();
        });
        ClientSession session;
        int given = 0;
        const auto fast = [&]() -> AsyncGenerator<Bytes> {
            for (; given < 20'000; ++given) co_yield "twenty bytes of text";
        };
        const auto upload = create_task(session.put(peer.url()).data(fast()).read());
        std::set<int> seen;
        while (!upload.done()) {
            seen.insert(given);
            co_await sleep(Nanoseconds::zero());
        }
        EXPECT_EQ(co_await upload, "got");
        EXPECT_LT(receives, 1000U);  // in how many pieces they come is the system's affair
        EXPECT_GE(seen.size(), 5U);
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(Uploads, of_short_pieces_are_not_read_faster_than_the_server_takes_them) {
    run_clean([]() -> Coro<void> {
        Event stops;
        const auto peer = co_await ScriptedPeer::start(
            [&](PeerConnection&) -> Coro<void> { co_await stops.wait(); });
        ClientSession session;
        Story story;
        const auto told = co_await outcome_of(session.put(peer.url())
                                                  .data(pieces(5'000'000, Bytes(100, 'x'), &story))
                                                  .timeout({.total = 30s, .sock_write = 50ms})
                                                  .read());
        EXPECT_TRUE(told.starts_with("SocketTimeoutError: the server took nothing")) << told;
        stops.set();
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(Uploads, may_take_longer_than_sock_read) {
    run_under_clock([](StandingClock& clock) -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start([&](PeerConnection& client) -> Coro<void> {
            client.send(response_of((co_await client.request()).body));
            co_await client.request();
            clock.advance(50ms);
            co_await client.stall();
        });
        ClientSession session;
        const auto slowly = [&]() -> AsyncGenerator<Bytes> {
            for (int i = 0; i < 10; ++i) {
                co_await pass(clock, 10ms);
                co_yield "x";
            }
        };
        EXPECT_EQ(
            co_await session.put(peer.url()).data(slowly()).timeout({.sock_read = 50ms}).read(),
            "xxxxxxxxxx");
        EXPECT_EQ(co_await outcome_of(
                      session.put(peer.url()).data(slowly()).timeout({.sock_read = 50ms}).read()),
                  "SocketTimeoutError: nothing came from the server within the limit sock_read, "
                  "0.05 s");
        co_await session.close();
        co_await peer.stop();
    });
}

// ---- 100 Continue

TEST(Expect100, waits_until_the_server_asks_for_the_body) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start([](PeerConnection& client) -> Coro<void> {
            const Bytes head = co_await client.reader().readuntil("\r\n\r\n");
            EXPECT_TRUE(head.contains("\r\nExpect: 100-continue\r\n")) << head;
            for (int i = 0; i < 100; ++i) {
                co_await sleep(Nanoseconds::zero());
                EXPECT_TRUE(client.reader().buffered().empty());
            }
            client.send("HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n");
            const TimePoint asked = get_running_loop().time();
            client.send(response_of(co_await client.receive(4)));
            EXPECT_LT(get_running_loop().time() - asked, 900ms);
            co_await client.stall();
        });
        ClientSession session;
        EXPECT_EQ(co_await session.put(peer.url()).data("body").expect100().read(), "body");
        EXPECT_EQ(session.connector().idle(), 1U);
        co_await session.close();
        co_await peer.stop();
    }());
}

// CVE-2024-24791 (Go): the server still takes what follows for the body of the request.
TEST(Expect100, a_connection_whose_body_was_not_asked_for_serves_no_other_request) {
    for (const char* status : {"200 OK", "417 Expectation Failed"}) {
        run_clean([](std::string answer) -> Coro<void> {
            const auto peer = co_await ScriptedPeer::start(
                [&](PeerConnection& client) -> Coro<void> {
                    co_await client.reader().readuntil("\r\n\r\n");
                    client.send("HTTP/1.1 " + answer + "\r\nContent-Length: 2\r\n\r\nn");
                    co_await sleep(1100ms);  // more than the client waits to be asked
                    client.send("o");
                    EXPECT_EQ(co_await client.reader().read(1), "") << "only the end";
                },
                give_back);
            ClientSession session;
            EXPECT_EQ(co_await session.put(peer.url()).data("body").expect100().read(), "no");
            EXPECT_EQ(co_await session.put(peer.url()).data("next").read(), "next");
            EXPECT_EQ(peer.connections(), 2U);
            co_await session.close();
            co_await peer.stop();
        }(status));
    }
}

TEST(Expect100, a_server_that_says_nothing_gets_the_body) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(give_back);
        ClientSession session;
        EXPECT_EQ(co_await session.put(peer.url()).data("body").expect100().read(), "body");
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(Expect100, is_not_said_without_a_body) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(mirror);
        ClientSession session;
        EXPECT_FALSE((co_await session.put(peer.url()).expect100().read()).contains("Expect"));
        co_await session.close();
        co_await peer.stop();
    }());
}

}  // namespace
}  // namespace weft::http
