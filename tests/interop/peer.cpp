// SPDX-License-Identifier: Apache-2.0
// tests/interop/peer.cpp - weft's end of the interop tests.
//
//   peer listen ADDRESS TALK [COUNT]     until SIGINT; first says "ready PORT"
//   peer connect ADDRESS TALK [COUNT]    once
//
// An ADDRESS is HOST:PORT, or the path of a Unix socket; behind `tls:` the connection is protected.
// The TALK is one of talks.cpp, or `datagrams`. Each says on stdout how it went.
#include <cstddef>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include "say.hpp"
#include "talks.hpp"
#include "tls.hpp"

#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/io/run.hpp>
#include <weft/io/server.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/io/streams.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>

namespace {

using namespace weft;
using interop::say;

struct Address {
    explicit Address(std::string text) {
        constexpr std::string_view tls = "tls:";
        if (text.starts_with(tls)) {
            is_protected = true;
            text.erase(0, tls.size());
        }
        if (text.starts_with('/')) {
            path = std::move(text);
        } else {
            const std::size_t colon = text.rfind(':');
            host = text.substr(0, colon);
            port = std::stoi(text.substr(colon + 1));
        }
    }
    std::string path;  // of a Unix socket, or empty
    std::string host;
    int port = 0;
    bool is_protected = false;
};

Coro<void> talk_and_close(interop::Talk talk, std::size_t count, StreamReader reader,
                          StreamWriter writer) {
    try {
        co_await talk(reader, writer, count);
        writer.close();
        co_await writer.wait_closed();
    } catch (const ConnectionError&) {
        say("the connection was lost");
    } catch (const std::exception&) {
        say("failed: " + describe(std::current_exception()));
    }
}

Coro<void> listen(Address address, interop::Talk talk, std::size_t count) {
    const auto serve = [talk, count](StreamReader reader, StreamWriter writer) -> Coro<void> {
        co_await talk_and_close(talk, count, std::move(reader), std::move(writer));
    };
    const StartServerOptions options{.ssl = address.is_protected ? interop::server_context()
                                                                 : nullptr};
    if (!address.path.empty()) {
        const Server server = co_await start_unix_server(serve, address.path, options);
        say("ready");
        co_await server.serve_forever();
    } else {
        const Server server = co_await start_server(serve, address.host, address.port, options);
        say("ready " + std::to_string(server.sockets()[0].getsockname().port()));
        co_await server.serve_forever();
    }
}

Coro<StreamPair> open(Address address) {
    OpenConnectionOptions options;
    if (address.is_protected) {
        options.ssl = interop::client_context();
        options.server_hostname = "localhost";
    }
    if (!address.path.empty()) co_return co_await open_unix_connection(address.path, options);
    co_return co_await open_connection(address.host, address.port, options);
}

Coro<void> connect(Address address, interop::Talk talk, std::size_t count) {
    auto [reader, writer] = co_await open(std::move(address));
    co_await talk_and_close(talk, count, std::move(reader), std::move(writer));
}

Coro<void> async_main(int argc, char** argv) {
    // How long 32 MiB take says how busy the machine is: nothing to report.
    get_running_loop().slow_callback_duration = Nanoseconds::zero();
    if (argc < 4) throw ValueError("usage: peer listen|connect ADDRESS TALK [COUNT]");
    const bool listens = std::string_view(argv[1]) == "listen";
    const Address address(argv[2]);
    const std::string_view name = argv[3];
    const std::size_t count = argc > 4 ? std::stoul(argv[4]) : 0;
    if (name == "datagrams") {
        const SocketAddress numeric(address.host, address.port);
        co_await (listens ? interop::echo_datagrams(numeric)
                          : interop::exchange_datagrams(numeric, count));
    } else {
        const interop::Talk talk = interop::talk_named(name);
        co_await (listens ? listen(address, talk, count) : connect(address, talk, count));
    }
}

}  // namespace

int main(int argc, char** argv) { return weft::main_of(async_main, argc, argv); }
