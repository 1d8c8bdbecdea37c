// SPDX-License-Identifier: Apache-2.0
// weft/http/client/http2_peer_test.hpp - a server of HTTP/2 by hand, for scripts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/http/client/client_test.hpp>
#include <weft/http/client/connector.hpp>
#include <weft/http/client/session.hpp>
#include <weft/io/exceptions.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/testing/http2_frames.hpp>
#include <weft/testing/scripted_peer.hpp>

namespace weft::http {

namespace h2 = testing::h2;

/// Of Http2Peer::Settings (RFC 9113 §6.5.2).
inline constexpr std::uint16_t max_concurrent_streams = 3;
inline constexpr std::uint16_t initial_window_size = 4;

/// One connection with the client under test.
class Http2Peer {
public:
    using Settings = std::vector<std::pair<std::uint16_t, std::uint32_t>>;

    explicit Http2Peer(PeerConnection& client) : client_(client) {}

    /// Waits for the preface, answers it, and acknowledges the client's settings: only from then on may
    /// it be sent as much as those say.
    Coro<void> begin(Settings settings = {}) {
        co_await client_.receive(testing::h2_preface.size());
        client_.send(testing::h2_settings(settings) + testing::h2_frame(h2::settings, h2::ack, 0));
    }
    void send(BytesView frames) const { client_.send(frames); }

    /// Waits for a frame of one of these types; of others, pings are answered.
    /// Errors: IncompleteReadError   the client has gone.
    Coro<h2::Frame> frame(std::vector<std::uint8_t> types) {
        for (;;) {
            while (auto frame = testing::take_h2_frame(received_)) {
                if (frame->type == h2::ping && answers_pings && (frame->flags & h2::ack) == 0) {
                    send(testing::h2_frame(h2::ping, h2::ack, 0, frame->payload));
                }
                for (const std::uint8_t type : types) {
                    if (frame->type == type) co_return *std::move(frame);
                }
            }
            const Bytes more = co_await client_.reader().read(64 * 1024);
            if (more.empty()) throw IncompleteReadError("", std::nullopt);
            received_ += more;
        }
    }

    struct Request {
        std::int32_t stream = 0;
        std::string path;
        testing::H2Fields fields;
    };
    /// Waits for the head of a request.
    Coro<Request> request() {
        const h2::Frame head = co_await frame({h2::headers});
        Request request{.stream = head.stream, .path = {}, .fields = fields_.read(head.payload)};
        for (const auto& [name, value] : request.fields) {
            if (name == ":path") request.path = value;
        }
        co_return request;
    }
    /// Lets the client send so much more on that stream; 0 is the connection.
    void open_window(std::int32_t stream, std::size_t bytes) const {
        if (bytes == 0) return;
        const Bytes more = testing::h2_number(static_cast<std::uint32_t>(bytes));
        send(testing::h2_frame(h2::window_update, h2::none, stream, more));
    }
    void answer(std::int32_t stream, BytesView body) const {
        send(testing::h2_head(stream, {{":status", "200"}}) +
             testing::h2_data(stream, body, h2::ends));
    }

    bool answers_pings = true;

private:
    PeerConnection& client_;
    Bytes received_;
    testing::H2FieldReader fields_;
};

/// Answers each request with its path.
inline Coro<void> tell_path(PeerConnection& client) {
    Http2Peer peer(client);
    co_await peer.begin();
    for (;;) {
        const auto request = co_await peer.request();
        peer.answer(request.stream, request.path);
    }
}

/// Of a session that knows that servers speak HTTP/2.
inline TCPConnectorOptions prior_knowledge(std::size_t limit = 100) {
    return {{.limit = limit, .http2 = Http2::prior_knowledge}};
}

inline ClientSession session_with(std::size_t limit = 100) {
    return ClientSession({.connector = TCPConnector(prior_knowledge(limit))});
}

}  // namespace weft::http
