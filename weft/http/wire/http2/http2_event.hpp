// SPDX-License-Identifier: Apache-2.0
// weft/http/wire/http2/http2_event.hpp - H2Event: what has happened on a connection of HTTP/2.
//
// Of one stream, a client sees
//
//   informational … ──▶ head ──▶ data … ──▶ trailers ──▶ end
//         └───────────────┴────────┴────────────┴──────▶ reset or failed
#pragma once

#include <cstdint>
#include <optional>

#include <weft/base/bytes.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/wire/http2/http2_error.hpp>
#include <weft/http/wire/message_head.hpp>

namespace weft::http::wire {

/// What names a stream within its connection; 0 is the connection itself.
using H2StreamId = std::int32_t;

enum class H2EventType : std::uint8_t {
    // Of a stream.
    informational,  ///< `head` is that of a response 1xx; the real one will follow
    head,           ///< `head`, and `body_length` where that is known
    data,           ///< `data` is a piece of the body, to be acknowledged once it was read
    trailers,       ///< `head.headers`, behind the body; never merged with those of the head
    end,            ///< the message is over
    wants_data,     ///< all of what send_data() was given has left
    reset,          ///< the peer has ended it, for the reason `code`
    failed,         ///< it was ended here, since the peer breaks the protocol: `error`
    // Of the connection.
    settings,  ///< the peer has told how many streams it takes
    pong,      ///< it has answered a ping
    goaway,    ///< it takes no further stream, for the reason `code`
};

/// A plain value; which of its fields mean something, its type says.
struct H2Event {
    H2EventType type{};
    H2StreamId stream = 0;
    H2Code code = H2Code::no_error;
    /// Of `reset`: the peer has not acted upon the request, which may be sent again whatever it is.
    /// Spec: RFC 9113 §8.7.
    bool is_refused = false;
    BytesView data{};  ///< a view of what receive_data() was given
    ResponseHead head{};
    std::optional<std::uint64_t> body_length{};
    std::optional<H2Error> error{};
};

}  // namespace weft::http::wire
