// SPDX-License-Identifier: Apache-2.0
#include <weft/io/server.hpp>

#include <cerrno>
#include <exception>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

#include <weft/base/exceptions.hpp>
#include <weft/base/ref.hpp>
#include <weft/io/getaddrinfo.hpp>
#include <weft/io/internal/handshake.hpp>
#include <weft/io/internal/server_state.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/future.hpp>
#include <weft/runtime/with_async.hpp>

namespace weft {
namespace {

using internal::ServerState;

// In another loop than its own nothing would wake the task.
void check_loop(const ServerState& state) {
    if (!state.over().is_set() && &state.loop() != &get_running_loop()) {
        throw RuntimeError("Server is bound to a different event loop");
    }
}

Coro<void> start(Ref<ServerState> state) {
    state->start_serving();
    co_return;
}

Coro<void> wait_until_over(Ref<ServerState> state) {
    co_await transparent;
    check_loop(*state);
    co_await state->over().wait();
}

Coro<void> serve(Ref<ServerState> state) {
    if (state->serving_forever) {
        throw RuntimeError("the server is already being awaited on serve_forever()");
    }
    if (state->is_closed()) throw RuntimeError("the server is closed");
    check_loop(*state);
    state->start_serving();
    const Future<void> never = get_running_loop().create_future<void>();
    state->serving_forever = never;
    std::exception_ptr cancelled;
    try {
        co_await never;
    } catch (const CancelledError&) {
        cancelled = std::current_exception();
    }
    state->serving_forever.reset();
    state->close();
    co_await state->over().wait();
    std::rethrow_exception(cancelled);
}

Coro<Server> give(Ref<ServerState> state) { co_return Server(std::move(state)); }

Coro<bool> close_and_wait(Ref<ServerState> state) {
    co_await transparent;
    check_loop(*state);
    state->close();
    co_await state->over().wait();
    co_return false;
}

// Refuses what no connection could have, before there is a client.
void check_options(const StartServerOptions& options) {
    static_cast<void>(StreamReader(options.limit));
    if (options.ssl) static_cast<void>(options.ssl->server_layer());
    internal::check_handshake_options(options.ssl_handshake_timeout, options.ssl_shutdown_timeout);
}

Server listen(ClientConnected client_connected_cb, std::vector<Socket> sockets,
              const StartServerOptions& options,
              std::optional<internal::SocketFile> file = std::nullopt) {
    Ref<ServerState> state(new ServerState(get_running_loop(), std::move(client_connected_cb),
                                           std::move(sockets), options));
    Server server(state);
    if (file) state->owns(std::move(*file));
    if (options.start_serving) {
        try {
            state->start_serving();
        } catch (...) {
            state->close();
            throw;
        }
    }
    return server;
}

Socket bound(const SocketAddress& address, const StartServerOptions& options) {
    Socket socket(address.family());
    socket.setblocking(false);
    if (options.reuse_address) socket.set_reuse_address();
    if (options.reuse_port) socket.set_reuse_port();
    if (address.family() == af_inet6) socket.set_v6_only();
    socket.bind(address);
    return socket;
}

// What an earlier server left; anything else there makes bind() fail. An abstract name has no file,
// and is an empty path to stat().
void remove_stale_socket(const std::string& path) {
    struct stat found{};
    if (::stat(path.c_str(), &found) == 0 && S_ISSOCK(found.st_mode)) ::unlink(path.c_str());
}

}  // namespace

Server::Server(Ref<internal::ServerState> state) noexcept : state_(std::move(state)) {}
Server::Server(const Server&) noexcept = default;
Server::Server(Server&&) noexcept = default;
Server& Server::operator=(Server other) noexcept {
    std::swap(state_, other.state_);
    return *this;
}
Server::~Server() = default;

std::span<const Socket> Server::sockets() const noexcept { return state_->sockets(); }
bool Server::is_serving() const noexcept { return state_->is_serving(); }
Coro<void> Server::start_serving() const { return start(state_); }
Coro<void> Server::serve_forever() const { return serve(state_); }
void Server::close() const { state_->close(); }
Coro<void> Server::wait_closed() const { return wait_until_over(state_); }
void Server::close_clients() const { state_->close_clients(); }
void Server::abort_clients() const { state_->abort_clients(); }
Coro<Server> Server::aenter() const { return give(state_); }
Coro<bool> Server::aexit(const ExitReason&) const { return close_and_wait(state_); }

Coro<Server> start_server(ClientConnected client_connected_cb, std::string host, int port,
                          StartServerOptions options) {
    check_options(options);
    const auto addresses =
        co_await getaddrinfo(host, port, {.family = options.family, .passive = true});
    std::vector<Socket> sockets;
    for (const SocketAddress& address : addresses) {
        try {
            sockets.push_back(bound(address, options));
        } catch (const OSError& error) {
            // A family that this machine has no address of, such as IPv6 (as asyncio does).
            const bool absent = error.code() == EAFNOSUPPORT || error.code() == EADDRNOTAVAIL;
            if (!absent || addresses.size() == 1) throw;
        }
    }
    if (sockets.empty()) throw OSError("could not bind on any address of '" + host + "'");
    co_return listen(std::move(client_connected_cb), std::move(sockets), options);
}

Coro<Server> start_server(ClientConnected client_connected_cb, Socket sock,
                          StartServerOptions options) {
    check_options(options);
    sock.setblocking(false);
    std::vector<Socket> sockets;
    sockets.push_back(std::move(sock));
    co_return listen(std::move(client_connected_cb), std::move(sockets), options);
}

Coro<Server> start_unix_server(ClientConnected client_connected_cb, std::string path,
                               StartServerOptions options) {
    check_options(options);
    const SocketAddress address = SocketAddress::from_path(path);  // refused before anything goes
    remove_stale_socket(path);
    Socket socket(af_unix);
    socket.setblocking(false);
    socket.bind(address);
    std::vector<Socket> sockets;
    sockets.push_back(std::move(socket));
    co_return listen(std::move(client_connected_cb), std::move(sockets), options,
                     internal::SocketFile(std::move(path)));
}

}  // namespace weft
