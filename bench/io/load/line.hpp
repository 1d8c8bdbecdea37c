// SPDX-License-Identifier: Apache-2.0
// bench/io/load/line.hpp - one connection with the server, plain or under TLS.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <bench/io/load/server.hpp>
#include <openssl/ssl.h>
#include <openssl/types.h>

namespace load {

// TLS 1.3 with one cipher and one group, so that each server does the same work; its certificate
// must be this one.
[[nodiscard]] SSL_CTX* make_tls(const std::string& certificate_file);

// Whatever goes wrong, an end of the connection included, ends the load.
class Line {
public:
    // Waits until it is connected, and for the handshake. Each `source` has ports of its own.
    Line(const Server& server, std::uint32_t source);
    Line(Line&& other) noexcept;
    Line& operator=(Line other) noexcept;
    ~Line() { close(); }
    void close() noexcept;

    // Neither waits. How much was taken, or came; none when there is no room, or nothing came.
    [[nodiscard]] std::optional<std::size_t> send(std::string_view bytes);
    [[nodiscard]] std::optional<std::size_t> receive(std::span<char> into);

    [[nodiscard]] int fileno() const noexcept { return fd_; }

private:
    void shake_hands(SSL_CTX* tls);

    struct Free {
        void operator()(SSL* connection) const noexcept { SSL_free(connection); }
    };
    int fd_;
    std::unique_ptr<SSL, Free> tls_;
};

}  // namespace load
