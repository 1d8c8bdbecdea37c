// SPDX-License-Identifier: Apache-2.0
// Bodies of requests that are read while they are sent: from generators, files and forms.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/http/client/client_test.hpp>
#include <weft/http/client/connector.hpp>
#include <weft/http/client/exceptions.hpp>
#include <weft/http/client/form_data.hpp>
#include <weft/http/client/payload.hpp>
#include <weft/http/client/retry_policy.hpp>
#include <weft/http/client/session.hpp>
#include <weft/http/client/temporary_file_test.hpp>
#include <weft/runtime/async_generator.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/testing/scripted_peer.hpp>

namespace weft::http {
namespace {

using namespace std::chrono_literals;
using testing::answering;

// What the server is sent comes back as the body of its response.
Coro<void> mirror(PeerConnection& client) {
    for (;;) {
        const testing::PeerRequest request = co_await client.request();
        client.send(response_of(request.head + request.body));
    }
}
// But for the head.
Coro<void> give_back(PeerConnection& client) {
    for (;;) client.send(response_of((co_await client.request()).body));
}

// What becomes of a generator.
struct Story {
    std::size_t given = 0;
    bool is_closed = false;
};

AsyncGenerator<Bytes> pieces(std::size_t count, Bytes piece, Story* story = nullptr) {
    Story mine;
    Story& told = story ? *story : mine;
    struct AtEnd {
        explicit AtEnd(Story& of) noexcept : of_(of) {}
        AtEnd(const AtEnd&) = delete;
        AtEnd& operator=(const AtEnd&) = delete;
        ~AtEnd() { of_.is_closed = true; }
        Story& of_;
    };
    const AtEnd end(told);
    for (std::size_t i = 0; i < count; ++i) {
        ++told.given;
        co_yield piece;
        co_await sleep(Nanoseconds::zero());
    }
}

AsyncGenerator<Bytes> broken() {
    co_yield "some";
    co_await sleep(1ms);
    throw KeyError("where the body comes from");
}

// ---- what is sent

TEST(Uploads, are_sent_in_chunks_where_the_length_is_unknown) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(mirror);
        ClientSession session;
        const Bytes sent = co_await session.post(peer.url("/a")).data(pieces(3, "abc")).read();
        EXPECT_TRUE(sent.contains("\r\nTransfer-Encoding: chunked\r\n")) << sent;
        EXPECT_TRUE(sent.contains("\r\nContent-Type: application/octet-stream\r\n")) << sent;
        EXPECT_FALSE(sent.contains("Content-Length")) << sent;
        EXPECT_TRUE(sent.ends_with("\r\n\r\nabcabcabc")) << sent;
        EXPECT_TRUE((co_await session.post(peer.url("/a")).data(pieces(0, "")).read())
                        .ends_with("\r\n\r\n"));
        EXPECT_EQ(peer.connections(), 1U);
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(Uploads, tell_their_length_where_it_is_known) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(mirror);
        const TemporaryFile file(Bytes(600'000, 'f'));
        ClientSession session;
        const Bytes sent =
            co_await session.put(peer.url("/a")).data(Payload(pieces(3, "abc"), 9)).read();
        EXPECT_TRUE(sent.contains("\r\nContent-Length: 9\r\n")) << sent;
        EXPECT_TRUE(sent.ends_with("\r\n\r\nabcabcabc")) << sent;
        const Bytes of_file =
            co_await session.put(peer.url("/a")).data(Payload::file(file.path())).read();
        EXPECT_TRUE(of_file.contains("\r\nContent-Length: 600000\r\n"));
        EXPECT_TRUE(of_file.ends_with("\r\n\r\n" + Bytes(600'000, 'f')));
        const Bytes body(1'000'000, 'x');
        EXPECT_TRUE((co_await session.post(peer.url("/a")).data(body).read()).ends_with(body));
        EXPECT_EQ(peer.connections(), 1U);
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(Uploads, of_an_empty_file_are_empty) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(mirror);
        const TemporaryFile file("");
        ClientSession session;
        const Bytes sent =
            co_await session.put(peer.url("/a")).data(Payload::file(file.path())).read();
        EXPECT_TRUE(sent.contains("\r\nContent-Length: 0\r\n")) << sent;
        EXPECT_TRUE(sent.ends_with("\r\n\r\n")) << sent;
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(Uploads, of_forms_have_files_and_streams) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(mirror);
        const TemporaryFile file("contents");
        ClientSession session;
        FormData form;
        form.add_field("user", "ada");
        form.add_field("file", Payload::file(file.path()), {.filename = "a.txt"});
        const Bytes sent = co_await session.post(peer.url()).data(form).read();
        EXPECT_TRUE(sent.contains("\r\nContent-Length: ")) << sent;
        EXPECT_TRUE(
            sent.contains("filename=\"a.txt\"\r\n"
                          "Content-Type: application/octet-stream\r\n\r\ncontents\r\n--"))
            << sent;
        form.add_field("stream", Payload(pieces(2, "streamed")));
        const Bytes chunked = co_await session.post(peer.url()).data(form).read();
        EXPECT_TRUE(chunked.contains("\r\nTransfer-Encoding: chunked\r\n")) << chunked;
        EXPECT_TRUE(chunked.contains("name=\"stream\"\r\n\r\nstreamedstreamed\r\n--")) << chunked;
        co_await session.close();
        co_await peer.stop();
    }());
}

// The examples of payload.hpp.
TEST(Uploads, examples) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(mirror);
        const TemporaryFile file("contents");
        std::filesystem::current_path(::testing::TempDir());
        std::filesystem::rename(file.path(), "backup.tar");
        const auto lines = [] [[clang::coro_wrapper]] { return pieces(2, "line\n"); };
        const std::string url = peer.url();
        ClientSession session;
        co_await session.put(url).data(Payload::file("backup.tar"));
        co_await session.post(url).data(lines());  // an AsyncGenerator<Bytes>
        std::filesystem::remove("backup.tar");
        co_await session.close();
        co_await peer.stop();
    }());
}

// ---- where the body comes from fails

TEST(Uploads, errors_of_the_source_are_told_as_they_are) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(give_back);
        ClientSession session;
        const auto outcome = [&](Payload body) -> Coro<std::string> {
            co_return co_await outcome_of(session.put(peer.url()).data(std::move(body)).read());
        };
        EXPECT_EQ(co_await outcome(Payload::file("/no/such/file")),
                  "FileNotFoundError: [Errno 2] No such file or directory: '/no/such/file'");
        EXPECT_EQ(peer.connections(), 0U);
        EXPECT_EQ(co_await outcome(broken()), "KeyError: where the body comes from");
        EXPECT_EQ(co_await outcome(Payload(pieces(3, "abc"), 10)),
                  "ValueError: the body of the request has 9 bytes, announced were 10");
        EXPECT_EQ(co_await outcome(Payload(pieces(3, "abc"), 8)),
                  "ValueError: the body of the request has more bytes, announced were 8");
        EXPECT_EQ(session.connector().idle(), 0U);
        EXPECT_EQ(co_await session.put(peer.url()).data(pieces(1, "right")).read(), "right");
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(Uploads, errors_of_the_source_reach_who_reads_the_response) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start([](PeerConnection& client) -> Coro<void> {
            client.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
            co_await client.stall();
        });
        ClientSession session;
        EXPECT_EQ(co_await outcome_of(session.put(peer.url()).data(broken()).read()),
                  "KeyError: where the body comes from");
        EXPECT_EQ(session.connector().in_use() + session.connector().idle(), 0U);
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(Uploads, a_file_that_becomes_shorter_is_an_error) {
    run_clean([]() -> Coro<void> {
        const TemporaryFile file("");
        std::filesystem::resize_file(file.path(),
                                     100'000'000);  // more than the system takes at once
        const auto peer = co_await ScriptedPeer::start([&](PeerConnection& client) -> Coro<void> {
            co_await client.receive(1000);
            std::filesystem::resize_file(file.path(), 0);
            co_await client.stall();
        });
        ClientSession session;
        const Bytes told =
            co_await outcome_of(session.put(peer.url()).data(Payload::file(file.path())).read());
        EXPECT_TRUE(told.starts_with("ValueError: the file '" + file.path() +
                                     "' has become shorter: 100000000 bytes were announced, "))
            << told;
        co_await session.close();
        co_await peer.stop();
    }());
}

// ---- what the server does meanwhile

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
        Story story;
        auto response =
            co_await session.put(peer.url()).data(pieces(300, Bytes(10'000, 'x'), &story));
        EXPECT_LT(story.given, 300U);
        EXPECT_GT((co_await response.read()).size(), 100U);
        EXPECT_EQ(story.given, 300U);
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
        const auto fast = []() -> AsyncGenerator<Bytes> {
            for (int i = 0; i < 20'000; ++i) co_yield "twenty bytes of text";
        };
        const auto upload = create_task(session.put(peer.url()).data(fast()).read());
        std::size_t turns = 0;
        for (; !upload.done(); ++turns) co_await sleep(Nanoseconds::zero());
        EXPECT_EQ(co_await upload, "got");
        EXPECT_LT(receives, 100U);
        EXPECT_GT(turns, 5U);
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
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start([](PeerConnection& client) -> Coro<void> {
            client.send(response_of((co_await client.request()).body));
            co_await client.request();
            co_await client.stall();
        });
        ClientSession session;
        const auto slowly = []() -> AsyncGenerator<Bytes> {
            for (int i = 0; i < 10; ++i) {
                co_await sleep(10ms);
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
    }());
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
            client.send(response_of(co_await client.receive(4)));
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
                    client.send("HTTP/1.1 " + answer + "\r\nContent-Length: 2\r\n\r\nno");
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

// ---- again

Coro<void> redirect_once(PeerConnection& client) {
    const testing::PeerRequest first = co_await client.request();
    client.send("HTTP/1.1 307 Elsewhere\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n");
    co_await mirror(client);
}

TEST(Uploads, are_sent_again_by_redirects_where_they_can_be) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(redirect_once);
        const TemporaryFile file("contents");
        ClientSession session;
        const auto put = [&](Payload body) -> Coro<Bytes> {
            co_return co_await outcome_of(
                session.put(peer.url()).data(std::move(body)).allow_redirects(true).read());
        };
        EXPECT_TRUE((co_await put(Payload::file(file.path()))).ends_with("\r\n\r\ncontents"));
        co_await session.close();
        ClientSession other;
        EXPECT_EQ(co_await outcome_of(
                      other.put(peer.url()).data(pieces(2, "abc")).allow_redirects(true).read()),
                  "RedirectClientError: the redirect to " + peer.url("/b") +
                      " needs the body of the request again, which can be read once");
        co_await other.close();
        co_await peer.stop();
    }());
}

// CVE-2022-32221, CVE-2023-28322 (curl), CVE-2023-45803 (urllib3): what was of a body goes with it.
TEST(Uploads, a_redirect_that_becomes_a_get_says_nothing_of_the_body) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start([](PeerConnection& client) -> Coro<void> {
            co_await client.reader().readuntil("\r\n\r\n");
            client.send("HTTP/1.1 100 Continue\r\n\r\n");
            co_await client.receive(4);
            client.send("HTTP/1.1 303 See Other\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n");
            co_await mirror(client);
        });
        ClientSession session;
        const Bytes sent = co_await session.post(peer.url())
                               .data(Payload(pieces(1, "body"), 4))
                               .expect100()
                               .allow_redirects(true)
                               .read();
        EXPECT_TRUE(sent.starts_with("GET /b ")) << sent;
        for (const char* name : {"Content-", "Transfer-Encoding", "Expect"}) {
            EXPECT_FALSE(sent.contains(name)) << sent;
        }
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(Uploads, are_sent_again_by_retries_where_they_can_be) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start([](PeerConnection& client) -> Coro<void> {
            co_await client.request();
            client.send("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
            co_await give_back(client);
        });
        const RetryPolicy policy{.attempts = 3, .backoff = 1ms};
        {
            ClientSession session;
            const auto make = []() -> AsyncGenerator<Bytes> {
                co_yield "abc";
                co_yield "abc";
            };
            EXPECT_EQ(co_await session.put(peer.url())
                          .data(Payload::repeatable(make))
                          .retry(policy)
                          .read(),
                      "abcabc");
            co_await session.close();
        }
        ClientSession session;
        auto response = co_await session.put(peer.url()).data(pieces(2, "abc")).retry(policy);
        EXPECT_EQ(response.status(), 503);
        EXPECT_EQ(response.attempts(), 1U);
        co_await session.close();
        co_await peer.stop();
    }());
}

}  // namespace
}  // namespace weft::http
