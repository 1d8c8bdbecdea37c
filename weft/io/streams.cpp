// SPDX-License-Identifier: Apache-2.0
#include <weft/io/streams.hpp>

#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <weft/base/exception_group.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/os_error.hpp>
#include <weft/io/getaddrinfo.hpp>
#include <weft/io/internal/channel.hpp>
#include <weft/io/internal/stream_transport.hpp>
#include <weft/io/sock.hpp>
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

Coro<Socket> connect(SocketAddress address, std::optional<SocketAddress> local_addr) {
    Socket socket(address.family());
    socket.setblocking(false);
    if (local_addr) socket.bind(*local_addr);
    co_await sock_connect(socket, address);
    co_return socket;
}

int code_of(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const OSError& e) {
        return e.code();
    } catch (...) {
        return 0;
    }
}

// All attempts have failed.
[[noreturn]] void throw_attempts(std::vector<std::exception_ptr> errors) {
    if (errors.size() == 1) std::rethrow_exception(errors.front());
    std::string text = "Multiple exceptions: ";
    int code = code_of(errors.front());
    for (const std::exception_ptr& error : errors) {
        if (error != errors.front()) text += ", ";
        text += message(error);
        if (code_of(error) != code) code = 0;
    }
    const auto cause =
        std::make_exception_ptr(ExceptionGroup("all attempts to connect failed", errors));
    try {
        if (code == 0) throw OSError(text);
        throw_os_error_saying(code, text);
    } catch (OSError& error) {
        error.set_cause(cause);
        throw;
    }
}

}  // namespace

Coro<StreamPair> open_connection(std::string host, int port, OpenConnectionOptions options) {
    StreamReader reader(options.limit);
    const auto addresses = co_await getaddrinfo(host, port, {.family = options.family});
    std::vector<std::exception_ptr> errors;
    for (const SocketAddress& address : addresses) {
        auto socket = co_await as_result(connect(address, options.local_addr));
        if (socket) co_return make_stream(std::move(*socket), address, std::move(reader));
        errors.push_back(socket.error());
    }
    throw_attempts(std::move(errors));
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
    Socket socket = co_await connect(address, std::nullopt);
    co_return make_stream(std::move(socket), address, std::move(reader));
}

}  // namespace weft
