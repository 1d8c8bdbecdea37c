// SPDX-License-Identifier: Apache-2.0
// weft/io/listen_queue_test.hpp - the queue of those who have connected and were not accepted.
#pragma once

#include <thread>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <weft/io/socket.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/io/streams_test.hpp>

namespace weft {

/// Waits until so many are in it. connect(2) returns before the last packet of the handshake has come
/// here: on a busy machine some time before.
inline void wait_until_queued(const Socket& listener, unsigned count) {
    for (;;) {
        tcp_info info{};
        socklen_t length = sizeof info;
        ASSERT_EQ(::getsockopt(listener.fileno(), IPPROTO_TCP, TCP_INFO, &info, &length), 0);
        if (info.tcpi_unacked >= count) return;
        std::this_thread::yield();
    }
}

/// Who connects to it waits: its queue has room for one, who is in it.
class FullListener {
public:
    FullListener() {
        listener_.bind({"127.0.0.1", 0});
        listener_.listen(0);
        queued_ = connected_to(listener_);
        wait_until_queued(listener_, 1);
    }
    [[nodiscard]] SocketAddress address() const { return listener_.getsockname(); }

private:
    Socket listener_;
    Socket queued_;
};

}  // namespace weft
