// SPDX-License-Identifier: Apache-2.0
// weft/http/wire/http2/internal/response_reader.hpp - the messages of one stream, out of its fields.
//
//   head ──1xx──▶ head ──▶ body ──data…──▶ body ──trailers──▶ over
//                            └─────────the last frame────────▶ over
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

#include <weft/http/headers.hpp>
#include <weft/http/method.hpp>
#include <weft/http/wire/field_notes.hpp>
#include <weft/http/wire/http2/http2_error.hpp>
#include <weft/http/wire/limits.hpp>
#include <weft/http/wire/message_head.hpp>

namespace weft::http::wire::internal {

/// The rules that HTTP has for a response, those of HTTP/1.1 here and no weaker ones. libnghttp2 has
/// rules of its own, which are switched off: it drops a field with a control byte and says nothing.
///
/// Spec: RFC 9113 §8.1 to §8.3. White space around a value is dropped, as in HTTP/1.1, where §8.2.1
///       refuses it.
class ResponseReader {
public:
    using Judged = std::expected<void, H2Error>;
    /// What a list of fields was.
    enum class Block : std::uint8_t { informational, head, trailers };

    ResponseReader(Method::Known request, const Limits& limits) noexcept
        : limits_(limits), request_(request) {}

    /// A list of fields begins.
    [[nodiscard]] Judged begin_block();
    [[nodiscard]] Judged add_field(std::string_view name, std::string_view value);
    /// `ends`: so does the stream. end_stream() is still to be called then.
    [[nodiscard]] std::expected<Block, H2Error> end_block(bool ends);
    [[nodiscard]] Judged add_data(std::size_t bytes);
    /// How much of a body may come still.
    [[nodiscard]] std::uint64_t body_room() const noexcept;
    [[nodiscard]] Judged end_stream();

    /// Complete after end_block(); of trailers, the headers alone. May be moved from.
    [[nodiscard]] ResponseHead& head() noexcept { return head_; }
    /// Of the body, where the head has told it.
    [[nodiscard]] std::optional<std::uint64_t> body_length() const noexcept { return length_; }

private:
    enum class Stage : std::uint8_t { head, body, over };

    [[nodiscard]] Judged add_status(std::string_view name, std::string_view value);
    [[nodiscard]] Judged count_field(std::string_view name, std::string_view value);
    [[nodiscard]] std::expected<Block, H2Error> end_head(bool ends);

    Limits limits_;
    Method::Known request_;
    Stage stage_ = Stage::head;
    bool has_status_ = false;
    bool has_fields_ = false;  // other than :status, which must come first
    std::size_t fields_ = 0;
    std::size_t fields_bytes_ = 0;
    std::size_t informational_ = 0;
    std::uint64_t received_ = 0;  // of the body
    std::optional<std::uint64_t> length_;
    FieldNotes notes_;
    ResponseHead head_;
};

}  // namespace weft::http::wire::internal
