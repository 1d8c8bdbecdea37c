// SPDX-License-Identifier: Apache-2.0
// Talks over a WebSocket, and says in the end what came of it.
// usage: ws_talker [--cafile FILE] [--compress BITS] [--protocol NAME] ask|echo URL
//
//   ask    sends messages of each kind of length, wants each back, and closes
//   echo   sends each message back until the server closes
//
// "messages=N protocol=NAME compress=BITS closed=CODE REASON", or the error.
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <weft/base/exceptions.hpp>
#include <weft/http/client/connector.hpp>
#include <weft/http/client/session.hpp>
#include <weft/http/client/websocket_options.hpp>
#include <weft/http/ws_message.hpp>
#include <weft/io/run.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/tls/ssl_context.hpp>

namespace {

using weft::Coro;
using namespace weft::http;

struct Orders {
    std::optional<std::string> cafile;
    WSOptions options{};
    std::string task;
    std::string url;
};

Orders read_orders(int argc, char** argv) {
    Orders orders;
    int i = 1;
    for (; i + 1 < argc && std::string_view(argv[i]).starts_with("--"); i += 2) {
        const std::string_view name = argv[i];
        if (name == "--cafile") orders.cafile = argv[i + 1];
        if (name == "--compress") orders.options.compress = std::atoi(argv[i + 1]);
        if (name == "--protocol") orders.options.protocols.emplace_back(argv[i + 1]);
    }
    if (i + 2 != argc) std::exit(2);
    orders.task = argv[i];
    orders.url = argv[i + 1];
    orders.options.max_msg_size = std::size_t{64} << 20U;
    return orders;
}

// That of pattern.hpp, in ASCII, so that it is a text, too.
std::string pattern(std::size_t count) {
    std::string text(count, '\0');
    for (std::size_t i = 0; i < count; ++i) text[i] = static_cast<char>(i % 125 + 1);
    return text;
}

void expect(bool condition, const std::string& what) {
    if (!condition) throw weft::RuntimeError(what);
}

Coro<int> ask(ClientWebSocketResponse& ws) {
    int messages = 0;
    for (const std::size_t size :
         {0U, 1U, 125U, 126U, 65535U, 65536U, 1U << 20U, 4U << 20U, 100U}) {
        const std::string data = pattern(size);
        co_await ws.send_str(data);
        expect(co_await ws.receive_str() == data, "another text than was sent");
        co_await ws.send_bytes(data);
        expect(co_await ws.receive_bytes() == data, "other bytes than were sent");
        co_await ws.ping("?");
        messages += 2;
    }
    co_await ws.close(WSCloseCode::ok, "enough \xe2\x82\xac");
    co_return messages;
}

Coro<int> echo(ClientWebSocketResponse& ws, std::string& reason) {
    for (int messages = 0;; ++messages) {
        const WSMessage message = co_await ws.receive();
        if (message.type == WSMsgType::close) {
            reason = message.data;
            co_return messages;
        }
        if (message.type == WSMsgType::text) {
            co_await ws.send_str(message.data);
        } else {
            co_await ws.send_bytes(message.data);
        }
    }
}

Coro<std::string> talk(ClientSession& session, Orders orders) {
    auto ws = co_await session.ws_connect(orders.url, orders.options);
    std::string reason;
    const int messages = orders.task == "ask" ? co_await ask(ws) : co_await echo(ws, reason);
    co_return "messages=" + std::to_string(messages) + " protocol=" + ws.protocol().value_or("") +
        " compress=" + std::to_string(ws.compress()) +
        " closed=" + std::to_string(static_cast<int>(*ws.close_code())) + " " + reason;
}

Coro<void> run_orders(Orders orders) {
    // To compress 4 MiB may take longer than a callback should.
    weft::get_running_loop().slow_callback_duration = std::chrono::minutes(1);
    SessionOptions options;
    if (orders.cafile) {
        const auto context = weft::ssl::create_default_context(weft::ssl::Purpose::server_auth,
                                                               {.cafile = *orders.cafile});
        options.connector = TCPConnector({{.ssl = context}});
    }
    ClientSession session(std::move(options));
    const auto line = co_await weft::as_result(talk(session, std::move(orders)));
    std::puts((line ? *line : weft::describe(line.error())).c_str());
    co_await session.close();
}

}  // namespace

int main(int argc, char** argv) { return weft::main_of(run_orders, read_orders(argc, argv)); }
