// SPDX-License-Identifier: Apache-2.0
// weft/http/client/http2.hpp - Http2: when a client speaks HTTP/2.
#pragma once

#include <cstdint>

namespace weft::http {

enum class Http2 : std::uint8_t {
    /// Under TLS where the server chooses it, else HTTP/1.1; without TLS, never.
    by_alpn,
    never,
    /// Always, also without TLS: the caller knows that the server speaks it. A server that does not is
    /// an error. Requests that an HTTP proxy forwards stay HTTP/1.1.
    prior_knowledge,
};

}  // namespace weft::http
