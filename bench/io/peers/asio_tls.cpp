// SPDX-License-Identifier: Apache-2.0
// The echo server of the I/O benchmarks on Asio's coroutines under TLS; see bench/README.md for the
// contract, and asio_echo.cpp for how it tells errors.
// usage: asio_tls CERTIFICATE KEY PORT

#include <array>
#include <cstdlib>
#include <utility>

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>

namespace asio = boost::asio;
using asio::ip::tcp;
using default_token = asio::as_tuple_t<asio::use_awaitable_t<>>;
using Acceptor = default_token::as_default_on_t<tcp::acceptor>;
using Socket = default_token::as_default_on_t<tcp::socket>;
using Stream = asio::ssl::stream<Socket>;

namespace {

asio::awaitable<void> echo(Stream stream) {
    const auto [handshake_error] = co_await stream.async_handshake(Stream::server, default_token());
    if (handshake_error) co_return;
    std::array<char, 64 * 1024> data;
    while (true) {
        const auto [read_error, count] =
            co_await stream.async_read_some(asio::buffer(data), default_token());
        if (count == 0) co_return;
        const auto [error, written] =
            co_await asio::async_write(stream, asio::buffer(data, count), default_token());
        if (error) co_return;
    }
}

asio::awaitable<void> serve(asio::ssl::context& context, asio::ip::port_type port) {
    auto executor = co_await asio::this_coro::executor;
    Acceptor acceptor(executor, {asio::ip::address_v4::loopback(), port});
    acceptor.listen(1024);
    while (true) {
        auto [error, socket] = co_await acceptor.async_accept();
        if (error) continue;
        socket.set_option(tcp::no_delay(true));
        co_spawn(executor, echo(Stream(std::move(socket), context)), asio::detached);
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) return 2;
    asio::ssl::context tls(asio::ssl::context::tls_server);
    tls.use_certificate_chain_file(argv[1]);
    tls.use_private_key_file(argv[2], asio::ssl::context::pem);
    asio::io_context context(1);
    const auto port = static_cast<asio::ip::port_type>(std::atoi(argv[3]));
    co_spawn(context, serve(tls, port), asio::detached);
    context.run();
}
