// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/digest_auth.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/http/auth_challenge.hpp>
#include <weft/http/client/client_test.hpp>
#include <weft/http/client/internal/digest.hpp>
#include <weft/http/client/payload.hpp>
#include <weft/http/client/session.hpp>
#include <weft/http/headers.hpp>
#include <weft/runtime/async_generator.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/testing/scripted_peer.hpp>

namespace weft::http {
namespace {

using internal::digest_answer;
using internal::DigestChallenge;

std::optional<DigestChallenge> challenge_in(std::string_view header) {
    return DigestChallenge::best_of(auth_challenges({{"WWW-Authenticate", header}}));
}

// What it answers without the parts that everyone sees.
std::string response_to(std::string_view header, const internal::DigestQuestion& question) {
    const auto challenge = challenge_in(header);
    if (!challenge) return "no answer";
    const std::string answer = digest_answer(*challenge, question);
    constexpr std::string_view name = "response=\"";
    const std::size_t begin = answer.find(name) + name.size();
    return answer.substr(begin, answer.find('"', begin) - begin);
}

// RFC 7616 §3.9.1 for MD5 and SHA-256; RFC 2617 §3.5 without qop and the others by Python's hashlib.
TEST(Digest, answers_as_the_rfc_does) {
    const internal::DigestQuestion question{
        .login = "Mufasa",
        .password = "Circle of Life",
        .method = "GET",
        .target = "/dir/index.html",
        .count = 1,
        .client_nonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"};
    const std::string base =
        R"(Digest realm="http-auth@example.org", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS")";
    const std::string with_qop = base + R"(, qop="auth, auth-int", algorithm=)";
    EXPECT_EQ(response_to(with_qop + "MD5", question), "8ca523f5e9506fed4657c9700eebdbec");
    EXPECT_EQ(response_to(with_qop + "SHA-256", question),
              "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1");
    EXPECT_EQ(response_to(with_qop + "SHA-512-256", question),
              "430d05014cecc49cab6fbe03176d41a1da86cbfe24a16580e22aaad928d960d0");
    EXPECT_EQ(response_to(with_qop + "md5-SESS", question), "e783283f46242139c486a698fec7211d");
    EXPECT_EQ(response_to(base, question), "7b2cc3b30e75b4777ea31027084363fd");
    EXPECT_EQ(response_to(base + R"(, qop="auth-int")", question), "no answer");
    EXPECT_EQ(response_to(base + ", algorithm=SHA-1", question), "no answer");
    EXPECT_EQ(response_to(R"(Digest realm="x")", question), "no answer");
    EXPECT_EQ(response_to(R"(Basic realm="x", nonce=y)", question), "no answer");
}

TEST(Digest, says_what_the_server_needs) {
    const auto challenge = challenge_in(
        R"(Digest realm="a \"b\"", nonce="n", opaque="o", qop="auth", algorithm=MD5, userhash=true)");
    ASSERT_TRUE(challenge);
    const std::string answer = digest_answer(*challenge, {.login = "ada",
                                                          .password = "secret",
                                                          .method = "GET",
                                                          .target = "/",
                                                          .count = 255,
                                                          .client_nonce = "c"});
    EXPECT_TRUE(
        answer.starts_with("Digest username=\"f0636c9a57c82ebbc9838a67c195ce63\", realm=\"a "
                           "\\\"b\\\"\", nonce=\"n\", uri=\"/\", response=\""))
        << answer;
    EXPECT_TRUE(
        answer.ends_with(", algorithm=MD5, opaque=\"o\", qop=auth, nc=000000ff, "
                         "cnonce=\"c\", userhash=true"))
        << answer;
    EXPECT_FALSE(answer.contains("secret"));
}

TEST(Digest, takes_the_strongest_challenge) {
    const auto best = challenge_in(
        "Basic realm=a, Digest realm=a, nonce=1, Digest realm=a, nonce=2, algorithm=SHA-256, "
        "Digest realm=a, nonce=3, algorithm=MD5, Digest realm=a, nonce=4, algorithm=SHA-999");
    ASSERT_TRUE(best);
    EXPECT_EQ(best->nonce, "2");
}

// ---- with a server

constexpr std::string_view asks =
    "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n1\", "
    "qop=\"auth\"\r\nContent-Length: 6\r\n\r\nsecret";

std::string authorization_in(const Bytes& head) {
    constexpr std::string_view name = "\r\nAuthorization: ";
    const std::size_t at = head.find(name);
    if (at == Bytes::npos) return {};
    const std::size_t begin = at + name.size();
    return head.substr(begin, head.find("\r\n", begin) - begin);
}

// Lets in who answers its challenge, and tells the answer.
Coro<void> guard(PeerConnection& client) {
    for (;;) {
        const testing::PeerRequest request = co_await client.request();
        const std::string answer = authorization_in(request.head);
        client.send(answer.empty() ? Bytes(asks) : response_of(answer + request.body));
    }
}

TEST(DigestAuth, answers_and_then_answers_at_once) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(guard);
        ClientSession session({.middlewares = {DigestAuthMiddleware("ada", "secret")}});
        const Bytes first = co_await session.put(peer.url("/a")).data("body").read();
        EXPECT_TRUE(first.contains("username=\"ada\"")) << first;
        EXPECT_TRUE(first.contains("uri=\"/a\"")) << first;
        EXPECT_TRUE(first.contains("nc=00000001")) << first;
        EXPECT_TRUE(first.ends_with("body")) << first;
        const Bytes second = co_await session.get(peer.url("/b")).read();
        EXPECT_TRUE(second.contains("nc=00000002")) << second;
        EXPECT_EQ(peer.connections(), 1U);
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(DigestAuth, without_preemptive_waits_to_be_asked) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(guard);
        ClientSession session(
            {.middlewares = {DigestAuthMiddleware("ada", "secret", {.preemptive = false})}});
        for (int i = 0; i < 2; ++i) {
            EXPECT_TRUE((co_await session.get(peer.url()).read()).contains("nc=00000001"));
        }
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(DigestAuth, a_login_that_is_refused_is_not_sent_again) {
    run_clean([]() -> Coro<void> {
        std::size_t requests = 0;
        const auto peer = co_await ScriptedPeer::start([&](PeerConnection& client) -> Coro<void> {
            for (;; ++requests) {
                co_await client.request();
                client.send(asks);
            }
        });
        ClientSession session({.middlewares = {DigestAuthMiddleware("ada", "wrong")}});
        auto response = co_await session.get(peer.url());
        EXPECT_EQ(response.status(), 401);
        EXPECT_EQ(co_await response.read(), "secret");
        EXPECT_EQ(requests, 2U);
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(DigestAuth, a_nonce_that_has_become_old_is_replaced) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start([](PeerConnection& client) -> Coro<void> {
            for (std::string nonce = "n1";;) {
                const std::string answer = authorization_in((co_await client.request()).head);
                if (answer.contains("nonce=\"" + nonce + "\"")) {
                    client.send(response_of(nonce));
                    nonce += "1";
                } else {
                    client.send(
                        "HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm=r, stale=TRUE, "
                        "qop=auth, nonce=" +
                        nonce + "\r\nContent-Length: 0\r\n\r\n");
                }
            }
        });
        ClientSession session({.middlewares = {DigestAuthMiddleware("ada", "secret")}});
        for (const char* nonce : {"n1", "n11", "n111"}) {
            EXPECT_EQ(co_await session.get(peer.url()).read(), nonce);
        }
        co_await session.close();
        co_await peer.stop();
    }());
}

// aiohttp 3.14.1: a challenge behind a redirect to another origin was answered.
TEST(DigestAuth, a_redirect_to_another_origin_gets_no_answer) {
    run_clean([]() -> Coro<void> {
        const auto thief = co_await ScriptedPeer::start(guard);
        const auto peer = co_await ScriptedPeer::start([&](PeerConnection& client) -> Coro<void> {
            co_await client.request();
            client.send("HTTP/1.1 302 Found\r\nLocation: " + thief.url("/x") +
                        "\r\nContent-Length: 0\r\n\r\n");
        });
        ClientSession session({.middlewares = {DigestAuthMiddleware("ada", "secret")}});
        EXPECT_EQ((co_await session.get(peer.url())).status(), 401);
        EXPECT_EQ((co_await session.get(thief.url())).status(), 200) << "asked for by name it does";
        co_await session.close();
        co_await peer.stop();
        co_await thief.stop();
    }());
}

TEST(DigestAuth, a_body_that_is_read_once_is_sent_once) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(guard);
        ClientSession session({.middlewares = {DigestAuthMiddleware("ada", "secret")}});
        const auto body = []() -> AsyncGenerator<Bytes> { co_yield "once"; };
        EXPECT_EQ((co_await session.put(peer.url()).data(body())).status(), 401);
        co_await session.get(peer.url()).read();
        EXPECT_TRUE((co_await session.put(peer.url()).data(body()).read()).ends_with("once"));
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(DigestAuth, refuses_a_login_with_control_bytes) {
    EXPECT_THROW(DigestAuthMiddleware("a\nb", "x"), ValueError);
}

// The example of digest_auth.hpp.
TEST(DigestAuth, example) {
    ClientSession session({.middlewares = {DigestAuthMiddleware("ada", "secret")}});
    EXPECT_FALSE(session.closed());
}

}  // namespace
}  // namespace weft::http
