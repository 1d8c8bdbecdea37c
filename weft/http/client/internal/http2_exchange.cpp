// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/internal/http2_exchange.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <weft/base/at_end.hpp>
#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/ref.hpp>
#include <weft/base/time.hpp>
#include <weft/http/client/exceptions.hpp>
#include <weft/http/client/internal/http2_connection.hpp>
#include <weft/http/client/internal/pool.hpp>
#include <weft/http/client/internal/request_parts.hpp>
#include <weft/http/client/internal/stream_sink.hpp>
#include <weft/http/client/internal/trace.hpp>
#include <weft/http/client/internal/upload.hpp>
#include <weft/http/client/payload.hpp>
#include <weft/http/client/request.hpp>
#include <weft/http/client_error.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/url.hpp>
#include <weft/http/wire/message_head.hpp>
#include <weft/runtime/coro.hpp>

namespace weft::http::internal {

Http2Exchange::Http2Exchange(Share share, const ClientRequest& request, TimePoint started)
    : share_(std::move(share)),
      stream_(std::make_shared<Http2Stream>()),
      limits_(*this, request.timeout, started) {}

Http2Exchange::~Http2Exchange() {
    if (share_) http2().let_go(*stream_);
}

void Http2Exchange::send(const ClientRequest& request, std::unique_ptr<PayloadReader> body) {
    const auto framing = framing_of(request, body.get());
    Headers headers = request.headers;
    const std::string cookies = cookies_for(request);
    if (!cookies.empty()) headers.set("Cookie", cookies);
    if (framing && framing->length) {
        headers.add("Content-Length", std::to_string(*framing->length));
    }
    const Bytes* const bytes = body ? nullptr : request.body.bytes();
    const bool has_body = body || (bytes && !bytes->empty());
    http2().open(*stream_,
                 {.method = request.method,
                  .scheme = request.url.scheme(),
                  .authority = headers.get("Host", request.url.host_port_subcomponent()),
                  .path = request.url.raw_path_qs(),
                  .headers = headers},
                 !has_body);
    UploadOptions options = upload_options_of(request);
    if (request.trace) request.trace->request_headers_sent(request);
    if (body) {
        auto sink =
            std::make_unique<StreamSink>(Ref<Http2Connection>(&http2()), stream_, body->size());
        upload_.emplace(std::move(sink), std::move(body), std::move(options));
    } else if (has_body) {
        if (options.tell_sent) options.tell_sent(*bytes);
        http2().send_data(*stream_, *bytes, true);
    }
}

void Http2Exchange::end_by_limit() noexcept {
    if (!share_) return;
    http2().end_stream(*stream_, limits_.error());
    http2().probe();
}

// Waits until something has come.
Coro<void> Http2Exchange::change() {
    co_await transparent;
    stream_->changed.clear();
    limits_.begin_wait(upload_ ? &*upload_ : nullptr);
    const AtEnd waits_no_longer([this] { limits_.end_wait(); });  // nor when it is cancelled
    co_await stream_->changed.wait();
    if (limits_.has_passed()) std::rethrow_exception(limits_.error());
}

Coro<wire::ResponseHead> Http2Exchange::receive_head(const URL& url) {
    co_await transparent;
    while (!stream_->head) {
        if (stream_->error) throw_no_head(url);
        if (stream_->says_continue) heed(100);
        co_await change();
    }
    heed(stream_->head->status);
    limits_.begin_body();
    co_return std::move(*stream_->head);
}

// As in HTTP/1.1; but the connection goes on where the body is not wanted.
void Http2Exchange::heed(int status) noexcept {
    if (!upload_ || upload_->is_complete()) return;
    if (status == 100) return upload_->go_on();
    if (status >= 300 || (status >= 200 && upload_->awaits_continue())) upload_->stop();
}

void Http2Exchange::throw_lost_body() const {
    if (upload_ && upload_->error()) std::rethrow_exception(upload_->error());
}

void Http2Exchange::throw_no_head(const URL& url) {
    throw_lost_body();
    const std::exception_ptr& error = stream_->error;
    if (stream_->is_reset) throw ServerDisconnectedError(message(error));
    if (holds<ClientPayloadError>(error)) throw ClientResponseError(url, 0, message(error));
    met_dead_connection_ = share_->connection().has_served && !stream_->is_heard;
    if (holds<ClientError>(error)) std::rethrow_exception(error);
    std::rethrow_exception(made_from(error, ClientOSError(code_of(error), message(error))));
}

Coro<Bytes> Http2Exchange::read_some() {
    co_await transparent;
    for (;;) {
        Bytes body = read_nowait();
        if (!body.empty() || is_over()) co_return body;
        if (stream_->error) throw_no_body();
        co_await change();
    }
}

void Http2Exchange::throw_no_body() {
    throw_lost_body();
    const std::exception_ptr& error = stream_->error;
    if (limits_.has_passed() || holds<ClientPayloadError>(error)) std::rethrow_exception(error);
    const std::string text = "the connection was lost before the body was complete: ";
    std::rethrow_exception(made_from(error, ClientPayloadError(text + message(error))));
}

Bytes Http2Exchange::read_nowait() {
    if (is_over()) return {};
    Bytes body = std::exchange(stream_->body, Bytes());
    limits_.count(body.size());
    if (stream_->is_over) {
        finish();
    } else {
        http2().acknowledge(*stream_, body.size());
    }
    return body;
}

void Http2Exchange::finish() noexcept {
    limits_.stop();
    upload_.reset();
    share_->connection().has_served = true;
    share_.reset();
}

}  // namespace weft::http::internal
