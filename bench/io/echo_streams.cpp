// SPDX-License-Identifier: Apache-2.0
// The echo server of the I/O benchmarks on weft's streams; see bench/README.md for the contract.
// usage: io_echo_streams PORT

#include <cstdlib>

#include <weft/base/bytes.hpp>
#include <weft/io/run.hpp>
#include <weft/io/server.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/sleep.hpp>

namespace {

using namespace std::chrono_literals;
using weft::Coro;

Coro<void> echo(weft::StreamReader reader, weft::StreamWriter writer) {
    while (true) {
        const weft::Bytes data = co_await reader.read(64 * 1024);
        if (data.empty()) co_return;
        if (data.front() == 'S') co_await weft::sleep(10ms);
        writer.write(data);
        co_await writer.drain();
    }
}

Coro<void> serve(int port) {
    const auto server = co_await weft::start_server(echo, "127.0.0.1", port, {.backlog = 1024});
    co_await server.serve_forever();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) return 2;
    return weft::main_of(serve, std::atoi(argv[1]));
}
