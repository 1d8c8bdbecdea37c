// SPDX-License-Identifier: Apache-2.0
// open_connection() and start_server() with `ssl`: what happens until both can talk.
#include <cstddef>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include <weft/base/bytes.hpp>
#include <weft/base/time.hpp>
#include <weft/io/run.hpp>
#include <weft/io/server.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/io/streams.hpp>
#include <weft/io/streams_test.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/future.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/testing/log_capture.hpp>
#include <weft/testing/trace.hpp>
#include <weft/tls/ssl_context.hpp>
#include <weft/tls/tls_test.hpp>

namespace weft::ssl {
namespace {

using namespace std::chrono_literals;
using testing::LogCapture;
using testing::spin;
using testing::thrown_by;

Coro<Server> serve_tls(ClientConnected handler, StartServerOptions options = {}) {
    if (!options.ssl) options.ssl = server_context();
    co_return co_await start_server(std::move(handler), "127.0.0.1", 0, std::move(options));
}

Coro<StreamPair> connect_tls(const Server& server, std::string name = "localhost") {
    co_return co_await open_connection(
        "127.0.0.1", port_of(server),
        {.ssl = client_context(), .server_hostname = std::move(name)});
}

// Takes connections, and says nothing.
Coro<void> silent(StreamReader reader, StreamWriter) { co_await reader.read(); }

TEST(Handshake, comes_before_the_text) {
    run_clean([]() -> Coro<void> {
        const Server server = co_await serve_tls(echo);
        auto [reader, writer] = co_await connect_tls(server);
        EXPECT_NE(writer.ssl_object(), nullptr);
        EXPECT_EQ(writer.ssl_object()->version(), "TLSv1.3");
        EXPECT_EQ(writer.peername(), server.sockets()[0].getsockname());
        writer.write("hi\n");
        EXPECT_EQ(co_await reader.readline(), "hi\n");
        writer.close();
        co_await writer.wait_closed();
        server.close();
        co_await server.wait_closed();
    }());
}

TEST(Handshake, is_for_the_host_unless_another_name_is_given) {
    run_clean([]() -> Coro<void> {
        const Server server = co_await serve_tls(echo);
        const int port = port_of(server);
        auto [reader, writer] =
            co_await open_connection("127.0.0.1", port, {.ssl = client_context()});
        EXPECT_EQ(writer.ssl_object()->server_hostname(), "127.0.0.1");
        writer.close();
        EXPECT_EQ(co_await outcome(connect_tls(server, "evil.example")),
                  "ssl::SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate "
                  "verify failed: Hostname mismatch, certificate is not valid for "
                  "'evil.example'.");
        server.close();
        co_await server.wait_closed();
    }());
}

TEST(Handshake, goes_over_unix_sockets) {
    run_clean([]() -> Coro<void> {
        const std::string path(std::string(1, '\0') + "weft-tls-" + std::to_string(::getpid()));
        const Server server = co_await start_unix_server(echo, path, {.ssl = server_context()});
        auto [reader, writer] = co_await open_unix_connection(
            path, {.ssl = client_context(), .server_hostname = "localhost"});
        writer.write("hi\n");
        EXPECT_EQ(co_await reader.readline(), "hi\n");
        writer.close();
        server.close();
        co_await server.wait_closed();
    }());
}

TEST(Handshake, needs_a_name_where_there_is_no_host) {
    run_clean([]() -> Coro<void> {
        const Server server = co_await serve_tls(echo);
        EXPECT_EQ(
            co_await outcome(open_connection(connected_to(server), {.ssl = client_context()})),
            "ValueError: You must set server_hostname when using ssl without a host");
        EXPECT_EQ(co_await outcome(open_connection("127.0.0.1", port_of(server),
                                                   {.server_hostname = "localhost"})),
                  "ValueError: server_hostname is only meaningful with ssl");
        EXPECT_EQ(co_await outcome(
                      open_connection("127.0.0.1", port_of(server), {.ssl = server_context()})),
                  "ValueError: an SSLContext for servers cannot protect a client's connection");
        EXPECT_EQ(co_await outcome(serve_tls(echo, {.ssl = client_context()})),
                  "ValueError: an SSLContext for clients cannot protect a server's connection");
        EXPECT_EQ(co_await outcome(
                      open_connection("127.0.0.1", port_of(server),
                                      {.ssl = client_context(), .ssl_handshake_timeout = 0s})),
                  "ValueError: ssl_handshake_timeout should be a positive number, got 0.0");
        server.close();
        co_await server.wait_closed();
    }());
}

TEST(Handshake, has_a_time_at_a_client) {
    run_clean([]() -> Coro<void> {
        const Server server = co_await serve(silent);
        EXPECT_EQ(co_await outcome(
                      open_connection("127.0.0.1", port_of(server),
                                      {.ssl = client_context(), .ssl_handshake_timeout = 50ms})),
                  "ConnectionAbortedError: SSL handshake is taking longer than 0.05 seconds: "
                  "aborting the connection");
        server.close();
        co_await server.wait_closed();
    }());
}

TEST(Handshake, has_a_time_at_a_server) {
    run_clean([]() -> Coro<void> {
        bool called = false;
        const Server server = co_await serve_tls(
            [&](StreamReader, StreamWriter) -> Coro<void> {
                called = true;
                co_return;
            },
            {.ssl_handshake_timeout = 50ms});
        auto [reader, writer] = co_await open_connection("127.0.0.1", port_of(server));
        EXPECT_EQ(co_await reader.read(), "");
        EXPECT_FALSE(called);
        writer.close();
        server.close();
        co_await server.wait_closed();
    }());
}

TEST(Handshake, that_is_cancelled_closes_the_connection) {
    run_clean([]() -> Coro<void> {
        const Server server = co_await serve(silent);
        const auto connecting = create_task(connect_tls(server));
        co_await sleep(20ms);
        connecting.cancel();
        EXPECT_EQ(co_await testing::ended(connecting), "CancelledError");
        server.close();
        co_await server.wait_closed();  // its connection has seen the end
    }());
}

TEST(Handshake, that_fails_at_a_server_is_nothing_to_report) {
    run_clean([]() -> Coro<void> {
        const LogCapture log;
        get_running_loop().slow_callback_duration = Nanoseconds::zero();  // nothing to tell of here
        int reports = 0;
        get_running_loop().set_exception_handler(
            [&](EventLoop&, const ExceptionContext&) { ++reports; });
        const Server server = co_await serve_tls(echo);
        auto [reader, writer] = co_await open_connection("127.0.0.1", port_of(server));
        writer.write(Bytes("\x16\x03\x01\x00\x05", 5) + "hello");
        const Bytes alert = co_await reader.read();
        EXPECT_EQ(alert.substr(0, 2), "\x15\x03");  // a record of type alert
        writer.close();
        EXPECT_EQ(reports, 0);
        auto [again, still] = co_await connect_tls(server);  // the server goes on
        still.close();
        server.close();
        co_await server.wait_closed();
        EXPECT_EQ(LogCapture::told(), "");
    }());
}

TEST(Handshake, that_fails_at_a_server_is_told_in_debug_mode) {
    run_clean([]() -> Coro<void> {
        const LogCapture log;
        get_running_loop().set_debug(true);
        get_running_loop().slow_callback_duration = 10s;
        const Server server = co_await serve_tls(echo);
        auto [reader, writer] = co_await open_connection("127.0.0.1", port_of(server));
        const std::string client = writer.sockname().to_string();
        writer.write("GET / HTTP/1.1\r\n\r\n");
        co_await reader.read();
        writer.close();
        server.close();
        co_await server.wait_closed();
        EXPECT_TRUE(LogCapture::told_of("TLS handshake of the connection with " + client +
                                        " failed: [SSL: HTTP_REQUEST] http request"))
            << LogCapture::told();
    }());
}

TEST(Handshake, that_the_peer_leaves_is_a_reset) {
    run_clean([]() -> Coro<void> {
        const Server server =
            co_await serve([](StreamReader reader, StreamWriter writer) -> Coro<void> {
                co_await reader.read(64 * 1024);  // what nobody has read would be a reset
                writer.close();
            });
        EXPECT_EQ(co_await outcome(connect_tls(server)),
                  "ConnectionResetError: the peer closed the connection during the TLS handshake");
        server.close();
        co_await server.wait_closed();
    }());
}

// As TLS 1.3 has it, a client hears of it only with the first that it reads.
TEST(Handshake, of_a_client_without_the_certificate_that_is_asked_for) {
    run_clean([]() -> Coro<void> {
        const Server server = co_await serve_tls(echo, {.ssl = server_context_that_asks()});
        auto [reader, writer] = co_await connect_tls(server);
        EXPECT_EQ(co_await outcome(reader.read()),
                  "ssl::SSLError: [SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] tlsv13 alert "
                  "certificate required");
        server.close();
        co_await server.wait_closed();
    }());
}

TEST(Handshake, resumes_the_last_session) {
    run_clean([]() -> Coro<void> {
        const Server server = co_await serve_tls(echo);
        const SSLContext context = client_context();
        for (const bool reused : {false, true, true}) {
            auto [reader, writer] =
                co_await open_connection("127.0.0.1", port_of(server), {.ssl = context});
            EXPECT_EQ(writer.ssl_object()->session_reused(), reused);
            writer.write("x\n");
            co_await reader.readline();
            writer.close();
            co_await writer.wait_closed();
        }
        server.close();
        co_await server.wait_closed();
    }());
}

TEST(Handshake, of_many_at_once) {
    run_clean([]() -> Coro<void> {
        const Server server = co_await serve_tls(echo);
        std::vector<Task<StreamPair>> all;
        for (int i = 0; i < 50; ++i) all.push_back(create_task(connect_tls(server)));
        for (int i = 0; i < 50; ++i) {
            auto [reader, writer] = co_await all[static_cast<std::size_t>(i)];
            writer.write(std::to_string(i) + "\n");
            EXPECT_EQ(co_await reader.readline(), std::to_string(i) + "\n");
            writer.close();
        }
        all.clear();
        server.close();
        co_await server.wait_closed();
    }());
}

// A context is shared by the loops of a program; what it learns, such as sessions, too.
TEST(Handshake, in_several_threads_with_one_context) {
    const SSLContext at_client = client_context();
    const SSLContext at_server = server_context();
    at_client.set_keylog_filename(authority().certificate() + ".keys");
    at_server.set_sni_callback([at_server](std::string_view) { return at_server; });
    const auto talk = [](const SSLContext& client, const SSLContext& context) -> Coro<void> {
        const Server server = co_await start_server(echo, "127.0.0.1", 0, {.ssl = context});
        for (int i = 0; i < 20; ++i) {
            auto [reader, writer] = co_await open_connection(
                "127.0.0.1", port_of(server), {.ssl = client, .server_hostname = "localhost"});
            writer.write("x\n");
            EXPECT_EQ(co_await reader.readline(), "x\n");
            writer.close();
        }
        server.close();
        co_await server.wait_closed();
    };
    std::vector<std::jthread> threads;
    for (int i = 0; i < 3; ++i) threads.emplace_back([&] { run(talk(at_client, at_server)); });
    threads.clear();
    at_server.set_sni_callback(nullptr);  // which holds the context that holds it
}

TEST(Handshake, of_a_server_that_is_closed_meanwhile) {
    run_clean([]() -> Coro<void> {
        const Server server = co_await serve_tls(echo);
        auto [reader, writer] = co_await open_connection("127.0.0.1", port_of(server));
        co_await sleep(10ms);
        server.close();
        server.abort_clients();
        co_await server.wait_closed();
        co_await outcome(reader.read());
        writer.close();
    }());
}

}  // namespace
}  // namespace weft::ssl
