// SPDX-License-Identifier: Apache-2.0
// bench/http/client/server/line.hpp - Line: a connection's bytes, plain or under TLS.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include <openssl/ssl.h>
#include <openssl/types.h>
#include <sys/types.h>

namespace bench {

class Authority;

/// What is spoken at a port.
enum class Protocol : std::uint8_t { http1, http1_over_tls, http2_over_tls };

/// TLS 1.3 with TLS_AES_128_GCM_SHA256 and X25519 and nothing else. Whoever offers by ALPN only what is
/// not spoken there is refused.
[[nodiscard]] SSL_CTX* make_tls(Protocol protocol, const Authority& authority);

/// Does not block. Of both calls: below zero is a failure, EAGAIN included, and errno says which.
class Line {
public:
    /// Owns the socket. `tls` is null where it is plain.
    Line(int fd, SSL_CTX* tls, Authority& authority);
    Line(const Line&) = delete;
    Line& operator=(const Line&) = delete;
    ~Line();

    [[nodiscard]] int fd() const noexcept { return fd_; }
    [[nodiscard]] bool is_plain() const noexcept { return tls_ == nullptr; }

    /// Zero at the end.
    [[nodiscard]] ssize_t receive(std::span<char> into);
    /// Whether the last receive() gave all that there was.
    [[nodiscard]] bool has_all() const noexcept { return has_all_; }
    /// `has_more`: the next bytes follow at once.
    [[nodiscard]] ssize_t send(std::string_view bytes, bool has_more = false);

private:
    struct Free {
        void operator()(SSL* tls) const noexcept { SSL_free(tls); }
    };
    [[nodiscard]] ssize_t outcome(int result, std::size_t count);

    int fd_;
    bool has_all_ = false;
    std::unique_ptr<SSL, Free> tls_;
};

}  // namespace bench
