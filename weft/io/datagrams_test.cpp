// SPDX-License-Identifier: Apache-2.0
#include <weft/io/datagrams.hpp>

#include <string>
#include <utility>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/io/run.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/task.hpp>
#include <weft/testing/trace.hpp>

namespace weft {
namespace {

using testing::outcome;
using testing::spin;

const SocketAddress anywhere("127.0.0.1", 0);

// UDP-01
TEST(Datagrams, go_to_their_peer_and_tell_where_they_came_from) {
    run([]() -> Coro<void> {
        auto server = co_await create_datagram_endpoint({.local_addr = anywhere});
        auto client = co_await create_datagram_endpoint({.remote_addr = server.getsockname()});
        co_await client.sendto("ping");
        auto [data, address] = co_await server.recvfrom();
        EXPECT_EQ(data, "ping");
        EXPECT_EQ(address, client.getsockname());
        co_await server.sendto("pong", address);
        EXPECT_EQ((co_await client.recvfrom()).first, "pong");
    }());
}

TEST(Datagrams, keep_their_bounds_and_may_be_empty) {
    run([]() -> Coro<void> {
        auto server = co_await create_datagram_endpoint({.local_addr = anywhere});
        auto client = co_await create_datagram_endpoint({.remote_addr = server.getsockname()});
        const Bytes large(60'000, 'x');
        for (const BytesView data : {BytesView("one"), BytesView(), BytesView(large)}) {
            co_await client.sendto(data);
        }
        EXPECT_EQ((co_await server.recvfrom()).first, "one");
        EXPECT_EQ((co_await server.recvfrom()).first, "");
        EXPECT_TRUE((co_await server.recvfrom()).first == large);
        co_await client.sendto("cut off");
        EXPECT_EQ((co_await server.recvfrom(3)).first, "cut");
    }());
}

// UDP-02
TEST(Datagrams, tell_that_nobody_listens) {
    run([]() -> Coro<void> {
        auto gone = co_await create_datagram_endpoint({.local_addr = anywhere});
        auto client = co_await create_datagram_endpoint({.remote_addr = gone.getsockname()});
        gone.close();
        co_await client.sendto("x");
        const std::string told = co_await outcome(client.recvfrom());
        EXPECT_TRUE(told.starts_with("ConnectionRefusedError: [Errno 111] ")) << told;
    }());
}

TEST(Datagrams, refuse_an_address_that_cannot_be) {
    run([]() -> Coro<void> {
        auto free = co_await create_datagram_endpoint();
        EXPECT_EQ(co_await outcome(free.sendto("x")),
                  "ValueError: sendto() needs an address, since the endpoint has no remote_addr");
        const SocketAddress peer("127.0.0.1", 9);
        auto bound = co_await create_datagram_endpoint({.remote_addr = peer});
        EXPECT_EQ(co_await outcome(bound.sendto("x", anywhere)),
                  "ValueError: Invalid address: must be None or ('127.0.0.1', 9)");
        EXPECT_EQ(co_await outcome(create_datagram_endpoint(
                      {.local_addr = SocketAddress("::1", 0), .remote_addr = peer})),
                  "ValueError: local_addr ('::1', 0, 0, 0) and remote_addr ('127.0.0.1', 9) are of "
                  "two families");
    }());
}

TEST(Datagrams, are_not_lost_by_a_receiver_that_is_cancelled) {
    run([]() -> Coro<void> {
        auto server = co_await create_datagram_endpoint({.local_addr = anywhere});
        auto client = co_await create_datagram_endpoint({.remote_addr = server.getsockname()});
        const auto waiting = create_task(server.recvfrom());
        co_await spin(2);
        waiting.cancel();
        co_await client.sendto("still here");
        co_await spin(2);
        EXPECT_TRUE(waiting.cancelled());
        EXPECT_EQ((co_await server.recvfrom()).first, "still here");
    }());
}

TEST(Datagrams, end_a_receiver_when_the_endpoint_is_closed) {
    run([]() -> Coro<void> {
        auto server = co_await create_datagram_endpoint({.local_addr = anywhere});
        const auto waiting = create_task(server.recvfrom());
        co_await spin(2);
        server.close();
        const auto ended = co_await as_result(waiting);
        EXPECT_FALSE(ended);
        EXPECT_TRUE(describe(ended.error()).starts_with("OSError: [Errno 9] "));
    }());
}

}  // namespace
}  // namespace weft
