// SPDX-License-Identifier: Apache-2.0
// Bodies of requests that are read while they are sent: from generators, files and forms.
#include <weft/http/client/uploads_test.hpp>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/http/client/client_test.hpp>
#include <weft/http/client/connector.hpp>
#include <weft/http/client/form_data.hpp>
#include <weft/http/client/payload.hpp>
#include <weft/http/client/retry_policy.hpp>
#include <weft/http/client/session.hpp>
#include <weft/http/client/temporary_file_test.hpp>
#include <weft/runtime/async_generator.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/testing/scripted_peer.hpp>

namespace weft::http {
namespace {

using namespace std::chrono_literals;
using testing::answering;

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
        const TemporaryFolder folder;
        std::ofstream("backup.tar") << "contents";
        const auto lines = [] [[clang::coro_wrapper]] { return pieces(2, "line\n"); };
        const std::string url = peer.url();
        ClientSession session;
        co_await session.put(url).data(Payload::file("backup.tar"));
        co_await session.post(url).data(lines());  // an AsyncGenerator<Bytes>
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
        EXPECT_EQ(co_await outcome(Payload::file("/dev/null")),
                  "ValueError: '/dev/null' is no regular file, which has a length to be told");
        EXPECT_EQ(peer.connections(), 1U);
        EXPECT_EQ(session.connector().idle(), 1U) << "nothing was sent on it";
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

// The server answers before it has the body: what the generator refers to must live as long as it.
TEST(Uploads, that_are_made_anew_keep_what_their_maker_has) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start([](PeerConnection& client) -> Coro<void> {
            client.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            Bytes all;
            while (!all.ends_with("\r\n0\r\n\r\n")) all += co_await client.reader().read(1000);
            client.send(std::string(all.contains("what it has") ? "3\r\nyes" : "2\r\nno") +
                        "\r\n0\r\n\r\n");
            co_await client.stall();
        });
        ClientSession session;
        const auto fetch = [&]() -> Coro<ClientResponse> {
            const auto make = [text = std::string("here is what it has, and it is long")]()
                -> AsyncGenerator<Bytes> {
                for (int i = 0; i < 5; ++i) {
                    co_await sleep(2ms);
                    co_yield text;
                }
            };
            co_return co_await session.put(peer.url()).data(Payload::repeatable(make));
        };
        auto response = co_await fetch();
        EXPECT_EQ(co_await response.read(), "yes");
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(Uploads, that_fail_are_not_repeated_as_on_a_dead_connection) {
    run_clean([]() -> Coro<void> {
        Event stops;
        const auto peer = co_await ScriptedPeer::start([&](PeerConnection& client) -> Coro<void> {
            client.send(response_of((co_await client.request()).body));
            co_await stops.wait();
        });
        ClientSession session;
        int makes = 0;
        const auto make = [&]() -> AsyncGenerator<Bytes> {
            ++makes;
            co_yield "some";
            throw KeyError("where the body comes from");
        };
        EXPECT_EQ(co_await session.put(peer.url()).data("first").read(), "first");
        EXPECT_EQ(
            co_await outcome_of(session.put(peer.url()).data(Payload::repeatable(make)).read()),
            "KeyError: where the body comes from");
        EXPECT_EQ(makes, 1);
        EXPECT_EQ(peer.connections(), 1U);
        stops.set();
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
