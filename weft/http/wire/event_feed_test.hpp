// SPDX-License-Identifier: Apache-2.0
// weft/http/wire/event_feed_test.hpp - what a parser of events makes of bytes, as a text.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>

#include <weft/base/bytes.hpp>
#include <weft/http/server_sent_event.hpp>
#include <weft/http/wire/event_parser.hpp>

namespace weft::http::wire {

/// `type id/retry{data}`, with what is not there left out.
inline std::string text_of(const ServerSentEvent& event) {
    return event.event + " " + event.id.value_or("-") + "/" +
           (event.retry ? std::to_string(event.retry->count()) : "-") + "{" + event.data + "}";
}

/// The text of all events in `data`, then what Last-Event-ID and the time to wait are, or the
/// error.
inline std::string events_in_pieces(BytesView data, std::size_t piece_bytes,
                                    std::size_t first_bytes, const EventLimits& limits = {}) {
    EventParser parser(limits);
    std::string out;
    std::size_t size = first_bytes;
    for (;;) {
        parser.feed(Bytes(data.substr(0, size)));
        data.remove_prefix(std::min(size, data.size()));
        for (;;) {
            const auto event = parser.next();
            if (!event) return out + " " + std::string(describe(event.error()));
            if (!*event) break;
            out += text_of(**event);
        }
        if (data.empty()) break;
        size = piece_bytes;
    }
    return out + ";" + parser.last_event_id().value_or("-") + "/" +
           (parser.retry() ? std::to_string(parser.retry()->count()) : "-");
}

}  // namespace weft::http::wire
