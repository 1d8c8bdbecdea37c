// SPDX-License-Identifier: Apache-2.0
// weft/http/body/delimiter_search.hpp - what is before a boundary, in bytes that come in pieces.
#pragma once

#include <cstddef>
#include <string_view>

#include <weft/base/bytes.hpp>

namespace weft::http::internal {

/// Looks for CR LF -- BOUNDARY.
///
/// A delimiter begins with its only CR, hence what looked like one and is none holds no beginning of
/// another: its bytes are content, and they are those of the delimiter, so nothing is kept of them.
class DelimiterSearch {
public:
    explicit DelimiterSearch(std::string_view boundary) : delimiter_("\r\n--" + Bytes(boundary)) {}

    /// Begins behind a line break, which may be that of the delimiter.
    void begin() noexcept { held_ = before_ = line_break_bytes; }

    /// Takes bytes from the front of `data`, up to the delimiter or past it.
    /// Returns: what is before the delimiter, valid until the next call; an empty one where the
    ///          delimiter was taken, or all of the data.
    BytesView take(BytesView& data) noexcept;
    /// Whether the last take() took the delimiter.
    [[nodiscard]] bool is_found() const noexcept { return is_found_; }

private:
    static constexpr std::size_t line_break_bytes = 2;

    BytesView go_on(BytesView& data) noexcept;

    Bytes delimiter_;
    std::size_t held_ = 0;    // bytes of the delimiter that have come at the end of a piece
    std::size_t before_ = 0;  // of which so many were there before the content
    bool is_found_ = false;
};

}  // namespace weft::http::internal
