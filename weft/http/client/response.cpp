// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/response.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <sys/mman.h>
#include <unistd.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/http/body/charset.hpp>
#include <weft/http/body/coding_error.hpp>
#include <weft/http/client/exceptions.hpp>
#include <weft/http/client/internal/body_decoder.hpp>
#include <weft/http/client/internal/response_body.hpp>
#include <weft/http/client/internal/trace.hpp>
#include <weft/http/client/trace_config.hpp>
#include <weft/http/media_type.hpp>
#include <weft/http/method.hpp>
#include <weft/http/server_sent_event.hpp>
#include <weft/http/url.hpp>
#include <weft/http/wire/event_parser.hpp>
#include <weft/http/wire/message_head.hpp>
#include <weft/runtime/async_generator.hpp>
#include <weft/runtime/coro.hpp>

namespace weft::http {
namespace {

Charset charset_called(const std::string& name) {
    const auto charset = find_charset(name);
    if (!charset) throw ValueError("there is no charset '" + name + "' here");
    return *charset;
}

Charset charset_said(const MediaType& type) {
    const auto name = type.charset();
    return name ? find_charset(*name).value_or(Charset::utf_8) : Charset::utf_8;
}

// glibc maps a block of this size for itself (M_MMAP_THRESHOLD), and unmaps it with what it was
// advised.
constexpr std::size_t mapped_bytes_min = std::size_t{32} * 1024 * 1024;

// Costs only address space, whatever a server announces and does not send. A large body gets large
// pages where the system has them: to fault in each small one takes longer than to receive it.
void make_room(Bytes& body, std::size_t size) {
    body.reserve(size);
    if (size < mapped_bytes_min) return;
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    void* begin = body.data();
    std::size_t room = body.capacity();
    // What the advice cannot reach goes without.
    if (std::align(page, page, begin, room)) ::madvise(begin, room, MADV_HUGEPAGE);
}

}  // namespace

ClientResponse::ClientResponse(ClientResponse&&) noexcept = default;
ClientResponse& ClientResponse::operator=(ClientResponse&&) noexcept = default;
ClientResponse::~ClientResponse() = default;

ClientResponse::ClientResponse(Method method, URL url, wire::ResponseHead head,
                               std::unique_ptr<internal::ResponseBody> rest, bool decompresses,
                               std::shared_ptr<internal::Trace> trace)
    : method_(std::move(method)),
      url_(std::move(url)),
      head_(std::move(head)),
      trace_(std::move(trace)),
      content_length_(rest->body_length()) {
    // A small body is there already, and its connection is for others then.
    Bytes come = rest->read_nowait();
    tell_received(come);
    if (decompresses) decoder_ = internal::BodyDecoder::for_headers(head_.headers);
    if (decoder_) {
        decoder_->feed(std::move(come));
    } else {
        body_ = std::move(come);
    }
    if (decoder_ || !rest->is_over()) rest_ = std::move(rest);
}

void ClientResponse::close() noexcept {
    if (!rest_) return;
    fail(std::make_exception_ptr(RuntimeError("the response was closed before its body was over")));
}

void ClientResponse::fail(std::exception_ptr error) noexcept {
    error_ = std::move(error);
    rest_.reset();
}

void ClientResponse::raise_for_status() {
    if (ok()) return;
    close();
    throw ClientResponseError(url_, head_.status, head_.reason, head_.headers);
}

void ClientResponse::refuse(const std::string& why) {
    fail(std::make_exception_ptr(ClientPayloadError(why)));
    std::rethrow_exception(error_);
}

void ClientResponse::refuse_longer_than(std::size_t bytes_max) {
    refuse("the body is longer than bytes_max, " + std::to_string(bytes_max) + " bytes");
}

Coro<const Bytes&> ClientResponse::read(std::size_t bytes_max) {
    co_await transparent;
    if (is_streamed_) throw RuntimeError("the body is read by content()");
    if (error_) std::rethrow_exception(error_);
    const std::uint64_t announced = decoder_ ? 0 : content_length_.value_or(0);
    if (announced > bytes_max || body_.size() > bytes_max) {
        refuse_longer_than(bytes_max);
    }
    if (rest_) make_room(body_, static_cast<std::size_t>(announced));
    while (rest_) {
        const Bytes piece = co_await next_piece();
        if (piece.size() > bytes_max - body_.size()) refuse_longer_than(bytes_max);
        body_ += piece;
    }
    co_return body_;
}

Coro<std::string> ClientResponse::text(std::optional<std::string> encoding) {
    co_await transparent;
    const Charset charset = encoding ? charset_called(*encoding) : charset_said(media_type());
    const Bytes& body = co_await read();
    auto decoded = decode_text(body, charset);
    if (!decoded) throw ValueError(describe(decoded.error()));
    co_return std::move(*decoded);
}

// What the headers say; nothing of one that makes no sense.
MediaType ClientResponse::media_type() const {
    return MediaType::parse(head_.headers.get("Content-Type", "")).value_or(MediaType());
}

void ClientResponse::expect_type(bool is_right, std::string_view expected) {
    if (is_right) return;
    throw ContentTypeError(url_, head_.status,
                           "the type of the body is '" +
                               std::string(head_.headers.get("Content-Type", "")) + "', not " +
                               std::string(expected));
}

Coro<std::string> ClientResponse::json_text() {
    co_await transparent;
    const MediaType type = media_type();
    expect_type(type.essence() == "application/json" || type.subtype.ends_with("+json"),
                "application/json");
    co_return co_await text();
}

Coro<Bytes> ClientResponse::take_body(std::size_t bytes_max) && {
    co_await transparent;
    static_cast<void>(co_await read(bytes_max));
    co_return std::move(body_);
}

void ClientResponse::tell_received(BytesView piece) const {
    if (!trace_ || piece.empty()) return;
    trace_->tell(&TraceConfig::on_response_chunk_received,
                 TraceResponseChunkReceivedParams{method_, url_, piece});
}

void ClientResponse::begin_streaming() {
    if (is_streamed_) throw RuntimeError("the body is read by another generator");
    is_streamed_ = true;
}

// First what has come already. Empty at the end.
Coro<Bytes> ClientResponse::next_streamed() {
    co_await transparent;
    if (!body_.empty()) co_return std::exchange(body_, Bytes());
    if (error_) std::rethrow_exception(error_);
    if (!rest_) co_return Bytes();
    co_return co_await next_piece();
}

AsyncGenerator<Bytes> ClientResponse::content() {
    begin_streaming();
    for (;;) {
        Bytes piece = co_await next_streamed();
        if (piece.empty()) co_return;
        co_yield std::move(piece);
    }
}

AsyncGenerator<std::string> ClientResponse::lines(std::size_t line_bytes_max) {
    begin_streaming();
    Bytes rest;  // without a line break
    for (;;) {
        const Bytes piece = co_await next_streamed();
        if (piece.empty()) break;
        std::size_t begin = 0;
        for (std::size_t end = 0; (end = piece.find('\n', begin)) != Bytes::npos; begin = end + 1) {
            rest.append(piece, begin, end - begin);
            if (rest.ends_with('\r')) rest.pop_back();
            if (rest.size() > line_bytes_max) break;
            co_yield std::exchange(rest, Bytes());
        }
        rest.append(piece, begin);
        if (rest.size() > line_bytes_max) {
            refuse("a line is longer than line_bytes_max, " + std::to_string(line_bytes_max) +
                   " bytes");
        }
    }
    if (!rest.empty()) co_yield std::move(rest);
}

AsyncGenerator<ServerSentEvent> ClientResponse::events() {
    constexpr std::string_view expected = "text/event-stream";
    expect_type(media_type().essence() == expected, expected);
    begin_streaming();
    wire::EventParser parser;
    for (;;) {
        const Bytes piece = co_await next_streamed();
        if (piece.empty()) co_return;
        parser.feed(piece);
        for (;;) {
            auto event = parser.next();
            if (!event) refuse(std::string(wire::describe(event.error())));
            if (!*event) break;
            co_yield std::move(**event);
        }
    }
}

// To wait for more would cost more than another connection does. Nothing is decompressed: it may be
// anything.
Coro<void> ClientResponse::drain() {
    co_await transparent;
    constexpr std::size_t drained_bytes_max = std::size_t{64} * 1024;
    std::size_t drained = 0;
    while (rest_ && !rest_->is_over() && drained <= drained_bytes_max) {
        const auto piece = co_await as_result(rest_->read_some());
        if (!piece) break;  // what is wrong with it is nobody's concern any more
        drained += piece->size();
    }
    close();
}

// Empty at the end.
Coro<Bytes> ClientResponse::next_piece() {
    co_await transparent;
    for (;;) {
        Bytes decoded = next_decoded();
        if (!decoded.empty() || !rest_) co_return decoded;
        auto piece = co_await as_result(rest_->read_some());
        if (!piece) {
            fail(piece.error());
            std::rethrow_exception(error_);
        }
        tell_received(*piece);
        if (decoder_) {
            decoder_->feed(std::move(*piece));
        } else {
            if (rest_->is_over()) rest_.reset();
            co_return std::move(*piece);
        }
    }
}

// Of what has come, if it is compressed. Sees to the end of it.
Bytes ClientResponse::next_decoded() {
    if (!decoder_) return {};
    auto piece = decoder_->next();
    if (!piece) refuse(describe(piece.error()));
    if (piece->empty() && rest_->is_over()) {
        const auto ended = decoder_->finish();
        if (!ended) refuse(describe(ended.error()));
        rest_.reset();
    }
    return std::move(*piece);
}

}  // namespace weft::http
