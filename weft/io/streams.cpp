// SPDX-License-Identifier: Apache-2.0
#include <weft/io/streams.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include <weft/base/exceptions.hpp>
#include <weft/io/getaddrinfo.hpp>
#include <weft/io/internal/channel.hpp>
#include <weft/io/internal/happy_eyeballs.hpp>
#include <weft/io/internal/stream_transport.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/io/stream.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>

namespace weft {
namespace {

StreamPair make_stream(Socket socket, const SocketAddress& peer, StreamReader reader) {
    if (socket.getblocking()) socket.setblocking(false);
    internal::Channel channel(socket.detach(), internal::Channel::Kind::socket);
    const StreamWriter writer(
        internal::StreamTransport::start(get_running_loop(), std::move(channel), peer, reader));
    return {std::move(reader), std::move(writer)};
}

}  // namespace

Coro<StreamPair> open_connection(std::string host, int port, OpenConnectionOptions options) {
    StreamReader reader(options.limit);
    const int interleave = options.interleave.value_or(options.happy_eyeballs_delay ? 1 : 0);
    if (interleave < 0) {
        throw ValueError("interleave is " + std::to_string(interleave) +
                         ", but cannot be below zero");
    }
    const auto addresses = co_await getaddrinfo(host, port, {.family = options.family});
    internal::Connected connected = co_await internal::connect_to_one(
        internal::interleaved(addresses, static_cast<std::size_t>(interleave)), options.local_addr,
        options.happy_eyeballs_delay);
    co_return make_stream(std::move(connected.socket), connected.peer, std::move(reader));
}

Coro<StreamPair> open_connection(Socket sock, OpenConnectionOptions options) {
    StreamReader reader(options.limit);
    if (sock.type() != sock_stream) {
        throw ValueError("A Stream Socket was expected, got descriptor " +
                         std::to_string(sock.fileno()));
    }
    const SocketAddress peer = sock.getpeername();
    co_return make_stream(std::move(sock), peer, std::move(reader));
}

Coro<StreamPair> open_unix_connection(std::string path, OpenConnectionOptions options) {
    StreamReader reader(options.limit);
    const SocketAddress address = SocketAddress::from_path(path);
    internal::Connected connected =
        co_await internal::connect_to_one({address}, std::nullopt, std::nullopt);
    co_return make_stream(std::move(connected.socket), address, std::move(reader));
}

}  // namespace weft
