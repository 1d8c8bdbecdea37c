// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/response.hpp>

#include <cstddef>
#include <exception>
#include <memory>
#include <string>
#include <utility>

#include <sys/mman.h>
#include <unistd.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/http/client/exceptions.hpp>
#include <weft/http/client/internal/exchange.hpp>
#include <weft/http/method.hpp>
#include <weft/http/url.hpp>
#include <weft/http/wire/message_head.hpp>
#include <weft/runtime/async_generator.hpp>
#include <weft/runtime/coro.hpp>

namespace weft::http {
namespace {

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
                               std::unique_ptr<internal::Exchange> exchange)
    : method_(std::move(method)),
      url_(std::move(url)),
      head_(std::move(head)),
      content_length_(exchange->body_length()),
      body_(exchange->read_nowait()) {
    // A small body is there already, and its connection is for others now.
    if (!exchange->is_over()) exchange_ = std::move(exchange);
}

void ClientResponse::close() noexcept {
    if (!exchange_) return;
    fail(std::make_exception_ptr(RuntimeError("the response was closed before its body was over")));
}

void ClientResponse::fail(std::exception_ptr error) noexcept {
    error_ = std::move(error);
    exchange_.reset();
}

void ClientResponse::raise_for_status() {
    if (ok()) return;
    close();
    throw ClientResponseError(url_, head_.status, head_.reason, head_.headers);
}

void ClientResponse::refuse_longer_than(std::size_t bytes_max) {
    fail(std::make_exception_ptr(ClientPayloadError("the body is longer than bytes_max, " +
                                                    std::to_string(bytes_max) + " bytes")));
    std::rethrow_exception(error_);
}

Coro<const Bytes&> ClientResponse::read(std::size_t bytes_max) {
    co_await transparent;
    if (is_streamed_) throw RuntimeError("the body is read by content()");
    if (error_) std::rethrow_exception(error_);
    if (content_length_.value_or(0) > bytes_max || body_.size() > bytes_max) {
        refuse_longer_than(bytes_max);
    }
    if (exchange_ && content_length_) make_room(body_, static_cast<std::size_t>(*content_length_));
    while (exchange_) {
        const Bytes piece = co_await next_piece();
        if (piece.size() > bytes_max - body_.size()) refuse_longer_than(bytes_max);
        body_ += piece;
    }
    co_return body_;
}

Coro<Bytes> ClientResponse::take_body(std::size_t bytes_max) && {
    co_await transparent;
    static_cast<void>(co_await read(bytes_max));
    co_return std::move(body_);
}

AsyncGenerator<Bytes> ClientResponse::content() {
    if (is_streamed_) throw RuntimeError("the body is read by another content()");
    is_streamed_ = true;
    if (!body_.empty()) co_yield std::exchange(body_, Bytes());
    if (error_) std::rethrow_exception(error_);
    while (exchange_) {
        Bytes piece = co_await next_piece();
        if (!piece.empty()) co_yield std::move(piece);
    }
}

// Empty at the end.
Coro<Bytes> ClientResponse::next_piece() {
    co_await transparent;
    auto piece = co_await as_result(exchange_->read_some());
    if (!piece) {
        fail(piece.error());
        std::rethrow_exception(error_);
    }
    if (exchange_->is_over()) exchange_.reset();
    co_return std::move(*piece);
}

}  // namespace weft::http
