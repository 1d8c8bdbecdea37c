// SPDX-License-Identifier: Apache-2.0
// The examples of streams, pipes and sockets.
#include <weft/io/streams.hpp>

#include <array>
#include <filesystem>
#include <string>
#include <system_error>

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <weft/base/bytes.hpp>
#include <weft/io/exceptions.hpp>
#include <weft/io/pipes.hpp>
#include <weft/io/run.hpp>
#include <weft/io/server.hpp>
#include <weft/io/sock.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/io/stream.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/with_async.hpp>
#include <weft/testing/trace.hpp>
#include <weft/tls/ssl_context.hpp>

namespace weft {
namespace {

using testing::Trace;

// ---- streams, with a server that answers one request

Coro<void> answer(StreamReader reader, StreamWriter writer) {
    const Bytes request = co_await reader.readuntil("\r\n\r\n");
    writer.write("answer to " + request + "and a body");
    co_await writer.drain();
}

Coro<void> ask(std::string host, int port, Bytes request, Trace& trace) {
    std::error_code error;
    Stream stream = co_await open_connection(host, port);
    if (const auto sent = co_await stream.write_all(request); !sent) {
        error = sent.error();
    }
    Bytes head = co_await stream.readuntil("\r\n\r\n");
    EXPECT_FALSE(error) << error.message();
    trace(head + co_await stream.read());
}
Coro<void> ask_with_two(std::string host, int port, Bytes request, Trace& trace) {
    auto [reader, writer] = co_await open_connection(host, port);
    writer.write(request);
    co_await writer.drain();
    trace(co_await reader.read());
}
// ---- TLS

Coro<void> ask_under_tls(std::string host) {
    Stream stream = co_await open_connection(host, 443, {.ssl = ssl::create_default_context()});
    stream.close();
}
TEST(OpenConnection, protects_a_stream) {
    // Longer than a name can be: nobody is asked, and nobody connected to.
    EXPECT_THROW(run(ask_under_tls(std::string(64, 'x'))), GaiError);
}

TEST(OpenConnection, gives_one_stream_or_its_two_directions) {
    Trace trace;
    const auto main = [&]() -> Coro<void> {
        Server server = co_await start_server(answer, "127.0.0.1", 0);
        const int port = server.sockets()[0].getsockname().port();
        co_await with_async(server, [&]() -> Coro<void> {
            co_await ask("127.0.0.1", port, "one\r\n\r\n", trace);
            co_await ask_with_two("127.0.0.1", port, "two\r\n\r\n", trace);
        });
    };
    run(main());
    EXPECT_EQ(trace.text(), "answer to one\r\n\r\nand a body, answer to two\r\n\r\nand a body");
}

// ---- pipes

Coro<void> read_input(Trace& trace) {
    StreamReader input = co_await open_stdin();
    while (auto line = co_await input.next()) {
        trace(*line);
    }
}
TEST(OpenStdin, gives_line_after_line) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    EXPECT_EQ(::write(ends[1], "one\ntwo\n", 8), 8);
    EXPECT_EQ(::dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    for (const int end : ends) ::close(end);
    Trace trace;
    run(read_input(trace));
    EXPECT_EQ(trace.text(), "one\n, two\n");
}

// ---- sockets

class Folder {
public:
    Folder() { EXPECT_NE(::mkdtemp(path_.data()), nullptr); }
    ~Folder() { std::filesystem::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    [[nodiscard]] std::string path_of(const std::string& name) const { return path_ + "/" + name; }

private:
    std::string path_ = ::testing::TempDir() + "weft_docs_XXXXXX";
};

Coro<void> connect_and_bind(Socket& sock, int port, Socket& listener, std::string path) {
    co_await sock_connect(sock, {"127.0.0.1", port});
    listener.bind(SocketAddress::from_path(path));
}
TEST(SocketAddress, is_that_of_a_host_or_of_a_path) {
    Socket server;
    server.bind({"127.0.0.1", 0});
    server.listen();
    const SocketAddress address = server.getsockname();
    Socket sock;
    sock.setblocking(false);
    Socket listener(af_unix, sock_stream);
    const Folder folder;
    const std::string path = folder.path_of("app.sock");
    run(connect_and_bind(sock, address.port(), listener, path));
    EXPECT_EQ(sock.getpeername(), address);
    EXPECT_EQ(listener.getsockname().path(), path);
}

}  // namespace
}  // namespace weft
