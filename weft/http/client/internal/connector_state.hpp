// SPDX-License-Identifier: Apache-2.0
// weft/http/client/internal/connector_state.hpp - a pool, and how it gets new connections.
#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <weft/base/ref.hpp>
#include <weft/base/time.hpp>
#include <weft/http/client/connector.hpp>
#include <weft/http/client/internal/connection_key.hpp>
#include <weft/http/client/internal/pool.hpp>
#include <weft/http/client/internal/proxy_tunnel.hpp>
#include <weft/http/client/request.hpp>
#include <weft/http/client/timings.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/io/stream.hpp>
#include <weft/runtime/coro.hpp>

namespace weft::http::internal {

class Trace;

/// How long a connection may take to make, and who is told of it.
struct DialContext {
    std::optional<Delay> sock_connect;
    Trace* trace;  // null: nobody
    Timings& timings;
};

class ConnectorState {
public:
    /// Errors: ValueError   a fingerprint is for what is no host.
    explicit ConnectorState(ConnectorOptions options);
    ConnectorState(const ConnectorState&) = delete;
    ConnectorState& operator=(const ConnectorState&) = delete;
    virtual ~ConnectorState();

    /// Which connection a request needs.
    [[nodiscard]] ConnectionKey key_for(const ClientRequest& request);
    /// A slot with a connection of HTTP/1.1, idle until now or new; or a share of one of HTTP/2.
    ///
    /// Errors:   ConnectionTimeoutError, ServerTimeoutError   a limit passed
    ///           ClientConnectorError and those derived from it
    ///           ClientConnectionError                        it is closed
    ///           RuntimeError                                 in another loop than its own
    /// Cancel:   safe; nothing is left.
    /// Suspends: maybe; never where an idle connection is there, and nobody waits.
    /// `timings` gets what it took.
    [[nodiscard]] Coro<Place> connect(const ConnectionKey& key, const ClientRequest& request,
                                      TimePoint started, Timings& timings);

    void close() noexcept;
    [[nodiscard]] bool is_closed() const noexcept { return closed_; }
    /// Null before the first request.
    [[nodiscard]] Pool* pool() const noexcept { return pool_.get(); }

protected:
    /// Makes a connection from its key alone.
    [[nodiscard]] virtual Coro<StreamPair> dial(const ConnectionKey& key,
                                                const DialContext& context) = 0;
    /// What of a connection that failed is told: throws a ClientConnectorError of `error`.
    [[noreturn]] virtual void throw_connector_error(const ConnectionKey& key,
                                                    const std::exception_ptr& error) = 0;

private:
    [[nodiscard]] Pool& pool_here();
    [[nodiscard]] Coro<void> make_connection(Slot& slot, const ConnectionKey& key,
                                             const DialContext& context);
    [[nodiscard]] std::unique_ptr<Connection> connection_of(StreamPair stream,
                                                            const ConnectionKey& key);
    void warn_if_not_verified(const ConnectionKey& key);

    ConnectorOptions options_;
    Ref<Pool> pool_;
    bool closed_ = false;
    bool has_warned_ = false;
};

/// Closes it, and waits until its connections are closed.
[[nodiscard]] Coro<void> close_and_wait(std::shared_ptr<ConnectorState> connector);

class TCPConnectorState final : public ConnectorState {
public:
    explicit TCPConnectorState(TCPConnectorOptions options)
        : ConnectorState(options), options_(std::move(options)) {}

private:
    [[nodiscard]] Coro<StreamPair> dial(const ConnectionKey& key,
                                        const DialContext& context) override;
    [[noreturn]] void throw_connector_error(const ConnectionKey& key,
                                            const std::exception_ptr& error) override;
    [[nodiscard]] Coro<StreamPair> dial_proxy(const ConnectionKey& key, const DialContext& context);
    [[nodiscard]] Coro<StreamPair> connect_to(const ProxyAddress& proxy,
                                              const DialContext& context);
    [[nodiscard]] Coro<std::vector<SocketAddress>> addresses_of(const std::string& host,
                                                                std::uint16_t port,
                                                                const DialContext& context);
    [[nodiscard]] Coro<StreamPair> open(std::vector<SocketAddress> addresses, StreamSecurity ssl,
                                        std::string server_hostname, const DialContext& context);

    TCPConnectorOptions options_;
};

class UnixConnectorState final : public ConnectorState {
public:
    UnixConnectorState(std::string path, ConnectorOptions options)
        : ConnectorState(std::move(options)), path_(std::move(path)) {}

private:
    [[nodiscard]] Coro<StreamPair> dial(const ConnectionKey& key,
                                        const DialContext& context) override;
    [[noreturn]] void throw_connector_error(const ConnectionKey& key,
                                            const std::exception_ptr& error) override;

    std::string path_;
};

}  // namespace weft::http::internal
