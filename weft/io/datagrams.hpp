// SPDX-License-Identifier: Apache-2.0
// weft/io/datagrams.hpp - DatagramEndpoint: UDP and Unix datagrams.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>

#include <weft/base/bytes.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/runtime/coro.hpp>

namespace weft {

struct DatagramEndpointOptions {
    std::optional<SocketAddress> local_addr = std::nullopt;   ///< where to receive
    std::optional<SocketAddress> remote_addr = std::nullopt;  ///< the only peer
    AddressFamily family = af_inet;                           ///< where neither address tells
    bool reuse_port = false;       ///< together with other processes that say so, too
    bool allow_broadcast = false;  ///< to broadcast addresses
};

/// A socket of datagrams; closed when it is destroyed.
///
/// In place of asyncio's protocol and its callbacks, the datagrams are awaited. One that is sent is
/// the system's, not buffered here.
class DatagramEndpoint {
public:
    /// Waits for a datagram.
    ///
    /// Returns:  its bytes, which may be none, and where it came from.
    /// Errors:   ConnectionRefusedError   with `remote_addr`: the peer has said that nobody listens
    ///           OSError                  another answer of the network; EBADF after close()
    ///           ValueError               a negative size
    /// Cancel:   safe; one that has come is received by the next call.
    /// Suspends: maybe; never while there is one.
    /// Limits:   a datagram is cut to `bytes_max`, which is the largest of UDP by default.
    [[nodiscard]] Coro<std::pair<Bytes, SocketAddress>> recvfrom(std::ptrdiff_t bytes_max = 65535);

    /// Sends a datagram, to `remote_addr` when no address is given.
    ///
    /// Errors:   ValueError   an address other than `remote_addr`, or neither
    ///           OSError      it is too long, or an answer of the network to an earlier one; EBADF
    ///                        after close()
    /// Cancel:   safe; one that was sent counts as sent.
    /// Suspends: maybe; only while the system has no room.
    /// Lifetime: `data` must live until it is sent.
    [[nodiscard]] Coro<void> sendto(BytesView data,
                                    std::optional<SocketAddress> address = std::nullopt);

    /// Ends what waits, with EBADF.
    void close() noexcept { socket_.close(); }
    [[nodiscard]] SocketAddress getsockname() const { return socket_.getsockname(); }
    /// For its options.
    [[nodiscard]] Socket& socket() noexcept { return socket_; }

    // Implementation.
    DatagramEndpoint(Socket socket, std::optional<SocketAddress> remote) noexcept
        : socket_(std::move(socket)), remote_(remote) {}

private:
    Socket socket_;
    std::optional<SocketAddress> remote_;
};

/// Makes a socket of datagrams, bound to `local_addr` and connected to `remote_addr`.
/// Errors:   OSError, with the address in its text; ValueError for addresses of two families.
/// Suspends: never.
/// Spec:     loop.create_datagram_endpoint.
[[nodiscard]] Coro<DatagramEndpoint> create_datagram_endpoint(DatagramEndpointOptions options = {});

}  // namespace weft
