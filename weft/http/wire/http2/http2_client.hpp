// SPDX-License-Identifier: Apache-2.0
// weft/http/wire/http2/http2_client.hpp - H2Client: a client's end of a connection of HTTP/2.
#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <optional>
#include <string_view>

#include <weft/base/bytes.hpp>
#include <weft/base/time.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/method.hpp>
#include <weft/http/wire/http2/http2_error.hpp>
#include <weft/http/wire/http2/http2_event.hpp>
#include <weft/http/wire/http2/http2_limits.hpp>

namespace weft::http::wire {

namespace internal {
class H2ClientState;
}

/// A request as HTTP/2 has it.
struct H2RequestHead {
    const Method& method;
    std::string_view scheme;     ///< "https"
    std::string_view authority;  ///< host, and port where it is not the scheme's
    std::string_view path;       ///< path and query
    /// Their names may be in any case. Host, and what belongs to one connection of HTTP/1.1, such as
    /// Connection and Transfer-Encoding, is left out.
    const Headers& headers;
};

/// Many requests and their responses on one connection: bytes in, events out, and bytes to send. It
/// never waits and has no clock: it is told the time.
///
///     H2Client client;
///     const auto stream = client.send_request(head, {.ends = true});
///     client.data_to_send(out, 65536);
///     const auto taken = client.receive_data(in, now);
///     while (auto event = client.next_event()) use(*event);
///
/// The bytes may come in any pieces: the events are the same but for where bodies are cut, and so is
/// the error. What was heard before an error is among the events.
///
/// Each body has a window of its own, which opens as its reader acknowledges it. That of the
/// connection opens as bytes come, so that a body that nobody reads keeps no other one waiting. What
/// is sent takes its turn stream by stream.
///
/// A peer is held to what RFC 9113 says and to H2Limits; it cannot push (ENABLE_PUSH is 0). On top of
/// libnghttp2's own limits.
///
/// Errors: H2Error of receive_data(): the connection is of no more use; what data_to_send() still
///         gives tells the peer why. Then nothing is sent or received any more.
/// Cost:   each byte of a body is copied once on its way out, and not at all on its way in.
/// Spec:   RFC 9113, RFC 7541; h2.connection.H2Connection, in a client's role.
class H2Client {
public:
    explicit H2Client(const H2Limits& limits = {});
    H2Client(const H2Client&) = delete;
    H2Client& operator=(const H2Client&) = delete;
    ~H2Client();

    // ---- in

    /// Takes all of `data`, which events refer to until they were read.
    /// Errors: H2Error; each further call gives the same one.
    [[nodiscard]] std::expected<void, H2Error> receive_data(BytesView data, TimePoint now);
    /// The next of what has happened; nullopt where there is no more. data_to_send() makes some, too.
    [[nodiscard]] std::optional<H2Event> next_event();
    /// So much of a body was read: as much may come again.
    void acknowledge_received_data(H2StreamId stream, std::size_t bytes);

    // ---- out

    /// Appends what is to be sent to `out`, frame by frame, until that has at least `bytes_max`.
    void data_to_send(Bytes& out, std::size_t bytes_max);
    [[nodiscard]] bool has_data_to_send() const noexcept;

    struct RequestOptions {
        bool ends = true;  ///< there is no body
    };
    /// Returns: the stream that has it. No event of it comes before something was received or sent.
    /// Errors:  ValueError   the path is no target, or the method is CONNECT
    ///          Only where it is not is_ending(). What the peer has no room for waits here.
    H2StreamId send_request(const H2RequestHead& head, RequestOptions options);
    /// Appends to the body. What the peer has no room for waits here, until a `wants_data` tells that
    /// it has left. Nothing happens where the stream is over or gone.
    void send_data(H2StreamId stream, Bytes data, bool ends);
    /// Ends a stream: no event of it comes any more. Nothing happens where it is gone.
    void reset_stream(H2StreamId stream, H2Code code);
    /// Asks for a `pong`.
    void ping();
    /// Says goodbye: a GOAWAY with NO_ERROR. Streams that are open are lost.
    void close_connection();

    // ---- how it is

    /// Why the connection is of no more use; nullopt while it is.
    [[nodiscard]] const std::optional<H2Error>& error() const noexcept;

    /// Whether the peer takes another stream, as far as it has said.
    [[nodiscard]] bool may_open_stream() const noexcept;
    /// Whether no further stream can ever be opened: the peer goes away, or the connection failed.
    [[nodiscard]] bool is_ending() const noexcept;
    [[nodiscard]] std::size_t open_streams() const noexcept;
    /// How many there may be at a time: the fewer of H2Limits and what the peer says.
    [[nodiscard]] std::size_t streams_max() const noexcept;

private:
    std::unique_ptr<internal::H2ClientState> state_;
};

}  // namespace weft::http::wire
