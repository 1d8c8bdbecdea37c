// SPDX-License-Identifier: Apache-2.0
// weft/http/wire/event_parser.hpp - EventParser: server-sent events out of bytes.
//
//   data: first line          a field; one space behind the colon does not belong to its value
//   data: second line
//   id: 7
//   : a comment
//                             an empty line ends the event
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include <weft/base/bytes.hpp>
#include <weft/http/server_sent_event.hpp>

namespace weft::http::wire {

struct EventLimits {
    std::size_t line_bytes_max = std::size_t{64} * 1024;     ///< without its line break
    std::size_t event_bytes_max = std::size_t{1024} * 1024;  ///< its data and its type
};

enum class EventError : std::uint8_t { line_too_long, event_too_long };

/// One line for people: "a line of the event stream passes line_bytes_max".
[[nodiscard]] std::string_view describe(EventError error) noexcept;

/// Reads the events of a stream that comes in any pieces.
///
///     parser.feed(data);
///     while (auto event = parser.next().value()) …
///
/// An event that the end of the stream cuts off is none: drop the parser then. Bytes that are no
/// UTF-8 are handed on as they are.
///
/// Errors: EventError   the stream is of no more use: each further next() gives the same error.
/// Limits: EventLimits: 64 KiB a line, 1 MiB an event.
/// Cost:   linear, however the bytes are cut; each is copied once or twice.
/// Spec:   WHATWG HTML §9.2.5 and §9.2.6. Decoding replaces what is no UTF-8 there.
class EventParser {
public:
    explicit EventParser(EventLimits limits = {}) : limits_(limits) {}

    /// Takes all of `data`. What next() has not given yet is kept: ask it until there is none.
    void feed(BytesView data);

    /// Returns: the next event that is complete; nullopt where more has to be fed first.
    /// Errors:  EventError   a line or an event passes its limit.
    [[nodiscard]] std::expected<std::optional<ServerSentEvent>, EventError> next();

    /// What Last-Event-ID is when the stream is opened anew: the `id` of the last event that was
    /// complete, even one without data.
    [[nodiscard]] const std::optional<std::string>& last_event_id() const noexcept {
        return last_event_id_;
    }
    /// How long to wait before that; nullopt where the stream has not told.
    [[nodiscard]] std::optional<std::chrono::milliseconds> retry() const noexcept { return retry_; }

private:
    [[nodiscard]] std::expected<std::optional<BytesView>, EventError> take_line();
    void read_field(BytesView line);
    void set_field(std::string_view name, BytesView value);
    [[nodiscard]] std::optional<ServerSentEvent> end_event();

    EventLimits limits_;
    Bytes bytes_;              // fed, and not all read yet
    std::size_t line_ = 0;     // where in them the next line begins
    std::size_t scanned_ = 0;  // up to here, that line has no end
    bool is_first_line_ = true;
    bool skips_line_feed_ = false;  // a carriage return has ended the line before

    std::string data_;  // of the event at hand: each line with a line feed behind it
    std::string event_;
    std::optional<std::string> id_;
    std::optional<std::chrono::milliseconds> event_retry_;

    std::optional<std::string> last_event_id_;
    std::optional<std::chrono::milliseconds> retry_;
    std::optional<EventError> error_;
};

}  // namespace weft::http::wire
