// SPDX-License-Identifier: Apache-2.0
// weft/io/internal/channel.hpp - the descriptor below a stream, and its system calls.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include <weft/base/bytes.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/runtime/backend.hpp>

namespace weft::internal {

/// Owns a descriptor that bytes go through in order.
class Channel {
public:
    enum class Kind : std::uint8_t {
        socket,
        unix_socket,
        pipe,
        file,  // a terminal, any other device, or a regular file
    };

    [[nodiscard]] static Kind kind_of(AddressFamily family) noexcept {
        return family == af_unix ? Kind::unix_socket : Kind::socket;
    }

    /// Takes `fd` over, on which nothing may block.
    Channel(int fd, Kind kind) noexcept : fd_(fd), kind_(kind) {}
    Channel(Channel&& other) noexcept : fd_(std::exchange(other.fd_, -1)), kind_(other.kind_) {}
    Channel& operator=(Channel&&) = delete;
    ~Channel() { close(); }

    /// -1 once it is closed.
    [[nodiscard]] int fileno() const noexcept { return fd_; }
    [[nodiscard]] bool is_socket() const noexcept {
        return kind_ == Kind::socket || kind_ == Kind::unix_socket;
    }
    [[nodiscard]] bool is_pipe() const noexcept { return kind_ == Kind::pipe; }
    /// Whether its peer may be on another host.
    [[nodiscard]] bool may_be_remote() const noexcept { return kind_ == Kind::socket; }

    // What the backend is asked for.
    [[nodiscard]] IoKind receive_kind() const noexcept {
        if (kind_ == Kind::unix_socket) return IoKind::receive_each_local;
        return is_socket() ? IoKind::receive_each : IoKind::read_each;
    }
    [[nodiscard]] IoKind send_kind() const noexcept {
        return is_socket() ? IoKind::send : IoKind::write;
    }

    // Returns: a count, or a negative errno: -EAGAIN when it would have to wait.
    [[nodiscard]] std::ptrdiff_t send(BytesView data) const noexcept;
    [[nodiscard]] std::ptrdiff_t receive(std::span<char> into) const noexcept;

    /// Of a socket: the peer reads an end.
    /// Returns: 0, or a negative errno.
    [[nodiscard]] int shut_sending() const noexcept;
    void close() noexcept;

private:
    int fd_;
    Kind kind_;
};

}  // namespace weft::internal
