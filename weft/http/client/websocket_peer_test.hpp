// SPDX-License-Identifier: Apache-2.0
// weft/http/client/websocket_peer_test.hpp - the server's end of a WebSocket, for scripts.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/http/client/client_test.hpp>
#include <weft/http/client/session.hpp>
#include <weft/http/wire/websocket/permessage_deflate.hpp>
#include <weft/http/wire/websocket/websocket_cut_test.hpp>
#include <weft/http/wire/websocket/websocket_feed_test.hpp>
#include <weft/http/wire/websocket/websocket_frame.hpp>
#include <weft/http/wire/websocket/websocket_handshake.hpp>
#include <weft/http/wire/websocket/websocket_reader.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/testing/scripted_peer.hpp>

namespace weft::http {

/// The value of a header, as it was sent; empty where there is none.
inline std::string header_of(const Bytes& head, const std::string& name) {
    const std::size_t at = head.find("\r\n" + name + ": ");
    if (at == Bytes::npos) return {};
    const std::size_t begin = at + name.size() + 4;
    return head.substr(begin, head.find("\r\n", begin) - begin);
}

/// What makes a WebSocket of a request, with headers that end in "\r\n".
inline Bytes switching_to_websocket(const Bytes& request, const std::string& more = "") {
    return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           "Sec-WebSocket-Accept: " +
           wire::websocket_accept(header_of(request, "Sec-WebSocket-Key")) + "\r\n" + more + "\r\n";
}

class WSPeer {
public:
    /// Takes a request and answers it with a WebSocket, and these headers.
    static Coro<WSPeer> accept(PeerConnection& client, std::string more = "",
                               std::optional<wire::DeflateParams> deflate = std::nullopt) {
        testing::PeerRequest request = co_await client.request();
        client.send(switching_to_websocket(request.head, more));
        co_return WSPeer(client, std::move(request.head), deflate);
    }
    /// Whoever makes it answers the request.
    WSPeer(PeerConnection& client, Bytes request,
           const std::optional<wire::DeflateParams>& deflate = std::nullopt)
        : client_(client),
          request_(std::move(request)),
          reader_(wire::WSRole::server, {.message_bytes_max = std::size_t{32} << 20U}, deflate) {}

    [[nodiscard]] const Bytes& request() const noexcept { return request_; }
    void send(const std::vector<wire::AnyFrame>& frames) const {
        client_.send(wire::bytes_of(frames, wire::WSRole::server));
    }
    /// Waits for a message: `text{…}`, `close{1000}`; "" for the end, and `!` with what is wrong.
    /// Rests between pieces of it.
    Coro<std::string> hear(Delay rest = Nanoseconds::zero()) {
        for (;;) {
            if (rest.get() > Nanoseconds::zero()) co_await sleep(rest);
            const auto data = co_await as_result(client_.reader().peek());
            if (!data || data->empty()) co_return "";
            const auto step = reader_.next(*data);
            if (!step) co_return "! " + describe(step.error());
            client_.reader().skip(step->used);
            if (step->message) co_return wire::text_of(*step->message);
        }
    }
    /// All of them, until the client is gone.
    Coro<std::string> hear_all() {
        std::string all;
        for (;;) {
            const std::string one = co_await hear();
            if (one.empty() || one.starts_with('!')) co_return all + one;
            all += one;
        }
    }

    /// The same, and answers the close.
    Coro<std::string> hear_to_the_end() {
        std::string all;
        for (std::string one = "-"; !one.empty() && !one.starts_with("close{");) {
            one = co_await hear();
            all += one;
        }
        send({wire::close_with(1000)});
        co_return all;
    }

private:
    PeerConnection& client_;
    Bytes request_;
    wire::WebSocketReader reader_;
};

/// The server's end in the simplest case.
inline Coro<void> end_politely(PeerConnection& client) {
    WSPeer peer = co_await WSPeer::accept(client);
    co_await peer.hear_to_the_end();
}

/// The error of what is awaited, by its name and with its text; "nothing" for none.
template <Awaitable A>
Coro<std::string> error_of(A awaitable) {
    const auto done = co_await as_result(std::move(awaitable));
    if (done) co_return "nothing";
    std::string told = weft::describe(done.error());
    if (told.starts_with("http::")) told.erase(0, 6);
    co_return told;
}

/// Runs both ends, of which the server's is to come to its end, too.
template <class Script, class Client>
void talk(Script script, Client client, WSOptions options = {}) {
    run_clean([](Script server, Client other, WSOptions of) -> Coro<void> {
        // Where the client's end fails, the server's outlives this frame.
        const auto has_ended = std::make_shared<bool>(false);
        const auto peer = co_await ScriptedPeer::start(
            [script = std::move(server), has_ended](PeerConnection& connection) -> Coro<void> {
                co_await script(connection);
                *has_ended = true;
            });
        ClientSession session;
        {
            auto ws = co_await session.ws_connect(peer.url("/chat"), std::move(of));
            EXPECT_EQ(session.connector().in_use(), 1U);
            co_await other(ws);
        }
        EXPECT_EQ(session.connector().in_use(), 0U);
        EXPECT_EQ(session.connector().idle(), 0U);
        while (!*has_ended) co_await sleep(Nanoseconds::zero());
        co_await session.close();
        co_await peer.stop();
    }(std::move(script), std::move(client), std::move(options)));
}

}  // namespace weft::http
