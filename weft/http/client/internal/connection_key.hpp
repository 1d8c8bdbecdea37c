// SPDX-License-Identifier: Apache-2.0
// weft/http/client/internal/connection_key.hpp - what makes two connections the same to a request.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <weft/http/client/fingerprint.hpp>
#include <weft/http/client/http2.hpp>
#include <weft/io/transport_security.hpp>

namespace weft::http::internal {

/// All that a request says about the connection it needs. A connection is made from its key alone
/// (Connector::dial), so that what is not in here cannot make one differ from another, and one that
/// differs is never taken for another.
struct ConnectionKey {
    std::string host;  ///< as it is looked up: a name, or an address without brackets
    std::uint16_t port = 0;
    StreamSecurity ssl;           ///< null: plain text
    std::string server_hostname;  ///< whose certificate the server must have; empty without `ssl`
    std::vector<Fingerprint> fingerprints;  ///< of which its certificate must have one; empty: any
    Http2 http2 = Http2::never;             ///< never, too, where it cannot be
    std::string proxy;     ///< its URL with the login that it gets (ProxyAddress); empty for none
    bool tunnels = false;  ///< through an HTTP proxy: by CONNECT, although it is plain text

    friend bool operator==(const ConnectionKey&, const ConnectionKey&) = default;
};

struct ConnectionKeyHash {
    // Only what mostly differs: the rest is compared.
    std::size_t operator()(const ConnectionKey& key) const noexcept {
        return std::hash<std::string>()(key.host) + key.port;
    }
};

}  // namespace weft::http::internal
