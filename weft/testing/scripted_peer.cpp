// SPDX-License-Identifier: Apache-2.0
#include <weft/testing/scripted_peer.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/socket.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/io/server.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/io/transport_security.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/sleep.hpp>

namespace weft::testing {
namespace {

std::ptrdiff_t content_length_of(const Bytes& head) {
    constexpr std::string_view name = "\r\nContent-Length: ";
    const std::size_t at = head.find(name);
    return at == Bytes::npos ? 0 : std::stol(head.substr(at + name.size()));
}

// Without extensions and trailers, which no client of ours sends.
Coro<Bytes> chunked_body(const StreamReader& reader) {
    Bytes body;
    for (;;) {
        const Bytes line = co_await reader.readuntil("\r\n");
        const std::ptrdiff_t size = std::stol(line, nullptr, 16);
        const Bytes chunk = co_await reader.readexactly(size + 2);
        if (!chunk.ends_with("\r\n")) throw ValueError("a chunk has no end");
        if (size == 0) co_return body;
        body.append(chunk, 0, static_cast<std::size_t>(size));
    }
}

}  // namespace

struct ScriptedPeer::State {
    std::vector<PeerScript> scripts;
    std::size_t connections = 0;
};

Coro<PeerRequest> PeerConnection::request() {
    PeerRequest request;
    request.head = co_await reader_.readuntil("\r\n\r\n");
    const bool is_chunked = request.head.contains("\r\nTransfer-Encoding: chunked\r\n");
    request.body = is_chunked ? co_await chunked_body(reader_)
                              : co_await reader_.readexactly(content_length_of(request.head));
    co_return request;
}

Coro<Bytes> PeerConnection::receive(std::size_t count) {
    co_return co_await reader_.readexactly(static_cast<std::ptrdiff_t>(count));
}

Coro<void> PeerConnection::send_slowly(BytesView data) const {
    for (const char byte : data) {
        if (!co_await writer_.write_all({&byte, 1})) co_return;  // the client has gone
        for (int turn = 0; turn < 3; ++turn) co_await sleep(Nanoseconds::zero());
    }
}

void PeerConnection::reset() const {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(writer_.fileno(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    writer_.abort();
}

void PeerConnection::cut() const { ::shutdown(writer_.fileno(), SHUT_WR); }

Coro<void> PeerConnection::stall() const {
    while (!reader_.at_eof()) co_await reader_.read(64 * 1024);
}

Coro<ScriptedPeer> ScriptedPeer::listen(std::vector<PeerScript> scripts, StreamSecurity ssl) {
    auto state = std::make_shared<State>(std::move(scripts));
    const auto serve = [state](StreamReader reader, StreamWriter writer) -> Coro<void> {
        const std::size_t number = state->connections++;
        const PeerScript& script = state->scripts[std::min(number, state->scripts.size() - 1)];
        PeerConnection connection(std::move(reader), std::move(writer));
        try {
            co_await script(connection);
        } catch (const EOFError&) {  // the client has gone
        } catch (const OSError&) {
        }
    };
    Server server = co_await start_server(serve, "127.0.0.1", 0, {.ssl = std::move(ssl)});
    co_return ScriptedPeer(std::move(server), std::move(state));
}

ScriptedPeer::ScriptedPeer(Server server, std::shared_ptr<State> state)
    : server_(std::move(server)), state_(std::move(state)) {}

int ScriptedPeer::port() const { return server_.sockets()[0].getsockname().port(); }

std::string ScriptedPeer::url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(port()) + path;
}

std::size_t ScriptedPeer::connections() const noexcept { return state_->connections; }

Coro<void> ScriptedPeer::stop() const {
    server_.close();
    server_.abort_clients();
    co_await server_.wait_closed();
}

PeerScript answering(Bytes response) {
    return [response = std::move(response)](PeerConnection& client) -> Coro<void> {
        for (;;) {
            co_await client.request();
            client.send(response);
        }
    };
}

BytesView target_of(const PeerRequest& request) {
    const BytesView head = request.head;
    const std::size_t begin = head.find(' ') + 1;
    return head.substr(begin, head.find(' ', begin) - begin);
}

Bytes response_of(BytesView body) {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
           Bytes(body);
}

}  // namespace weft::testing
