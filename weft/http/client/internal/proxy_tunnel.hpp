// SPDX-License-Identifier: Apache-2.0
// weft/http/client/internal/proxy_tunnel.hpp - from a connection with a proxy to one through it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <weft/http/basic_auth.hpp>
#include <weft/http/client/internal/connection_key.hpp>
#include <weft/http/client/proxy.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/io/stream.hpp>
#include <weft/runtime/coro.hpp>

namespace weft::http::internal {

/// What a connection has to know of its proxy.
struct ProxyAddress {
    enum class Kind : std::uint8_t { http, socks5, socks5h };
    Kind kind;
    std::string host;
    std::uint16_t port;
    std::optional<BasicAuth> auth;

    /// Errors: ValueError   another scheme, or no host; a login that cannot be sent.
    [[nodiscard]] static ProxyAddress parse(const Proxy& proxy);
    /// The text that stands for all of it in a ConnectionKey, and back.
    [[nodiscard]] std::string to_key() const;
    [[nodiscard]] static ProxyAddress from_key(std::string_view text);
};

/// Asks the proxy for a connection to the key's host and port; for `socks5`, to `destination`, which
/// is their address.
///
/// Errors: ClientHttpProxyError         an HTTP proxy refuses
///         ClientProxyConnectionError   a SOCKS proxy does; either speaks another protocol, or goes
/// Spec:   RFC 9110 §9.3.6 (CONNECT); RFC 1928 and RFC 1929 (SOCKS5).
[[nodiscard]] Coro<void> open_tunnel(Stream& stream, const ProxyAddress& proxy,
                                     const ConnectionKey& key,
                                     const std::optional<SocketAddress>& destination);

}  // namespace weft::http::internal
