// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/session.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <ios>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/http/bearer_auth.hpp>
#include <weft/http/client/client_test.hpp>
#include <weft/http/client/connector.hpp>
#include <weft/http/client/exceptions.hpp>
#include <weft/http/client/form_data.hpp>
#include <weft/http/client/response.hpp>
#include <weft/http/client_error.hpp>
#include <weft/http/method.hpp>
#include <weft/http/multi_dict.hpp>
#include <weft/http/url.hpp>
#include <weft/json/validation_error.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/gather.hpp>
#include <weft/testing/scripted_peer.hpp>
#include <weft/testing/trace.hpp>

namespace weft::http {
namespace {

using namespace std::chrono_literals;
using testing::answering;
using testing::thrown_by;

// Whether the system is to give the memory there large pages.
bool gets_large_pages(const void* place) {
    const auto address = reinterpret_cast<std::uintptr_t>(place);
    std::ifstream file("/proc/self/smaps");
    bool is_here = false;
    for (std::string line; std::getline(file, line);) {
        std::uintptr_t begin = 0;
        std::uintptr_t end = 0;
        char dash = ' ';
        std::istringstream words(line);
        if (words >> std::hex >> begin >> dash >> end && dash == '-') {
            is_here = begin <= address && address < end;
        } else if (is_here && line.starts_with("VmFlags:")) {
            return line.contains(" hg");
        }
    }
    return false;
}

TEST(ClientSession, fetches) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(answering(
            "HTTP/1.1 404 Gone Fishing\r\nContent-Length: 5\r\nX-Fish: cod\r\n\r\nhello"));
        ClientSession session;
        auto response = co_await session.get(peer.url("/a?b=c#d"));
        EXPECT_EQ(response.status(), 404);
        EXPECT_EQ(response.reason(), "Gone Fishing");
        EXPECT_FALSE(response.ok());
        EXPECT_EQ(response.headers().get("x-fish"), "cod");
        EXPECT_EQ(response.content_length(), 5U);
        EXPECT_EQ(response.url().to_string(), peer.url("/a?b=c"));
        EXPECT_EQ(co_await response.read(), "hello");
        EXPECT_EQ(co_await response.read(), "hello") << "again";
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(ClientSession, fetches_as_its_documentation_says) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(mirror);
        const std::string url = peer.url();
        const std::string id = "7";
        const Bytes body = "text";
        const auto use = [](const Bytes& text) { EXPECT_TRUE(text.contains(" / HTTP/1.1")); };
        {
            ClientSession session;
            auto response = co_await session.get(url);
            if (response.ok()) use(co_await response.read());
            co_await session.close();
        }
        ClientSession session;
        {
            auto response =
                co_await session.post(url).header("X-Trace", id).data(body).timeout({.total = 5s});
            Bytes page = co_await session.get(url).read();
            use(page);
            auto pieces = response.content();
            while (auto piece = co_await pieces.next()) use(*piece);
        }
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(ClientSession, sends_what_the_request_says) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(mirror);
        const std::string host = "127.0.0.1:" + std::to_string(peer.port());
        ClientSession session({.headers = {{"X-All", "1"}}});
        EXPECT_EQ(co_await session.get(peer.url("/a#b")).header("Accept", "text/html").read(),
                  "GET /a HTTP/1.1\r\nHost: " + host +
                      "\r\nX-All: 1\r\nAccept: text/html\r\nAccept-Encoding: gzip, deflate, br, "
                      "zstd\r\nUser-Agent: weft/0.1.0\r\n\r\n");
        EXPECT_EQ(co_await session.post(peer.url()).params({{"q", "a b"}}).data("text").read(),
                  "POST /?q=a+b HTTP/1.1\r\nHost: " + host +
                      "\r\nX-All: 1\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate, br, "
                      "zstd\r\nUser-Agent: weft/0.1.0\r\n"
                      "Content-Type: application/octet-stream\r\nContent-Length: 4\r\n\r\ntext");
        const Bytes several = co_await session.get(peer.url())
                                  .headers({{"X-All", "2"}, {"A", "b"}, {"A", "c"}})
                                  .read();
        EXPECT_NE(several.find("\r\nX-All: 2\r\nA: b\r\nA: c\r\n"), Bytes::npos) << several;
        EXPECT_EQ(several.find("X-All: 1"), Bytes::npos) << several;
        const Bytes nothing = co_await session.put(peer.url()).read();
        EXPECT_NE(nothing.find("Content-Length: 0\r\n"), Bytes::npos) << nothing;
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(ClientSession, says_who_asks_and_keeps_that_out_of_urls) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(mirror);
        ClientSession session;
        const auto url = URL(peer.url("/a")).with_user("me").with_password("secret");
        auto response = co_await session.get(url);
        EXPECT_EQ(response.url().to_string(), peer.url("/a"));
        const Bytes text = co_await response.read();
        EXPECT_NE(text.find("\r\nAuthorization: Basic bWU6c2VjcmV0\r\n"), Bytes::npos) << text;
        EXPECT_EQ(text.find("secret"), Bytes::npos) << text;
        const Bytes other = co_await session.get(url).auth({.login = "a", .password = "b"}).read();
        EXPECT_NE(other.find("\r\nAuthorization: Basic YTpi\r\n"), Bytes::npos) << other;
        const Bytes token = co_await session.get(url).auth(BearerAuth{"a.b"}).read();
        EXPECT_NE(token.find("\r\nAuthorization: Bearer a.b\r\n"), Bytes::npos) << token;
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(ClientSession, sends_bodies_of_any_size) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(mirror);
        ClientSession session;
        for (const std::size_t size : {1UL, 16UL * 1024, 16UL * 1024 + 1, 10'000'000UL}) {
            const Bytes body(size, 'x');
            const Bytes mirrored = co_await session.post(peer.url()).data(body).read();
            EXPECT_TRUE(mirrored.ends_with("\r\n\r\n" + body)) << size;
        }
        EXPECT_EQ(peer.connections(), 1U);
        co_await session.close();
        co_await peer.stop();
    }());
}

struct Body {
    const char* what;
    const char* response;
    const char* text;
};
constexpr Body bodies[] = {
    {"a length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello"},
    {"a length of zero", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ""},
    {"chunks",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nA: "
     "b\r\n\r\n",
     "hello"},
    {"no body", "HTTP/1.1 204 No Content\r\n\r\n", ""},
    {"no body although there is a length", "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
     ""},
    {"early hints before it",
     "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
     "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
     "hello"},
};

TEST(ClientSession, reads_bodies_however_they_are_framed_and_however_they_come) {
    for (const Body& body : bodies) {
        SCOPED_TRACE(body.what);
        run_clean([](const Body& expected) -> Coro<void> {
            const auto peer =
                co_await ScriptedPeer::start([&](PeerConnection& client) -> Coro<void> {
                    co_await client.request();
                    co_await client.send_slowly(expected.response);
                    for (;;) {
                        co_await client.request();
                        client.send(expected.response);
                    }
                });
            ClientSession session;
            for (int i = 0; i < 3; ++i) {
                EXPECT_EQ(co_await session.get(peer.url()).read(), expected.text);
            }
            EXPECT_EQ(peer.connections(), 1U);
            co_await session.close();
            co_await peer.stop();
        }(body));
    }
}

TEST(ClientSession, reads_a_body_that_lasts_until_the_server_closes) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start([](PeerConnection& client) -> Coro<void> {
            co_await client.request();
            client.send("HTTP/1.0 200 OK\r\n\r\nhello");
        });
        ClientSession session;
        EXPECT_EQ(co_await session.get(peer.url()).read(), "hello");
        EXPECT_EQ(co_await session.get(peer.url()).read(), "hello");
        EXPECT_EQ(peer.connections(), 2U);
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(ClientSession, knows_that_the_answer_to_head_has_no_body) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(
            answering("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"));
        ClientSession session;
        auto response = co_await session.head(peer.url());
        EXPECT_EQ(response.headers().get("Content-Length"), "1000");
        EXPECT_EQ(co_await response.read(), "");
        EXPECT_EQ((co_await session.head(peer.url())).status(), 200);
        EXPECT_EQ(peer.connections(), 1U);
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(ClientSession, reads_a_large_body_into_large_pages) {
    if (!std::filesystem::exists("/sys/kernel/mm/transparent_hugepage")) {
        GTEST_SKIP() << "the system has no large pages";
    }
    run_clean([]() -> Coro<void> {
        Bytes large;
        for (char c = 'A'; c <= 'a'; ++c) large.append(1'100'000, c);
        const auto peer = co_await ScriptedPeer::start(answering(response_of(large)));
        ClientSession session;
        auto response = co_await session.get(peer.url());
        const Bytes& body = co_await response.read();
        EXPECT_TRUE(body == large);
        EXPECT_TRUE(gets_large_pages(body.data() + body.size() / 2));
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(ClientSession, streams_a_body_in_pieces) {
    run_clean([]() -> Coro<void> {
        Bytes large(3'000'000, ' ');
        for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * 31 >> 7);
        const auto peer = co_await ScriptedPeer::start(answering(response_of(large)));
        ClientSession session;
        auto response = co_await session.get(peer.url());
        Bytes all;
        auto pieces = response.content();
        while (auto piece = co_await pieces.next()) all += *piece;
        EXPECT_TRUE(all == large);
        EXPECT_TRUE(response.closed());
        const auto again = co_await as_result(response.read());
        EXPECT_TRUE(!again && holds<RuntimeError>(again.error()));
        auto second = response.lines();
        const auto line = co_await as_result(second.next());
        EXPECT_TRUE(!line && holds<RuntimeError>(line.error()));
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(ClientSession, sends_forms) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(mirror);
        ClientSession session;
        FormData form;
        form.add_field("user", "ada & co");
        const Bytes plain = co_await session.post(peer.url()).data(form).read();
        EXPECT_TRUE(plain.contains("\r\nContent-Type: application/x-www-form-urlencoded\r\n"));
        EXPECT_TRUE(plain.ends_with("\r\n\r\nuser=ada+%26+co")) << plain;
        form.add_field("photo", "jpeg", {.content_type = "image/jpeg", .filename = "ada.jpg"});
        const Bytes sent = co_await session.post(peer.url()).data(form).read();
        const std::size_t at = sent.find("; boundary=");
        EXPECT_NE(at, Bytes::npos) << sent;
        const Bytes boundary = sent.substr(at + 11, 32);
        EXPECT_TRUE(sent.ends_with(
            "\r\n\r\n--" + boundary +
            "\r\nContent-Disposition: form-data; name=\"user\"\r\n\r\nada & co\r\n--" + boundary +
            "\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"ada.jpg\"\r\n"
            "Content-Type: image/jpeg\r\n\r\njpeg\r\n--" +
            boundary + "--\r\n"))
            << sent;
        co_await session.close();
        co_await peer.stop();
    }());
}

struct Item {
    std::string name;
    int stock = 0;
    friend bool operator==(const Item&, const Item&) = default;
};

TEST(ClientSession, sends_and_reads_json) {
    run_clean([]() -> Coro<void> {
        const auto answer = [](const char* type, const Bytes& body) {
            return "HTTP/1.1 200 OK\r\nContent-Type: " + std::string(type) +
                   "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
        };
        const auto peer = co_await ScriptedPeer::start([&](PeerConnection& client) -> Coro<void> {
            const auto request = co_await client.request();
            EXPECT_TRUE(request.head.contains("\r\nContent-Type: application/json\r\n"));
            client.send(answer("application/json; charset=utf-8", request.body));
            for (const auto& [type, body] :
                 {std::pair("application/problem+json", R"({"name":"a"})"),
                  std::pair("application/json", R"({"stock":"x"})"),
                  std::pair("application/json", "{"), std::pair("text/html", "{}"),
                  std::pair("x", "{\"name\":\"a\"}\n\n{\"name\":\"b\"}")}) {
                co_await client.request();
                client.send(answer(type, body));
            }
            co_await client.stall();
        });
        ClientSession session;
        const Item tea{.name = "tea", .stock = 7};
        auto response = co_await session.post(peer.url()).json(tea);
        const Item item = co_await response.json<Item>();
        EXPECT_EQ(item, tea);
        EXPECT_EQ(co_await session.get(peer.url()).json<Item>(), Item{.name = "a"});
        const auto invalid = co_await as_result(session.get(peer.url()).json<Item>());
        EXPECT_TRUE(!invalid && holds<weft::json::ValidationError>(invalid.error()));
        const auto broken = co_await as_result(session.get(peer.url()).json<Item>());
        EXPECT_TRUE(!broken && holds<weft::json::JSONDecodeError>(broken.error()));
        const auto page = co_await as_result(session.get(peer.url()).json<Item>());
        EXPECT_TRUE(!page && holds<ContentTypeError>(page.error()));
        auto several = co_await session.get(peer.url());
        auto items = several.json_lines<Item>();
        std::string names;
        while (auto one = co_await items.next()) names += one->name;
        EXPECT_EQ(names, "ab");
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(ClientSession, gives_lines_and_events) {
    run_clean([]() -> Coro<void> {
        const auto answer = [](const char* type, const Bytes& body) {
            return "HTTP/1.1 200 OK\r\nContent-Type: " + std::string(type) +
                   "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
        };
        const auto peer = co_await ScriptedPeer::start([&](PeerConnection& client) -> Coro<void> {
            co_await client.request();
            co_await client.send_slowly(answer("text/plain", "one\r\n\ntwo\nthree"));
            co_await client.request();
            client.send(answer("text/plain", "0123456789\n"));
            co_await client.request();
            co_await client.send_slowly(answer("text/event-stream; charset=utf-8",
                                               "data: a\ndata: b\n\nid: 7\ndata: c\n\nx"));
            co_await client.request();
            client.send(answer("text/html", "data: a\n\n"));
            co_await client.stall();
        });
        ClientSession session;
        std::vector<std::string> all;
        const auto use = [&](const std::string& text) { all.push_back(text); };
        {
            auto response = co_await session.get(peer.url());
            auto lines = response.lines();
            while (auto line = co_await lines.next()) use(*line);
            EXPECT_EQ(all, (std::vector<std::string>{"one", "", "two", "three"}));
        }
        {
            auto response = co_await session.get(peer.url());
            auto lines = response.lines(9);
            const auto line = co_await as_result(lines.next());
            EXPECT_TRUE(!line && holds<ClientPayloadError>(line.error()));
        }
        all.clear();
        {
            auto response = co_await session.get(peer.url());
            auto events = response.events();
            while (auto event = co_await events.next()) use(event->data);
            EXPECT_EQ(all, (std::vector<std::string>{"a\nb", "c"}));
        }
        {
            auto response = co_await session.get(peer.url());
            auto events = response.events();
            const auto event = co_await as_result(events.next());
            EXPECT_TRUE(!event && holds<ContentTypeError>(event.error()));
        }
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(ClientSession, gives_the_text_of_a_body) {
    struct Case {
        const char* content_type;
        Bytes body;
        const char* outcome;
        std::string essence = "text/plain";
        std::optional<std::string> charset = std::nullopt;
    };
    const Case cases[] = {
        {"text/plain", "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
        {"text/plain; charset=ISO-8859-1", "gr\xfc\xdf", "gr\xc3\xbc\xc3\x9f", "text/plain",
         "ISO-8859-1"},
        {"Text/HTML; charset=\"utf-8\"", "a", "a", "text/html", "utf-8"},
        {"text/plain; charset=nobody-knows", "a", "a", "text/plain", "nobody-knows"},
        {"no media type", "a", "a", "application/octet-stream"},
        {"text/plain", "gr\xfc\xdf", "ValueError: "},
    };
    for (const Case& one : cases) {
        run_clean([](const Case& expected) -> Coro<void> {
            const auto peer = co_await ScriptedPeer::start(
                answering("HTTP/1.1 200 OK\r\nContent-Type: " + std::string(expected.content_type) +
                          "\r\nContent-Length: " + std::to_string(expected.body.size()) +
                          "\r\n\r\n" + expected.body));
            ClientSession session;
            const auto outcome = co_await outcome_of(session.get(peer.url()).text());
            EXPECT_TRUE(outcome.starts_with(expected.outcome)) << outcome;
            auto response = co_await session.get(peer.url());
            EXPECT_EQ(response.content_type(), expected.essence);
            EXPECT_EQ(response.charset(), expected.charset);
            EXPECT_NE(co_await response.text("latin-1"), "");
            EXPECT_EQ(co_await outcome_of(response.text("klingon")),
                      "ValueError: there is no charset 'klingon' here");
            co_await session.close();
            co_await peer.stop();
        }(one));
    }
}

TEST(ClientSession, raises_for_a_status_when_it_is_told_to) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(
            answering("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nRetry-After: 5\r\n\r\n"));
        ClientSession session({.raise_for_status = true});
        const auto url = peer.url("/a");
        try {
            co_await session.get(url);
            ADD_FAILURE() << "nothing was thrown";
        } catch (const ClientResponseError& error) {
            EXPECT_EQ(error.status(), 503);
            EXPECT_EQ(error.message(), "Busy");
            EXPECT_EQ(error.headers().get("Retry-After"), "5");
            EXPECT_EQ(error.what(), "503, message='Busy', url='" + url + "'");
        }
        auto response = co_await session.get(url).raise_for_status(false);
        EXPECT_THROW(response.raise_for_status(), ClientResponseError);
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(ClientSession, resolves_urls_against_its_base) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(mirror);
        ClientSession session({.base_url = URL(peer.url("/api/"))});
        const auto first_line = [](const Bytes& text) { return text.substr(0, text.find('\r')); };
        EXPECT_EQ(first_line(co_await session.get("users/7").read()), "GET /api/users/7 HTTP/1.1");
        EXPECT_EQ(first_line(co_await session.delete_("/a").read()), "DELETE /a HTTP/1.1");
        EXPECT_EQ(first_line(co_await session.request(Method("PURGE"), peer.url("/b")).read()),
                  "PURGE /b HTTP/1.1");
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(ClientSession, refuses_what_no_request_can_be) {
    run_clean([]() -> Coro<void> {
        ClientSession session;
        const auto refused = [&](const URLish& url) {
            return thrown_by([&] { return session.get(url); });
        };
        EXPECT_EQ(refused("ftp://a/"),
                  "http::NonHttpUrlClientError: the scheme 'ftp' is none of http, https, ws, wss");
        EXPECT_TRUE(refused("a/b").starts_with("http::InvalidUrlClientError: ")) << refused("a/b");
        EXPECT_TRUE(refused(URL("mailto:a@b")).starts_with("http::NonHttpUrlClientError: "));
        EXPECT_TRUE(refused("ws://a/").starts_with("http::NonHttpUrlClientError: "));
        EXPECT_THROW((void)session.get("http://[::1/"), ClientError);
        EXPECT_THROW((void)session.get("http://[::1/"), ValueError);
        EXPECT_EQ(
            thrown_by([&] { return session.get("http://a/").header("A\nB", "c"); }).substr(0, 10),
            "ValueError");
        auto request = session.post("http://127.0.0.1:1/").header("Content-Length", "5");
        EXPECT_EQ(co_await outcome_of(std::move(request).read()),
                  "ValueError: the header Content-Length is not for the caller to set: it follows "
                  "from the body");
        co_await session.close();
        EXPECT_EQ(refused("http://a/"), "RuntimeError: the session is closed");
    }());
}

TEST(ClientSession, fetches_many_at_once_over_few_connections) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(mirror);
        ClientSession session({.connector = TCPConnector({{.limit = 3}})});
        std::vector<Coro<Bytes>> requests;
        for (int i = 0; i < 50; ++i) {
            requests.push_back(session.get(peer.url("/" + std::to_string(i))).read());
        }
        const auto bodies = co_await gather(std::move(requests));
        for (int i = 0; i < 50; ++i) {
            EXPECT_TRUE(bodies[static_cast<std::size_t>(i)].starts_with(
                "GET /" + std::to_string(i) + " HTTP/1.1\r\n"));
        }
        EXPECT_EQ(peer.connections(), 3U);
        co_await session.close();
        co_await peer.stop();
    }());
}

}  // namespace
}  // namespace weft::http
