// SPDX-License-Identifier: Apache-2.0
#include <weft/http/wire/event_parser.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <weft/base/bytes.hpp>
#include <weft/http/server_sent_event.hpp>
#include <weft/http/syntax.hpp>
#include <weft/http/wire/internal/scan.hpp>

namespace weft::http::wire {
namespace {

constexpr BytesView byte_order_mark = "\xef\xbb\xbf";

// Some thirty years: nobody waits longer, and nothing overflows.
constexpr std::chrono::milliseconds retry_max{std::int64_t{1} << 40};

std::optional<std::chrono::milliseconds> read_retry(std::string_view text) noexcept {
    if (text.empty() || !std::ranges::all_of(text, is_digit)) return std::nullopt;
    std::chrono::milliseconds time{0};
    for (const char c : text) {
        time = std::min(time * 10 + std::chrono::milliseconds(c - '0'), retry_max);
    }
    return time;
}

}  // namespace

std::string_view describe(EventError error) noexcept {
    switch (error) {
        case EventError::line_too_long:
            return "a line of the event stream passes line_bytes_max";
        case EventError::event_too_long:
            return "an event of the stream passes event_bytes_max";
    }
    return "";
}

void EventParser::feed(BytesView data) {
    if (error_) return;
    bytes_.erase(0, line_);
    scanned_ -= line_;
    line_ = 0;
    bytes_.append(data);
}

std::expected<std::optional<ServerSentEvent>, EventError> EventParser::next() {
    for (;;) {
        if (error_) return std::unexpected(*error_);
        const auto line = take_line();
        if (!line) {
            error_ = line.error();
        } else if (!*line) {
            return std::nullopt;
        } else if (!(*line)->empty()) {
            read_field(**line);
            if (data_.size() + event_.size() > limits_.event_bytes_max) {
                error_ = EventError::event_too_long;
            }
        } else if (auto event = end_event()) {
            return event;
        }
    }
}

// A line ends with CR LF, LF or CR. One that ends with CR is complete before it is known whether a
// LF follows, since that may be long in coming.
std::expected<std::optional<BytesView>, EventError> EventParser::take_line() {
    if (skips_line_feed_ && line_ < bytes_.size()) {
        if (bytes_[line_] == '\n') ++line_;
        skips_line_feed_ = false;
        scanned_ = line_;
    }
    const char* const end = bytes_.data() + bytes_.size();
    const char* const found = internal::skip_line(bytes_.data() + scanned_, end);
    scanned_ = static_cast<std::size_t>(found - bytes_.data());
    if (scanned_ - line_ > limits_.line_bytes_max) {
        return std::unexpected(EventError::line_too_long);
    }
    if (found == end) return std::nullopt;

    BytesView line = BytesView(bytes_).substr(line_, scanned_ - line_);
    skips_line_feed_ = *found == '\r';
    line_ = ++scanned_;
    if (std::exchange(is_first_line_, false) && line.starts_with(byte_order_mark)) {
        line.remove_prefix(byte_order_mark.size());
    }
    return line;
}

void EventParser::read_field(BytesView line) {
    const std::size_t colon = line.find(':');
    if (colon == BytesView::npos) return set_field(line, {});
    BytesView value = line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    set_field(line.substr(0, colon), value);
}

// A comment is a field without a name.
void EventParser::set_field(std::string_view name, BytesView value) {
    if (name == "data") {
        data_.append(value).append("\n");
    } else if (name == "event") {
        event_ = value;
    } else if (name == "id") {
        if (!value.contains('\0')) id_ = value;
    } else if (name == "retry") {
        if (const auto time = read_retry(value)) retry_ = event_retry_ = time;
    }
}

std::optional<ServerSentEvent> EventParser::end_event() {
    last_event_id_ = id_;
    const auto retry = std::exchange(event_retry_, std::nullopt);
    std::string type = std::exchange(event_, std::string());
    std::string data = std::exchange(data_, std::string());
    if (data.empty()) return std::nullopt;
    data.pop_back();
    ServerSentEvent event;
    event.data = std::move(data);
    if (!type.empty()) event.event = std::move(type);
    event.id = last_event_id_;
    event.retry = retry;
    return event;
}

}  // namespace weft::http::wire
