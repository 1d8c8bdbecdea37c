// SPDX-License-Identifier: Apache-2.0
// What a connector does where the system has no descriptor left.
#include <cerrno>
#include <string>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/http/client/client_test.hpp>
#include <weft/http/client/connector.hpp>
#include <weft/http/client/session.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/testing/scripted_peer.hpp>
#include <weft/testing/system_faults.hpp>

namespace weft::http {
namespace {

using testing::answering;
using testing::Call;
using testing::SystemFaults;

TEST(Connector, gives_idle_connections_up_where_descriptors_run_out) {
    run_clean([]() -> Coro<void> {
        const auto one = co_await ScriptedPeer::start(answering(response_of("one")));
        const auto two = co_await ScriptedPeer::start(answering(response_of("two")));
        ClientSession session;
        co_await session.get(one.url()).read();
        EXPECT_EQ(session.connector().idle(), 1U);
        {
            SystemFaults faults;
            faults.on(Call::socket, {.error = EMFILE, .times = 1});
            EXPECT_EQ(co_await session.get(two.url()).read(), "two");
        }
        EXPECT_EQ(session.connector().idle(), 1U) << "the new one";
        {
            SystemFaults faults;
            faults.on(Call::socket, {.error = EMFILE, .times = testing::always});
            const auto text = co_await outcome_of(session.get(one.url()).read());
            EXPECT_TRUE(text.starts_with("ClientConnectorError: ")) << text;
            EXPECT_TRUE(text.contains("[Errno 24]")) << text;
        }
        EXPECT_EQ(session.connector().idle(), 0U);
        EXPECT_EQ(session.connector().in_use(), 0U);
        co_await session.close();
        co_await one.stop();
        co_await two.stop();
    }());
}

TEST(Connector, belongs_to_the_loop_that_has_used_it) {
    const TCPConnector connector;
    run_clean([](const TCPConnector& shared) -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(answering(response_of("one")));
        ClientSession session({.connector = shared, .connector_owner = false});
        co_await session.get(peer.url()).read();
        co_await session.close();
        co_await peer.stop();
    }(connector));
    run_clean([](const TCPConnector& shared) -> Coro<void> {
        ClientSession session({.connector = shared, .connector_owner = false});
        EXPECT_EQ(co_await outcome_of(session.get("http://127.0.0.1:1/").read()),
                  "RuntimeError: the event loop of the connector is closed");
    }(connector));
}

}  // namespace
}  // namespace weft::http
