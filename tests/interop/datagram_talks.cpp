// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <string>

#include "say.hpp"
#include "talks.hpp"

#include <weft/base/bytes.hpp>
#include <weft/io/datagrams.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/runtime/coro.hpp>

namespace weft::interop {

Coro<void> echo_datagrams(SocketAddress local) {
    DatagramEndpoint endpoint = co_await create_datagram_endpoint({.local_addr = local});
    say("ready " + std::to_string(endpoint.getsockname().port()));
    for (;;) {
        const auto [data, sender] = co_await endpoint.recvfrom();
        co_await endpoint.sendto(data, sender);
    }
}

Coro<void> exchange_datagrams(SocketAddress remote, std::size_t count) {
    DatagramEndpoint endpoint = co_await create_datagram_endpoint({.remote_addr = remote});
    for (std::size_t size = 1;; size = std::min(10 * size, count)) {
        const Bytes sent(size, static_cast<char>('a' + size % 26));
        co_await endpoint.sendto(sent);
        const auto [answer, sender] = co_await endpoint.recvfrom();
        expect(answer == sent, "another datagram came back");
        expect(sender == remote, "from " + sender.to_string());
        if (size == count) break;
    }
    say("datagrams up to " + std::to_string(count) + " bytes came back");
}

}  // namespace weft::interop
