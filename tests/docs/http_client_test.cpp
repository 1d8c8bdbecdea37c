// SPDX-License-Identifier: Apache-2.0
// The examples of docs/http_client.md.
// NOLINTBEGIN(misc-include-cleaner): users include the umbrellas
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <weft/asyncio.hpp>
#include <weft/http.hpp>
#include <weft/json/value.hpp>
#include <weft/tls/tls_test.hpp>

namespace weft::http {
namespace {

using namespace std::chrono_literals;

// What was asked comes back, a line each of the request, its headers and its body, but for some paths.
Coro<MockResponse> answer(const ClientRequest& request) {
    const auto json = [](const char* body) {
        return MockResponse{.headers = {{"Content-Type", "application/json"}}, .body = body};
    };
    if (request.url.path() == "/none") co_return MockResponse{.status = 404};
    if (request.url.path() == "/users/7") co_return json(R"({"name": "Ada", "age": 36})");
    if (request.url.path() == "/chat") {
        co_return MockResponse{.headers = {{"Content-Type", "text/event-stream"}},
                               .body = "data: one\n\ndata: two\n\n"};
    }
    std::string text = fmt::format("{} {}\n", request.method.name(), request.url.to_string());
    for (const auto& [name, value] : request.headers) text += fmt::format("{}: {}\n", name, value);
    for (const auto& [name, value] : request.cookies) text += fmt::format("{}={}\n", name, value);
    if (!request.body.empty()) {
        const auto body = co_await request.body.open();
        for (BytesView piece = co_await body->next(); !piece.empty();
             piece = co_await body->next()) {
            text += piece;
        }
    }
    co_return MockResponse{.headers = {{"Content-Type", "text/plain"}}, .body = text};
}

const MockTransport& servers() {
    static const MockTransport all(answer);
    return all;
}

// That of the examples, which has no other servers.
class ClientSession : public http::ClientSession {
public:
    explicit ClientSession(SessionOptions options = {})
        : http::ClientSession(with_servers(std::move(options))) {}

private:
    static SessionOptions with_servers(SessionOptions options) {
        options.middlewares.emplace_back(servers());
        return options;
    }
};

// What was asked last, or before that.
const ClientRequest& asked(std::size_t back = 1) {
    const auto& all = servers().requests();
    return all.at(all.size() - back);
}
std::string body_of(const ClientRequest& request) {
    const Bytes* body = request.body.bytes();
    return body ? *body : "no text";
}

// A folder to work in, with the files that are read.
class HttpClientDocs : public ::testing::Test {
protected:
    void SetUp() override {
        folder_ = ::testing::TempDir() + "weft_docs_" + std::to_string(::getpid());
        before_ = std::filesystem::current_path();
        std::filesystem::create_directories(folder_);
        std::filesystem::current_path(folder_);
        for (const char* name : {"ada.jpg", "backup.tar"}) std::ofstream(name) << "of " << name;
        const testing::CertificateFiles mine = ssl::authority().issue({});
        std::filesystem::copy(ssl::authority().certificate(), "our-ca.pem");
        std::filesystem::copy(mine.certificate, "me.pem");
        std::filesystem::copy(mine.key, "me.key");
    }
    void TearDown() override {
        std::filesystem::current_path(before_);
        std::filesystem::remove_all(folder_);
    }

    const std::string url_ = "https://httpbin.example/post";

private:
    std::filesystem::path before_;
    std::string folder_;
};

TEST_F(HttpClientDocs, begin) {
    run([]() -> Coro<void> {
        {
            ClientSession session;
            auto response = co_await session.get("https://httpbin.example/get");
            fmt::print("{} {}\n", response.status(), response.content_type());
            fmt::print("{}\n", co_await response.text());
            co_await session.close();
        }
        ClientSession session;
        const std::string page = co_await session.get("https://httpbin.example/get").text();
        EXPECT_TRUE(page.starts_with("GET https://httpbin.example/get\n")) << page;
        co_await session.close();
    }());
}

TEST_F(HttpClientDocs, what_is_asked) {
    run([](std::string url) -> Coro<void> {
        ClientSession session;
        co_await session.post(url).data("...");
        co_await session.put(url);
        co_await session.delete_(url);
        co_await session.request(Method("PURGE"), url);
        co_await session.get(url)
            .params({{"q", "a b"}, {"page", "2"}})
            .headers({{"Accept", "text/html"}});
        EXPECT_EQ(body_of(asked(5)), "...");
        EXPECT_EQ(asked(2).method.name(), "PURGE");
        EXPECT_EQ(asked().url.to_string(), url + "?q=a+b&page=2");
        EXPECT_EQ(asked().headers.get("Accept"), "text/html");

        ClientSession api({.base_url = URL("https://api.example/v1/"),
                           .headers = {{"X-Team", "blue"}},
                           .timeout = {.total = 30s},
                           .raise_for_status = true});
        co_await api.get("users");
        EXPECT_EQ(asked().url.to_string(), "https://api.example/v1/users");
        EXPECT_EQ(asked().headers.get("X-Team"), "blue");
    }(url_));
}

struct User {
    std::string name;
    json::Annotated<int, json::Field{.ge = 0}> age = 0;
};

TEST_F(HttpClientDocs, json) {
    run([](std::string url) -> Coro<void> {
        ClientSession session;
        const User user = co_await session.get(url).json<User>();
        co_await session.post(url).json(user);
        EXPECT_EQ(body_of(asked()), R"({"name":"Ada","age":36})");
        const auto any = co_await session.get(url).json<json::Value>();
        EXPECT_EQ(json::dumps(any), R"({"name":"Ada","age":36})");
    }("https://httpbin.example/users/7"));
}

AsyncGenerator<Bytes> lines() {
    co_yield "one\n";
    co_yield "two\n";
}

TEST_F(HttpClientDocs, bodies_that_are_sent) {
    run([](std::string url) -> Coro<void> {
        ClientSession session;
        FormData form;
        form.add_field("user", "ada");
        form.add_field("photo", Payload::file("ada.jpg"), {.content_type = "image/jpeg"});
        co_await session.post(url).data(form);
        co_await session.put(url).data(Payload::file("backup.tar"));
        co_await session.put(url).data(lines());
        EXPECT_TRUE((co_await session.put(url).data(Payload::file("backup.tar")).text())
                        .ends_with("\nof backup.tar"));
        EXPECT_TRUE((co_await session.put(url).data(Payload::repeatable(lines)).text())
                        .ends_with("\none\ntwo\n"));
        EXPECT_TRUE((co_await session.post(url).data(form).text()).contains("of ada.jpg"));
    }(url_));
}

struct Question {
    std::string text = "why?";
};

TEST_F(HttpClientDocs, bodies_that_come) {
    run([](std::string url) -> Coro<void> {
        std::string all;
        const auto use = [&](const std::string& text) { all += text + "|"; };
        ClientSession session;
        auto response = co_await session.post(url).data("a\nb");
        {
            auto pieces = response.content();
            while (auto piece = co_await pieces.next()) use(*piece);
        }
        EXPECT_TRUE(all.ends_with("a\nb|")) << all;
        response = co_await session.post(url).data("a\nb");
        {
            auto lines = response.lines();
            while (auto line = co_await lines.next()) use(*line);
        }
        EXPECT_TRUE(all.ends_with("|a|b|")) << all;
        response = co_await session.post(url).data("c");
        co_await response.download_to("page.html");
        co_await download(session.get(url), "debian.iso");
        EXPECT_TRUE((co_await read_bytes("page.html")).ends_with("\nc"));
        EXPECT_TRUE((co_await read_bytes("debian.iso")).starts_with("GET "));
    }(url_));
}

TEST_F(HttpClientDocs, events) {
    run([](std::string url) -> Coro<void> {
        std::string all;
        const auto use = [&](const std::string& text) { all += text + "|"; };
        const Question question;
        ClientSession session;
        auto chat = co_await session.post(url).json(question);
        auto events = chat.events();
        while (auto event = co_await events.next()) use(event->data);
        EXPECT_EQ(all, "one|two|");
    }("https://httpbin.example/chat"));
}

TEST_F(HttpClientDocs, who_asks) {
    run([](std::string url) -> Coro<void> {
        const std::string token = "a.b";
        ClientSession session;
        co_await session.get(url).auth(BasicAuth{"ada", "secret"});
        co_await session.get(url).auth(BearerAuth{token});
        ClientSession digest({.middlewares = {DigestAuthMiddleware("ada", "secret")}});
        EXPECT_EQ(asked(2).headers.get("Authorization"), "Basic YWRhOnNlY3JldA==");
        EXPECT_EQ(asked().headers.get("Authorization"), "Bearer a.b");
        EXPECT_EQ((co_await digest.get(url)).status(), 200);
    }(url_));
}

TEST_F(HttpClientDocs, cookies) {
    run([](std::string url) -> Coro<void> {
        ClientSession session;
        co_await session.get(url).cookies({{"theme", "dark"}});
        session.cookie_jar()->update_cookies({{"session", "7"}}, URL("https://a.example/"));
        co_await write_bytes("cookies.txt", session.cookie_jar()->dumps(), {.permissions = 0600});
        session.cookie_jar()->loads(co_await read_bytes("cookies.txt"));
        EXPECT_EQ(asked().cookies.get("theme"), "dark");
        EXPECT_EQ(session.cookie_jar()->size(), 1U);
        EXPECT_EQ(std::filesystem::status("cookies.txt").permissions(),
                  std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    }(url_));
}

TEST_F(HttpClientDocs, time) {
    run([](std::string url) -> Coro<void> {
        ClientSession session;
        co_await session.get(url).timeout({.total = 60s, .connect = 5s, .sock_read = 10s});
        EXPECT_EQ(asked().timeout.sock_read->get(), 10s);
        EXPECT_NE(co_await wait_for(session.get(url).text(), 10s), "");
    }(url_));
}

Coro<std::string> page_of(ClientSession& session, std::string url) {
    std::string page;
    try {
        page = co_await session.get(url).raise_for_status().text();
    } catch (const ClientResponseError& error) {
        fmt::print("{}\n", error.status());
    } catch (const ClientConnectorError& error) {
        fmt::print("no connection: {}\n", error.what());
    } catch (const ClientError& error) {
        fmt::print("{}\n", error.what());
    }
    co_return page;
}

TEST_F(HttpClientDocs, what_goes_wrong) {
    run([](std::string url) -> Coro<void> {
        {
            ClientSession session;
            EXPECT_EQ(co_await page_of(session, "https://httpbin.example/none"), "");
            EXPECT_NE(co_await page_of(session, url), "");
            const auto answer = co_await as_result(session.get(url).text());
            if (!answer) fmt::print("{}\n", weft::describe(answer.error()));
            EXPECT_TRUE(answer);
        }
        ClientSession session({.retry = {.attempts = 3}});
        EXPECT_EQ((co_await session.get(url)).attempts(), 1U);
    }(url_));
}

TEST_F(HttpClientDocs, many_at_once) {
    run([](std::vector<std::string> urls) -> Coro<void> {
        ClientSession session;
        std::vector<Coro<std::string>> calls;
        for (const std::string& url : urls) calls.push_back(session.get(url).text());
        const std::vector<std::string> pages = co_await gather(std::move(calls));
        EXPECT_EQ(pages.size(), 20U);
        ClientSession polite({.connector = TCPConnector({{.limit = 30, .limit_per_host = 4}})});
        ClientSession local({.connector = UnixConnector("/run/docker.sock")});
        EXPECT_EQ((co_await local.get(urls.front())).status(), 200);
        const Resolver resolver({.hosts = {{"shop.example", {{"10.0.0.7", 0}}}}});
        ClientSession staging({.connector = TCPConnector({.resolver = resolver})});
        EXPECT_EQ((co_await staging.get("https://shop.example/")).status(), 200);
    }(std::vector<std::string>(20, url_)));
}

TEST_F(HttpClientDocs, http2) {
    run([](std::string url) -> Coro<void> {
        ClientSession session;
        ClientSession old({.connector = TCPConnector({{.http2 = Http2::never}})});
        co_await session.get(url).http2(Http2::prior_knowledge);
        EXPECT_EQ(asked().http2, Http2::prior_knowledge);
        EXPECT_EQ((co_await old.get(url)).status(), 200);
    }(url_));
}

TEST_F(HttpClientDocs, tls_proxies_and_urls_that_others_choose) {
    run([](std::string url) -> Coro<void> {
        ClientSession session;
        const auto context =
            ssl::create_default_context(ssl::Purpose::server_auth, {.cafile = "our-ca.pem"});
        context.load_cert_chain("me.pem", "me.key");
        co_await session.get(url).ssl(context);
        EXPECT_TRUE(asked().ssl);
        co_await session.get(url).proxy(
            {URL("http://proxy.example:3128"), BasicAuth{"ada", "secret"}});
        ClientSession trusting({.trust_env = true});
        EXPECT_EQ(asked().proxy->auth->login, "ada");
        ClientSession outward({.connector = TCPConnector({.egress = is_global})});
        EXPECT_EQ((co_await outward.get(url)).status(), 200);
    }(url_));
}

}  // namespace
}  // namespace weft::http
// NOLINTEND(misc-include-cleaner)
