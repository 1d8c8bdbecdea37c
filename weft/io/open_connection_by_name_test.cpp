// SPDX-License-Identifier: Apache-2.0
// Goal:   open_connection() has a Resolver tell the addresses of a name, and tries them as
//         internal/happy_eyeballs.hpp says.
// Method: a nameserver that knows two addresses of this machine, of which one serves.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/time.hpp>
#include <weft/io/listen_queue_test.hpp>
#include <weft/io/nameserver_test.hpp>
#include <weft/io/resolver.hpp>
#include <weft/io/server.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/io/streams.hpp>
#include <weft/io/streams_test.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;

// Two addresses of this machine, in the order that the first one given is tried first.
Coro<Nameserver> two_of_this_machine(std::vector<std::string> hosts) {
    co_return co_await Nameserver::start([hosts](const DnsQuery& query) {
        DnsReply reply(query);
        for (const std::string& host : hosts) {
            if (query.type == record_a) reply.address(host);
        }
        return std::vector{reply.bytes()};
    });
}

TEST(OpenConnection, tries_each_address_of_a_name) {
    run_clean([]() -> Coro<void> {
        const Server server = co_await start_server(echo, "127.0.0.2", 0);
        const Nameserver names = co_await two_of_this_machine({"127.0.0.1", "127.0.0.2"});
        auto [reader, writer] = co_await open_connection("two.example", port_of(server),
                                                         {.resolver = Resolver(names.options())});
        EXPECT_EQ(writer.peername().host(), "127.0.0.2");
        writer.write("hi\n");
        EXPECT_EQ(co_await reader.readline(), "hi\n");
        server.close();
    }());
}

TEST(OpenConnection, tells_the_error_of_each_address) {
    run_clean([]() -> Coro<void> {
        Socket deaf(af_inet);  // bound, and not listening: nobody else can
        deaf.bind({"0.0.0.0", 0});
        const int nobody = deaf.getsockname().port();
        const Nameserver names = co_await two_of_this_machine({"127.0.0.1", "127.0.0.2"});
        const std::string error = co_await outcome(
            open_connection("two.example", nobody, {.resolver = Resolver(names.options())}));
        EXPECT_TRUE(error.starts_with("ConnectionRefusedError: [Errno 111] Multiple exceptions: "))
            << error;
        EXPECT_NE(error.find("('127.0.0.1', "), std::string::npos) << error;
        EXPECT_NE(error.find("('127.0.0.2', "), std::string::npos) << error;
    }());
}

// Goal:   that open_connection() hands its delay on.
// Method: the first address takes no connections, since the queue of its listener is full.
TEST(OpenConnection, tries_the_next_address_beside_one_that_does_not_answer) {
    run_clean([]() -> Coro<void> {
        Socket deaf(af_inet);
        std::optional<Server> server;
        while (!server) {  // another test may have that port of all addresses
            deaf = Socket(af_inet);
            deaf.bind({"127.0.0.1", 0});
            auto started =
                co_await as_result(start_server(echo, "127.0.0.2", deaf.getsockname().port()));
            if (started) server = std::move(*started);
        }
        deaf.listen(0);
        const Socket in_the_queue = connected_to(deaf);
        wait_until_queued(deaf, 1);
        const int port = deaf.getsockname().port();
        const Nameserver names = co_await two_of_this_machine({"127.0.0.1", "127.0.0.2"});
        const TimePoint begin = get_running_loop().time();
        auto [reader, writer] = co_await open_connection(
            "two.example", port,
            {.resolver = Resolver(names.options()), .happy_eyeballs_delay = 400ms});
        const Nanoseconds taken = get_running_loop().time() - begin;
        EXPECT_EQ(writer.peername().host(), "127.0.0.2");
        EXPECT_GE(taken, 400ms);  // by default it is 250 ms
        EXPECT_LT(taken, 30s);    // it is a minute or more until the system gives up
        server->close();
    }());
}

// The name that every system has, with one address or two, of which one may be refused.
TEST(OpenConnection, reaches_this_machine_by_its_name) {
    run_clean([]() -> Coro<void> {
        const Server server = co_await serve(echo);
        auto [reader, writer] = co_await open_connection("localhost", port_of(server));
        writer.write("x");
        EXPECT_EQ(co_await reader.readexactly(1), "x");
        writer.close();
        server.close();
    }());
}

TEST(OpenConnection, refuses_to_interleave_less_than_nothing) {
    run_clean([]() -> Coro<void> {
        EXPECT_EQ(co_await outcome(open_connection("127.0.0.1", 1, {.interleave = -1})),
                  "ValueError: interleave is -1, but cannot be below zero");
    }());
}

}  // namespace
}  // namespace weft
