// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/egress.hpp>

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/http/client/client_test.hpp>
#include <weft/http/client/connector.hpp>
#include <weft/http/client/proxy.hpp>
#include <weft/http/client/session.hpp>
#include <weft/http/url.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/testing/scripted_peer.hpp>

namespace weft::http {
namespace {

using testing::answering;

// The first and the last of each range, and their neighbours.
TEST(Egress, global_addresses_are_those_of_the_internet) {
    for (const char* host :
         {"1.1.1.1",         "9.255.255.255",   "11.0.0.0",        "100.63.255.255",
          "100.128.0.0",     "126.255.255.255", "128.0.0.0",       "169.253.255.255",
          "169.255.0.0",     "172.15.255.255",  "172.32.0.0",      "192.0.1.0",
          "192.167.255.255", "192.169.0.0",     "198.17.255.255",  "198.20.0.0",
          "223.255.255.255", "2000::",          "2001:200::",      "2001:db7::1",
          "2001:db9::",      "2003::",          "2606:4700::1111", "3ffe::",
          "3fff:1000::",     "::ffff:1.1.1.1",  "64:ff9b::1.1.1.1"}) {
        EXPECT_TRUE(is_global({host, 80})) << host;
    }
    for (const char* host : {"0.0.0.0",
                             "0.255.255.255",
                             "10.0.0.0",
                             "10.255.255.255",
                             "100.64.0.0",
                             "100.127.255.255",
                             "127.0.0.1",
                             "127.255.255.255",
                             "169.254.0.0",
                             "169.254.169.254",
                             "172.16.0.0",
                             "172.31.255.255",
                             "192.0.0.1",
                             "192.0.2.1",
                             "192.88.99.1",
                             "192.168.0.1",
                             "192.168.255.255",
                             "198.18.0.0",
                             "198.19.255.255",
                             "198.51.100.1",
                             "203.0.113.1",
                             "224.0.0.1",
                             "239.255.255.255",
                             "240.0.0.1",
                             "255.255.255.255",
                             "::",
                             "::1",
                             "::1.1.1.1",
                             "::ffff:127.0.0.1",
                             "::ffff:10.0.0.1",
                             "64:ff9b::10.0.0.1",
                             "64:ff9b:1::1.1.1.1",
                             "100::1",
                             "2001::1",
                             "2001:1ff::1",
                             "2001:db8::1",
                             "2002:7f00:1::1",
                             "3fff::1",
                             "3fff:fff::",
                             "4000::",
                             "5f00::1",
                             "fc00::1",
                             "fdff::1",
                             "fe80::1",
                             "fec0::1",
                             "ff02::1",
                             "fd00:ec2::254"}) {
        EXPECT_FALSE(is_global({host, 80})) << host;
    }
    EXPECT_FALSE(is_global(SocketAddress::from_path("/run/app.sock")));
    EXPECT_FALSE(is_global(SocketAddress()));
}

// By an address, a name, the wrapped address, a redirect, a proxy, and what a proxy is told.
TEST(Egress, refuses_to_connect_whatever_leads_there) {
    run_clean([]() -> Coro<void> {
        const auto forbidden = co_await ScriptedPeer::start(answering(response_of("metadata")));
        const auto only = [&](const SocketAddress& address) {
            return address.port() != forbidden.port();
        };
        const std::string port = std::to_string(forbidden.port());
        const auto refused = [&](const std::string& kind, const std::string& host,
                                 const std::string& address) {
            return kind + ": Cannot connect to host " + host +
                   ": [Errno 13] the egress policy does "
                   "not allow " +
                   address;
        };
        ClientSession session({.connector = TCPConnector({.egress = only})});
        const auto outcome = [&](RequestBuilder request) -> Coro<std::string> {
            co_return co_await outcome_of(std::move(request).read());
        };
        const std::string here = "127.0.0.1:" + port;
        EXPECT_EQ(co_await outcome(session.get("http://" + here)),
                  refused("ClientConnectorError", here, "127.0.0.1"));
        const Bytes by_name = co_await outcome(session.get("http://localhost:" + port));
        EXPECT_TRUE(by_name.contains("the egress policy does not allow")) << by_name;

        const auto redirecting = co_await ScriptedPeer::start(
            answering("HTTP/1.1 302 Found\r\nLocation: " + forbidden.url() +
                      "\r\nContent-Length: 0\r\n\r\n"));
        EXPECT_EQ(co_await outcome(session.get(redirecting.url())),
                  refused("ClientConnectorError", here, "127.0.0.1"));

        const Proxy proxy{.url = URL(forbidden.url())};
        EXPECT_EQ(co_await outcome(session.get("http://a.example/").proxy(proxy)),
                  refused("ClientProxyConnectionError", here, "127.0.0.1"));
        const Proxy harmless{.url = URL(redirecting.url())};
        EXPECT_EQ(co_await outcome(session.get("http://" + here).proxy(harmless)),
                  refused("ClientConnectorError", here, "127.0.0.1"));
        EXPECT_EQ(forbidden.connections(), 0U);
        co_await session.close();
        co_await forbidden.stop();
        co_await redirecting.stop();
    }());
}

// The example of egress.hpp.
TEST(Egress, example) {
    TCPConnector connector({.egress = is_global});
    EXPECT_FALSE(connector.closed());
}

}  // namespace
}  // namespace weft::http
