// SPDX-License-Identifier: Apache-2.0
// weft/io/internal/socket_state.hpp - what a Socket shares with the tasks that use it.
//
// The Socket may be moved, closed and destroyed while they wait; the state stays until the last
// of them is gone.
#pragma once

#include <cstdint>

#include <weft/io/socket.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/runtime/lock.hpp>

namespace weft {
class EventLoop;
}

namespace weft::internal {

class SocketWait;

class SocketState {
public:
    /// Takes the descriptor over.
    SocketState(int fd, AddressFamily family, SocketKind type, bool blocking) noexcept
        : fd_(fd), family_(family), type_(type), blocking_(blocking) {}
    SocketState(const SocketState&) = delete;
    SocketState& operator=(const SocketState&) = delete;

    void retain() noexcept { ++owners_; }
    void release() noexcept {
        if (--owners_ == 0) delete this;
    }

    /// -1 when it was closed or given away.
    [[nodiscard]] int fd() const noexcept { return fd_; }
    [[nodiscard]] AddressFamily family() const noexcept { return family_; }
    [[nodiscard]] SocketKind type() const noexcept { return type_; }
    [[nodiscard]] bool blocking() const noexcept { return blocking_; }
    void set_blocking(bool on) noexcept { blocking_ = on; }

    /// An operation in that loop begins.
    /// Errors: RuntimeError while there are operations of another loop.
    void use_in(const EventLoop& loop) {
        if (loop_ != &loop) [[unlikely]]
            change_to(loop);
    }

    /// Ends what waits, and gives the descriptor to the caller; -1 when there is none.
    [[nodiscard]] int detach() noexcept;
    /// The same, and closes it: at once, or when the backend has let go of the last operation.
    void close() noexcept;

    // One task after the other in each direction: first come, first served, and what several
    // send does not mix.
    struct Direction {
        Lock turn;
        SocketWait* wait = nullptr;  // that the backend has
    };
    Direction receiving;
    Direction sending;

    /// A wait of this socket has left its direction.
    void wait_is_over() noexcept;

private:
    ~SocketState();
    void close_when_unused() noexcept;
    void change_to(const EventLoop& loop);

    int fd_;
    int fd_to_close_ = -1;             // closed, but an operation of the backend still has it
    const EventLoop* loop_ = nullptr;  // that used it last; it may be gone
    std::uint32_t owners_ = 0;         // the Socket, and each operation
    AddressFamily family_;
    SocketKind type_;
    bool blocking_;
};

/// A Socket of a new descriptor, which is closed where there is no memory for it.
[[nodiscard]] Socket adopt_descriptor(int fd, AddressFamily family, SocketKind type, bool blocking);

/// Where the socket of that descriptor is bound.
/// Errors: OSError
[[nodiscard]] SocketAddress own_address_of(int fd);

}  // namespace weft::internal
