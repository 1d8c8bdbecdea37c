// SPDX-License-Identifier: Apache-2.0
// The echo server of the I/O benchmarks on Asio's coroutines; see bench/README.md for the contract.
//
// After Asio's own echo_server_with_as_tuple_default.cpp: the end of a connection is a value, which
// costs less than the exception that it is by default.
// usage: asio_echo PORT

#include <array>
#include <chrono>
#include <cstdlib>
#include <utility>

#include <boost/asio.hpp>

namespace asio = boost::asio;
using asio::ip::tcp;
using default_token = asio::as_tuple_t<asio::use_awaitable_t<>>;
using Acceptor = default_token::as_default_on_t<tcp::acceptor>;
using Socket = default_token::as_default_on_t<tcp::socket>;
using Timer = default_token::as_default_on_t<asio::steady_timer>;

namespace {

asio::awaitable<void> echo(Socket socket) {
    std::array<char, 64 * 1024> data;
    while (true) {
        const auto [read_error, count] = co_await socket.async_read_some(asio::buffer(data));
        if (count == 0) co_return;
        if (data.front() == 'S') {
            Timer timer(socket.get_executor(), std::chrono::milliseconds(10));
            co_await timer.async_wait();
        }
        const auto [error, written] = co_await asio::async_write(socket, asio::buffer(data, count));
        if (error) co_return;
    }
}

asio::awaitable<void> serve(asio::ip::port_type port) {
    auto executor = co_await asio::this_coro::executor;
    Acceptor acceptor(executor, {asio::ip::address_v4::loopback(), port});
    acceptor.listen(1024);
    while (true) {
        auto [error, socket] = co_await acceptor.async_accept();
        if (error) continue;
        socket.set_option(tcp::no_delay(true));
        co_spawn(executor, echo(std::move(socket)), asio::detached);
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) return 2;
    asio::io_context context(1);
    co_spawn(context, serve(static_cast<asio::ip::port_type>(std::atoi(argv[1]))), asio::detached);
    context.run();
}
