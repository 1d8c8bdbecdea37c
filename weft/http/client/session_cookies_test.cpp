// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/http/client/client_test.hpp>
#include <weft/http/client/session.hpp>
#include <weft/http/cookie_jar.hpp>
#include <weft/http/multi_dict.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/testing/scripted_peer.hpp>

namespace weft::http {
namespace {

using testing::target_of;

// "/set/NAME=VALUE" sets that cookie, "/to/URL" sends there, and else what came in Cookie comes back.
Coro<void> cookie_server(PeerConnection& client) {
    for (;;) {
        const auto request = co_await client.request();
        const Bytes target(target_of(request));
        if (target.starts_with("/set/")) {
            client.send("HTTP/1.1 200 OK\r\nSet-Cookie: " + target.substr(5) +
                        "; Path=/\r\nContent-Length: 0\r\n\r\n");
        } else if (target.starts_with("/to/")) {
            client.send("HTTP/1.1 302 Found\r\nSet-Cookie: hop=1; Path=/\r\nLocation: " +
                        target.substr(4) + "\r\nContent-Length: 0\r\n\r\n");
        } else {
            const auto at = request.head.find("\r\nCookie: ");
            const Bytes rest = at == Bytes::npos ? "none\r" : request.head.substr(at + 10);
            client.send(response_of(rest.substr(0, rest.find('\r'))));
        }
    }
}

// Cookies do not tell ports apart: another host is another name of this machine.
std::string other_name(const ScriptedPeer& peer, const std::string& path) {
    return "http://localhost:" + std::to_string(peer.port()) + path;
}

TEST(SessionCookies, are_given_back_to_whom_they_came_from) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(cookie_server);
        ClientSession session(
            {.cookie_jar = std::make_shared<CookieJar>(CookieJarOptions{.unsafe = true})});
        EXPECT_EQ(co_await session.get(peer.url()).read(), "none");
        co_await session.get(peer.url("/set/a=1")).read();
        co_await session.get(peer.url("/set/b=2")).read();
        EXPECT_EQ(co_await session.get(peer.url()).read(), "a=1; b=2");
        EXPECT_EQ(co_await session.get(other_name(peer, "/")).read(), "none");
        EXPECT_EQ(session.cookie_jar()->size(), 2U);
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(SessionCookies, are_kept_for_no_address_unless_the_jar_says_so) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(cookie_server);
        ClientSession session;
        co_await session.get(peer.url("/set/a=1")).read();
        EXPECT_EQ(co_await session.get(peer.url()).read(), "none");
        co_await session.get(other_name(peer, "/set/a=1")).read();
        EXPECT_EQ(co_await session.get(other_name(peer, "/")).read(), "a=1");
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(SessionCookies, of_a_request_go_with_those_of_the_jar_and_are_not_kept) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(cookie_server);
        ClientSession session;
        co_await session.get(other_name(peer, "/set/a=1")).read();
        const auto url = other_name(peer, "/");
        EXPECT_EQ(co_await session.get(url).cookies({{"b", "2"}}).read(), "a=1; b=2");
        EXPECT_EQ(co_await session.get(url).cookies({{"a", "3"}}).read(), "a=3");
        EXPECT_EQ(co_await session.get(url).header("Cookie", "c=4").read(), "a=1; c=4");
        EXPECT_EQ(co_await session.get(url).read(), "a=1");
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(SessionCookies, of_a_request_cannot_become_another_header_or_cookie) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(cookie_server);
        ClientSession session;
        const MultiDict wrong[] = {
            {{"a", "secret\r\nX: y"}}, {{"a", "secret; b=c"}}, {{"a", std::string("secret\0", 7)}},
            {{"a\n", "secret"}},       {{"a=b", "secret"}},    {{"", "secret"}}};
        for (const MultiDict& cookies : wrong) {
            const auto text = co_await outcome_of(session.get(peer.url()).cookies(cookies).read());
            EXPECT_TRUE(text.starts_with("ValueError: ")) << text;
            EXPECT_FALSE(text.contains("secret")) << text;
            EXPECT_EQ(session.connector().in_use(), 0U);
        }
        EXPECT_EQ(co_await session.get(peer.url()).read(), "none");
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(SessionCookies, of_redirects_are_kept_and_those_of_the_request_go_to_no_other_origin) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(cookie_server);
        ClientSession session;
        const auto here = other_name(peer, "/to/" + other_name(peer, "/"));
        EXPECT_EQ(co_await session.get(here).cookies({{"own", "1"}}).read(), "hop=1; own=1");
        const auto elsewhere = other_name(peer, "/to/" + peer.url());
        EXPECT_EQ(co_await session.get(elsewhere).cookies({{"own", "1"}}).read(), "none");
        const auto and_back = other_name(peer, "/to/" + peer.url("/to/" + other_name(peer, "/")));
        EXPECT_EQ(co_await session.get(and_back).cookies({{"own", "1"}}).read(), "hop=1");
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(SessionCookies, are_not_kept_where_nobody_wants_them) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(cookie_server);
        ClientSession session({.keep_cookies = false});
        co_await session.get(other_name(peer, "/set/a=1")).read();
        EXPECT_EQ(co_await session.get(other_name(peer, "/")).read(), "none");
        EXPECT_EQ(session.cookie_jar(), nullptr);
        co_await session.close();
        co_await peer.stop();
    }());
}

}  // namespace
}  // namespace weft::http
