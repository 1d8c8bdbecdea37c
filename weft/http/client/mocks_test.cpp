// SPDX-License-Identifier: Apache-2.0
// Sessions without servers: MockTransport, Recording, FaultInjection.
#include <cerrno>
#include <map>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/http/body/compressor.hpp>
#include <weft/http/body/content_coding.hpp>
#include <weft/http/client/client_test.hpp>
#include <weft/http/client/exceptions.hpp>
#include <weft/http/client/fault_injection.hpp>
#include <weft/http/client/mock_transport.hpp>
#include <weft/http/client/payload.hpp>
#include <weft/http/client/recording.hpp>
#include <weft/http/client/request.hpp>
#include <weft/http/client/session.hpp>
#include <weft/http/client/temporary_file_test.hpp>
#include <weft/http/method.hpp>
#include <weft/http/url.hpp>
#include <weft/io/file.hpp>
#include <weft/runtime/async_generator.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/testing/scripted_peer.hpp>
#include <weft/testing/trace.hpp>

namespace weft::http {
namespace {

using namespace std::chrono_literals;
using testing::thrown_by;

struct User {
    std::string name;
};

// The example of mock_transport.hpp.
TEST(MockTransport, answers_in_the_place_of_servers) {
    run_clean([]() -> Coro<void> {
        MockTransport mock([](const ClientRequest& request) -> Coro<MockResponse> {
            if (request.url.path() != "/users/7") co_return MockResponse{.status = 404};
            co_return MockResponse{.headers = {{"Content-Type", "application/json"}},
                                   .body = R"({"name": "Ada"})"};
        });
        ClientSession session({.middlewares = {mock}});
        EXPECT_EQ((co_await session.get("https://a.example/users/7").json<User>()).name, "Ada");
        auto missing = co_await session.post("https://a.example/").data("body");
        EXPECT_EQ(missing.status(), 404);
        EXPECT_EQ(missing.reason(), "Not Found");
        EXPECT_EQ(co_await missing.read(), "");
        EXPECT_EQ(mock.requests().size(), 2U);
        EXPECT_EQ(mock.requests()[1].method, Method::post);
        EXPECT_EQ(*mock.requests()[1].body.bytes(), "body");
        EXPECT_EQ(session.connector().in_use(), 0U);
        co_await session.close();
    }());
}

TEST(MockTransport, leaves_all_else_to_the_session) {
    run_clean([]() -> Coro<void> {
        int busy = 2;
        const auto handler = [&](const ClientRequest& request) -> Coro<MockResponse> {
            const auto path = request.url.path();
            if (path == "/from") {
                co_return MockResponse{.status = 302,
                                       .headers = {{"Location", "/to"}, {"Set-Cookie", "a=b"}}};
            }
            if (path == "/busy" && busy-- > 0) co_return MockResponse{.status = 503};
            if (path == "/reset") throw ClientOSError(ECONNRESET, "reset");
            co_return MockResponse{
                .headers = {{"X-Cookies", std::to_string(request.cookie_jar->size())}},
                .body = "there"};
        };
        ClientSession session(
            {.retry = {.attempts = 3, .backoff = 0s}, .middlewares = {MockTransport(handler)}});
        auto response = co_await session.get("http://a.example/from");
        EXPECT_EQ(response.url().to_string(), "http://a.example/to");
        EXPECT_EQ(response.headers().get("X-Cookies"), "1");
        EXPECT_EQ(response.history().size(), 1U);
        auto again = co_await session.get("http://a.example/busy");
        EXPECT_EQ(again.attempts(), 3U);
        EXPECT_EQ(co_await again.text(), "there");
        EXPECT_EQ(co_await outcome_of(session.get("http://a.example/reset").read()),
                  "ClientOSError: reset");
        EXPECT_EQ(co_await session.head("http://a.example/").read(), "");
        co_await session.close();
    }());
}

TEST(MockTransport, cuts_bodies_off) {
    run_clean([]() -> Coro<void> {
        const auto handler = [](const ClientRequest&) -> Coro<MockResponse> {
            co_return MockResponse{.body = "hello", .cut_at = 2};
        };
        ClientSession session({.middlewares = {MockTransport(handler)}});
        auto response = co_await session.get("http://a.example/");
        auto pieces = response.content();
        EXPECT_EQ(co_await pieces.next(), "he");
        const auto rest = co_await as_result(pieces.next());
        EXPECT_TRUE(!rest && holds<ClientPayloadError>(rest.error()));
        co_await session.close();
    }());
}

// ---- recordings

// Tells how often it was asked, in gzip; 404 for what is not "/a".
Coro<void> count(PeerConnection& client) {
    for (int n = 1;; ++n) {
        const testing::PeerRequest request = co_await client.request();
        const bool is_known = testing::target_of(request) == "/a";
        const Bytes body = (is_known ? "times: " : "none: ") + std::to_string(n) + request.body;
        client.send(std::string("HTTP/1.1 ") + (is_known ? "200 OK" : "404 Not Found") +
                    "\r\nX-N: " + std::to_string(n) +
                    "\r\nSet-Cookie: secret=1\r\nContent-Length: " + std::to_string(body.size()) +
                    "\r\n\r\n" + body);
    }
}

TEST(Recording, is_played_as_it_was_recorded) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(count);
        const std::string url = peer.url("/a");
        const std::string other = peer.url("/b");
        Recording recording;
        ClientSession live({.middlewares = {recording.recorder()}});
        EXPECT_EQ(co_await live.get(url).header("Authorization", "secret").read(), "times: 1");
        EXPECT_EQ(co_await live.get(url).read(), "times: 2");
        EXPECT_EQ(co_await live.post(url).data("x").read(), "times: 3x");
        EXPECT_EQ((co_await live.get(other)).status(), 404);
        co_await live.close();
        co_await peer.stop();
        EXPECT_EQ(recording.size(), 4U);

        const Bytes text = recording.to_json_lines();
        EXPECT_FALSE(text.contains("secret")) << text;
        const auto answers = Recording::from_json_lines(text);
        EXPECT_EQ(answers.to_json_lines(), text);
        ClientSession again({.middlewares = {answers.player()}});
        EXPECT_EQ(co_await again.post(url).data("x").read(), "times: 3x");
        EXPECT_EQ(co_await again.get(url).read(), "times: 1");
        EXPECT_EQ(co_await again.get(url).read(), "times: 2");
        EXPECT_EQ(co_await again.get(url).read(), "times: 2") << "the last, again and again";
        auto missing = co_await again.get(other);
        EXPECT_EQ(missing.status(), 404);
        EXPECT_EQ(missing.headers().get("X-N"), "4");
        EXPECT_EQ(co_await outcome_of(again.post(url).data("y").read()),
                  "ClientConnectionError: there is no recorded response to POST " + url);
        co_await again.close();
    }());
}

TEST(Recording, of_compressed_bodies_is_of_what_was_in_them) {
    run_clean([]() -> Coro<void> {
        Bytes packed;
        Compressor compressor(ContentCoding::gzip);
        compressor.compress(packed, "hello hello hello");
        compressor.finish(packed);
        const auto peer = co_await ScriptedPeer::start(
            testing::answering("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: " +
                               std::to_string(packed.size()) + "\r\n\r\n" + packed));
        Recording recording;
        ClientSession live({.middlewares = {recording.recorder()}});
        EXPECT_EQ(co_await live.get(peer.url()).read(), "hello hello hello");
        ClientSession again({.middlewares = {recording.player()}});
        EXPECT_EQ(co_await again.get(peer.url()).read(), "hello hello hello");
        co_await live.close();
        co_await again.close();
        co_await peer.stop();
    }());
}

TEST(Recording, leaves_out_what_is_read_once) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(count);
        const Recording recording;
        ClientSession live({.middlewares = {recording.recorder()}});
        const auto body = []() -> AsyncGenerator<Bytes> { co_yield "x"; };
        EXPECT_EQ(co_await live.post(peer.url("/a")).data(body()).read(), "times: 1x");
        EXPECT_EQ(recording.size(), 0U);
        co_await live.close();
        co_await peer.stop();
    }());
}

TEST(Recording, names_the_line_that_is_wrong) {
    const Bytes good = R"({"method": "GET", "url": "http://a/", "request_body": "", )"
                       R"("headers": [], "body": ""})";
    EXPECT_EQ(Recording::from_json_lines(good + "\n\n" + good).size(), 2U);
    for (const std::string& line :
         {std::string("nonsense"), std::string("{}"), good.substr(0, good.size() - 2) + "?\"}",
          good.substr(0, good.size() - 15) + "[[\"a\\n\", \"b\"]], \"body\": \"\"}"}) {
        const auto told = thrown_by([&] { (void)Recording::from_json_lines(good + "\n" + line); });
        EXPECT_TRUE(told.starts_with("ValueError: line 2 of a recording: ")) << told;
    }
}

// The example of recording.hpp.
TEST(Recording, example) {
    run_clean([]() -> Coro<void> {
        const TemporaryFolder folder;
        const auto peer = co_await ScriptedPeer::start(count);
        const std::string url = peer.url("/a");
        Recording recording;
        ClientSession live({.middlewares = {recording.recorder()}});
        co_await live.get(url).read();
        co_await write_bytes("answers.jsonl", recording.to_json_lines());

        const auto answers = Recording::from_json_lines(co_await read_bytes("answers.jsonl"));
        ClientSession again({.middlewares = {answers.player()}});
        EXPECT_EQ(co_await again.get(url).read(), "times: 1");
        co_await live.close();
        co_await again.close();
        co_await peer.stop();
    }());
}

// ---- faults

// What became of so many requests, by the kind of the outcome.
Coro<std::map<std::string, int>> outcomes(Faults faults, int count) {
    const MockTransport mock([](const ClientRequest&) -> Coro<MockResponse> {
        co_return MockResponse{.body = "hello"};
    });
    ClientSession session({.middlewares = {FaultInjection(std::move(faults)), mock}});
    std::map<std::string, int> all;
    for (int i = 0; i < count; ++i) {
        auto response = co_await as_result(session.get("http://a.example/").raise_for_status());
        std::string told = response ? "hello" : weft::describe(response.error());
        if (response) told = co_await outcome_of(std::move(*response).take_body());
        if (told.starts_with("http::")) told.erase(0, 6);
        ++all[told.substr(0, told.find(':'))];
    }
    co_await session.close();
    co_return all;
}

TEST(FaultInjection, makes_requests_fail_as_often_as_it_was_told) {
    run_clean([]() -> Coro<void> {
        const Faults faults{
            .refused = 0.1, .disconnected = 0.2, .busy = 0.3, .cut = 0.2, .late = 0.1, .delay = 0s};
        const auto all = co_await outcomes(faults, 2000);
        const std::map<std::string, int> expected{{"ClientConnectorError", 200},
                                                  {"ClientPayloadError", 400},
                                                  {"ClientResponseError", 600},
                                                  {"ServerDisconnectedError", 400},
                                                  {"hello", 400}};
        EXPECT_EQ(all.size(), expected.size());
        for (const auto& [kind, count] : expected) EXPECT_NEAR(all.at(kind), count, 80) << kind;
        EXPECT_EQ(co_await outcomes(faults, 2000), all) << "the same for the same seed";
        EXPECT_EQ(co_await outcomes({}, 10), (std::map<std::string, int>{{"hello", 10}}));
        EXPECT_EQ(co_await outcomes({.refused = 1}, 10),
                  (std::map<std::string, int>{{"ClientConnectorError", 10}}));
    }());
}

TEST(FaultInjection, refuses_chances_that_are_none) {
    for (const Faults& faults : {Faults{.refused = -0.1}, Faults{.busy = 0.6, .cut = 0.6},
                                 Faults{.late = std::stod("nan")}, Faults{.statuses = {}}}) {
        EXPECT_THROW(FaultInjection{faults}, ValueError);
    }
}

// The example of fault_injection.hpp.
TEST(FaultInjection, example) {
    run_clean([]() -> Coro<void> {
        ClientSession session({.retry = {.attempts = 5},
                               .middlewares = {FaultInjection({.disconnected = 0.1, .cut = 0.1})}});
        co_await session.close();
    }());
}

}  // namespace
}  // namespace weft::http
