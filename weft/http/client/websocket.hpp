// SPDX-License-Identifier: Apache-2.0
// weft/http/client/websocket.hpp - ClientWebSocketResponse: messages to a server and back.
//
//   open ──close()──▶ closing ──the server's close──────────▶ closed
//     ├────────────the server's close, and the answer to it───▶ │
//     └──an error, the end of the connection, a silent server──▶┘
#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <weft/base/bytes.hpp>
#include <weft/base/time.hpp>
#include <weft/http/ws_message.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/io/transport_security.hpp>
#include <weft/json/read.hpp>
#include <weft/json/write.hpp>
#include <weft/runtime/coro.hpp>

namespace weft::http {

namespace internal {
class ClientWebSocket;
}

/// A WebSocket, which ClientSession::ws_connect() opens.
///
///     auto ws = co_await session.ws_connect(url);
///     co_await ws.send_str("hello");
///     while (auto message = co_await ws.next()) use(message->data);
///     co_await ws.close();
///
/// One task may receive while others send, and any of them may close. Pings are answered, and the
/// server's close is noticed, while somebody receives. Its connection is in use, as the pool counts,
/// until it is closed.
///
/// Errors:   a function that sends throws ClientConnectionResetError where the WebSocket is closed,
///           or its connection lost
/// Lifetime: must outlive who waits for it; then it may be moved meanwhile. Destroyed before it is
///           closed, it drops the connection without a word. Its session, when that is closed, ends
///           it.
/// Spec:     RFC 6455; aiohttp.ClientWebSocketResponse, where what is an error here comes as a
///           message of the type ERROR, or, where the connection is lost, CLOSED.
class ClientWebSocketResponse {
public:
    ClientWebSocketResponse(ClientWebSocketResponse&&) noexcept;
    ClientWebSocketResponse& operator=(ClientWebSocketResponse&&) noexcept;
    ~ClientWebSocketResponse();

    // ---- to the server

    /// Sends a text, bytes, or a value as JSON: see json::dumps() for what that may be.
    ///
    /// Errors:   ValueError   a text that is not UTF-8; as json::dumps()
    /// Cancel:   safe; once it waits, the message is sent all the same.
    /// Suspends: maybe; not while less than 64 KiB wait to be sent.
    /// Cost:     the message is copied once; to compress it takes some 30 ms a MiB, in the loop.
    [[nodiscard, clang::coro_wrapper]] Coro<void> send_str(std::string_view text);
    [[nodiscard, clang::coro_wrapper]] Coro<void> send_bytes(BytesView data);
    template <class T>
    [[nodiscard]] Coro<void> send_json(const T& value) {
        co_await transparent;
        const std::string text = weft::json::dumps(value);
        co_await send_str(text);
    }
    /// Asks the server for a pong with that message.
    /// Errors: ValueError   the message is longer than 125 bytes.
    /// Cancel, Suspends: as send_str().
    [[nodiscard, clang::coro_wrapper]] Coro<void> ping(BytesView message = {});
    /// The same without a question. Pings are answered by receive(), with `autoping`.
    [[nodiscard, clang::coro_wrapper]] Coro<void> pong(BytesView message = {});

    // ---- from the server

    /// Waits for the next message.
    ///
    /// Returns:  a text or bytes; without `autoping` pings and pongs, too. A close, with the
    ///           server's code and reason, once it has closed; that again, or one with close_code(),
    ///           once the WebSocket is closed
    /// Errors:   WebSocketError            the server breaks the protocol, or a message is too long;
    ///                                     it has been told so, by a close with that code
    ///           ServerDisconnectedError   the connection ended without a close
    ///           ClientOSError             it was lost
    ///           ServerTimeoutError        the server does not answer the ping of `heartbeat`
    ///           The WebSocket is closed then, and each further call throws the same.
    ///           TimeoutError              no message within `timeout`, or else `ws_receive`; a
    ///                                     further call goes on
    ///           RuntimeError              another task receives
    /// Cancel:   safe; no message is lost, be it half received.
    /// Suspends: maybe; never while a whole message has come.
    /// Limits:   `max_msg_size`, 4 MiB; 131,072 fragments; 16 KiB of pongs that the server does not
    ///           take, then only the last ping is answered.
    [[nodiscard, clang::coro_wrapper, clang::coro_disable_lifetimebound]] Coro<WSMessage> receive(
        std::optional<Delay> timeout = std::nullopt);

    /// `while (auto message = co_await ws.next())` is Python's `async for message in ws`.
    /// Returns: what receive() does; nullopt for a close.
    [[nodiscard]] Coro<std::optional<WSMessage>> next();

    /// The same of one type, and only what is in it.
    /// Errors: those of receive(); WSMessageTypeError   it is of another type, and is dropped.
    [[nodiscard]] Coro<std::string> receive_str(std::optional<Delay> timeout = std::nullopt);
    [[nodiscard]] Coro<Bytes> receive_bytes(std::optional<Delay> timeout = std::nullopt);
    /// The text of a message as a `T`, read from JSON: see json::read() for what that may be.
    /// Errors: those of receive_str(); json::JSONDecodeError, json::ValidationError.
    template <class T>
    [[nodiscard]] Coro<T> receive_json(std::optional<Delay> timeout = std::nullopt) {
        co_await transparent;
        const std::string text = co_await receive_str(timeout);
        co_return weft::json::loads<T>(text);
    }

    // ---- the end

    /// Closes it: tells the server, and waits for its answer. What comes before that is for the task
    /// that is just receiving, which gets one message; the rest is dropped.
    ///
    /// Returns:  whether it was this call that did. Where the server does not answer within
    ///           `ws_close`, or the connection is lost, close_code() is 1006 and exception() says
    ///           why.
    /// Errors:   ValueError   a code that may not be sent, or a reason that is longer than 123 bytes
    ///                        or not UTF-8; nothing has happened then
    /// Cancel:   closes the connection at once.
    /// Suspends: maybe; never once it is closed.
    [[nodiscard, clang::coro_wrapper]] Coro<bool> close(WSCloseCode code = WSCloseCode::ok,
                                                        std::string_view message = {});
    /// Whether nothing comes any more.
    [[nodiscard]] bool closed() const noexcept;
    /// The server's; 1006 where it has not closed, and that with which it was told of an error.
    /// nullopt while it is open.
    [[nodiscard]] std::optional<WSCloseCode> close_code() const noexcept;
    /// Why it is closed; null where one side has closed it and the other has answered.
    [[nodiscard]] std::exception_ptr exception() const noexcept;

    // ---- what was agreed on

    /// The one that the server has chosen; nullopt for none.
    [[nodiscard]] const std::optional<std::string>& protocol() const noexcept;
    /// The window in bits with which messages are compressed; 0 where they are not.
    [[nodiscard]] int compress() const noexcept;
    // Python's `get_extra_info("peername")` and so on, as of StreamWriter.
    [[nodiscard]] SocketAddress peername() const;
    [[nodiscard]] SocketAddress sockname() const;
    [[nodiscard]] const SSLObject* ssl_object() const noexcept;

    // Implementation.
    explicit ClientWebSocketResponse(std::unique_ptr<internal::ClientWebSocket> socket) noexcept;

private:
    std::unique_ptr<internal::ClientWebSocket> socket_;
};

}  // namespace weft::http
