// SPDX-License-Identifier: Apache-2.0
// weft/http/wire/body_reader.hpp - the body of a message, out of what frames it.
//
//   length       data ──── as many bytes as were announced ───▶ end
//   chunked      size ──▶ data ──▶ chunk_end ──▶ size …
//                  │ 0
//                  ▼
//                trailers ──▶ end
//   until_close  data ──── for as long as the peer sends
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>

#include <weft/base/bytes.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/wire/fault.hpp>
#include <weft/http/wire/field_notes.hpp>
#include <weft/http/wire/field_reader.hpp>
#include <weft/http/wire/limits.hpp>
#include <weft/http/wire/line_buffer.hpp>

namespace weft::http::wire::internal {

enum class BodyFraming : std::uint8_t { none, length, chunked, until_close };

/// What the reader needs of the message for the lines between the chunks.
struct BodyContext {
    LineBuffer& line;
    FieldReader& fields;
    FieldNotes& notes;
    Headers& trailers;
};

/// Spec: RFC 9112 §6 and §7.
class BodyReader {
public:
    explicit BodyReader(const Limits& limits) noexcept
        : extension_bytes_max_(limits.chunk_extension_bytes_max) {}

    /// `length` is that of `BodyFraming::length`.
    void begin(BodyFraming framing, std::uint64_t length) noexcept;

    /// Takes bytes from the front of `data` until there is some of the body.
    /// Returns: a piece of it, a view of `data`; an empty one where all was taken, or the body is
    ///          over.
    [[nodiscard]] std::expected<BytesView, Fault> read(BytesView& data, const BodyContext& context);

    [[nodiscard]] bool is_over() const noexcept { return stage_ == Stage::over; }
    [[nodiscard]] bool ends_with_connection() const noexcept {
        return framing_ == BodyFraming::until_close;
    }

private:
    enum class Stage : std::uint8_t { data, chunk_size, chunk_end, chunk_end_lf, trailers, over };

    BytesView take_data(BytesView& data) noexcept;
    std::expected<bool, Fault> take_chunk_size(BytesView& data, LineBuffer& line,
                                               FieldNotes& notes);
    bool take_chunk_end(BytesView& data) noexcept;

    BodyFraming framing_ = BodyFraming::none;
    Stage stage_ = Stage::over;
    std::uint64_t left_ = 0;  // of the body, or of the chunk at hand
    std::size_t extension_bytes_max_;
    std::size_t extension_bytes_ = 0;
};

}  // namespace weft::http::wire::internal
