// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/internal/connection.hpp>

#include <utility>

#include <weft/base/ref.hpp>
#include <weft/base/time.hpp>
#include <weft/http/client/internal/http2_connection.hpp>
#include <weft/http/client/internal/pool.hpp>
#include <weft/http/method.hpp>
#include <weft/http/wire/http2/http2_limits.hpp>
#include <weft/http/wire/limits.hpp>
#include <weft/io/stream.hpp>
#include <weft/runtime/event_loop.hpp>

namespace weft::http::internal {

Connection::Connection(StreamPair stream, TimePoint made, const wire::Limits& limits)
    : parser(Method::get, limits),
      made_at(made),
      reader_(std::move(stream.first)),
      writer_(std::move(stream.second)) {}

Connection::~Connection() { abort(); }

void Connection::speak_http2(EventLoop& loop, const wire::H2Limits& limits, Delay ping_timeout) {
    http2_ =
        Ref<Http2Connection>(new Http2Connection({reader_, writer_}, loop, limits, ping_timeout));
    http2_->start();
}

bool Connection::is_reusable() const noexcept {
    if (http2_) return http2_->is_usable();
    return !writer_.is_closing() && writer_.get_write_buffer_size() == 0 &&
           reader_.buffered().empty() && !reader_.has_eof() && !reader_.exception();
}

void Connection::close() const noexcept {
    if (http2_) http2_->say_goodbye();
    writer_.close();
    abort();
}

// It may have been lost with its loop.
void Connection::abort() const noexcept { writer_.abort(); }

}  // namespace weft::http::internal
