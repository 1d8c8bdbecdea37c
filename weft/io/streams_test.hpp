// SPDX-License-Identifier: Apache-2.0
// weft/io/streams_test.hpp - what the tests of streams and servers share.
#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include <sys/socket.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/io/run.hpp>
#include <weft/io/server.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/testing/descriptors.hpp>
#include <weft/testing/trace.hpp>

namespace weft {

using testing::open_descriptors;
using testing::outcome;

// Runs on a real loop, and sees that no descriptor is left.
inline void run_clean(Coro<void> coro) {
    const std::size_t before = open_descriptors();
    run(std::move(coro));
    EXPECT_EQ(open_descriptors(), before);
}

inline Coro<Server> serve(ClientConnected handler) {
    co_return co_await start_server(std::move(handler), "127.0.0.1", 0);
}
inline int port_of(const Server& server) { return server.sockets()[0].getsockname().port(); }

inline Coro<void> echo(StreamReader reader, StreamWriter writer) {
    for (;;) {
        const Bytes data = co_await reader.read(64 * 1024);
        if (data.empty()) co_return;
        writer.write(data);
        co_await writer.drain();
    }
}

inline Bytes some_bytes(std::size_t count) {
    Bytes all(count, ' ');
    for (std::size_t i = 0; i < count; ++i) all[i] = static_cast<char>(i * 31 >> 7);
    return all;
}

// A connection that the server has not accepted yet.
inline Socket connected_to(const Socket& listener) {
    const SocketAddress address = listener.getsockname();
    Socket socket(address.family());
    EXPECT_EQ(::connect(socket.fileno(), reinterpret_cast<const sockaddr*>(address.bytes().data()),
                        static_cast<socklen_t>(address.bytes().size())),
              0);
    socket.setblocking(false);
    return socket;
}

inline Socket connected_to(const Server& server) { return connected_to(server.sockets()[0]); }

// Both are non-blocking. io_uring receives itself only over TCP, not from the sockets of socketpair().
inline std::pair<Socket, Socket> tcp_pair() {
    Socket listener(af_inet);
    listener.bind({"127.0.0.1", 0});
    listener.listen(1);
    Socket one = connected_to(listener);
    Socket other = Socket::from_fd(::accept(listener.fileno(), nullptr, nullptr));
    other.setblocking(false);
    return {std::move(one), std::move(other)};
}

inline void reset_by_peer(Socket peer) {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(peer.fileno(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

}  // namespace weft
