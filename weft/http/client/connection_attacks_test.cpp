// SPDX-License-Identifier: Apache-2.0
// Which connections must not be shared: some twenty of curl's CVEs (2014-0015 to 2026-8932), aiohttp's #12835,
// requests' CVE-2024-35195.
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <stdlib.h>

#include <weft/http/client/client_test.hpp>
#include <weft/http/client/connector.hpp>
#include <weft/http/client/fingerprint.hpp>
#include <weft/http/client/http2.hpp>
#include <weft/http/client/internal/connection_key.hpp>
#include <weft/http/client/internal/connector_state.hpp>
#include <weft/http/client/middleware.hpp>
#include <weft/http/client/payload.hpp>
#include <weft/http/client/request.hpp>
#include <weft/http/client/retry_policy.hpp>
#include <weft/http/client/session.hpp>
#include <weft/http/method.hpp>
#include <weft/http/url.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/testing/log_capture.hpp>
#include <weft/testing/scripted_peer.hpp>
#include <weft/tls/ssl_context.hpp>
#include <weft/tls/tls_test.hpp>

namespace weft::http {
namespace {

using namespace std::chrono_literals;
using ssl::client_context;
using ssl::server_context;
using testing::answering;

struct Change {
    const char* what;
    bool makes_another_connection;
    std::function<void(ClientRequest&)> make;
};

// All that a request can say.
const std::vector<Change>& changes() {
    static const std::vector<Change> all = {
        {"host", true, [](auto& request) { request.url = URL("https://b.example/"); }},
        {"port", true, [](auto& request) { request.url = URL("https://a.example:1/"); }},
        {"scheme", true, [](auto& request) { request.url = URL("http://a.example:443/"); }},
        {"ssl", true, [](auto& request) { request.ssl = client_context(); }},
        {"server_hostname", true, [](auto& request) { request.server_hostname = "b.example"; }},
        {"fingerprints", true,
         [](auto& request) {
             request.fingerprints = {Fingerprint::certificate(std::string(64, '0'))};
         }},
        {"proxy", true, [](auto& request) { request.proxy = {.url = URL("http://p/")}; }},
        {"trust_env", true, [](auto& request) { request.trust_env = true; }},
        {"http2", true, [](auto& request) { request.http2 = Http2::never; }},
        {"method", false, [](auto& request) { request.method = Method::post; }},
        {"path", false, [](auto& request) { request.url = URL("https://a.example/b?c"); }},
        {"headers", false, [](auto& request) { request.headers.set("Host", "b.example"); }},
        {"body", false, [](auto& request) { request.body = Payload("body"); }},
        {"expect100", false, [](auto& request) { request.expect100 = true; }},
        {"timeout", false, [](auto& request) { request.timeout.total = 1s; }},
        {"cookies", false, [](auto& request) { request.cookies.add("a", "b"); }},
        {"cookie_jar", false, [](auto& request) { request.cookie_jar = nullptr; }},
        {"redirects", false, [](auto& request) { request.redirects.max = 1; }},
        {"retry", false, [](auto& request) { request.retry = std::make_shared<RetryPolicy>(); }},
        {"retry_budget", false, [](auto& request) { request.retry_budget = nullptr; }},
        {"allow_redirects", false, [](auto& request) { request.allow_redirects = false; }},
        {"middlewares", false,
         [](auto& request) { request.middlewares = std::make_shared<std::vector<Middleware>>(); }},
        {"trace", false, [](auto& request) { request.trace = nullptr; }},
        {"elsewhere", false, [](auto& request) { request.is_redirected_elsewhere = true; }},
        {"auto_decompress", false, [](auto& request) { request.auto_decompress = false; }},
        {"body_limits", false, [](auto& request) { request.body_limits.codings_max = 1; }},
        {"raise_for_status", false, [](auto& request) { request.raise_for_status = true; }},
        {"upgrades", true, [](auto& request) { request.upgrades = true; }},
    };
    return all;
}

// Goal:   an option that makes connections differ cannot be forgotten where they are compared.
// Method: a new member of ClientRequest does not compile here before it has a name, and a row above. A
//         connection is made from nothing but its key (ConnectorState::dial), whose own members
//         ConnectionKey.differs_with_each_of_its_fields looks at.
TEST(ConnectionReuseAttacks, each_option_is_part_of_the_key_or_makes_no_other_connection) {
    ::setenv("https_proxy", "http://proxy.example:1", 1);
    ClientSession session;
    const ClientRequest request = session.get("https://a.example/").written();
    const auto& [method, url, headers, body, expect100, timeout, ssl, server_hostname, http2,
                 fingerprints, cookies, cookie_jar, proxy, trust_env, redirects, retry,
                 retry_budget, allow_redirects, middlewares, trace, is_redirected_elsewhere,
                 auto_decompress, body_limits, raise_for_status, upgrades] = request;
    internal::ConnectorState& connector = session.connector().state();
    const internal::ConnectionKey key = connector.key_for(request);
    EXPECT_EQ(key.host, url.raw_host());
    for (const Change& change : changes()) {
        ClientRequest changed = request;
        change.make(changed);
        EXPECT_EQ(connector.key_for(changed) != key, change.makes_another_connection)
            << change.what;
    }
    ::unsetenv("https_proxy");
}

TEST(ConnectionReuseAttacks, a_proxy_is_another_one_with_another_login_and_for_an_upgrade) {
    ClientSession session;
    ClientRequest request = session.get("http://a.example/").written();
    internal::ConnectorState& connector = session.connector().state();
    std::vector<internal::ConnectionKey> keys;
    for (const char* proxy : {"http://p/", "http://p:81/", "http://me:a@p/", "http://me:b@p/",
                              "socks5://p:80/", "socks5h://p:80/"}) {
        request.proxy = {.url = URL(proxy)};
        keys.push_back(connector.key_for(request));
    }
    request.proxy = {.url = URL("http://p/")};
    request.upgrades = true;
    keys.push_back(connector.key_for(request));
    for (std::size_t i = 0; i < keys.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) EXPECT_NE(keys[i], keys[j]) << i << " " << j;
    }
}

ssl::SSLContext context_that_verifies_nothing() {
    const ssl::SSLContext context(ssl::Protocol::tls_client);
    context.set_check_hostname(false);
    context.set_verify_mode(ssl::VerifyMode::cert_none);
    return context;
}

// requests' CVE-2024-35195: with `verify=False` once, a connection was used without it ever after.
TEST(ConnectionReuseAttacks, verification_that_was_off_for_one_request_is_on_for_the_next) {
    run_clean([]() -> Coro<void> {
        const testing::LogCapture log;
        const auto peer =
            co_await ScriptedPeer::start_tls(server_context(), answering(response_of("hi")));
        const std::string url = "https://localhost:" + std::to_string(peer.port());
        const auto nothing = context_that_verifies_nothing();
        ClientSession session;
        EXPECT_EQ(co_await session.get(url).ssl(nothing).read(), "hi");
        EXPECT_EQ(session.connector().idle(), 1U);
        const auto text = co_await outcome_of(session.get(url).read());
        EXPECT_TRUE(text.starts_with("ClientConnectorCertificateError: ")) << text;
        EXPECT_EQ(co_await session.get(url).ssl(nothing).read(), "hi");
        EXPECT_EQ(peer.connections(), 1U) << "whose handshake was completed";
        co_await session.close();
        co_await peer.stop();
    }());
}

// A pin says who the server is, too.
TEST(TLSChecks, that_are_switched_off_are_told_to_the_log_once) {
    run_clean([]() -> Coro<void> {
        const auto peer =
            co_await ScriptedPeer::start_tls(server_context(), answering(response_of("hi")));
        const std::string url = "https://localhost:" + std::to_string(peer.port());
        const auto lines_with = [&](ssl::SSLContext context) -> Coro<std::string> {
            const testing::LogCapture log;
            ClientSession session({.connector = TCPConnector(
                                       {{.keepalive_timeout = 0s, .ssl = std::move(context)}})});
            EXPECT_EQ(co_await session.get(url).read(), "hi");
            EXPECT_EQ(co_await session.get(url).read(), "hi");
            co_await session.close();
            co_return log.told();
        };
        const ssl::SSLContext any_host = client_context();
        any_host.set_check_hostname(false);
        const std::string told =
            "the certificate of localhost is not verified, as its SSLContext says: "
            "anyone on the way can read and change what is sent\n";
        EXPECT_EQ(co_await lines_with(client_context()), "");
        EXPECT_EQ(co_await lines_with(context_that_verifies_nothing()), told);
        EXPECT_EQ(co_await lines_with(any_host), told);
        co_await peer.stop();
    }());
}

}  // namespace
}  // namespace weft::http
