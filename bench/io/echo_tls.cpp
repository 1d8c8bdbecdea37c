// SPDX-License-Identifier: Apache-2.0
// The echo server of the I/O benchmarks on weft's streams under TLS; see bench/README.md for the
// contract.
// usage: io_echo_tls CERTIFICATE KEY PORT

#include <cstdlib>
#include <string>

#include <weft/base/bytes.hpp>
#include <weft/io/run.hpp>
#include <weft/io/server.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/tls/ssl_context.hpp>

namespace {

using weft::Coro;

Coro<void> echo(weft::StreamReader reader, weft::StreamWriter writer) {
    while (true) {
        const weft::Bytes data = co_await reader.read(64 * 1024);
        if (data.empty()) co_return;
        writer.write(data);
        co_await writer.drain();
    }
}

Coro<void> serve(std::string certificate, std::string key, int port) {
    const weft::ssl::SSLContext context(weft::ssl::Protocol::tls_server);
    context.load_cert_chain(certificate, key);
    const weft::StartServerOptions options{.backlog = 1024, .ssl = context};
    const auto server = co_await weft::start_server(echo, "127.0.0.1", port, options);
    co_await server.serve_forever();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) return 2;
    return weft::main_of(serve, argv[1], argv[2], std::atoi(argv[3]));
}
