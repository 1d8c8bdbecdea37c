// SPDX-License-Identifier: Apache-2.0
// weft/io/server.hpp - Server: accepts connections, and runs a coroutine for each.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include <weft/base/ref.hpp>
#include <weft/base/time.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/io/transport_security.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/coro_function.hpp>
#include <weft/runtime/with_async.hpp>

namespace weft {

namespace internal {
class ServerState;
}

/// Called with each connection, in a task of its own. What it captures lives until the server is
/// closed and the last of these tasks has ended; it may own the server.
using ClientConnected = CoroFunction<Coro<void>(StreamReader, StreamWriter)>;

struct StartServerOptions {
    std::ptrdiff_t limit = StreamReader::default_limit;  ///< of the readers
    AddressFamily family = af_unspec;                    ///< only addresses of this family
    int backlog = 100;                                   ///< connections that wait to be accepted
    bool reuse_address = true;  ///< although connections of an earlier server fade out
    bool reuse_port = false;    ///< together with other processes that say so, too
    bool start_serving = true;  ///< else start_serving() or serve_forever() does
    /// An ssl::SSLContext: connections are protected from their beginning. Those whose handshake
    /// fails are closed, and the handler does not hear of them; debug mode logs why.
    StreamSecurity ssl = nullptr;
    Delay ssl_handshake_timeout = ssl_handshake_timeout_default;
    /// How long a client may take nothing of what is sent, and not answer, once this side has
    /// closed.
    Delay ssl_shutdown_timeout = ssl_shutdown_timeout_default;
};

/// A listening server. A handle: copies are the same server, which goes on when all are gone.
///
/// A handler that ends closes its connection, if it has not kept a StreamWriter. One that throws is
/// reported to the loop's exception handler. While the system has no descriptor left, the server
/// waits a second and tries again: it is still serving.
///
/// `with_async(server, body)` closes it and waits for its connections, as `async with` does.
/// Spec: asyncio.Server.
class Server {
public:
    Server(const Server&) noexcept;
    Server(Server&&) noexcept;
    Server& operator=(Server) noexcept;
    ~Server();

    /// The listening sockets; none once it is closed.
    [[nodiscard]] std::span<const Socket> sockets() const noexcept;
    [[nodiscard]] bool is_serving() const noexcept;

    /// Begins to accept; does nothing when it does already, or is closed.
    /// Errors:   OSError
    /// Suspends: never.
    [[nodiscard, clang::coro_wrapper, clang::coro_disable_lifetimebound]] Coro<void> start_serving()
        const;
    /// Accepts until the task is cancelled; then closes the server, and waits for its connections.
    /// Errors:   RuntimeError   it is closed, another task is in here, or this is not its loop
    /// Cancel:   is how it ends; close() ends it so, too.
    /// Suspends: always.
    [[nodiscard, clang::coro_wrapper, clang::coro_disable_lifetimebound]] Coro<void> serve_forever()
        const;

    /// Accepts no more. The connections that there are go on; on io_uring those are closed that the
    /// kernel has accepted by itself and not told of yet. A second call does nothing.
    void close() const;
    /// Waits until it is closed and its last connection is over.
    /// Errors:   RuntimeError in another loop than its own
    /// Cancel:   safe.
    /// Suspends: maybe; never once that is so.
    [[nodiscard, clang::coro_wrapper, clang::coro_disable_lifetimebound]] Coro<void> wait_closed()
        const;
    /// Closes each connection, as StreamWriter::close() does.
    void close_clients() const;
    /// Ends each connection without sending what is buffered.
    void abort_clients() const;

    /// For with_async(): gives the server.
    [[nodiscard, clang::coro_wrapper, clang::coro_disable_lifetimebound]] Coro<Server> aenter()
        const;
    /// Closes it and waits; an error of the body goes on.
    [[nodiscard, clang::coro_wrapper, clang::coro_disable_lifetimebound]] Coro<bool> aexit(
        const ExitReason& reason) const;

    // Implementation.
    explicit Server(Ref<internal::ServerState> state) noexcept;

private:
    Ref<internal::ServerState> state_;
};

/// Listens at `host`, a name or a numeric address; an empty one is every address of this machine.
/// Port 0 lets the system choose: `server.sockets()[0].getsockname().port()` is the port.
///
/// Errors:   OSError      an address is in use or not this machine's, with the address in its text
///           GaiError     the name has no address
///           ValueError   the limit is not above zero, the port not within 0 to 65535, `ssl` is for
///                        clients
/// Cancel:   safe.
/// Suspends: maybe; never for a numeric host.
/// Spec:     asyncio.start_server.
[[nodiscard]] Coro<Server> start_server(ClientConnected client_connected_cb, std::string host,
                                        int port, StartServerOptions options = {});

/// Listens with a socket that is bound.
/// Errors: OSError; ValueError when the limit is not above zero.
[[nodiscard]] Coro<Server> start_server(ClientConnected client_connected_cb, Socket sock,
                                        StartServerOptions options = {});

/// Listens at a Unix socket. A socket that an earlier server left there is replaced; this one's is
/// removed when it is closed. A path that begins with a null byte is an abstract name, of no file.
/// Errors: OSError; ValueError when the limit is not above zero, or a path has a null byte.
/// Spec:   asyncio.start_unix_server.
[[nodiscard]] Coro<Server> start_unix_server(ClientConnected client_connected_cb, std::string path,
                                             StartServerOptions options = {});

}  // namespace weft
