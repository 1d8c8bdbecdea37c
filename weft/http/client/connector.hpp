// SPDX-License-Identifier: Apache-2.0
// weft/http/client/connector.hpp - TCPConnector and UnixConnector: where connections come from.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <weft/base/time.hpp>
#include <weft/http/client/fingerprint.hpp>
#include <weft/http/client/http2.hpp>
#include <weft/http/wire/limits.hpp>
#include <weft/io/resolver.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/io/transport_security.hpp>
#include <weft/runtime/coro.hpp>

namespace weft::http {

namespace internal {
class ConnectorState;
}

/// How many connections there may be, and for how long they are kept.
struct ConnectorOptions {
    std::size_t limit = 100;  ///< in use at a time; 0: no limit. Others wait, in their order
    std::size_t limit_per_host =
        0;  ///< the same to one host and port by the same way: proxy, TLS, protocol
    Delay keepalive_timeout = std::chrono::seconds(15);  ///< how long one may be idle
    Delay age_max = std::chrono::hours(1);  ///< one that is older serves no further request
    std::size_t idle_max = 1000;            ///< idle ones; beyond, the longest idle is closed
    StreamSecurity ssl = nullptr;           ///< for https; null: one default context of the program
    /// By host: of which its certificate must have one.
    std::map<std::string, std::vector<Fingerprint>, std::less<>> fingerprints = {};
    wire::Limits limits = {};  ///< of responses' heads
    /// Whether requests share connections of HTTP/2. A context that names protocols itself
    /// (SSLContext::set_alpn_protocols) offers those. A connection that many requests share counts as one
    /// in `limit` and `limit_per_host`; where all its streams are taken, another one is made.
    Http2 http2 = Http2::by_alpn;
    /// After a request of HTTP/2 has met a limit of its ClientTimeout, its server is sent a ping. One
    /// that says nothing for so long, then or on a new connection, has gone, and ends all requests of that
    /// connection.
    Delay http2_ping_timeout = std::chrono::seconds(15);
};

struct TCPConnectorOptions : ConnectorOptions {
    AddressFamily family = af_unspec;                        ///< only addresses of this family
    std::optional<Resolver> resolver = std::nullopt;         ///< nullopt: weft::getaddrinfo()
    std::optional<SocketAddress> local_addr = std::nullopt;  ///< to connect from
    /// Which addresses may be connected to; null: all. It is asked for each address before it is
    /// tried, be it that of a name, of a proxy or of where a redirect leads, and no name is looked up
    /// a second time behind it. Where a proxy looks the name up itself, only what the request names in
    /// figures is asked for. See is_global().
    std::function<bool(const SocketAddress&)> egress = nullptr;
    /// As of OpenConnectionOptions; nullopt: the next address is tried when the one before failed.
    std::optional<Delay> happy_eyeballs_delay = std::chrono::milliseconds(250);
};

/// Makes and keeps the connections of one or several sessions. A handle.
///
/// It belongs to the loop in which it is first used.
class Connector {
public:
    /// Closes all connections, those in use, too, and waits until they are; ends what waits for one
    /// with a ClientConnectionError. A second call does nothing.
    /// Cancel:   safe; they are closed all the same.
    /// Suspends: maybe; never where there is none.
    [[nodiscard, clang::coro_wrapper, clang::coro_disable_lifetimebound]] Coro<void> close() const;
    [[nodiscard]] bool closed() const noexcept;

    [[nodiscard]] std::size_t in_use() const noexcept;   ///< connections, or tries to make one
    [[nodiscard]] std::size_t idle() const noexcept;     ///< connections
    [[nodiscard]] std::size_t waiting() const noexcept;  ///< requests

    // Implementation.
    [[nodiscard]] internal::ConnectorState& state() const noexcept { return *state_; }

protected:
    explicit Connector(std::shared_ptr<internal::ConnectorState> state) noexcept;

private:
    std::shared_ptr<internal::ConnectorState> state_;
};

/// Spec: aiohttp.TCPConnector, whose idle connections have no limit but their time.
class TCPConnector : public Connector {
public:
    explicit TCPConnector(TCPConnectorOptions options = {});
};

/// Connects to one Unix socket, whatever the host of a request is.
/// Spec: aiohttp.UnixConnector.
class UnixConnector : public Connector {
public:
    explicit UnixConnector(std::string path, ConnectorOptions options = {});
};

}  // namespace weft::http
