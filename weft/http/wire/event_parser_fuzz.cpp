// SPDX-License-Identifier: Apache-2.0
// Goal:   however a stream is cut, its events are the same, and each can be written and read again.
// Method: the first byte chooses the limits and the pieces; what is behind it is the stream, and
//         the data, the type and the id of an event.
#include <weft/http/wire/event_parser.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <weft/base/bytes.hpp>
#include <weft/base/check.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/http/server_sent_event.hpp>
#include <weft/http/wire/event_feed_test.hpp>
#include <weft/http/wire/event_writer.hpp>

namespace weft::http::wire {
namespace {

void check_written(const ServerSentEvent& event) {
    Bytes out;
    write_event(out, event);
    EventParser parser({.line_bytes_max = out.size(), .event_bytes_max = out.size()});
    parser.feed(out);
    const auto again = parser.next();
    check(again && *again && **again == event, "an event has changed");
    check(!parser.next()->has_value(), "an event has become two");
}

void check_any_text(std::string_view text) {
    ServerSentEvent event;
    event.data = text;
    std::ranges::replace(event.data, '\r', '\n');
    check_written(event);
    event.event = text.substr(0, text.size() / 2);
    event.id = text.substr(text.size() / 2);
    try {
        check_written(event);
    } catch (const ValueError&) {  // line breaks and null bytes
    }
}

void play(BytesView data) {
    if (data.empty()) return;
    const auto how = static_cast<std::uint8_t>(data[0]);
    data.remove_prefix(1);
    EventLimits limits;
    if ((how & 1) != 0) limits = {.line_bytes_max = 12, .event_bytes_max = 20};
    const std::size_t piece = how / 2U + 1;
    check(events_in_pieces(data, data.size(), data.size(), limits) ==
              events_in_pieces(data, piece, piece, limits),
          "pieces make a difference");
    EventParser parser(limits);
    parser.feed(data);
    for (;;) {
        const auto event = parser.next();
        if (!event || !*event) break;
        check((*event)->data.size() <= limits.event_bytes_max, "an event is too long");
        check_written(**event);
    }
    check_any_text(data);
}

}  // namespace
}  // namespace weft::http::wire

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    weft::http::wire::play({reinterpret_cast<const char*>(data), size});
    return 0;
}
