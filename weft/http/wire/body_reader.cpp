// SPDX-License-Identifier: Apache-2.0
#include <weft/http/wire/body_reader.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <limits>

#include <weft/base/bytes.hpp>
#include <weft/http/wire/fault.hpp>
#include <weft/http/wire/field_notes.hpp>
#include <weft/http/wire/internal/chunk_line.hpp>
#include <weft/http/wire/line_buffer.hpp>
#include <weft/http/wire/parse_error.hpp>

namespace weft::http::wire::internal {

void BodyReader::begin(BodyFraming framing, std::uint64_t length) noexcept {
    framing_ = framing;
    extension_bytes_ = 0;
    left_ = length;
    switch (framing) {
        case BodyFraming::none:
            stage_ = Stage::over;
            break;
        case BodyFraming::length:
            stage_ = length == 0 ? Stage::over : Stage::data;
            break;
        case BodyFraming::chunked:
            stage_ = Stage::chunk_size;
            break;
        case BodyFraming::until_close:
            stage_ = Stage::data;
            left_ = std::numeric_limits<std::uint64_t>::max();
            break;
    }
}

std::expected<BytesView, Fault> BodyReader::read(BytesView& data, const BodyContext& context) {
    while (!data.empty()) {
        switch (stage_) {
            case Stage::data:
                return take_data(data);
            case Stage::chunk_size: {
                const auto taken = take_chunk_size(data, context.line, context.notes);
                if (!taken) return std::unexpected(taken.error());
                break;
            }
            case Stage::chunk_end:
            case Stage::chunk_end_lf:
                if (!take_chunk_end(data)) {
                    return std::unexpected(Fault{ParseProblem::missing_chunk_end, 0, {}});
                }
                break;
            case Stage::trailers: {
                const auto done =
                    context.fields.read(data, context.line, context.trailers, context.notes);
                if (!done) return std::unexpected(done.error());
                if (*done) stage_ = Stage::over;
                break;
            }
            case Stage::over:
                return BytesView();
        }
    }
    return BytesView();
}

BytesView BodyReader::take_data(BytesView& data) noexcept {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, data.size()));
    const BytesView piece = data.substr(0, size);
    data.remove_prefix(size);
    if (framing_ == BodyFraming::until_close) return piece;
    left_ -= size;
    if (left_ == 0) stage_ = framing_ == BodyFraming::chunked ? Stage::chunk_end : Stage::over;
    return piece;
}

std::expected<bool, Fault> BodyReader::take_chunk_size(BytesView& data, LineBuffer& line,
                                                       FieldNotes& notes) {
    const std::size_t extension_bytes_left = extension_bytes_max_ - extension_bytes_;
    const auto taken = line.take(data, ChunkLine::digits_max + extension_bytes_left);
    if (!taken) {
        return std::unexpected(Fault{ParseProblem::chunk_extensions_too_long, line.size(), {}});
    }
    if (taken->empty()) return false;
    const auto chunk = read_chunk_line(*taken);
    if (!chunk) return std::unexpected(chunk.error());
    if (chunk->extension_bytes > extension_bytes_left) {
        return std::unexpected(Fault{ParseProblem::chunk_extensions_too_long, taken->size(), {}});
    }
    extension_bytes_ += chunk->extension_bytes;
    left_ = chunk->size;
    stage_ = left_ == 0 ? Stage::trailers : Stage::data;
    if (left_ == 0) notes.begin_trailers();
    return true;
}

bool BodyReader::take_chunk_end(BytesView& data) noexcept {
    const bool at_line_feed = stage_ == Stage::chunk_end_lf;
    if (data.front() != (at_line_feed ? '\n' : '\r')) return false;
    data.remove_prefix(1);
    stage_ = at_line_feed ? Stage::chunk_size : Stage::chunk_end_lf;
    return true;
}

}  // namespace weft::http::wire::internal
