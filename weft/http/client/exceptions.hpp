// SPDX-License-Identifier: Apache-2.0
// weft/http/client/exceptions.hpp - what goes wrong between a client and a server.
//
//   ClientError (client_error.hpp)
//     ClientConnectionError
//       ClientConnectionResetError (and ConnectionResetError)
//       ClientOSError (and OSError)
//         ClientConnectorError > ClientConnectorDNSError · ClientProxyConnectionError
//                              > UnixClientConnectorError · ClientSSLError
//           ClientSSLError     > ClientConnectorSSLError · ClientConnectorCertificateError
//       ServerConnectionError
//         ServerDisconnectedError
//         ServerTimeoutError (and TimeoutError) > ConnectionTimeoutError · SocketTimeoutError
//     ClientResponseError > ContentTypeError · TooManyRedirects · ClientHttpProxyError
//                         > WSServerHandshakeError
//     ClientPayloadError · WebSocketError
//     InvalidURL (url_error.hpp; and ValueError) > InvalidUrlClientError
//     NonHttpUrlClientError
//     RedirectClientError
//       InvalidUrlRedirectClientError (and InvalidUrlClientError)
//       NonHttpUrlRedirectClientError (and NonHttpUrlClientError)
//   TypeError > WSMessageTypeError
//
// Each is made from what the system, the resolver or the TLS library said, which is its cause().
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include <weft/base/exceptions.hpp>
#include <weft/http/client_error.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/url.hpp>
#include <weft/http/url_error.hpp>
#include <weft/http/ws_message.hpp>

namespace weft::http {

class ClientConnectionError : public ClientError {
    using ClientError::ClientError;
};
/// The connection was reset while a request was being sent.
class ClientConnectionResetError : public ClientConnectionError, public ConnectionResetError {
public:
    explicit ClientConnectionResetError(std::string message) { set_message(std::move(message)); }
};
/// The system refused something; `code()` is its errno.
class ClientOSError : public ClientConnectionError, public OSError {
public:
    /// `message` is the whole text.
    ClientOSError(int code, std::string message);
};

/// No connection to the server could be made: "Cannot connect to host example.com:443: …".
class ClientConnectorError : public ClientOSError {
public:
    /// `code` is an errno, or the resolver's; 0 for none.
    ClientConnectorError(std::string host, std::uint16_t port, int code, const std::string& reason);

    [[nodiscard]] const std::string& host() const noexcept { return host_; }
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

private:
    std::string host_;
    std::uint16_t port_;
};
/// The name has no address, or nobody tells it.
class ClientConnectorDNSError : public ClientConnectorError {
    using ClientConnectorError::ClientConnectorError;
};
/// The same of a proxy, or it cannot or will not connect to the server.
class ClientProxyConnectionError : public ClientConnectorError {
    using ClientConnectorError::ClientConnectorError;
};
/// The same of a Unix socket, whose path is `host()`: "Cannot connect to unix socket /run/a: …".
class UnixClientConnectorError : public ClientConnectorError {
public:
    UnixClientConnectorError(const std::string& path, int code, const std::string& reason);
};
class ClientSSLError : public ClientConnectorError {
    using ClientConnectorError::ClientConnectorError;
};
/// The TLS handshake failed.
class ClientConnectorSSLError : public ClientSSLError {
    using ClientSSLError::ClientSSLError;
};
/// The server's certificate is not to be trusted, or is another host's.
class ClientConnectorCertificateError : public ClientSSLError {
    using ClientSSLError::ClientSSLError;
};

class ServerConnectionError : public ClientConnectionError {
    using ClientConnectionError::ClientConnectionError;
};
/// The server closed the connection without an answer.
class ServerDisconnectedError : public ServerConnectionError {
    using ServerConnectionError::ServerConnectionError;
};
/// A limit of ClientTimeout passed. As itself, the total one.
class ServerTimeoutError : public ServerConnectionError, public TimeoutError {
public:
    explicit ServerTimeoutError(std::string message) { set_message(std::move(message)); }
};
/// No connection within `ClientTimeout::pool`, `connect` or `sock_connect`.
class ConnectionTimeoutError : public ServerTimeoutError {
    using ServerTimeoutError::ServerTimeoutError;
};
/// Nothing came within `ClientTimeout::sock_read`, too little for `low_speed`, or nothing was taken
/// within `sock_write`.
class SocketTimeoutError : public ServerTimeoutError {
    using ServerTimeoutError::ServerTimeoutError;
};

/// The server's certificate has none of the fingerprints that it must have.
class ServerFingerprintMismatch : public ServerConnectionError {
    using ServerConnectionError::ServerConnectionError;
};

/// The answer is not one to go on with: it breaks the protocol, or raise_for_status() refuses it.
/// The text has the status, the reason and the URL, without a password.
/// Spec: aiohttp.ClientResponseError.
class ClientResponseError : public ClientError {
public:
    /// `status` is 0 where none was understood.
    ClientResponseError(const URL& url, int status, std::string reason, Headers headers = {});

    [[nodiscard]] int status() const noexcept { return said_->status; }
    /// The reason phrase, or what is wrong with the answer. Python's `e.message`.
    [[nodiscard]] const std::string& message() const noexcept { return said_->reason; }
    [[nodiscard]] const Headers& headers() const noexcept { return said_->headers; }
    [[nodiscard]] const URL& url() const noexcept { return said_->url; }

private:
    struct Said {
        URL url;
        int status;
        std::string reason;
        Headers headers;
    };
    std::shared_ptr<const Said> said_;  // an exception's copies must not throw
};

/// The body is of another type than what is to be read from it.
class ContentTypeError : public ClientResponseError {
    using ClientResponseError::ClientResponseError;
};
/// An HTTP proxy answers CONNECT with another status than 2xx.
class ClientHttpProxyError : public ClientResponseError {
    using ClientResponseError::ClientResponseError;
};
/// More redirects than RedirectPolicy::max, the last of which is told.
class TooManyRedirects : public ClientResponseError {
    using ClientResponseError::ClientResponseError;
};

/// The answer to the request for a WebSocket makes none. `message()` says what is wrong with it.
class WSServerHandshakeError : public ClientResponseError {
    using ClientResponseError::ClientResponseError;
};

/// The body ended before it was complete, or breaks the protocol.
class ClientPayloadError : public ClientError {
    using ClientError::ClientError;
};

/// What a server has sent on a WebSocket breaks the protocol or passes a limit.
/// Spec: aiohttp.WebSocketError, which is no ClientError, and comes as a message there.
class WebSocketError : public ClientError {
public:
    WebSocketError(WSCloseCode code, std::string message)
        : ClientError(std::move(message)), code_(code) {}

    /// With which the connection was closed.
    [[nodiscard]] WSCloseCode code() const noexcept { return code_; }

private:
    WSCloseCode code_;
};
/// A message of a WebSocket is of another type than was asked for.
class WSMessageTypeError : public TypeError {
    using TypeError::TypeError;
};

/// A URL that no request can have.
class InvalidUrlClientError : public InvalidURL {
    using InvalidURL::InvalidURL;
};
/// A URL of another scheme than http, https.
class NonHttpUrlClientError : public virtual ClientError {
public:
    explicit NonHttpUrlClientError(std::string message) { set_message(std::move(message)); }
};

/// A server has sent the request where it must not go.
class RedirectClientError : public virtual ClientError {
public:
    explicit RedirectClientError(std::string message) { set_message(std::move(message)); }

protected:
    RedirectClientError() = default;
};
class InvalidUrlRedirectClientError : public InvalidUrlClientError, public RedirectClientError {
public:
    /// `message` is the whole text.
    InvalidUrlRedirectClientError(const URLError& error, std::string message)
        : InvalidUrlClientError(error) {
        set_message(std::move(message));
    }
};
class NonHttpUrlRedirectClientError : public NonHttpUrlClientError, public RedirectClientError {
public:
    explicit NonHttpUrlRedirectClientError(std::string message)
        : NonHttpUrlClientError(std::move(message)) {}
};

}  // namespace weft::http
