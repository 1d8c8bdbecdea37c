// SPDX-License-Identifier: Apache-2.0
#include <weft/http/wire/http2/http2_client.hpp>

#include <cstddef>
#include <expected>
#include <memory>
#include <optional>
#include <utility>

#include <weft/base/bytes.hpp>
#include <weft/base/check.hpp>
#include <weft/base/time.hpp>
#include <weft/http/wire/http2/http2_error.hpp>
#include <weft/http/wire/http2/http2_event.hpp>
#include <weft/http/wire/http2/http2_limits.hpp>
#include <weft/http/wire/http2/internal/h2_client_state.hpp>

namespace weft::http::wire {

H2Client::H2Client(const H2Limits& limits)
    : state_(std::make_unique<internal::H2ClientState>(limits)) {}
H2Client::~H2Client() = default;

std::expected<void, H2Error> H2Client::receive_data(BytesView data, TimePoint now) {
    return state_->receive(data, now);
}
std::optional<H2Event> H2Client::next_event() { return state_->next_event(); }
void H2Client::acknowledge_received_data(H2StreamId stream, std::size_t bytes) {
    state_->acknowledge(stream, bytes);
}

void H2Client::data_to_send(Bytes& out, std::size_t bytes_max) { state_->send(out, bytes_max); }
bool H2Client::has_data_to_send() const noexcept { return state_->has_data_to_send(); }

H2StreamId H2Client::send_request(const H2RequestHead& head, RequestOptions options) {
    check(!state_->is_ending(), "a request on a connection that takes none");
    return state_->send_request(head, options.ends);
}
void H2Client::send_data(H2StreamId stream, Bytes data, bool ends) {
    state_->send_data(stream, std::move(data), ends);
}
void H2Client::reset_stream(H2StreamId stream, H2Code code) { state_->reset_stream(stream, code); }
void H2Client::ping() { state_->ping(); }
void H2Client::close_connection() { state_->close(); }

const std::optional<H2Error>& H2Client::error() const noexcept { return state_->error(); }
bool H2Client::may_open_stream() const noexcept { return state_->may_open_stream(); }
bool H2Client::is_ending() const noexcept { return state_->is_ending(); }
std::size_t H2Client::open_streams() const noexcept { return state_->open_streams(); }
std::size_t H2Client::streams_max() const noexcept { return state_->streams_max(); }

}  // namespace weft::http::wire
