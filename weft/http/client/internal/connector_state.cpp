// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/internal/connector_state.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/log.hpp>
#include <weft/base/ref.hpp>
#include <weft/base/time.hpp>
#include <weft/http/client/connector.hpp>
#include <weft/http/client/exceptions.hpp>
#include <weft/http/client/fingerprint.hpp>
#include <weft/http/client/http2.hpp>
#include <weft/http/client/internal/connection.hpp>
#include <weft/http/client/internal/connection_key.hpp>
#include <weft/http/client/internal/pool.hpp>
#include <weft/http/client/internal/proxy_tunnel.hpp>
#include <weft/http/client/internal/time_limits.hpp>
#include <weft/http/client/internal/trace.hpp>
#include <weft/http/client/proxy.hpp>
#include <weft/http/client/request.hpp>
#include <weft/http/client/timeout.hpp>
#include <weft/http/client/timings.hpp>
#include <weft/http/client/trace_config.hpp>
#include <weft/http/client_error.hpp>
#include <weft/http/syntax.hpp>
#include <weft/http/url.hpp>
#include <weft/io/exceptions.hpp>
#include <weft/io/getaddrinfo.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/io/stream.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/io/streams.hpp>
#include <weft/io/transport_security.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/handle.hpp>
#include <weft/tls/exceptions.hpp>
#include <weft/tls/ssl_context.hpp>

namespace weft::http::internal {
namespace {

bool is_for_want_of_descriptors(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const OSError& failure) {
        return failure.code() == EMFILE || failure.code() == ENFILE;
    } catch (...) {
        return false;
    }
}

template <class E>
[[noreturn]] void throw_made_from(const OSError& cause, const ConnectionKey& key) {
    E error(key.host, key.port, cause.code(), cause.what());
    error.set_cause(std::current_exception());
    throw error;
}

// Where the proxy is asked for each page, and not for a tunnel.
std::optional<Connection::Forwarding> forwarding_for(const ConnectionKey& key) {
    if (key.proxy.empty() || key.ssl || key.tunnels) return std::nullopt;
    const ProxyAddress proxy = ProxyAddress::from_key(key.proxy);
    if (proxy.kind != ProxyAddress::Kind::http) return std::nullopt;
    return Connection::Forwarding{.authorization = proxy.auth ? proxy.auth->encode() : ""};
}

// Nothing was sent yet but the handshake.
// Errors: ServerFingerprintMismatch.
void check_certificate(const StreamWriter& writer, const ConnectionKey& key) {
    if (key.fingerprints.empty()) return;
    const Bytes certificate = writer.ssl_object()->getpeercert();
    const bool is_right = std::ranges::any_of(
        key.fingerprints, [&](const Fingerprint& one) { return one.matches(certificate); });
    if (is_right) return;
    writer.abort();
    throw ServerFingerprintMismatch("the certificate of " + key.host + " has not the fingerprint " +
                                    key.fingerprints.front().to_string());
}

// What the peers have agreed on; HTTP/1.1 where they have not spoken of it.
// Errors: ClientConnectorError   it is not what is allowed.
bool speaks_http2(const StreamWriter& writer, const ConnectionKey& key) {
    if (!key.ssl) return key.http2 == Http2::prior_knowledge;
    const bool is_chosen = writer.ssl_object()->selected_alpn_protocol() == "h2";
    const bool is_allowed =
        is_chosen ? key.http2 != Http2::never : key.http2 != Http2::prior_knowledge;
    if (is_allowed) return is_chosen;
    throw ClientConnectorError(key.host, key.port, 0,
                               is_chosen ? "the server speaks HTTP/2, which is not allowed"
                                         : "the server does not speak HTTP/2");
}

// A context that offers the protocols of one connection, beside those of others.
class Offering final : public TransportSecurity {
public:
    Offering(StreamSecurity context, std::vector<std::string> protocols)
        : context_(std::move(context)), protocols_(std::move(protocols)) {}

    [[nodiscard]] std::unique_ptr<SecurityLayer> client_layer(
        std::string_view server_hostname) const override {
        auto layer = context_->client_layer(server_hostname);
        layer->offer_protocols(protocols_);
        return layer;
    }
    [[nodiscard]] std::unique_ptr<SecurityLayer> server_layer() const override {
        return context_->server_layer();
    }
    [[nodiscard]] bool verifies_server() const noexcept override {
        return context_->verifies_server();
    }

private:
    StreamSecurity context_;
    std::vector<std::string> protocols_;
};

StreamSecurity security_of(const ConnectionKey& key) {
    if (!key.ssl) return nullptr;
    std::vector<std::string> protocols;
    if (key.http2 != Http2::never) protocols.emplace_back("h2");
    if (key.http2 != Http2::prior_knowledge) protocols.emplace_back("http/1.1");
    return std::make_shared<const Offering>(key.ssl, std::move(protocols));
}

[[noreturn]] void throw_proxy_error(const ProxyAddress& proxy, const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const ClientError&) {
        throw;
    } catch (const OSError& cause) {
        ClientProxyConnectionError told(proxy.host, proxy.port, cause.code(), cause.what());
        told.set_cause(error);
        throw told;
    }
}

// Whether a host is an address, and no name. A URL's has been judged: 10.1 is no host.
bool is_in_figures(std::string_view host) noexcept {
    const std::string_view last = host.substr(host.rfind('.') + 1);
    return host.contains(':') || (!last.empty() && std::ranges::all_of(last, is_digit));
}

template <class Params>
void tell(Trace* trace, TraceConfig::Signal<Params> TraceConfig::* signal,
          const Params& params = {}) {
    if (trace) trace->tell(signal, params);
}

// Tells of one. A name that is known does not wait, and so one that has not waited was known.
class NameLookup {
public:
    NameLookup(const std::string& host, const DialContext& context)
        : host_(host), context_(context), loop_(get_running_loop()), start_(loop_.time()) {
        if (!context.trace || is_in_figures(host)) return;
        waits_ = loop_.call_soon([this] {
            has_waited_ = true;
            try {
                tell_of_waiting();
            } catch (...) {
                thrown_ = std::current_exception();  // it is to end the request
            }
        });
    }
    NameLookup(const NameLookup&) = delete;
    NameLookup& operator=(const NameLookup&) = delete;
    ~NameLookup() { waits_.cancel(); }

    void end() {
        context_.timings.resolved += loop_.time() - start_;
        if (!context_.trace || is_in_figures(host_)) return;
        if (thrown_) std::rethrow_exception(thrown_);
        if (has_waited_) {
            tell(context_.trace, &TraceConfig::on_dns_resolvehost_end,
                 TraceDnsResolveHostEndParams{host_});
        } else {
            tell(context_.trace, &TraceConfig::on_dns_cache_hit, TraceDnsCacheHitParams{host_});
        }
    }

private:
    void tell_of_waiting() const {
        tell(context_.trace, &TraceConfig::on_dns_cache_miss, TraceDnsCacheMissParams{host_});
        tell(context_.trace, &TraceConfig::on_dns_resolvehost_start,
             TraceDnsResolveHostStartParams{host_});
    }

    const std::string& host_;
    const DialContext& context_;
    EventLoop& loop_;
    TimePoint start_;
    Handle waits_;
    bool has_waited_ = false;
    std::exception_ptr thrown_;
};

using EgressPolicy = std::function<bool(const SocketAddress&)>;

// Errors: PermissionError   none of them is allowed.
void refuse_others(std::vector<SocketAddress>& addresses, const EgressPolicy& allows) {
    const std::string first = addresses.front().host();
    std::erase_if(addresses, [&](const SocketAddress& one) { return !allows(one); });
    if (addresses.empty()) {
        throw PermissionError(EACCES, "the egress policy does not allow " + first);
    }
}

// What a proxy is told to go to, where that is an address.
void check_figures(const ConnectionKey& key, const EgressPolicy& allows) {
    if (!is_in_figures(key.host)) return;
    std::vector<SocketAddress> one{{key.host, key.port}};
    refuse_others(one, allows);
}

// As a URL spells it, which is how it is looked for: a pin that is not found pins nothing.
std::string host_in_urls(const std::string& host) {
    const bool is_bare_ipv6 = host.contains(':') && !host.starts_with('[');
    const auto url = URL::parse_http("https://" + (is_bare_ipv6 ? "[" + host + "]" : host) + "/");
    if (!url || url->raw_host().empty() || host.find_first_of("/?#@\\%") != std::string::npos) {
        throw ValueError("a fingerprint is that of a host, which '" + host + "' is not");
    }
    return std::string(url->raw_host());
}

// One for the program: to read the certificates that the system trusts takes a tenth of a second.
const StreamSecurity& default_ssl() {
    static const StreamSecurity one = [] {
        const ssl::SSLContext context = ssl::create_default_context();
        return StreamSecurity(context);
    }();
    return one;
}

}  // namespace

ConnectorState::ConnectorState(ConnectorOptions options) : options_(std::move(options)) {
    std::map<std::string, std::vector<Fingerprint>, std::less<>> by_host;
    for (auto& [host, prints] : options_.fingerprints) {
        by_host[host_in_urls(host)] = std::move(prints);
    }
    options_.fingerprints = std::move(by_host);
}

ConnectorState::~ConnectorState() { close(); }

void ConnectorState::close() noexcept {
    closed_ = true;
    if (pool_) pool_->close();
}

Coro<void> close_and_wait(std::shared_ptr<ConnectorState> connector) {
    co_await transparent;
    std::vector<StreamWriter> writers;
    if (const Pool* pool = connector->pool()) writers = pool->writers();
    connector->close();
    for (const StreamWriter& writer : writers) co_await as_result(writer.wait_closed());
}

Pool& ConnectorState::pool_here() {
    EventLoop& loop = get_running_loop();
    if (closed_) throw ClientConnectionError("the session is closed");
    if (pool_ && pool_->loop_is_closed()) {
        throw RuntimeError("the event loop of the connector is closed");
    }
    if (!pool_) {
        pool_ = Ref<Pool>(new Pool(loop, {.in_use = options_.limit,
                                          .in_use_per_host = options_.limit_per_host,
                                          .idle = options_.idle_max,
                                          .idle_time = options_.keepalive_timeout.get(),
                                          .age = options_.age_max.get()}));
    }
    if (&pool_->loop() != &loop) throw RuntimeError("the connector belongs to another event loop");
    return *pool_;
}

ConnectionKey ConnectorState::key_for(const ClientRequest& request) {
    const URL& url = request.url;
    ConnectionKey key{.host = std::string(url.raw_host()), .port = url.port().value_or(0)};
    const auto proxy =
        request.proxy || !request.trust_env ? request.proxy : proxy_from_environment(url);
    if (proxy) key.proxy = ProxyAddress::parse(*proxy).to_key();
    const Http2 http2 = request.upgrades ? Http2::never : request.http2.value_or(options_.http2);
    if (url.scheme() == "http") {
        if (!request.fingerprints.empty()) {
            throw ValueError("a fingerprint was asked of " + url.human_repr() +
                             ", which has no certificate");
        }
        key.tunnels = proxy && request.upgrades;
        if (http2 == Http2::prior_knowledge && !forwarding_for(key)) key.http2 = http2;
        return key;
    }
    key.http2 = http2;
    key.ssl = request.ssl ? request.ssl : options_.ssl;
    if (!key.ssl) key.ssl = default_ssl();
    key.server_hostname = request.server_hostname.value_or(key.host);
    key.fingerprints = request.fingerprints;
    const auto known = options_.fingerprints.find(key.host);
    if (key.fingerprints.empty() && known != options_.fingerprints.end()) {
        key.fingerprints = known->second;
    }
    return key;
}

Coro<Place> ConnectorState::connect(const ConnectionKey& key, const ClientRequest& request,
                                    TimePoint started, Timings& timings) {
    co_await transparent;
    Pool& pool = pool_here();
    const ClientTimeout& timeout = request.timeout;
    const TimeLimit total("total", timeout.total, started);
    auto place = pool.acquire_nowait(key);
    if (!place) {
        const TimePoint queued = pool.loop().time();
        const TimeLimit limit("pool", timeout.pool, started);
        tell(request.trace.get(), &TraceConfig::on_connection_queued_start);
        place.emplace(co_await within(sooner(limit, total), pool.acquire(key)));
        tell(request.trace.get(), &TraceConfig::on_connection_queued_end);
        timings.queued = pool.loop().time() - queued;
    }
    Slot* const slot = std::get_if<Slot>(&*place);
    if (!slot || slot->connection()) {
        timings.is_reused = true;
        tell(request.trace.get(), &TraceConfig::on_connection_reuseconn);
        co_return std::move(*place);
    }
    const TimeLimit limit("connect", timeout.connect, pool.loop().time());
    const DialContext context{timeout.sock_connect, request.trace.get(), timings};
    tell(context.trace, &TraceConfig::on_connection_create_start);
    const auto made =
        co_await as_result(within(sooner(limit, total), make_connection(*slot, key, context)));
    if (!made) {
        // Unless it was no more than this request's own time.
        if (!total.delay || pool.loop().time() < total.end()) slot->give_up_dialing();
        std::rethrow_exception(made.error());
    }
    tell(context.trace, &TraceConfig::on_connection_create_end);
    timings.connected = pool.loop().time() - limit.start - timings.resolved;
    if (slot->connection()->http2()) co_return std::move(*slot).lend();
    co_return std::move(*place);
}

std::unique_ptr<Connection> ConnectorState::connection_of(StreamPair stream,
                                                          const ConnectionKey& key) {
    const bool is_http2 = speaks_http2(stream.second, key);
    auto connection =
        std::make_unique<Connection>(std::move(stream), pool_->loop().time(), options_.limits);
    connection->forwarding = forwarding_for(key);
    if (is_http2) {
        connection->speak_http2(pool_->loop(), {.message = options_.limits},
                                options_.http2_ping_timeout);
    }
    return connection;
}

Coro<void> ConnectorState::make_connection(Slot& slot, const ConnectionKey& key,
                                           const DialContext& context) {
    co_await transparent;
    for (;;) {
        auto stream = co_await as_result(dial(key, context));
        if (stream) {
            warn_if_not_verified(key);
            check_certificate(stream->second, key);
            slot.set_connection(connection_of(std::move(*stream), key));
            co_return;
        }
        if (!is_for_want_of_descriptors(stream.error())) {
            throw_connector_error(key, stream.error());
        }
        const auto oldest = pool_->take_oldest_idle();
        if (!oldest) throw_connector_error(key, stream.error());
        oldest->abort();
        co_await as_result(oldest->writer().wait_closed());
    }
}

// Once, and not for each of thousands of connections.
void ConnectorState::warn_if_not_verified(const ConnectionKey& key) {
    if (!key.ssl || key.ssl->verifies_server() || !key.fingerprints.empty()) return;
    if (std::exchange(has_warned_, true)) return;
    log(LogLevel::warning, "the certificate of " + key.host +
                               " is not verified, as its SSLContext says: anyone on the way can "
                               "read and change what is sent");
}

// ---- TCP

Coro<std::vector<SocketAddress>> TCPConnectorState::addresses_of(const std::string& host,
                                                                 std::uint16_t port,
                                                                 const DialContext& context) {
    co_await transparent;
    const GetaddrinfoOptions wanted{.family = options_.family};
    NameLookup lookup(host, context);
    auto addresses = options_.resolver ? co_await options_.resolver->getaddrinfo(host, port, wanted)
                                       : co_await getaddrinfo(host, port, wanted);
    lookup.end();
    if (options_.egress) refuse_others(addresses, options_.egress);
    co_return addresses;
}

Coro<StreamPair> TCPConnectorState::open(std::vector<SocketAddress> addresses, StreamSecurity ssl,
                                         std::string server_hostname, const DialContext& context) {
    co_await transparent;
    OpenConnectionOptions options{.local_addr = options_.local_addr,
                                  .happy_eyeballs_delay = options_.happy_eyeballs_delay,
                                  .ssl = std::move(ssl)};
    if (options.ssl) options.server_hostname = std::move(server_hostname);
    const TimeLimit limit("sock_connect", context.sock_connect, get_running_loop().time());
    co_return co_await within(limit, open_connection(std::move(addresses), std::move(options)));
}

Coro<StreamPair> TCPConnectorState::dial(const ConnectionKey& key, const DialContext& context) {
    co_await transparent;
    if (!key.proxy.empty()) co_return co_await dial_proxy(key, context);
    auto addresses = co_await addresses_of(key.host, key.port, context);
    co_return co_await open(std::move(addresses), security_of(key), key.server_hostname, context);
}

Coro<StreamPair> TCPConnectorState::dial_proxy(const ConnectionKey& key,
                                               const DialContext& context) {
    co_await transparent;
    const ProxyAddress proxy = ProxyAddress::from_key(key.proxy);
    if (options_.egress) check_figures(key, options_.egress);
    auto pair = co_await as_result(connect_to(proxy, context));
    if (!pair) throw_proxy_error(proxy, pair.error());
    if (forwarding_for(key)) co_return std::move(*pair);
    std::optional<SocketAddress> destination;
    if (proxy.kind == ProxyAddress::Kind::socks5) {
        destination = (co_await addresses_of(key.host, key.port, context)).front();
    }
    Stream stream(*pair);
    co_await open_tunnel(stream, proxy, key, destination);
    if (key.ssl)
        co_await stream.start_tls(security_of(key), {.server_hostname = key.server_hostname});
    co_return std::move(*pair);
}

Coro<StreamPair> TCPConnectorState::connect_to(const ProxyAddress& proxy,
                                               const DialContext& context) {
    co_await transparent;
    auto addresses = co_await addresses_of(proxy.host, proxy.port, context);
    co_return co_await open(std::move(addresses), nullptr, {}, context);
}

void TCPConnectorState::throw_connector_error(const ConnectionKey& key,
                                              const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const ClientError&) {
        throw;
    } catch (const ssl::SSLCertVerificationError& cause) {
        throw_made_from<ClientConnectorCertificateError>(cause, key);
    } catch (const ssl::SSLError& cause) {
        throw_made_from<ClientConnectorSSLError>(cause, key);
    } catch (const GaiError& cause) {
        throw_made_from<ClientConnectorDNSError>(cause, key);
    } catch (const OSError& cause) {
        throw_made_from<ClientConnectorError>(cause, key);
    }
}

// ---- Unix

Coro<StreamPair> UnixConnectorState::dial(const ConnectionKey& key, const DialContext& context) {
    co_await transparent;
    if (!key.proxy.empty()) throw ValueError("a Unix socket is not reached through a proxy");
    OpenConnectionOptions options{.ssl = security_of(key)};
    if (key.ssl) options.server_hostname = key.server_hostname;
    const TimeLimit limit("sock_connect", context.sock_connect, get_running_loop().time());
    co_return co_await within(limit, open_unix_connection(path_, std::move(options)));
}

void UnixConnectorState::throw_connector_error(const ConnectionKey&,
                                               const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const ClientError&) {
        throw;
    } catch (const OSError& cause) {
        UnixClientConnectorError told(path_, cause.code(), cause.what());
        told.set_cause(error);
        throw told;
    }
}

}  // namespace weft::http::internal
