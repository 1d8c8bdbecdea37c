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
#include <weft/http/client/request.hpp>
#include <weft/http/client/trace_config.hpp>
#include <weft/http/media_type.hpp>
#include <weft/http/server_sent_event.hpp>
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

internal::ResponseState::~ResponseState() = default;

ClientResponse::ClientResponse(const ClientRequest& request, wire::ResponseHead head,
                               std::unique_ptr<internal::ResponseBody> rest)
    : state_(new internal::ResponseState{.method = request.method,
                                         .url = request.url,
                                         .head = std::move(head),
                                         .trace = request.trace,
                                         .read_bytes_max = request.body_limits.read_bytes_max,
                                         .content_length = rest->body_length()}) {
    // A small body is there already, and its connection is for others then.
    Bytes come = rest->read_nowait();
    tell_received(come);
    if (request.auto_decompress) {
        state_->decoder =
            internal::BodyDecoder::for_headers(state_->head.headers, request.body_limits);
    }
    if (state_->decoder) {
        state_->decoder->feed(std::move(come));
    } else {
        state_->body = std::move(come);
    }
    if (state_->decoder || !rest->is_over() || rest->is_upgraded()) state_->rest = std::move(rest);
}

std::unique_ptr<internal::ResponseBody> ClientResponse::take_rest() && noexcept {
    return std::move(state_->rest);
}

void ClientResponse::close() noexcept {
    if (!state_->rest) return;
    fail(std::make_exception_ptr(RuntimeError("the response was closed before its body was over")));
}

void ClientResponse::fail(std::exception_ptr error) noexcept {
    state_->error = std::move(error);
    state_->rest.reset();
}

void ClientResponse::raise_for_status() {
    if (ok()) return;
    close();
    throw ClientResponseError(state_->url, state_->head.status, state_->head.reason,
                              state_->head.headers);
}

void ClientResponse::refuse(const std::string& why) {
    fail(std::make_exception_ptr(ClientPayloadError(why)));
    std::rethrow_exception(state_->error);
}

Coro<const Bytes&> ClientResponse::read(std::optional<std::size_t> bytes_max) {
    co_await transparent;
    if (state_->is_streamed) throw RuntimeError("the body is read by content()");
    if (state_->error) std::rethrow_exception(state_->error);
    const std::size_t limit = bytes_max.value_or(state_->read_bytes_max);
    const auto refuse_longer = [&] {
        refuse(std::string("the body is longer than ") + (bytes_max ? "" : "read_") +
               "bytes_max, " + std::to_string(limit) + " bytes");
    };
    const std::uint64_t announced = state_->decoder ? 0 : state_->content_length.value_or(0);
    if (announced > limit || state_->body.size() > limit) refuse_longer();
    if (state_->rest) make_room(state_->body, static_cast<std::size_t>(announced));
    while (state_->rest) {
        const Bytes piece = co_await next_piece();
        if (piece.size() > limit - state_->body.size()) refuse_longer();
        state_->body += piece;
    }
    co_return state_->body;
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
    return MediaType::parse(state_->head.headers.get("Content-Type", "")).value_or(MediaType());
}

std::string ClientResponse::content_type() const {
    const MediaType type = media_type();
    return type.type.empty() ? "application/octet-stream" : type.essence();
}

std::optional<std::string> ClientResponse::charset() const {
    const MediaType type = media_type();  // of which the name is a view
    const auto name = type.charset();
    return name ? std::optional(std::string(*name)) : std::nullopt;
}

void ClientResponse::expect_type(bool is_right, std::string_view expected) {
    if (is_right) return;
    throw ContentTypeError(state_->url, state_->head.status,
                           "the type of the body is '" +
                               std::string(state_->head.headers.get("Content-Type", "")) +
                               "', not " + std::string(expected));
}

Coro<std::string> ClientResponse::json_text() {
    co_await transparent;
    const MediaType type = media_type();
    expect_type(type.essence() == "application/json" || type.subtype.ends_with("+json"),
                "application/json");
    co_return co_await text();
}

Coro<Bytes> ClientResponse::take_body(std::optional<std::size_t> bytes_max) && {
    co_await transparent;
    static_cast<void>(co_await read(bytes_max));
    co_return std::move(state_->body);
}

void ClientResponse::tell_received(BytesView piece) const {
    if (!state_->trace || piece.empty()) return;
    state_->trace->tell(&TraceConfig::on_response_chunk_received,
                        TraceResponseChunkReceivedParams{state_->method, state_->url, piece});
}

void ClientResponse::begin_streaming() {
    if (state_->is_streamed) throw RuntimeError("the body is read by another generator");
    state_->is_streamed = true;
}

// First what has come already. Empty at the end.
Coro<Bytes> ClientResponse::next_streamed() {
    co_await transparent;
    if (!state_->body.empty()) co_return std::exchange(state_->body, Bytes());
    if (state_->error) std::rethrow_exception(state_->error);
    if (!state_->rest) co_return Bytes();
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
    while (state_->rest && !state_->rest->is_over() && drained <= drained_bytes_max) {
        const auto piece = co_await as_result(state_->rest->read_some());
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
        if (!decoded.empty() || !state_->rest) co_return decoded;
        auto piece = co_await as_result(state_->rest->read_some());
        if (!piece) {
            fail(piece.error());
            std::rethrow_exception(state_->error);
        }
        try {
            tell_received(*piece);
        } catch (...) {
            fail(std::current_exception());
            throw;
        }
        if (state_->decoder) {
            state_->decoder->feed(std::move(*piece));
        } else {
            if (state_->rest->is_over()) state_->rest.reset();
            co_return std::move(*piece);
        }
    }
}

// Of what has come, if it is compressed. Sees to the end of it.
Bytes ClientResponse::next_decoded() {
    if (!state_->decoder) return {};
    auto piece = state_->decoder->next();
    if (!piece) refuse(describe(piece.error()));
    if (piece->empty() && state_->rest->is_over()) {
        const auto ended = state_->decoder->finish();
        if (!ended) refuse(describe(ended.error()));
        state_->rest.reset();
    }
    return std::move(*piece);
}

}  // namespace weft::http
