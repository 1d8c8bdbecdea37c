// SPDX-License-Identifier: Apache-2.0
// weft/http/body/multipart_parser.hpp - MultipartParser: a body of several parts, as it comes.
//
//   preamble ──▶ delimiter_end ── CR LF ──▶ headers ──▶ content ──╮
//                  │  ▲                                           │ CR LF -- boundary
//                  │  ╰───────────────────────────────────────────╯
//                  ╰── -- ──▶ over
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include <weft/base/bytes.hpp>
#include <weft/http/body/delimiter_search.hpp>
#include <weft/http/body/multipart_error.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/media_type.hpp>

namespace weft::http {

/// The bounds of a body. Contents have none here: they are handed on, not kept.
struct MultipartLimits {
    std::size_t parts_max = 1000;
    std::size_t header_bytes_max = 8 * 1024;   ///< all headers of one part, with line breaks
    std::size_t fields_max = 32;               ///< headers of one part
    std::size_t ignored_bytes_max = 8 * 1024;  ///< before the first and behind the last boundary
};

enum class MultipartEvent : std::uint8_t {
    need_data,  ///< all was taken: feed more
    part,       ///< headers() of a part are complete
    content,    ///< `content` is a piece of the part's
    part_end,   ///< the part is over
    end,        ///< the body is over, and so it stays
};

/// What the parser has found, and how much of what it was fed was taken for it.
struct MultipartStep {
    MultipartEvent event = MultipartEvent::need_data;
    std::size_t used = 0;
    BytesView content{};  ///< of `MultipartEvent::content`: valid until the next call, never empty
};

/// The boundary that a Content-Type tells.
///
/// Errors: not_multipart, bad_boundary.
/// Spec:   RFC 2046 §5.1.1. Two boundaries are refused: programs take the one or the other.
[[nodiscard]] std::expected<std::string, MultipartError> multipart_boundary(const MediaType& type);

/// Finds the parts of a multipart body.
///
///     MultipartParser parser(boundary);
///     for (;;) {
///         const auto step = parser.next(data);
///         if (!step) throw ValueError(describe(step.error()));
///         data.remove_prefix(step->used);
///         if (step->event == MultipartEvent::content) content += step->content;
///         if (step->event == MultipartEvent::end) break;
///     }
///
/// The body may come in any pieces: the events are the same but for where content is cut, and so are
/// the errors. What is taken need not be kept.
///
/// Lines end with CR LF. A boundary is followed by that or `--` at once; white space there, which RFC
/// 2046 knows of mail, is refused, since programs disagree on it. A part may lack headers or content,
/// and a body parts, as browsers send a form without fields. What is before the first boundary or
/// behind the last is dropped.
///
/// Limits: MultipartLimits: 1,000 parts, for each 8 KiB of headers and 32 of them; 8 KiB that are
///         dropped.
/// Cost:   one pass, and no copy but of the headers.
/// Spec:   RFC 2046 §5.1.1, RFC 7578. Content-Transfer-Encoding must say that there is none (RFC 7578
///         §4.7), where aiohttp decodes it.
class MultipartParser {
public:
    /// Errors: ValueError   the boundary cannot be one.
    explicit MultipartParser(std::string_view boundary, const MultipartLimits& limits = {});

    /// Takes bytes from the front of `data` up to the next event.
    ///
    /// Errors: those of a body and its limits; each further call gives the same error.
    [[nodiscard]] std::expected<MultipartStep, MultipartError> next(BytesView data);

    /// Tells that the body has ended.
    /// Errors: cut_off; as next(), where that has failed.
    [[nodiscard]] std::expected<void, MultipartError> finish() const;

    /// Of the part at hand, from its event on.
    [[nodiscard]] const Headers& headers() const noexcept { return headers_; }

private:
    enum class State : std::uint8_t { preamble, delimiter_end, headers, content, over };
    using Failure = std::unexpected<MultipartError>;

    std::expected<MultipartEvent, MultipartError> advance(BytesView& data);
    std::expected<void, MultipartError> skip(BytesView& data);
    std::expected<MultipartEvent, MultipartError> end_delimiter(BytesView& data);
    std::expected<bool, MultipartError> take_headers(BytesView& data);
    std::expected<void, MultipartError> read_headers(BytesView lines);
    MultipartEvent take_content(BytesView& data);

    MultipartLimits limits_;
    State state_ = State::preamble;
    internal::DelimiterSearch search_;
    Bytes block_;  // what is there of the headers, or of what follows a boundary
    BytesView content_;
    Headers headers_;
    std::size_t parts_ = 0;
    std::size_t ignored_bytes_ = 0;
    std::optional<MultipartError> error_;
};

}  // namespace weft::http
