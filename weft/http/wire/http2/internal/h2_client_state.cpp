// SPDX-License-Identifier: Apache-2.0
#include <weft/http/wire/http2/internal/h2_client_state.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <expected>
#include <limits>
#include <new>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <nghttp2/nghttp2.h>

#include <weft/base/bytes.hpp>
#include <weft/base/check.hpp>
#include <weft/http/method.hpp>
#include <weft/http/wire/http2/http2_client.hpp>
#include <weft/http/wire/http2/http2_error.hpp>
#include <weft/http/wire/http2/http2_event.hpp>
#include <weft/http/wire/http2/http2_limits.hpp>
#include <weft/http/wire/http2/internal/h2_session.hpp>
#include <weft/http/wire/http2/internal/request_fields.hpp>
#include <weft/http/wire/http2/internal/response_reader.hpp>

namespace weft::http::wire::internal {
namespace {

std::uint32_t setting_of(std::size_t value) noexcept {
    constexpr std::size_t most = std::numeric_limits<std::uint32_t>::max();
    return static_cast<std::uint32_t>(std::min(value, most));
}

}  // namespace

H2ClientState::H2ClientState(const H2Limits& limits) : H2Session(limits) {
    const std::array<nghttp2_settings_entry, 3> settings = {{
        {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, setting_of(limits.stream_window_bytes)},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, setting_of(limits.message.fields_bytes_max)},
    }};
    const bool done =
        nghttp2_submit_settings(get(), NGHTTP2_FLAG_NONE, settings.data(), settings.size()) == 0 &&
        nghttp2_session_set_local_window_size(
            get(), NGHTTP2_FLAG_NONE, 0,
            static_cast<std::int32_t>(limits.connection_window_bytes)) == 0;
    if (!done) throw std::bad_alloc();
}

// ---- events

std::optional<H2Event> H2ClientState::next_event() {
    if (events_read_ == events_.size()) {
        events_.clear();
        events_read_ = 0;
        return std::nullopt;
    }
    return std::move(events_[events_read_++]);
}

H2Event& H2ClientState::add_event(H2EventType type, H2StreamId stream) {
    return events_.emplace_back(H2Event{.type = type, .stream = stream});
}

H2ClientState::Stream* H2ClientState::find(H2StreamId stream) noexcept {
    const auto at = streams_.find(stream);
    return at == streams_.end() || at->second.is_silent ? nullptr : &at->second;
}

H2Session::Judged H2ClientState::on_block_begin(H2StreamId stream) {
    Stream* const found = find(stream);
    return found ? found->reader.begin_block() : Judged();
}

H2Session::Judged H2ClientState::on_field(H2StreamId stream, std::string_view name,
                                          std::string_view value) {
    Stream* const found = find(stream);
    return found ? found->reader.add_field(name, value) : Judged();
}

H2Session::Judged H2ClientState::on_block_end(H2StreamId stream, bool ends) {
    Stream* const found = find(stream);
    if (!found) return {};
    const auto block = found->reader.end_block(ends);
    if (!block) return std::unexpected(block.error());
    constexpr std::array types = {H2EventType::informational, H2EventType::head,
                                  H2EventType::trailers};
    H2Event& event = add_event(types[static_cast<std::size_t>(*block)], stream);
    event.head = std::move(found->reader.head());
    event.body_length = found->reader.body_length();
    return {};
}

H2Session::Judged H2ClientState::on_data(H2StreamId stream, BytesView data) {
    Stream* const found = find(stream);
    if (!found) return {};
    // What there may be of it is handed on, however the rest was cut off.
    const BytesView allowed = data.substr(0, found->reader.body_room());
    if (!allowed.empty()) add_event(H2EventType::data, stream).data = allowed;
    return found->reader.add_data(data.size());
}

// Nobody needs what is left of a request that has its response.
H2Session::Judged H2ClientState::on_end(H2StreamId stream) {
    Stream* const found = find(stream);
    if (!found) return {};
    auto judged = found->reader.end_stream();
    if (!judged) return judged;
    add_event(H2EventType::end, stream);
    found->is_silent = true;
    if (nghttp2_session_get_stream_local_close(get(), stream) == 0) reset(stream, H2Code::cancel);
    return {};
}

void H2ClientState::on_fault(H2StreamId stream, const H2Error& error) {
    Stream* const found = find(stream);
    if (!found) return;
    add_event(H2EventType::failed, stream).error = error;
    found->is_silent = true;
}

void H2ClientState::on_reset(H2StreamId stream, H2Code code) {
    Stream* const found = find(stream);
    if (!found) return;
    H2Event& event = add_event(H2EventType::reset, stream);
    event.code = code;
    event.is_refused = code == H2Code::refused_stream;
    found->is_silent = true;
}

void H2ClientState::on_settings() { add_event(H2EventType::settings, 0); }
void H2ClientState::on_pong() { add_event(H2EventType::pong, 0); }
void H2ClientState::on_goaway(H2Code code) { add_event(H2EventType::goaway, 0).code = code; }

bool H2ClientState::awaits_anything() const noexcept {
    return std::ranges::any_of(streams_, [](const auto& one) { return !one.second.is_silent; });
}

// ---- requests

H2StreamId H2ClientState::send_request(const H2RequestHead& head, bool ends) {
    const std::vector<nghttp2_nv> fields = request_fields(head);
    const nghttp2_data_provider body = body_reader();
    const H2StreamId stream = nghttp2_submit_request(get(), nullptr, fields.data(), fields.size(),
                                                     ends ? nullptr : &body, nullptr);
    if (stream == NGHTTP2_ERR_NOMEM) throw std::bad_alloc();
    check(stream > 0, "a request where no stream may be opened");
    streams_.emplace(stream,
                     Stream{.reader = {head.method.known(), limits().message}, .ends = ends});
    return stream;
}

void H2ClientState::send_data(H2StreamId stream, Bytes data, bool ends) {
    Stream* const found = find(stream);
    if (!found || error()) return;
    check(!found->ends, "data behind the end of a body");
    if (found->sent == found->body.size()) {
        found->body = std::move(data);
        found->sent = 0;
    } else {
        found->body += data;
    }
    found->ends = ends;
    if (!std::exchange(found->is_starved, false)) return;
    if (nghttp2_session_resume_data(get(), stream) == NGHTTP2_ERR_NOMEM) throw std::bad_alloc();
}

std::optional<std::size_t> H2ClientState::read_body(H2StreamId stream, std::span<std::uint8_t> room,
                                                    bool& ends) {
    Stream* const found = find(stream);
    if (!found) return std::nullopt;  // a RST_STREAM is under way
    const std::size_t size = std::min(found->body.size() - found->sent, room.size());
    std::memcpy(room.data(), found->body.data() + found->sent, size);
    found->sent += size;
    const bool is_all = found->sent == found->body.size();
    ends = is_all && found->ends;
    if (is_all) found->body = Bytes();
    if (is_all) found->sent = 0;
    if (is_all && size > 0) add_event(H2EventType::wants_data, stream);
    if (size > 0 || ends) return size;
    found->is_starved = true;
    return std::nullopt;
}

void H2ClientState::reset_stream(H2StreamId stream, H2Code code) {
    Stream* const found = find(stream);
    if (!found) return;
    found->is_silent = true;
    const auto unread = events_.begin() + static_cast<std::ptrdiff_t>(events_read_);
    const auto gone = std::remove_if(unread, events_.end(),
                                     [&](const H2Event& event) { return event.stream == stream; });
    events_.erase(gone, events_.end());
    reset(stream, code);
}

// ---- how much there is

bool H2ClientState::is_ending() const noexcept {
    return is_closing() || nghttp2_session_check_request_allowed(get()) == 0;
}

bool H2ClientState::may_open_stream() const noexcept {
    return !is_ending() && streams_.size() < streams_max();
}

std::size_t H2ClientState::streams_max() const noexcept {
    const std::size_t allowed =
        nghttp2_session_get_remote_settings(get(), NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
    return std::min(limits().streams_max, allowed);
}

}  // namespace weft::http::wire::internal
