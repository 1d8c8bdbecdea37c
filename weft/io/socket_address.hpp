// SPDX-License-Identifier: Apache-2.0
// weft/io/socket_address.hpp - SocketAddress: where a socket is, or is to go.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace weft {

/// The numbers are the system's; one that is not named here is a family all the same.
enum class AddressFamily : std::uint16_t {
    af_unspec = 0,
    af_unix = 1,
    af_inet = 2,
    af_inet6 = 10,
};
using enum AddressFamily;

/// The address of a socket: IPv4, IPv6, or that of a Unix socket. A value; it owns what it needs.
///
///     co_await sock_connect(sock, {"127.0.0.1", port});
///     listener.bind(SocketAddress::from_path(path));
///
/// Hosts are numeric: names are not looked up here.
///
/// Spec: the addresses of Python's socket module: `(host, port)`, `(host, port, flowinfo,
///       scope_id)`, and for Unix sockets a str or, when it is abstract, bytes.
class SocketAddress {
public:
    /// No address: what recvfrom tells of a connected stream. Its family is af_unspec.
    SocketAddress() = default;

    /// "127.0.0.1", "::1", "fe80::1%eth0", "fe80::1%2"; "" is every address of IPv4, and
    /// "<broadcast>" its broadcast. Not explicit: an address in braces is Python's tuple.
    /// Errors: ValueError   the host is not numeric, or the port is not within 0 to 65535;
    ///         OSError      there is no such interface.
    SocketAddress(std::string_view host, int port);

    /// A Unix socket with a name in the file system. The empty path is the address that a socket
    /// without a name has; to bind to it makes the system choose an abstract one. A null byte in
    /// front makes it an abstract name, as path() gives it.
    /// Errors: ValueError   the path holds a null byte elsewhere;
    ///         OSError      it is longer than `path_bytes_max`.
    [[nodiscard]] static SocketAddress from_path(std::string_view path);
    /// A Unix socket with a name in no file system, here without its leading null byte; the name
    /// may hold any bytes, or none.
    /// Errors: OSError      it is longer than `path_bytes_max - 1`.
    [[nodiscard]] static SocketAddress from_abstract(std::string_view name);

    [[nodiscard]] AddressFamily family() const noexcept;
    /// The address in figures, with `%scope` where there is one.
    /// Errors: ValueError   it is not an address of IPv4 or IPv6.
    [[nodiscard]] std::string host() const;
    /// Errors: as host().
    [[nodiscard]] std::uint16_t port() const;
    /// The same host with such a port.
    /// Errors: as host(); ValueError where the port is not within 0 to 65535.
    [[nodiscard]] SocketAddress with_port(int port) const;
    /// The interface of a link-local address of IPv6; 0 for any other.
    [[nodiscard]] std::uint32_t scope_id() const noexcept;
    /// The path or name of a Unix socket; "" when it has none. An abstract name begins with a null
    /// byte, as in Python.
    /// Errors: ValueError   it is not the address of a Unix socket.
    [[nodiscard]] std::string path() const;
    [[nodiscard]] bool is_abstract() const noexcept;

    /// As Python prints it: `('127.0.0.1', 80)`, `('::1', 80, 0, 0)`, `'/run/app.sock'`,
    /// `b'\x00name'`; `None` where there is none.
    [[nodiscard]] std::string to_string() const;

    friend bool operator==(const SocketAddress& a, const SocketAddress& b) noexcept;

    /// The longest path of a Unix socket.
    static constexpr std::size_t path_bytes_max = 107;

    // Implementation: what system calls take and give, a sockaddr.
    [[nodiscard]] std::span<const std::byte> bytes() const noexcept {
        return {bytes_.data(), size_};
    }
    /// Errors: ValueError for more bytes than any address has.
    [[nodiscard]] static SocketAddress from_bytes(std::span<const std::byte> bytes);
    static constexpr std::size_t bytes_max = 112;

private:
    // Bytes past the end are zero, so that a short address reads as one without a port or path.
    alignas(8) std::array<std::byte, bytes_max> bytes_{};
    std::uint16_t size_ = 0;
};

}  // namespace weft
