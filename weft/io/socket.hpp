// SPDX-License-Identifier: Apache-2.0
// weft/io/socket.hpp - Socket: a descriptor of the system's, and what does not wait.
//
// What waits are the functions of sock.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include <weft/base/ref.hpp>
#include <weft/io/socket_address.hpp>

namespace weft {

namespace internal {
class SocketState;
}

/// The numbers are the system's.
enum class SocketKind : std::uint8_t {
    sock_stream = 1,
    sock_dgram = 2,
    sock_seqpacket = 5,
};
using enum SocketKind;

/// What shutdown() ends.
enum class Shutdown : std::uint8_t { shut_rd = 0, shut_wr = 1, shut_rdwr = 2 };
using enum Shutdown;

/// A socket. Owns its descriptor, which no child process inherits.
///
/// A new one is blocking, as in Python: call setblocking(false) before sock_recv() and its like.
///
/// close(), detach() and the destructor end what waits on the socket: sock_recv() and the others
/// throw an OSError with EBADF in the tasks that wait, and the number is not given back to the
/// system before the loop has let go of it. A result that came before is still delivered.
///
/// Methods other than close(), fileno() and moving throw an OSError with EBADF on a socket that is
/// closed, detached or moved from.
///
/// Thread: one at a time; while tasks wait on it, their loop's.
/// Spec:   Python's socket.socket; what it does by blocking is left out.
class Socket {
public:
    /// Errors: OSError, such as for a family that the system does not know.
    explicit Socket(AddressFamily family = af_inet, SocketKind type = sock_stream,
                    int protocol = 0);
    Socket(Socket&& other) noexcept;
    /// Closes the socket that is replaced.
    Socket& operator=(Socket&& other) noexcept;
    ~Socket();

    /// Takes a descriptor over, sets its close-on-exec flag, and finds out its family and type.
    /// Errors: OSError when it is no socket; the descriptor is still the caller's then.
    /// Spec:   `socket.socket(fileno=fd)`; that it is non-blocking is seen, too.
    [[nodiscard]] static Socket from_fd(int fd);
    /// Two sockets that are connected to each other, both blocking.
    /// Errors: OSError
    [[nodiscard]] static std::pair<Socket, Socket> socketpair(AddressFamily family = af_unix,
                                                              SocketKind type = sock_stream);

    /// Errors: OSError, with the address in its text.
    void bind(const SocketAddress& address);
    /// Errors: OSError; ValueError for a negative backlog.
    void listen(int backlog = 128);
    /// Ends one direction or both; the peer reads an end.
    /// Errors: OSError, with ENOTCONN when it is not connected.
    void shutdown(Shutdown how);

    /// Errors: OSError
    [[nodiscard]] SocketAddress getsockname() const;
    /// Errors: OSError, with ENOTCONN when it is not connected.
    [[nodiscard]] SocketAddress getpeername() const;
    /// Errors: as above, for both.
    [[nodiscard]] AddressFamily family() const;
    [[nodiscard]] SocketKind type() const;

    /// Errors: OSError
    void setblocking(bool on);
    [[nodiscard]] bool getblocking() const;

    // ---- the descriptor

    /// -1 when there is none any more.
    [[nodiscard]] int fileno() const noexcept;
    /// Gives the descriptor to the caller. What waits on the socket ends as with close().
    /// Returns: -1 when there is none.
    [[nodiscard]] int detach() noexcept;
    /// Closes it; a second call does nothing. What the system says to that is not told: the
    /// descriptor is gone in any case.
    void close() noexcept;

    // ---- options; all throw an OSError where the system refuses them

    /// SO_REUSEADDR: binds to an address whose last connections are still fading out.
    void set_reuse_address(bool on = true);
    [[nodiscard]] bool reuse_address() const;
    /// SO_REUSEPORT: several sockets listen at one address, and share what comes.
    void set_reuse_port(bool on = true);
    [[nodiscard]] bool reuse_port() const;
    /// TCP_NODELAY: sends small pieces at once.
    void set_no_delay(bool on = true);
    [[nodiscard]] bool no_delay() const;
    /// SO_KEEPALIVE: finds out when an idle peer is gone.
    void set_keep_alive(bool on = true);
    [[nodiscard]] bool keep_alive() const;
    /// SO_BROADCAST: allows datagrams to broadcast addresses.
    void set_broadcast(bool on = true);
    [[nodiscard]] bool broadcast() const;
    /// IPV6_V6ONLY: takes no connections of IPv4.
    void set_v6_only(bool on = true);
    [[nodiscard]] bool v6_only() const;
    /// SO_SNDBUF: bytes on their way that the system keeps. Linux doubles what is set.
    void set_send_buffer_size(int bytes);
    [[nodiscard]] int send_buffer_size() const;
    /// SO_RCVBUF: bytes that have come and were not read.
    void set_receive_buffer_size(int bytes);
    [[nodiscard]] int receive_buffer_size() const;
    /// SO_ERROR: the errno of what went wrong meanwhile, and forgets it; 0 for nothing.
    [[nodiscard]] int take_error();
    /// Any other whose value is an int; the constants are the system's.
    void setsockopt(int level, int option, int value);
    [[nodiscard]] int getsockopt(int level, int option) const;

    // ---- implementation: for the functions of sock.hpp

    explicit Socket(Ref<internal::SocketState> state) noexcept;
    /// Null in one that was moved from.
    [[nodiscard]] internal::SocketState* state() const noexcept { return state_.get(); }

private:
    [[nodiscard]] internal::SocketState& open_state() const;

    Ref<internal::SocketState> state_;
};

}  // namespace weft
