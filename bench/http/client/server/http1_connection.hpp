// SPDX-License-Identifier: Apache-2.0
// bench/http/client/server/http1_connection.hpp - Http1Connection: one request after the other.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <bench/http/client/server/connection.hpp>
#include <bench/http/client/server/line.hpp>
#include <openssl/types.h>

namespace bench {

/// A file of 1 MiB that bodies are made of; its descriptor.
[[nodiscard]] int make_block();

/// Requests may come in pieces, and several at once. Under TLS there are small bodies only.
class Http1Connection final : public Connection {
public:
    Http1Connection(int fd, SSL_CTX* tls, Authority& authority, int block)
        : line_(fd, tls, authority), block_(block) {}

    [[nodiscard]] bool serve(bool has_ended) override;

private:
    [[nodiscard]] std::optional<std::string> take_request();
    [[nodiscard]] bool begin_response(std::string_view target);
    [[nodiscard]] bool send_rest();

    static constexpr std::size_t request_bytes_max = 4096;

    Line line_;
    int block_;
    std::size_t size_ = 0;  // of what has come
    std::array<char, request_bytes_max> buffer_;
    std::string head_;  // with the body where that is small
    std::size_t sent_ = 0;
    std::uint64_t body_left_ = 0;
};

}  // namespace bench
