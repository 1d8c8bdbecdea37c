// SPDX-License-Identifier: Apache-2.0
// bench/http/client/server/http2_connection.hpp - Http2Connection: many requests at a time, on nghttp2.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <bench/http/client/server/connection.hpp>
#include <bench/http/client/server/line.hpp>
#include <nghttp2/nghttp2.h>
#include <openssl/types.h>

namespace bench {

/// What has come at once is answered at once, in as few records as it fits into. There are small
/// bodies only.
class Http2Connection final : public Connection {
public:
    Http2Connection(int fd, SSL_CTX* tls, Authority& authority);

    [[nodiscard]] bool serve(bool has_ended) override;

private:
    [[nodiscard]] bool receive_all();
    [[nodiscard]] bool send_all();
    void collect();

    struct Free {
        void operator()(nghttp2_session* session) const noexcept { nghttp2_session_del(session); }
    };
    static constexpr std::size_t record_bytes = std::size_t{16} * 1024;

    Line line_;
    std::unique_ptr<nghttp2_session, Free> session_;
    std::array<char, record_bytes> received_;
    std::string sending_;
    std::size_t sent_ = 0;  // of that
};

}  // namespace bench
