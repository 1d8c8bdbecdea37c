// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/internal/body_writer.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <utility>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/http/wire/http1_writer.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/runtime/coro.hpp>

namespace weft::http::internal {
namespace {

constexpr std::size_t gathered_bytes_max = std::size_t{64} * 1024;

}  // namespace

BodyWriter::BodyWriter(StreamWriter writer, Bytes head, std::optional<std::uint64_t> length)
    : writer_(std::move(writer)), gathered_(std::move(head)), length_(length) {}

void BodyWriter::write(BytesView piece) {
    if (!length_) {
        Bytes begin;
        wire::write_chunk_begin(begin, piece.size());
        append(begin);
        append(piece);
        append(wire::chunk_end);
        return;
    }
    if (piece.size() > *length_ - sent_) throw_other_length("more");
    sent_ += piece.size();
    append(piece);
}

void BodyWriter::finish() {
    if (length_ && sent_ < *length_) throw_other_length(std::to_string(sent_));
    if (!length_) wire::write_last_chunk(gathered_);
    flush();
}

void BodyWriter::flush() {
    if (gathered_.empty()) return;
    give(gathered_);
    gathered_.clear();
}

void BodyWriter::give(BytesView bytes) {
    writer_.write(bytes);
    given_ += bytes.size();
}

// A long piece is sent from where it lies.
void BodyWriter::append(BytesView bytes) {
    if (gathered_.size() + bytes.size() <= gathered_bytes_max) {
        gathered_ += bytes;
        return;
    }
    flush();
    give(bytes);
}

Coro<bool> BodyWriter::has_drained() {
    co_await transparent;
    const auto drained = co_await as_result(writer_.drain());
    if (!drained && !holds<OSError>(drained.error())) std::rethrow_exception(drained.error());
    co_return drained.has_value();
}

void BodyWriter::throw_other_length(const std::string& came) const {
    throw ValueError("the body of the request has " + came + " bytes, announced were " +
                     std::to_string(*length_));
}

}  // namespace weft::http::internal
