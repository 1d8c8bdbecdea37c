// SPDX-License-Identifier: Apache-2.0
// The echo server of the I/O benchmarks on weft's sock_* functions; see bench/README.md for the
// contract.
// usage: io_echo_sock PORT

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include <weft/io/run.hpp>
#include <weft/io/sock.hpp>
#include <weft/io/socket.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/sleep.hpp>

namespace {

using namespace std::chrono_literals;
using weft::Coro;

constexpr std::size_t buffer_bytes = 64 * 1024;

Coro<void> echo(weft::Socket client) {
    const auto memory = std::make_unique_for_overwrite<char[]>(buffer_bytes);
    const std::span buffer(memory.get(), buffer_bytes);
    while (true) {
        const std::size_t count = co_await weft::sock_recv_into(client, buffer);
        if (count == 0) co_return;
        if (buffer.front() == 'S') co_await weft::sleep(10ms);
        co_await weft::sock_sendall(client, std::string_view(buffer.data(), count));
    }
}

Coro<void> serve(int port) {
    weft::Socket listener;
    listener.set_reuse_address();
    listener.setblocking(false);
    listener.bind({"127.0.0.1", port});
    listener.listen(1024);
    while (true) {
        auto [client, address] = co_await weft::sock_accept(listener);
        client.set_no_delay();
        weft::create_task(echo(std::move(client)));
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) return 2;
    return weft::main_of(serve, std::atoi(argv[1]));
}
