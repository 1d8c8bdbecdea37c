// SPDX-License-Identifier: Apache-2.0
// weft/io/transport_security.hpp - what protects a stream, as far as a stream knows of it.
//
//   transport ──what came──▶ SecurityLayer ──decrypt()──▶ reader
//   transport ◀──outgoing()── SecurityLayer ◀──encrypt()── writer
//
// ssl::SSLContext of weft/tls is a TransportSecurity. The interface lies here so that a program
// without TLS links none.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <weft/base/bytes.hpp>
#include <weft/base/time.hpp>

namespace weft {

/// What the two ends of a protected stream have agreed on.
/// Spec: ssl.SSLObject.
class SSLObject {
public:
    virtual ~SSLObject() = default;
    SSLObject(const SSLObject&) = delete;
    SSLObject& operator=(const SSLObject&) = delete;

    /// Such as "TLSv1.3".
    [[nodiscard]] virtual std::string version() const = 0;
    /// Such as "TLS_AES_256_GCM_SHA384".
    [[nodiscard]] virtual std::string cipher() const = 0;
    /// Such as "h2"; nothing when the peers named no protocol, or have none in common.
    [[nodiscard]] virtual std::optional<std::string> selected_alpn_protocol() const = 0;
    /// Whether an earlier session was resumed, and so no certificate was sent.
    [[nodiscard]] virtual bool session_reused() const = 0;
    /// At a client the name that it asked for, at a server the one that its client did; empty
    /// without one.
    [[nodiscard]] virtual std::string server_hostname() const = 0;
    /// The peer's certificate in DER; empty when it has shown none. That of a resumed session is
    /// the one that it began with.
    [[nodiscard]] virtual Bytes getpeercert() const = 0;

protected:
    SSLObject() = default;
};

/// One end of a protected connection, without the connection: bytes in, bytes out, and it never
/// waits.
///
/// After an error it is spent. What the peer is to be told of it is in outgoing().
class SecurityLayer : public SSLObject {
public:
    /// Of a client, before start(): the protocols above this one, the preferred one first, unless what
    /// it was made from names some itself. A layer that knows of none of them takes no notice.
    virtual void offer_protocols(const std::vector<std::string>& protocols) {
        static_cast<void>(protocols);
    }
    /// Begins the handshake. `received` is what had come before: plain text, unless at a server.
    /// Errors: OSError when there was plain text.
    virtual void start(BytesView received) = 0;

    /// Takes what the peer has sent, goes on with the handshake, and appends the text to `text`.
    /// Errors: OSError for bytes that the protocol forbids, or a peer that is not trusted; the text
    ///         before them is appended.
    virtual void decrypt(BytesView from_peer, Bytes& text) = 0;

    /// Adds a text to outgoing(), after the handshake.
    virtual void encrypt(BytesView text) = 0;

    /// Tells the peer that no more text comes. A second call does nothing.
    virtual void end() = 0;

    /// No byte comes from the peer any more.
    /// Errors: OSError where it had not said that its text ends, which anyone on the way can feign.
    virtual void peer_is_gone() = 0;

    /// Whether the handshake is over.
    [[nodiscard]] virtual bool is_established() const noexcept = 0;
    /// Whether the peer has said that its text ends.
    [[nodiscard]] virtual bool peer_has_ended() const noexcept = 0;

    /// Of text that encrypt() was given: what is not in outgoing() yet, since the protocol has half
    /// a message of its own.
    [[nodiscard]] virtual std::size_t held_bytes() const noexcept = 0;
    /// What is to be sent; the caller takes it away.
    [[nodiscard]] virtual Bytes& outgoing() noexcept = 0;
};

/// What many connections share: certificates, and what is asked of a peer.
/// Thread: any.
class TransportSecurity {
public:
    virtual ~TransportSecurity() = default;
    TransportSecurity(const TransportSecurity&) = delete;
    TransportSecurity& operator=(const TransportSecurity&) = delete;

    /// The client's end of a connection to `server_hostname`, a name or a numeric address.
    /// Errors: ValueError when this is for servers, or the name is empty or none although the peer's
    ///         is to be checked.
    [[nodiscard]] virtual std::unique_ptr<SecurityLayer> client_layer(
        std::string_view server_hostname) const = 0;
    /// Errors: ValueError when this is for clients.
    [[nodiscard]] virtual std::unique_ptr<SecurityLayer> server_layer() const = 0;
    /// Whether a client is sure to talk with the host that it asked for.
    [[nodiscard]] virtual bool verifies_server() const noexcept { return true; }

protected:
    TransportSecurity() = default;
};

/// Python's `ssl=context`: what to protect a stream with; null for plain text.
using StreamSecurity = std::shared_ptr<const TransportSecurity>;

/// How long a peer may take to answer, in asyncio's defaults.
inline constexpr Delay ssl_handshake_timeout_default = std::chrono::seconds(60);
inline constexpr Delay ssl_shutdown_timeout_default = std::chrono::seconds(30);

}  // namespace weft
