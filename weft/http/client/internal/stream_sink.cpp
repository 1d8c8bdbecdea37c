// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/internal/stream_sink.hpp>

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/ref.hpp>
#include <weft/http/client/exceptions.hpp>
#include <weft/http/client/internal/http2_connection.hpp>
#include <weft/runtime/coro.hpp>

namespace weft::http::internal {
namespace {

[[noreturn]] void throw_other_length(const std::string& came, std::uint64_t announced) {
    throw ValueError("the body of the request has " + came + " bytes, announced were " +
                     std::to_string(announced));
}

}  // namespace

StreamSink::StreamSink(Ref<Http2Connection> connection, std::shared_ptr<Http2Stream> stream,
                       std::optional<std::uint64_t> length) noexcept
    : connection_(std::move(connection)), stream_(std::move(stream)), length_(length) {}

void StreamSink::write(BytesView piece) {
    if (length_ && piece.size() > *length_ - sent_) throw_other_length("more", *length_);
    sent_ += piece.size();
    connection_->send_data(*stream_, Bytes(piece), is_full());
}

void StreamSink::finish() {
    if (length_ && sent_ < *length_) throw_other_length(std::to_string(sent_), *length_);
    if (sent_ == 0 || !is_full()) connection_->send_data(*stream_, Bytes(), true);
}

Coro<bool> StreamSink::has_drained() {
    co_await transparent;
    while (!stream_->is_taken && !stream_->is_over && !stream_->error) {
        stream_->changed.clear();
        co_await stream_->changed.wait();
    }
    co_return !stream_->is_over && !stream_->error;
}

void StreamSink::abort() noexcept {
    connection_->end_stream(
        *stream_, std::make_exception_ptr(ClientPayloadError("the body of the request was lost")));
}

}  // namespace weft::http::internal
