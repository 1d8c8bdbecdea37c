// SPDX-License-Identifier: Apache-2.0
#include <weft/io/server.hpp>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/io/lettings_test.hpp>
#include <weft/io/listen_queue_test.hpp>
#include <weft/io/run.hpp>
#include <weft/io/sock.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/io/streams.hpp>
#include <weft/io/streams_test.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/gather.hpp>
#include <weft/runtime/timeout.hpp>
#include <weft/runtime/with_async.hpp>
#include <weft/testing/trace.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;
using testing::spin;

// STR-15
TEST(Server, reports_a_handler_that_throws_and_closes_the_connection) {
    run_clean([]() -> Coro<void> {
        std::string report;
        get_running_loop().set_exception_handler(
            [&report](EventLoop&, const ExceptionContext& context) {
                report = context.message + " " + describe(context.exception);
            });
        const Server server = co_await serve([](StreamReader, StreamWriter) -> Coro<void> {
            throw ValueError("handler");
            co_return;
        });
        auto [reader, writer] = co_await open_connection("127.0.0.1", port_of(server));
        EXPECT_EQ(co_await reader.read(), "");
        EXPECT_EQ(report, "Unhandled exception in client_connected_cb ValueError: handler");
        server.close();
    }());
}

// STR-17
TEST(Server, waits_for_its_connections) {
    run_clean([]() -> Coro<void> {
        const Server server = co_await serve(echo);
        auto [reader, writer] = co_await open_connection("127.0.0.1", port_of(server));
        writer.write("x");
        EXPECT_EQ(co_await reader.read(1), "x");
        server.close();
        EXPECT_FALSE(server.is_serving());
        EXPECT_TRUE(server.sockets().empty());
        const auto closed = create_task(server.wait_closed());
        co_await spin(3);
        EXPECT_FALSE(closed.done());
        writer.close();
        co_await closed;
    }());
}

// STR-18
TEST(Server, closes_and_aborts_its_clients) {
    for (const bool abort : {false, true}) {
        run_clean([](bool aborts) -> Coro<void> {
            const Server server = co_await serve(echo);
            auto [reader, writer] = co_await open_connection("127.0.0.1", port_of(server));
            writer.write("x");
            EXPECT_EQ(co_await reader.read(1), "x");
            server.close();
            aborts ? server.abort_clients() : server.close_clients();
            EXPECT_EQ(co_await reader.read(), "");
            co_await server.wait_closed();
        }(abort));
    }
}

TEST(Server, serves_many_at_once) {
    run_clean([]() -> Coro<void> {
        const Server server = co_await serve(echo);
        const auto talk = [](int port, int i) -> Coro<bool> {
            auto [reader, writer] = co_await open_connection("127.0.0.1", port);
            const Bytes text = "client " + std::to_string(i) + "\n";
            for (int round = 0; round < 10; ++round) {
                writer.write(text);
                const Bytes line = co_await reader.readline();
                if (line != text) co_return false;
            }
            co_return true;
        };
        std::vector<Coro<bool>> clients;
        for (int i = 0; i < 90; ++i) clients.push_back(talk(port_of(server), i));
        for (const bool ok : co_await gather(std::move(clients))) EXPECT_TRUE(ok);
        server.close();
        co_await server.wait_closed();
    }());
}

TEST(Server, serves_until_it_is_cancelled) {
    run_clean([]() -> Coro<void> {
        const Server server = co_await start_server(echo, "127.0.0.1", 0, {.start_serving = false});
        EXPECT_FALSE(server.is_serving());
        const auto serving = create_task(server.serve_forever());
        co_await spin();
        EXPECT_TRUE(server.is_serving());
        EXPECT_EQ(co_await outcome(server.serve_forever()),
                  "RuntimeError: the server is already being awaited on serve_forever()");
        serving.cancel();
        co_await spin(3);
        EXPECT_TRUE(serving.cancelled());
        EXPECT_FALSE(server.is_serving());
        EXPECT_EQ(co_await outcome(server.serve_forever()), "RuntimeError: the server is closed");
    }());
}

TEST(Server, refuses_to_wait_in_another_loop) {
    const auto loop = new_event_loop();
    const Server server = loop->run_until_complete(serve(echo));
    run([](Server elsewhere) -> Coro<void> {
        EXPECT_EQ(co_await outcome(wait_for(elsewhere.wait_closed(), 10s)),
                  "RuntimeError: Server is bound to a different event loop");
        EXPECT_EQ(co_await outcome(wait_for(elsewhere.serve_forever(), 10s)),
                  "RuntimeError: Server is bound to a different event loop");
    }(server));
    EXPECT_TRUE(server.is_serving());
    loop->close();
    run(server.wait_closed());
}

TEST(Server, is_an_async_context_manager) {
    run_clean([]() -> Coro<void> {
        Server server = co_await serve(echo);
        co_await with_async(server, [](Server& entered) -> Coro<void> {
            auto [reader, writer] = co_await open_connection("127.0.0.1", port_of(entered));
            writer.write("x");
            EXPECT_EQ(co_await reader.read(1), "x");
        });
        EXPECT_FALSE(server.is_serving());
    }());
}

TEST(Server, tells_which_address_is_in_use) {
    run_clean([]() -> Coro<void> {
        const Server server = co_await serve(echo);
        const std::string taken =
            co_await outcome(start_server(echo, "127.0.0.1", port_of(server)));
        EXPECT_TRUE(taken.starts_with("OSError: [Errno 98] Address already in use")) << taken;
        EXPECT_NE(taken.find("('127.0.0.1', "), std::string::npos) << taken;
        server.close();
    }());
}

TEST(Server, listens_at_every_address_without_a_host) {
    run_clean([]() -> Coro<void> {
        const Server server = co_await start_server(echo, "", 0, {.family = af_inet});
        EXPECT_EQ(server.sockets()[0].getsockname().host(), "0.0.0.0");
        auto [reader, writer] = co_await open_connection("127.0.0.1", port_of(server));
        writer.write("x");
        EXPECT_EQ(co_await reader.read(1), "x");
        server.close();
    }());
}

// Bound to a port of IPv6 that nobody has of IPv4, such as another test's server or what is left of one.
Socket bound_where_ipv4_is_free() {
    for (;;) {
        Socket six(af_inet6);
        six.set_reuse_address();
        six.set_v6_only();
        six.bind({"::", 0});
        Socket four(af_inet);
        four.set_reuse_address();
        try {
            four.bind({"0.0.0.0", six.getsockname().port()});
            four.listen();
            return six;
        } catch (const OSError& error) {
            if (error.code() != EADDRINUSE) throw;
        }
    }
}

// Goal:   a server that cannot listen at all of its addresses listens at none, and leaves nothing
//         behind that a descriptor with the same number would wake.
// Method: another socket listens at the second address, once that is bound.
TEST(Server, does_not_begin_at_some_of_its_addresses_only) {
    run_clean([]() -> Coro<void> {
        Socket other = bound_where_ipv4_is_free();
        {
            const Server server = co_await start_server(echo, "", other.getsockname().port(),
                                                        {.start_serving = false});
            EXPECT_EQ(server.sockets().size(), 2u);
            other.listen();
            const std::string taken = co_await outcome(server.start_serving());
            EXPECT_TRUE(taken.starts_with("OSError: [Errno 98] ")) << taken;
            EXPECT_FALSE(server.is_serving());
            server.close();
        }
        auto [a, b] = Socket::socketpair();
        auto [c, d] = Socket::socketpair();
        auto [reader, writer] = co_await open_connection(std::move(a));
        auto [reader_of_b, writer_of_b] = co_await open_connection(std::move(b));
        auto [reader_of_c, writer_of_c] = co_await open_connection(std::move(c));
        writer_of_b.write("x");
        EXPECT_EQ(co_await reader.read(1), "x");
        writer.write("y");
        EXPECT_EQ(co_await reader_of_b.read(1), "y");
    }());
}

TEST(Server, accepts_with_a_backlog_of_zero) {
    run_clean([]() -> Coro<void> {
        const Server server = co_await start_server(echo, "127.0.0.1", 0, {.backlog = 0});
        auto [reader, writer] = co_await open_connection("127.0.0.1", port_of(server));
        writer.write("x");
        EXPECT_EQ(co_await outcome(wait_for(reader.read(1), 10s)), "ok");
        server.close();
    }());
}

TEST(Server, that_was_closed_leaves_its_address_to_another_at_once) {
    run_clean([]() -> Coro<void> {
        const char* const host = "127.0.5.4";  // where no other test can take its port meanwhile
        Server server = co_await start_server(echo, host, 0);
        const int port = port_of(server);
        for (int i = 0; i < 3; ++i) {
            co_await spin(2);
            server.close();
            co_await server.wait_closed();
            server = co_await start_server(echo, host, port);
        }
        auto [reader, writer] = co_await open_connection(host, port);
        writer.write("x");
        EXPECT_EQ(co_await reader.read(1), "x");
        server.close();
    }());
}

// So low that nothing can be opened any more, while it lives.
class NoDescriptorLeft {
public:
    NoDescriptorLeft() {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        const Socket lowest;
        const rlimit low{.rlim_cur = static_cast<rlim_t>(lowest.fileno()),
                         .rlim_max = before_.rlim_max};
        ::setrlimit(RLIMIT_NOFILE, &low);
    }
    ~NoDescriptorLeft() { ::setrlimit(RLIMIT_NOFILE, &before_); }
    NoDescriptorLeft(const NoDescriptorLeft&) = delete;
    NoDescriptorLeft& operator=(const NoDescriptorLeft&) = delete;

private:
    rlimit before_{};
};

TEST(Server, serves_on_once_there_are_descriptors_again) {
#if defined(__has_feature)
#if __has_feature(undefined_behavior_sanitizer)
    GTEST_SKIP() << "UndefinedBehaviorSanitizer needs descriptors of its own, to look at an object";
#endif
#endif
    run_clean([]() -> Coro<void> {
        const Server server = co_await serve(echo);
        std::optional<NoDescriptorLeft> shortage;
        std::vector<std::string> reports;
        get_running_loop().set_exception_handler([&](EventLoop&, const ExceptionContext& context) {
            shortage.reset();
            reports.push_back(context.message + ": " + describe(context.exception));
        });
        Socket client = connected_to(server);
        shortage.emplace();
        while (reports.empty()) co_await spin();
        EXPECT_EQ(reports[0],
                  "socket.accept() out of system resource: "
                  "OSError: [Errno 24] Too many open files");
        EXPECT_TRUE(server.is_serving());
        co_await sock_sendall(client, "x");
        EXPECT_EQ(co_await sock_recv(client, 1), "x");
        EXPECT_EQ(reports.size(), 1u);
        server.close();
    }());
}

// ---- what the handler refers to

using Kept = std::optional<Server>;

// Goal: a handler that closes its own server, and so owns a copy of it, is freed all the same.
TEST(Server, lets_go_of_a_handler_that_owns_it_when_the_last_one_has_ended) {
    run_clean([]() -> Coro<void> {
        auto own = std::make_shared<Kept>();
        const std::weak_ptr<Kept> alive = own;
        *own = co_await serve([own](StreamReader reader, StreamWriter) -> Coro<void> {
            (*own)->close();
            EXPECT_EQ(co_await reader.read(), "bye");
            EXPECT_FALSE((*own)->is_serving()) << "what it captured is still there";
        });
        auto [reader, writer] = co_await open_connection("127.0.0.1", port_of(**own));
        const Server server = **own;
        own.reset();
        while (server.is_serving()) co_await spin();
        EXPECT_FALSE(alive.expired());
        writer.write("bye");
        writer.write_eof();
        EXPECT_EQ(co_await reader.read(), "");
        co_await server.wait_closed();
        co_await spin();
        EXPECT_TRUE(alive.expired());
    }());
}

TEST(Server, keeps_what_a_handler_refers_to_beyond_its_connection) {
    run_clean([]() -> Coro<void> {
        const auto text = std::make_shared<std::string>("kept");
        std::string told;
        const Server server =
            co_await serve([text, &told](StreamReader, StreamWriter writer) -> Coro<void> {
                writer.abort();
                co_await writer.wait_closed();
                co_await spin(10);
                told = *text;
            });
        auto [reader, writer] = co_await open_connection("127.0.0.1", port_of(server));
        static_cast<void>(co_await outcome(reader.read(1)));
        server.close();
        co_await server.wait_closed();
        while (told.empty()) co_await spin();
        EXPECT_EQ(told, "kept");
        co_await spin();
        EXPECT_EQ(text.use_count(), 1);
    }());
}

TEST(Server, lets_go_of_a_handler_that_owns_it_when_the_loop_is_closed) {
    auto own = std::make_shared<Kept>();
    const std::weak_ptr<Kept> alive = own;
    run_clean([](std::shared_ptr<Kept> kept) -> Coro<void> {
        *kept = co_await serve([kept](StreamReader, StreamWriter) -> Coro<void> { co_return; });
    }(std::move(own)));
    EXPECT_TRUE(alive.expired());
}

// ---- who has come

// A client that gives up at once is not unknown: asyncio, too, has the address from accept(2).
TEST(Server, knows_a_client_that_was_gone_before_it_was_accepted) {
    run_clean([]() -> Coro<void> {
        if (get_running_loop().backend() != "epoll") {
            std::printf("left out: io_uring does not tell\n");
            co_return;
        }
        std::optional<SocketAddress> peer;
        const Server server =
            co_await serve([&peer](StreamReader, StreamWriter writer) -> Coro<void> {
                peer = writer.peername();
                co_return;
            });
        Socket client = connected_to(server);
        const SocketAddress address = client.getsockname();
        reset_by_peer(std::move(client));
        while (!peer) co_await spin();
        EXPECT_EQ(*peer, address);
        server.close();
    }());
}

class ServerOn : public ::testing::TestWithParam<Letting> {};

// Goal:   what was accepted before close() is served; asyncio's servers have never anything else.
// Method: it closes between the completion of accept(2) and the turn that would tell of it.
TEST_P(ServerOn, serves_who_has_come_before_it_closes) {
    auto owned = std::make_unique<TestBackend>(GetParam());
    TestBackend& backend = *owned;
    EventLoop loop(std::move(owned));
    loop.run_until_complete([](TestBackend& system) -> Coro<void> {
        int served = 0;
        const Server server = co_await serve([&served](StreamReader, StreamWriter) -> Coro<void> {
            ++served;
            co_return;
        });
        co_await spin(2);
        const Socket first = connected_to(server);
        const Socket second = connected_to(server);
        wait_until_queued(server.sockets()[0], 2);
        bool closed = false;
        system.after_wait = [&] {
            server.close();
            closed = true;
        };
        while (!closed) co_await spin();
        co_await server.wait_closed();
        EXPECT_EQ(served, 2);
    }(backend));
}

INSTANTIATE_TEST_SUITE_P(Backends, ServerOn, ::testing::ValuesIn(all_lettings()), letting_name);

}  // namespace
}  // namespace weft
