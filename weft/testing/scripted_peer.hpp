// SPDX-License-Identifier: Apache-2.0
// weft/testing/scripted_peer.hpp - a server that does what a script says, and so misbehaves on
// demand.
//
//   const ScriptedPeer peer = co_await ScriptedPeer::start([](PeerConnection& client) -> Coro<void> {
//       co_await client.request();
//       client.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel");
//       client.reset();
//   });
//
// It knows as much of HTTP as its scripts need and uses none of weft's, which it is to test.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <weft/base/bytes.hpp>
#include <weft/io/server.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/io/transport_security.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/coro_function.hpp>

namespace weft::testing {

struct PeerRequest {
    Bytes head;  ///< with the empty line behind it
    Bytes body;  ///< as long as its Content-Length says, or its chunks are
};

/// One connection with the client under test.
class PeerConnection {
public:
    PeerConnection(StreamReader reader, StreamWriter writer) noexcept
        : reader_(std::move(reader)), writer_(std::move(writer)) {}

    /// Waits for a request.
    /// Errors: IncompleteReadError   the client has gone.
    [[nodiscard]] Coro<PeerRequest> request();
    /// Waits for so many bytes.
    /// Errors: IncompleteReadError   the client has gone.
    [[nodiscard]] Coro<Bytes> receive(std::size_t count);
    void send(BytesView data) const { writer_.write(data); }
    /// Sends byte by byte, each when the one before has left, with turns of the loop between them.
    [[nodiscard]] Coro<void> send_slowly(BytesView data) const;
    /// The client reads an end; what it sends is still taken.
    void half_close() const { writer_.write_eof(); }
    void close() const { writer_.close(); }
    /// The client gets ECONNRESET.
    void reset() const;
    /// Ends what it sends without a word of TLS, as anyone on the way can.
    void cut() const;
    /// Says nothing more, until the client is gone.
    [[nodiscard]] Coro<void> stall() const;

    [[nodiscard]] const StreamReader& reader() const noexcept { return reader_; }
    [[nodiscard]] const StreamWriter& writer() const noexcept { return writer_; }

private:
    StreamReader reader_;
    StreamWriter writer_;
};

/// What is done with one connection, which is closed at its end. The end of the client ends it, too.
using PeerScript = CoroFunction<Coro<void>(PeerConnection&)>;

class ScriptedPeer {
public:
    /// Listens on the loopback device. The n-th connection gets the n-th script; those after the
    /// last, the last.
    template <class... Scripts>
    [[nodiscard, clang::coro_wrapper]] static Coro<ScriptedPeer> start(Scripts... scripts) {
        return start_tls(nullptr, std::move(scripts)...);
    }
    template <class... Scripts>
    [[nodiscard, clang::coro_wrapper]] static Coro<ScriptedPeer> start_tls(StreamSecurity ssl,
                                                                           Scripts... scripts) {
        std::vector<PeerScript> all;
        (all.push_back(PeerScript(std::move(scripts))), ...);
        return listen(std::move(all), std::move(ssl));
    }

    [[nodiscard]] int port() const;
    /// "http://127.0.0.1:PORT" and the path.
    [[nodiscard]] std::string url(const std::string& path = "/") const;
    /// How many connections were accepted.
    [[nodiscard]] std::size_t connections() const noexcept;
    /// Ends all connections, and waits until they are.
    [[nodiscard]] Coro<void> stop() const;

private:
    struct State;
    static Coro<ScriptedPeer> listen(std::vector<PeerScript> scripts, StreamSecurity ssl);
    ScriptedPeer(Server server, std::shared_ptr<State> state);

    Server server_;
    std::shared_ptr<State> state_;
};

/// Answers each request with this response, for as long as the client stays.
[[nodiscard]] PeerScript answering(Bytes response);
/// "HTTP/1.1 200 OK", with a Content-Length and that body.
[[nodiscard]] Bytes response_of(BytesView body);
/// What a request asks for: "/path".
[[nodiscard]] BytesView target_of(const PeerRequest& request);

}  // namespace weft::testing
