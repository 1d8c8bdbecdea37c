// SPDX-License-Identifier: Apache-2.0
#include <weft/io/datagrams.hpp>

#include <cstddef>
#include <optional>
#include <utility>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/io/sock.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/runtime/coro.hpp>

namespace weft {

Coro<std::pair<Bytes, SocketAddress>> DatagramEndpoint::recvfrom(std::ptrdiff_t bytes_max) {
    co_return co_await sock_recvfrom(socket_, bytes_max);
}

Coro<void> DatagramEndpoint::sendto(BytesView data, std::optional<SocketAddress> address) {
    if (remote_ && address && *address != *remote_) {
        throw ValueError("Invalid address: must be None or " + remote_->to_string());
    }
    if (remote_) {
        co_await sock_sendall(socket_, data);
    } else if (address) {
        co_await sock_sendto(socket_, data, *address);
    } else {
        throw ValueError("sendto() needs an address, since the endpoint has no remote_addr");
    }
}

Coro<DatagramEndpoint> create_datagram_endpoint(DatagramEndpointOptions options) {
    const auto& [local, remote, family, reuse_port, allow_broadcast] = options;
    if (local && remote && local->family() != remote->family()) {
        throw ValueError("local_addr " + local->to_string() + " and remote_addr " +
                         remote->to_string() + " are of two families");
    }
    Socket socket(local ? local->family() : remote ? remote->family() : family, sock_dgram);
    socket.setblocking(false);
    if (reuse_port) socket.set_reuse_port();
    if (allow_broadcast) socket.set_broadcast();
    if (local) socket.bind(*local);
    if (remote) co_await sock_connect(socket, *remote);
    co_return DatagramEndpoint(std::move(socket), remote);
}

}  // namespace weft
