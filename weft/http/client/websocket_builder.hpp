// SPDX-License-Identifier: Apache-2.0
// weft/http/client/websocket_builder.hpp - WSRequestBuilder: a request for a WebSocket.
#pragma once

#include <utility>

#include <weft/http/client/request_builder.hpp>
#include <weft/http/client/websocket.hpp>
#include <weft/http/client/websocket_options.hpp>
#include <weft/runtime/coro.hpp>

namespace weft::http {

/// A request to a session for a WebSocket, which is sent when it is awaited. What it is sent with is
/// said as of any other request:
///
///     auto ws = co_await session.ws_connect(url, {.protocols = {"chat"}, .heartbeat = 20s})
///                   .header("Origin", "https://example.com")
///                   .auth({"ada", "secret"});
///
/// Cookies go with it, and redirects are followed, as with a GET of the same URL with `http` in the
/// place of `ws`. It is sent through a tunnel of an HTTP proxy, as browsers do, also where it is plain
/// text. A session's `raise_for_status` makes no difference.
///
/// Errors, when it is awaited:
///           WSServerHandshakeError   the server has given another answer
///           ValueError               an option has a value that it cannot have, a header is the
///                                    handshake's: `Connection`, `Upgrade`, `Sec-WebSocket-…`
///           and those of RequestBuilder
/// Cancel:   safe; the connection is closed.
/// Suspends: always.
/// Spec:     RFC 6455 §4.1; aiohttp's `ws_connect()`.
class [[nodiscard]] WSRequestBuilder : RequestBuilder {
    friend RequestBuilder;  // whose functions return what they are called on

public:
    using RequestBuilder::allow_redirects;
    using RequestBuilder::auth;
    using RequestBuilder::cookies;
    using RequestBuilder::header;
    using RequestBuilder::headers;
    using RequestBuilder::max_redirects;
    using RequestBuilder::params;
    using RequestBuilder::proxy;
    using RequestBuilder::retry;
    using RequestBuilder::server_hostname;
    using RequestBuilder::ssl;
    using RequestBuilder::timeout;  // until there is a WebSocket

    [[nodiscard, clang::coro_wrapper,
      clang::coro_disable_lifetimebound]] Coro<ClientWebSocketResponse> operator co_await() && {
        return connect(std::move(*this), std::move(options_));
    }

    // Implementation.
    WSRequestBuilder(RequestBuilder request, WSOptions options) noexcept
        : RequestBuilder(std::move(request)), options_(std::move(options)) {}

private:
    static Coro<ClientWebSocketResponse> connect(RequestBuilder request, WSOptions options);

    WSOptions options_;
};

}  // namespace weft::http
