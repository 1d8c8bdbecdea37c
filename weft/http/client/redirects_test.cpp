// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/internal/redirects.hpp>

#include <initializer_list>
#include <optional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/http/client/client_test.hpp>
#include <weft/http/client/fingerprint.hpp>
#include <weft/http/client/redirect_policy.hpp>
#include <weft/http/client/request.hpp>
#include <weft/http/client/session.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/method.hpp>
#include <weft/http/url.hpp>
#include <weft/http/wire/message_head.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/testing/scripted_peer.hpp>
#include <weft/testing/trace.hpp>
#include <weft/tls/ssl_context.hpp>

namespace weft::http {
namespace {

using namespace std::chrono_literals;
using testing::thrown_by;

// "/302/NEXT" sends there with that status; any other target comes back with the method and body.
Coro<void> send_on(PeerConnection& client) {
    for (;;) {
        const auto request = co_await client.request();
        const Bytes target(target_of(request));
        if (target.size() > 5 && target[1] == '3') {
            client.send("HTTP/1.1 " + target.substr(1, 3) + " Elsewhere\r\nLocation: " +
                        target.substr(5) + "\r\nContent-Length: 5\r\n\r\nmoved");
        } else {
            client.send(response_of(request.head.substr(0, request.head.find(" HTTP")) + " " +
                                    request.body));
        }
    }
}

TEST(Redirects, are_followed_to_their_end) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(send_on);
        ClientSession session;
        auto response = co_await session.get(peer.url("/301//302//a?b=c#d"));
        EXPECT_EQ(co_await response.read(), "GET /a?b=c ");
        EXPECT_EQ(response.url().to_string(), peer.url("/a?b=c"));
        EXPECT_EQ(response.history().size(), 2U);
        EXPECT_EQ(response.history()[0].status, 301);
        EXPECT_EQ(response.history()[1].status, 302);
        EXPECT_EQ(response.history()[1].url.to_string(), peer.url("/302//a?b=c"));
        EXPECT_EQ(response.history()[0].headers.get("Location"), "/302//a?b=c");
        EXPECT_EQ(peer.connections(), 1U) << "their bodies were read";
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(Redirects, keep_or_change_the_method_as_their_status_says) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(send_on);
        ClientSession session({.redirects = {.any_method = true}});
        struct Case {
            Method method;
            const char* target;
            const char* answer;
        };
        const Case cases[] = {
            {Method::post, "/301//a", "GET /a "},      {Method::post, "/302//a", "GET /a "},
            {Method::post, "/303//a", "GET /a "},      {Method::post, "/307//a", "POST /a body"},
            {Method::post, "/308//a", "POST /a body"}, {Method::put, "/301//a", "PUT /a body"},
            {Method::put, "/302//a", "PUT /a body"},   {Method::put, "/303//a", "GET /a "},
            {Method::delete_, "/303//a", "GET /a "},
        };
        for (const Case& one : cases) {
            auto request = session.request(one.method, peer.url(one.target)).data("body");
            EXPECT_EQ(co_await std::move(request).read(), one.answer) << one.target;
        }
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(Redirects, of_unsafe_methods_and_where_they_are_switched_off_are_for_the_caller) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(send_on);
        ClientSession session;
        EXPECT_EQ((co_await session.post(peer.url("/302//a"))).status(), 302);
        EXPECT_EQ((co_await session.get(peer.url("/302//a")).allow_redirects(false)).status(), 302);
        EXPECT_EQ((co_await session.post(peer.url("/307//a")).allow_redirects(true)).status(), 200);
        EXPECT_EQ((co_await session.get(peer.url("/304//a"))).status(), 304);
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(Redirects, are_limited) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(send_on);
        ClientSession session;
        std::string path = "/a";
        for (int i = 0; i < 10; ++i) path.insert(0, "/302/");
        EXPECT_EQ((co_await session.get(peer.url(path))).history().size(), 10U);
        const auto text = co_await outcome_of(session.get(peer.url("/302/" + path)).read());
        EXPECT_TRUE(text.starts_with(
            "TooManyRedirects: 302, message='more redirects than max_redirects, 10', url='"))
            << text;
        EXPECT_TRUE((co_await outcome_of(session.get(peer.url("/302//a")).max_redirects(0).read()))
                        .starts_with("TooManyRedirects: "));
        EXPECT_EQ(session.connector().in_use(), 0U);
        co_await session.close();
        co_await peer.stop();
    }());
}

// ---- what a redirect may not do; each is a lesson that a client has cost

ClientRequest request_to(const char* url) {
    return {.method = Method::get,
            .url = URL(url),
            .headers = {{"Host", "a.example"}, {"Accept", "*/*"}, {"X-Key", "k"}}};
}

wire::ResponseHead sends_to(const char* location, int status = 302) {
    return {.status = status, .headers = {{"Location", location}}};
}

// The names of the headers that are left.
std::string names_after(ClientRequest request, std::initializer_list<const char*> locations) {
    for (const char* location : locations) {
        auto target = internal::redirect_target(request, sends_to(location));
        internal::redirect(request, 302, *std::move(target));
    }
    std::string names;
    for (const auto& [name, value] : request.headers) names += std::string(name) + " ";
    return names;
}

TEST(RedirectAttacks, credentials_do_not_leak_to_another_host_scheme_or_port) {
    ClientRequest request = request_to("https://a.example/");
    // Each line of them, not only the first.
    for (const char* name :
         {"Authorization", "authorization", "Cookie", "COOKIE", "Proxy-Authorization", "Cookie"}) {
        request.headers.add(name, "secret");
    }
    request.redirects.sensitive_headers = {"x-key"};
    request.redirects.to_plain_text = true;
    const std::string all =
        "Host Accept X-Key Authorization authorization Cookie COOKIE Proxy-Authorization Cookie ";
    EXPECT_EQ(names_after(request, {"/b"}), all);
    EXPECT_EQ(names_after(request, {"https://a.example:443/b"}), all);
    EXPECT_EQ(names_after(request, {"https://A.EXAMPLE/b"}), all);
    for (const char* other :
         {"https://b.example/", "https://sub.a.example/", "http://a.example/",
          "https://a.example:444/", "//b.example/", "https://a.example.:443/"}) {
        EXPECT_EQ(names_after(request, {other}), "Host Accept ") << other;
    }
}

TEST(RedirectAttacks, credentials_do_not_come_back_later_in_the_chain) {
    ClientRequest request = request_to("https://a.example/");
    request.headers.add("Authorization", "secret");
    EXPECT_EQ(names_after(request, {"https://b.example/", "https://a.example/"}),
              "Host Accept X-Key ");
}

TEST(RedirectAttacks, a_login_that_a_server_sends_is_not_used) {
    const auto target = internal::redirect_target(request_to("http://a.example/"),
                                                  sends_to("http://u:p@a.example/b"));
    EXPECT_EQ(target->to_string(), "http://a.example/b");
}

TEST(RedirectAttacks, the_host_header_is_that_of_the_new_url) {
    ClientRequest request = request_to("http://a.example/");
    internal::redirect(request, 302, URL("http://b.example:81/c"));
    EXPECT_EQ(request.headers.get("Host"), "b.example:81");
}

TEST(RedirectAttacks, what_was_said_of_the_first_server_holds_for_no_other) {
    ClientRequest request = request_to("http://a.example/");
    request.server_hostname = "a.example";
    request.fingerprints = {Fingerprint::certificate(std::string(64, '0'))};
    request.ssl = ssl::create_default_context();
    internal::redirect(request, 302, URL("http://a.example/b"));
    EXPECT_EQ(request.fingerprints.size(), 1U);
    EXPECT_FALSE(request.is_redirected_elsewhere);
    internal::redirect(request, 302, URL("http://c.example/"));
    EXPECT_EQ(request.server_hostname, std::nullopt);
    EXPECT_TRUE(request.fingerprints.empty());
    EXPECT_FALSE(request.ssl) << "which may trust everybody";
    internal::redirect(request, 302, URL("http://a.example/"));
    EXPECT_TRUE(request.is_redirected_elsewhere) << "for the rest of the chain";
}

TEST(RedirectAttacks, nothing_of_a_dropped_body_is_left) {
    ClientRequest request = request_to("http://a.example/");
    request.method = Method::post;
    request.body = Bytes("secret");
    request.expect100 = true;
    for (const char* name : {"Content-Length", "Content-Type", "Content-Encoding", "Expect"}) {
        request.headers.add(name, "6");
    }
    internal::redirect(request, 303, URL("http://a.example/b"));
    EXPECT_TRUE(request.body.empty());
    EXPECT_FALSE(request.expect100);
    EXPECT_EQ(names_after(request, {}), "Host Accept X-Key ");
}

TEST(RedirectAttacks, protection_is_not_given_up) {
    EXPECT_EQ(
        thrown_by([] {
            return internal::redirect_target(request_to("https://a.example/"),
                                             sends_to("http://a.example/"));
        }),
        "http::RedirectClientError: the redirect to http://a.example/ gives up the protection "
        "of https");
}

TEST(RedirectAttacks, they_lead_to_no_other_scheme_and_to_no_text_that_is_read_in_two_ways) {
    for (const char* location : {"file:///etc/passwd", "ftp://a/", "javascript:1", "data:,x",
                                 "gopher://a:25/_x", "ws://a/"}) {
        const auto text = thrown_by([&] {
            return internal::redirect_target(request_to("http://a.example/"), sends_to(location));
        });
        EXPECT_TRUE(text.starts_with("http::NonHttpUrlRedirectClientError: ")) << text;
    }
    for (const char* location : {"http://0x7f.1/", "http://2130706433/", "http://a@b@c/",
                                 "http://ex%61mple.com/", "http://[::1/", "http:\\\\a/"}) {
        const auto text = thrown_by([&] {
            return internal::redirect_target(request_to("http://a.example/"), sends_to(location));
        });
        EXPECT_TRUE(
            text.starts_with("http::InvalidUrlRedirectClientError: the redirect of "
                             "http://a.example/ leads nowhere: "))
            << text;
    }
}

// What is behind it is nobody's concern: it gets as far as another connection costs less.
TEST(RedirectAttacks, an_endless_body_is_not_read_to_its_end) {
    run_clean([]() -> Coro<void> {
        const auto endless = [](PeerConnection& client) -> Coro<void> {
            co_await client.request();
            client.send("HTTP/1.1 302 Found\r\nLocation: /b\r\nTransfer-Encoding: chunked\r\n\r\n");
            for (;;) {
                client.send("1000\r\n" + std::string(0x1000, 'x') + "\r\n");
                co_await client.writer().drain();
            }
        };
        const auto peer = co_await ScriptedPeer::start(endless, send_on);
        ClientSession session({.timeout = {.total = 10s}});
        EXPECT_EQ(co_await session.get(peer.url()).read(), "GET /b ");
        EXPECT_EQ(peer.connections(), 2U);
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(RedirectAttacks, the_hook_sees_each_hop) {
    ClientRequest request = request_to("http://a.example/");
    request.redirects.allow = [](const URL& from, const URL& to) {
        return from.raw_host() == to.raw_host();
    };
    EXPECT_TRUE(internal::redirect_target(request, sends_to("/b")));
    EXPECT_EQ(thrown_by([&] {
                  return internal::redirect_target(request, sends_to("http://169.254.169.254/"));
              }),
              "http::RedirectClientError: the redirect to http://169.254.169.254/ is not allowed");
}

}  // namespace
}  // namespace weft::http
