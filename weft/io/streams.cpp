// SPDX-License-Identifier: Apache-2.0
#include <weft/io/streams.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <weft/base/exceptions.hpp>
#include <weft/io/getaddrinfo.hpp>
#include <weft/io/internal/channel.hpp>
#include <weft/io/internal/handshake.hpp>
#include <weft/io/internal/happy_eyeballs.hpp>
#include <weft/io/internal/stream_transport.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/io/stream.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/io/transport_security.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>

namespace weft {
namespace {

using internal::StreamTransport;

// Refuses what no connection is needed to refuse.
void check_options(const OpenConnectionOptions& options) {
    if (options.interleave && *options.interleave < 0) {
        throw ValueError("interleave is " + std::to_string(*options.interleave) +
                         ", but cannot be below zero");
    }
    if (!options.ssl && options.server_hostname) {
        throw ValueError("server_hostname is only meaningful with ssl");
    }
    internal::check_handshake_options(options.ssl_handshake_timeout, options.ssl_shutdown_timeout);
}

// The client's end; null for plain text.
std::unique_ptr<SecurityLayer> layer_for(const OpenConnectionOptions& options,
                                         const std::optional<std::string>& host) {
    if (!options.ssl) return nullptr;
    if (!options.server_hostname && !host) {
        throw ValueError("You must set server_hostname when using ssl without a host");
    }
    return options.ssl->client_layer(options.server_hostname ? *options.server_hostname : *host);
}

Coro<std::vector<SocketAddress>> addresses_of(const std::string& host, int port,
                                              const OpenConnectionOptions& options) {
    co_await transparent;
    const GetaddrinfoOptions wanted{.family = options.family};
    if (options.resolver) co_return co_await options.resolver->getaddrinfo(host, port, wanted);
    co_return co_await getaddrinfo(host, port, wanted);
}

Coro<StreamPair> make_stream(internal::Connected connected, StreamReader reader,
                             std::unique_ptr<SecurityLayer> layer, OpenConnectionOptions options) {
    Socket& socket = connected.socket;
    if (socket.getblocking()) socket.setblocking(false);
    const auto kind = internal::Channel::kind_of(socket.family());
    internal::Channel channel(socket.detach(), kind);
    const auto transport =
        StreamTransport::start(get_running_loop(), std::move(channel), connected.peer, reader);
    StreamWriter writer(transport);
    if (layer) {
        transport->protect(std::move(layer), options.ssl_shutdown_timeout.get());
        co_await internal::handshake(transport, options.ssl_handshake_timeout);
    }
    co_return StreamPair(std::move(reader), std::move(writer));
}

// To the one that answers first.
Coro<StreamPair> connect(const std::vector<SocketAddress>& addresses, StreamReader reader,
                         std::unique_ptr<SecurityLayer> layer, OpenConnectionOptions options) {
    co_await transparent;
    const int interleave = options.interleave.value_or(options.happy_eyeballs_delay ? 1 : 0);
    internal::Connected connected = co_await internal::connect_to_one(
        internal::interleaved(addresses, static_cast<std::size_t>(interleave)), options.local_addr,
        options.happy_eyeballs_delay);
    co_return co_await make_stream(std::move(connected), std::move(reader), std::move(layer),
                                   std::move(options));
}

}  // namespace

Coro<StreamPair> open_connection(std::string host, int port, OpenConnectionOptions options) {
    StreamReader reader(options.limit);
    check_options(options);
    auto layer = layer_for(options, host);
    const auto addresses = co_await addresses_of(host, port, options);
    co_return co_await connect(addresses, std::move(reader), std::move(layer), std::move(options));
}

Coro<StreamPair> open_connection(std::vector<SocketAddress> addresses,
                                 OpenConnectionOptions options) {
    StreamReader reader(options.limit);
    check_options(options);
    if (addresses.empty()) throw ValueError("there is no address to connect to");
    auto layer = layer_for(options, std::nullopt);
    co_return co_await connect(addresses, std::move(reader), std::move(layer), std::move(options));
}

Coro<StreamPair> open_connection(Socket sock, OpenConnectionOptions options) {
    StreamReader reader(options.limit);
    check_options(options);
    auto layer = layer_for(options, std::nullopt);
    if (sock.type() != sock_stream) {
        throw ValueError("A Stream Socket was expected, got descriptor " +
                         std::to_string(sock.fileno()));
    }
    const SocketAddress peer = sock.getpeername();
    co_return co_await make_stream({.socket = std::move(sock), .peer = peer}, std::move(reader),
                                   std::move(layer), std::move(options));
}

Coro<StreamPair> open_unix_connection(std::string path, OpenConnectionOptions options) {
    StreamReader reader(options.limit);
    check_options(options);
    auto layer = layer_for(options, std::nullopt);
    const SocketAddress address = SocketAddress::from_path(path);
    internal::Connected connected =
        co_await internal::connect_to_one({address}, std::nullopt, std::nullopt);
    connected.peer = address;
    co_return co_await make_stream(std::move(connected), std::move(reader), std::move(layer),
                                   std::move(options));
}

}  // namespace weft
