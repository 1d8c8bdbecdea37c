// SPDX-License-Identifier: Apache-2.0
// weft/http/wire/websocket/websocket_writer.hpp - WebSocketWriter: messages into bytes.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include <weft/base/bytes.hpp>
#include <weft/http/wire/websocket/deflater.hpp>
#include <weft/http/wire/websocket/permessage_deflate.hpp>
#include <weft/http/wire/websocket/websocket_frame.hpp>
#include <weft/http/ws_message.hpp>

namespace weft::http::wire {

/// Gives a mask that nobody can foresee, and another one each time.
using WSMaskSource = std::move_only_function<WSMask()>;

/// Writes what one side of a WebSocket sends, each message in one frame.
///
/// Errors: ValueError     as the functions say; `out` is as it was.
///         RuntimeError   something is to be written behind a close.
/// Cost:   a copy of the data into `out`; a text is looked at once before, and a message that is
///         compressed is copied once more.
/// Spec:   RFC 6455 §5; RFC 7692, where each message is compressed. aiohttp.WebSocketWriter.
class WebSocketWriter {
public:
    /// A server's.
    explicit WebSocketWriter(const std::optional<DeflateParams>& deflate = std::nullopt);
    /// A client's: each frame gets a mask of its own, since one that is known lets whoever chooses
    /// the data choose the bytes that proxies see.
    explicit WebSocketWriter(WSMaskSource masks,
                             const std::optional<DeflateParams>& deflate = std::nullopt);

    /// Appends a text, bytes, a ping or a pong.
    /// Errors: ValueError   a text that is not UTF-8, a ping or pong of more than 125 bytes, a
    ///                      close: that is write_close()'s.
    void write(Bytes& out, WSMsgType type, BytesView data);
    /// Appends a close, the last thing that is written. One without a code is `no_status_received`.
    /// Errors: ValueError   the code is none that may be sent; the reason is not UTF-8, is longer
    ///                      than 123 bytes, or has no code.
    void write_close(Bytes& out, WSCloseCode code = WSCloseCode::ok, std::string_view reason = {});

    /// Remembers to answer a ping. Of those that are not answered yet the last one counts, so that
    /// pings that come faster than answers leave take no memory.
    /// Errors: ValueError   it has more than 125 bytes.
    /// Spec:   RFC 6455 §5.5.3.
    void owe_pong(BytesView ping);
    /// Appends that answer, where there is one and nothing was closed.
    void write_owed_pong(Bytes& out);

    [[nodiscard]] bool is_closed() const noexcept { return is_closed_; }

private:
    void write_masked(Bytes& out, WSFrame frame, BytesView payload);

    WSMaskSource masks_;
    std::optional<internal::Deflater> deflater_;
    std::optional<Bytes> owed_pong_;
    bool is_closed_ = false;
};

}  // namespace weft::http::wire
