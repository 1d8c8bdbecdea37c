// SPDX-License-Identifier: Apache-2.0
#include <weft/io/internal/socket_state.hpp>

#include <memory>
#include <new>
#include <utility>

#include <unistd.h>

#include <weft/base/exceptions.hpp>
#include <weft/base/ref.hpp>
#include <weft/io/internal/socket_wait.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/socket_address.hpp>

namespace weft::internal {

SocketState::~SocketState() { close(); }

int SocketState::detach() noexcept {
    const int fd = std::exchange(fd_, -1);
    for (const Direction* direction : {&receiving, &sending}) {
        if (direction->wait) direction->wait->socket_closed();
    }
    return fd;
}

void SocketState::close() noexcept {
    const int fd = detach();
    if (fd < 0) return;
    fd_to_close_ = fd;
    close_when_unused();
}

void SocketState::wait_is_over() noexcept { close_when_unused(); }

void SocketState::close_when_unused() noexcept {
    if (fd_to_close_ < 0 || receiving.wait || sending.wait) return;
    // On Linux the descriptor is gone even when this is interrupted.
    ::close(std::exchange(fd_to_close_, -1));
}

// The locks belong to the loop in which tasks waited for them; nobody does now.
void SocketState::change_to(const EventLoop& loop) {
    if (owners_ > 1) throw RuntimeError("the socket is in use in another event loop");
    for (Direction* direction : {&receiving, &sending}) {
        std::destroy_at(&direction->turn);
        std::construct_at(&direction->turn);
    }
    loop_ = &loop;
}

Socket adopt_descriptor(int fd, AddressFamily family, SocketKind type, bool blocking) {
    auto* state = new (std::nothrow) SocketState(fd, family, type, blocking);
    if (!state) {
        ::close(fd);
        throw std::bad_alloc();
    }
    return Socket(Ref(state));
}

}  // namespace weft::internal
