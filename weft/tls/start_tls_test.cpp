// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <string>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/io/server.hpp>
#include <weft/io/stream.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/io/streams.hpp>
#include <weft/io/streams_test.hpp>
#include <weft/io/transport_security.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/testing/trace.hpp>
#include <weft/tls/exceptions.hpp>
#include <weft/tls/tls_test.hpp>

namespace weft::ssl {
namespace {

using namespace std::chrono_literals;
using testing::spin;
using testing::thrown_by;

// As SMTP and its like do it: a line, an answer, and from then on TLS.
Coro<void> upgrade_and_echo(StreamReader reader, StreamWriter writer) {
    co_await reader.readline();
    writer.write("go ahead\n");
    co_await writer.start_tls(server_context());
    co_await echo(reader, writer);
}

Coro<void> close_all(Server server) {
    server.close();
    co_await server.wait_closed();
}

TEST(StartTLS, goes_on_with_the_same_reader_and_writer) {
    run_clean([]() -> Coro<void> {
        const Server server = co_await serve(upgrade_and_echo);
        const Stream stream = co_await open_connection("127.0.0.1", port_of(server));
        EXPECT_EQ(stream.ssl_object(), nullptr);
        stream.write("STARTTLS\n");
        EXPECT_EQ(co_await stream.readline(), "go ahead\n");
        co_await stream.start_tls(client_context(), {.server_hostname = "localhost"});
        EXPECT_EQ(stream.ssl_object()->version(), "TLSv1.3");
        stream.write("secret\n");
        EXPECT_EQ(co_await stream.readline(), "secret\n");
        stream.close();
        co_await stream.wait_closed();
        co_await close_all(server);
    }());
}

TEST(StartTLS, checks_whom_it_talks_to) {
    run_clean([]() -> Coro<void> {
        std::string at_server;
        const Server server =
            co_await serve([&](StreamReader reader, StreamWriter writer) -> Coro<void> {
                at_server = co_await outcome(upgrade_and_echo(reader, writer));
            });
        const Stream stream = co_await open_connection("127.0.0.1", port_of(server));
        stream.write("STARTTLS\n");
        co_await stream.readline();
        EXPECT_EQ(co_await outcome(stream.start_tls(client_context())),
                  "ValueError: check_hostname requires server_hostname");
        EXPECT_FALSE(stream.is_closing());  // nothing has happened yet
        EXPECT_THROW(
            co_await stream.start_tls(client_context(), {.server_hostname = "evil.example"}),
            SSLCertVerificationError);
        EXPECT_TRUE(stream.is_closing());
        EXPECT_NE(co_await outcome(stream.wait_closed()), "ok");
        co_await close_all(server);
        // The server was told why.
        EXPECT_EQ(at_server,
                  "ssl::SSLError: [SSL: SSLV3_ALERT_BAD_CERTIFICATE] sslv3 alert bad certificate");
    }());
}

// CVE-2011-0411 and its like: what somebody on the way has added to the answer, before the
// protection began, must not pass for the server's.
TEST(StartTLS, of_a_client_refuses_plain_text_that_came_before) {
    run_clean([]() -> Coro<void> {
        const Server server =
            co_await serve([](StreamReader reader, StreamWriter writer) -> Coro<void> {
                co_await reader.readline();
                writer.write("go ahead\nand you are welcome\n");
                co_await outcome(writer.start_tls(server_context()));
            });
        const Stream stream = co_await open_connection("127.0.0.1", port_of(server));
        stream.write("STARTTLS\n");
        EXPECT_EQ(co_await stream.readline(), "go ahead\n");
        EXPECT_EQ(
            co_await outcome(stream.start_tls(client_context(), {.server_hostname = "localhost"})),
            "ssl::SSLError: [SSL: PLAIN_TEXT_BEFORE_HANDSHAKE] 20 bytes of plain text came before "
            "the TLS handshake");
        EXPECT_TRUE(stream.is_closing());
        EXPECT_EQ(stream.reader().buffered(), "");
        co_await close_all(server);
    }());
}

TEST(StartTLS, of_a_server_refuses_commands_that_came_before) {
    run_clean([]() -> Coro<void> {
        std::string error;
        const Server server =
            co_await serve([&](StreamReader reader, StreamWriter writer) -> Coro<void> {
                co_await reader.readline();
                co_await sleep(10ms);
                error = co_await outcome(writer.start_tls(server_context()));
                EXPECT_EQ(reader.buffered(), "");
            });
        const Stream stream = co_await open_connection("127.0.0.1", port_of(server));
        stream.write("STARTTLS\nRCPT TO:<victim@example.com>\n");
        co_await outcome(stream.reader().read());
        EXPECT_TRUE(error.starts_with("ssl::SSLError: ")) << error;
        stream.close();
        co_await close_all(server);
    }());
}

// A client that knows what is to come does not wait; its first message is no plain text.
TEST(StartTLS, of_a_server_takes_a_handshake_that_came_before) {
    run_clean([]() -> Coro<void> {
        const Server server =
            co_await serve([](StreamReader reader, StreamWriter writer) -> Coro<void> {
                co_await reader.readline();
                while (reader.buffered().empty()) co_await spin();
                co_await writer.start_tls(server_context());
                co_await echo(reader, writer);
            });
        const Stream stream = co_await open_connection("127.0.0.1", port_of(server));
        stream.write("STARTTLS\n");
        co_await stream.start_tls(client_context(), {.server_hostname = "localhost"});
        stream.write("secret\n");
        EXPECT_EQ(co_await stream.readline(), "secret\n");
        stream.close();
        co_await close_all(server);
    }());
}

TEST(StartTLS, sends_what_was_written_before_as_plain_text) {
    run_clean([]() -> Coro<void> {
        constexpr std::ptrdiff_t large = 4 << 20;
        const Server server =
            co_await serve([](StreamReader reader, StreamWriter writer) -> Coro<void> {
                co_await sleep(20ms);
                EXPECT_TRUE(co_await reader.readexactly(large) == Bytes(large, 'x'));
                co_await writer.start_tls(server_context());
                co_await echo(reader, writer);
            });
        const Stream stream = co_await open_connection("127.0.0.1", port_of(server));
        stream.write(Bytes(large, 'x'));
        co_await stream.start_tls(client_context(), {.server_hostname = "localhost"});
        stream.write("secret\n");
        EXPECT_EQ(co_await stream.readline(), "secret\n");
        stream.close();
        co_await close_all(server);
    }());
}

TEST(StartTLS, lets_nobody_write_during_the_handshake) {
    run_clean([]() -> Coro<void> {
        const Server server = co_await serve([](StreamReader reader, StreamWriter) -> Coro<void> {
            co_await outcome(reader.read());
        });
        const Stream stream = co_await open_connection("127.0.0.1", port_of(server));
        const auto upgrading =
            create_task(stream.start_tls(client_context(), {.server_hostname = "localhost"}));
        co_await spin(2);
        EXPECT_EQ(thrown_by([&] {
                      stream.write("in the open");
                      return 0;
                  }),
                  "RuntimeError: Cannot call write() during the TLS handshake");
        upgrading.cancel();
        EXPECT_EQ(co_await testing::ended(upgrading), "CancelledError");
        EXPECT_TRUE(stream.is_closing());
        co_await close_all(server);
    }());
}

TEST(StartTLS, is_once_and_for_open_streams) {
    run_clean([]() -> Coro<void> {
        const Server server =
            co_await start_server(echo, "127.0.0.1", 0, {.ssl = server_context()});
        const Stream stream =
            co_await open_connection("127.0.0.1", port_of(server),
                                     {.ssl = client_context(), .server_hostname = "localhost"});
        const auto again = [](Stream of) -> Coro<std::string> {
            co_return co_await outcome(
                of.start_tls(client_context(), {.server_hostname = "localhost"}));
        };
        EXPECT_TRUE((co_await again(stream)).ends_with(" is protected already"));
        EXPECT_EQ(co_await outcome(stream.start_tls(nullptr)),
                  "ValueError: start_tls() needs an SSLContext, not null");
        stream.write("still\n");
        EXPECT_EQ(co_await stream.readline(), "still\n");
        stream.close();
        EXPECT_NE(co_await again(stream), "ok");
        co_await close_all(server);
    }());
}

}  // namespace
}  // namespace weft::ssl
