// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <optional>
#include <string>
#include <utility>

#include <gtest/gtest.h>
#include <stdlib.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/http/basic_auth.hpp>
#include <weft/http/client/client_test.hpp>
#include <weft/http/client/connector.hpp>
#include <weft/http/client/internal/proxy_environment.hpp>
#include <weft/http/client/proxy.hpp>
#include <weft/http/client/session.hpp>
#include <weft/http/url.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/io/streams.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/task_group.hpp>
#include <weft/testing/scripted_peer.hpp>
#include <weft/testing/trace.hpp>
#include <weft/tls/tls_test.hpp>

namespace weft::http {
namespace {

using ssl::client_context;
using ssl::server_context;
using testing::answering;
using testing::target_of;
using testing::thrown_by;

Proxy proxy_at(const ScriptedPeer& peer, const std::string& scheme = "http") {
    return {.url = URL(scheme + "://127.0.0.1:" + std::to_string(peer.port()))};
}

// ---- HTTP, forwarding

TEST(ForwardingProxy, is_told_the_whole_url_and_gets_its_own_login) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(mirror);
        Proxy proxy = proxy_at(peer);
        proxy.auth = BasicAuth{.login = "me", .password = "secret"};
        ClientSession session({.proxy = proxy, .auto_decompress = false});
        EXPECT_EQ(co_await session.get("http://a.example:81/b?c").read(),
                  "GET http://a.example:81/b?c HTTP/1.1\r\nHost: a.example:81\r\nAccept: */*\r\n"
                  "User-Agent: weft/0.1.0\r\nProxy-Authorization: Basic bWU6c2VjcmV0\r\n\r\n");
        // Another login is another connection.
        co_await session.get("http://a.example:81/b?c").proxy(proxy_at(peer)).read();
        EXPECT_EQ(peer.connections(), 2U);
        co_await session.close();
        co_await peer.stop();
    }());
}

// ---- a tunnel

// Passes bytes on, both ways, until either side has ended.
Coro<void> pass_on(StreamReader from, StreamWriter to) {
    for (;;) {
        const Bytes data = co_await from.read(64 * 1024);
        if (data.empty()) break;
        to.write(data);
    }
    to.close();
}

TEST(HTTPTunnel, carries_https_to_the_server_and_no_secret_of_the_proxy) {
    run_clean([]() -> Coro<void> {
        const auto server = co_await ScriptedPeer::start_tls(server_context(), mirror);
        std::string asked;
        const int port = server.port();
        const auto proxy_peer =
            co_await ScriptedPeer::start([&](PeerConnection& client) -> Coro<void> {
                const testing::PeerRequest request = co_await client.request();
                asked = request.head;
                auto [reader, writer] = co_await open_connection("127.0.0.1", port);
                client.send("HTTP/1.1 200 Connection established\r\n\r\n");
                co_await TaskGroup::scope([&](TaskGroup& group) {
                    group.create_task(pass_on(client.reader(), writer));
                    group.create_task(pass_on(reader, client.writer()));
                });
            });
        Proxy proxy = proxy_at(proxy_peer);
        proxy.auth = BasicAuth{.login = "me", .password = "secret"};
        ClientSession session(
            {.connector = TCPConnector({{.ssl = client_context()}}), .proxy = proxy});
        const std::string authority_text = "localhost:" + std::to_string(port);
        const Bytes seen = co_await session.get("https://" + authority_text + "/a").read();
        EXPECT_TRUE(seen.starts_with("GET /a HTTP/1.1\r\nHost: " + authority_text + "\r\n"))
            << seen;
        EXPECT_EQ(seen.find("Proxy-Authorization"), Bytes::npos) << seen;
        EXPECT_EQ(asked, "CONNECT " + authority_text + " HTTP/1.1\r\nHost: " + authority_text +
                             "\r\nProxy-Authorization: Basic bWU6c2VjcmV0\r\n\r\n");
        EXPECT_TRUE((co_await session.get("https://" + authority_text + "/b").read())
                        .starts_with("GET /b"));
        EXPECT_EQ(proxy_peer.connections(), 1U);
        co_await session.close();
        co_await proxy_peer.stop();
        co_await server.stop();
    }());
}

Coro<std::string> outcome_through(Bytes answer) {
    const auto peer = co_await ScriptedPeer::start([&](PeerConnection& client) -> Coro<void> {
        co_await client.request();
        client.send(answer);
    });
    auto text = co_await fetch_outcome("https://a.example/", {.proxy = proxy_at(peer)});
    const std::string port = std::to_string(peer.port());
    if (const auto at = text.find(port); at != std::string::npos)
        text.replace(at, port.size(), "P");
    co_await peer.stop();
    co_return text;
}

TEST(HTTPTunnel, is_refused_by_its_name) {
    run_clean([]() -> Coro<void> {
        EXPECT_EQ(co_await outcome_through("HTTP/1.1 407 Login\r\nContent-Length: 0\r\n\r\n"),
                  "ClientHttpProxyError: 407, message='Login', url='http://a.example:443/'");
        EXPECT_EQ(
            co_await outcome_through(""),
            "ClientProxyConnectionError: Cannot connect to host 127.0.0.1:P: the proxy closed "
            "the connection");
        EXPECT_TRUE((co_await outcome_through("SSH-2.0\r\n"))
                        .starts_with("ClientProxyConnectionError: Cannot connect to host 127."));
        // Plain text that is there before the handshake would pass for the server's.
        EXPECT_TRUE((co_await outcome_through("HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"))
                        .starts_with("Client"));
    }());
}

TEST(Proxies, that_nobody_listens_at_are_named) {
    run_clean([]() -> Coro<void> {
        Socket taken(af_inet);
        taken.bind({"127.0.0.1", 0});
        const std::string at = "127.0.0.1:" + std::to_string(taken.getsockname().port());
        const auto text = co_await fetch_outcome("http://a.example/",
                                                 {.proxy = Proxy{.url = URL("http://" + at)}});
        EXPECT_TRUE(text.starts_with("ClientProxyConnectionError: Cannot connect to host " + at +
                                     ": [Errno 111]"))
            << text;
    }());
}

TEST(Proxies, of_other_kinds_are_refused) {
    run_clean([]() -> Coro<void> {
        EXPECT_EQ(co_await fetch_outcome("http://a/", {.proxy = Proxy{.url = URL("ftp://p/")}}),
                  "ValueError: the scheme of a proxy is http, socks5 or socks5h, not ftp");
        EXPECT_EQ(co_await fetch_outcome("http://a/", {.connector = UnixConnector("/no/such"),
                                                       .proxy = Proxy{.url = URL("http://p/")}}),
                  "ValueError: a Unix socket is not reached through a proxy");
    }());
}

// ---- SOCKS5

struct Socks {
    Bytes greeting;  // what the proxy is to be told first
    Bytes chosen;    // its answer
    Bytes login{};   // told then, if it asks
    Bytes request;   // told then
    Bytes answer;    // and its answer
};

// A proxy that wants to hear just that, and then is the server.
Coro<std::string> outcome_of_socks(const Socks& socks, const std::string& scheme,
                                   std::optional<BasicAuth> auth = std::nullopt,
                                   std::string host = "127.0.0.1") {
    const auto peer = co_await ScriptedPeer::start([&](PeerConnection& client) -> Coro<void> {
        EXPECT_EQ(co_await client.receive(socks.greeting.size()), socks.greeting);
        client.send(socks.chosen);
        if (!socks.login.empty()) {
            EXPECT_EQ(co_await client.receive(socks.login.size()), socks.login);
            client.send(BytesView("\1\0", 2));
        }
        EXPECT_EQ(co_await client.receive(socks.request.size()), socks.request);
        client.send(socks.answer);
        co_await client.request();
        client.send(response_of("through"));
    });
    Proxy proxy = proxy_at(peer, scheme);
    proxy.auth = std::move(auth);
    auto text = co_await fetch_outcome("http://" + host + ":80/", {.proxy = proxy});
    co_await peer.stop();
    co_return text;
}

TEST(SocksProxy, is_asked_for_an_address_or_a_name) {
    run_clean([]() -> Coro<void> {
        const Bytes connected("\5\0\0\1\0\0\0\0\0\0", 10);
        const Bytes to_address("\5\1\0\1\x7f\0\0\1\0\x50", 10);
        const Bytes to_name = Bytes("\5\1\0\3\x09", 5) + "a.example" + Bytes("\0\x50", 2);
        EXPECT_EQ(co_await outcome_of_socks({.greeting = Bytes("\5\1\0", 3),
                                             .chosen = Bytes("\5\0", 2),
                                             .request = to_address,
                                             .answer = connected},
                                            "socks5"),
                  "through");
        EXPECT_EQ(co_await outcome_of_socks(
                      {.greeting = Bytes("\5\2\0\2", 4),
                       .chosen = Bytes("\5\2", 2),
                       .login = Bytes("\1\2me\6secret"),
                       .request = to_name,
                       .answer = Bytes("\5\0\0\3\3abc\0\0", 10)},
                      "socks5h", BasicAuth{.login = "me", .password = "secret"}, "a.example"),
                  "through");
    }());
}

TEST(SocksProxy, is_refused_by_its_name) {
    run_clean([]() -> Coro<void> {
        const Bytes to_address("\5\1\0\1\x7f\0\0\1\0\x50", 10);
        const Socks refusing{.greeting = Bytes("\5\1\0", 3),
                             .chosen = Bytes("\5\0", 2),
                             .request = to_address,
                             .answer = Bytes("\5\5\0\1", 4)};
        EXPECT_TRUE((co_await outcome_of_socks(refusing, "socks5"))
                        .ends_with(": the proxy cannot connect: connection refused"));
    }());
    for (const auto& [said, reason] :
         {std::pair<Bytes, const char*>{"HT", "the proxy does not speak SOCKS5"},
          {Bytes("\5\xff", 2), "the proxy wants another kind of login"},
          {"\5", "the proxy closed the connection"}}) {
        run_clean([](const Bytes& chosen, const char* expected) -> Coro<void> {
            const auto peer =
                co_await ScriptedPeer::start([&](PeerConnection& client) -> Coro<void> {
                    co_await client.receive(3);
                    client.send(chosen);
                });
            const auto text =
                co_await fetch_outcome("http://127.0.0.1/", {.proxy = proxy_at(peer, "socks5")});
            EXPECT_TRUE(text.starts_with("ClientProxyConnectionError: ")) << text;
            EXPECT_TRUE(text.ends_with(expected)) << text;
            co_await peer.stop();
        }(said, reason));
    }
}

// curl's CVE-2023-38545: a name that was too long for the field of its length went there all the
// same.
TEST(ProxyAttacks, a_name_too_long_for_socks_is_an_error) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(
            [](PeerConnection& client) -> Coro<void> { co_await client.stall(); });
        std::string host;
        for (int i = 0; i < 5; ++i) host += std::string(60, 'a') + ".";
        host += "example";
        const auto text =
            co_await fetch_outcome("http://" + host + "/", {.proxy = proxy_at(peer, "socks5h")});
        EXPECT_TRUE(text.ends_with("SOCKS5 has no way to say a name of 312 bytes")) << text;
        co_await peer.stop();
    }());
}

// A redirect to where the environment names another proxy, or none, takes no login with it: it is
// of the connection, and never of the request.
TEST(ProxyAttacks, a_login_goes_to_its_proxy_only) {
    run_clean([]() -> Coro<void> {
        const auto server = co_await ScriptedPeer::start(mirror);
        const auto peer = co_await ScriptedPeer::start(
            answering("HTTP/1.1 302 Found\r\nLocation: " + server.url("/b") +
                      "\r\nContent-Length: 0\r\n\r\n"));
        Proxy proxy = proxy_at(peer);
        proxy.auth = BasicAuth{.login = "me", .password = "secret"};
        ClientSession session;
        auto redirected =
            co_await session.get("http://a.example/").proxy(proxy).allow_redirects(false);
        const auto location = redirected.headers().getone("Location");
        const Bytes seen = co_await session.get(location).read();
        EXPECT_EQ(seen.find("roxy"), Bytes::npos) << seen;
        co_await session.close();
        co_await peer.stop();
        co_await server.stop();
    }());
}

// ---- the environment

using Variables = std::map<std::string, std::string>;

std::string proxy_for(const Variables& variables, const char* url) {
    const auto environment = [&](const char* name) -> std::optional<std::string> {
        const auto at = variables.find(name);
        return at == variables.end() ? std::nullopt : std::optional(at->second);
    };
    const auto proxy = internal::proxy_from(environment, URL(url));
    return proxy ? proxy->url.to_string() : "none";
}

TEST(ProxyEnvironment, names_a_proxy_for_a_scheme) {
    const Variables all{{"http_proxy", "http://a:1"}, {"HTTPS_PROXY", "b:2"}, {"ALL_PROXY", "c:3"}};
    EXPECT_EQ(proxy_for(all, "http://x/"), "http://a:1/");
    EXPECT_EQ(proxy_for(all, "https://x/"), "http://b:2/");
    EXPECT_EQ(proxy_for({{"all_proxy", "socks5h://c:3"}}, "https://x/"), "socks5h://c:3");
    EXPECT_EQ(proxy_for({{"http_proxy", ""}, {"HTTP_PROXY", "a:1"}}, "http://x/"), "none");
    EXPECT_EQ(proxy_for({}, "http://x/"), "none");
    EXPECT_EQ(
        thrown_by([] { return proxy_for({{"http_proxy", "http://u:secret@:x"}}, "http://x/"); }),
        "ValueError: the variable http_proxy of the environment, or all_proxy, is no URL of a "
        "proxy");
}

TEST(ProxyEnvironment, has_exceptions) {
    const auto in = [](const char* list, const char* url) {
        return internal::is_in_no_proxy(list, URL(url));
    };
    EXPECT_TRUE(in("*", "http://a/"));
    EXPECT_TRUE(in("b.example, a.example", "http://a.example/"));
    EXPECT_TRUE(in("a.example", "http://A.EXAMPLE.:80/"));
    for (const char* list : {"example", ".example", "*.example", "EXAMPLE."}) {
        EXPECT_TRUE(in(list, "http://a.example/")) << list;
    }
    EXPECT_FALSE(in("ample", "http://a.example/"));
    EXPECT_FALSE(in("a.example.org", "http://a.example/"));
    EXPECT_FALSE(in("", "http://a/"));
    EXPECT_FALSE(in(".", "http://a/"));
    EXPECT_TRUE(in("a.example:81", "http://a.example:81/"));
    EXPECT_FALSE(in("a.example:81", "http://a.example/"));
    EXPECT_TRUE(in("127.0.0.1", "http://127.0.0.1:5/"));
    EXPECT_FALSE(in("0.0.1", "http://127.0.0.1/"));
    EXPECT_TRUE(in("10.0.0.0/8", "http://10.1.2.3/"));
    EXPECT_TRUE(in("10.1.2.0/23", "http://10.1.3.3/"));
    EXPECT_FALSE(in("10.1.2.0/23", "http://10.1.4.3/"));
    EXPECT_FALSE(in("10.0.0.0/33", "http://10.0.0.0/"));
    EXPECT_FALSE(in("10.0.0.0/8", "http://a.example/"));
    EXPECT_TRUE(in("::1", "http://[::1]/"));
    EXPECT_TRUE(in("[::1]:80", "http://[::1]/"));
    EXPECT_TRUE(in("fd00::/8", "http://[fd12::1]/"));
    EXPECT_FALSE(in("fd00::/8", "http://[fe80::1]/"));
}

// Go's CVE-2025-22870: a zone made a host look as if it ended with an exempted name.
TEST(ProxyAttacks, a_zone_is_no_way_around_a_proxy) {
    EXPECT_EQ(proxy_for({{"http_proxy", "a:1"}, {"no_proxy", "*.example.com"}}, "http://[::1]/"),
              "http://a:1/");
    EXPECT_THROW(URL("http://[::1%25.example.com]/"), ValueError);
}

// CVE-2016-5386 and its like: a CGI program gets the header `Proxy:` of a request as HTTP_PROXY.
TEST(ProxyAttacks, httpoxy) {
    EXPECT_EQ(proxy_for({{"HTTP_PROXY", "evil:1"}, {"REQUEST_METHOD", "GET"}}, "http://x/"),
              "none");
    EXPECT_EQ(proxy_for({{"HTTP_PROXY", "good:1"}}, "http://x/"), "http://good:1/");
    EXPECT_EQ(proxy_for({{"http_proxy", "good:1"}, {"REQUEST_METHOD", "GET"}}, "http://x/"),
              "http://good:1/");
}

TEST(ProxyEnvironment, is_looked_at_only_where_it_is_trusted) {
    run_clean([]() -> Coro<void> {
        const auto server = co_await ScriptedPeer::start(mirror);
        ::setenv("http_proxy", "http://127.0.0.1:1", 1);
        EXPECT_TRUE((co_await fetch_outcome(server.url())).starts_with("GET / "));
        EXPECT_TRUE((co_await fetch_outcome(server.url(), {.trust_env = true}))
                        .starts_with("ClientProxyConnectionError: "));
        ::setenv("no_proxy", "127.0.0.1", 1);
        EXPECT_TRUE(
            (co_await fetch_outcome(server.url(), {.trust_env = true})).starts_with("GET / "));
        ::unsetenv("http_proxy");
        ::unsetenv("no_proxy");
        co_await server.stop();
    }());
}

}  // namespace
}  // namespace weft::http
