// SPDX-License-Identifier: Apache-2.0
// weft/http/wire/line_buffer.hpp - lines out of bytes that come in pieces.
#pragma once

#include <cstddef>
#include <optional>

#include <weft/base/bytes.hpp>

namespace weft::http::wire::internal {

/// A line that is all there is judged where it lies; only one that is cut is put together here.
/// No byte is looked at twice, however small the pieces are.
class LineBuffer {
public:
    /// Takes one line from the front of `data`, up to its line feed.
    ///
    /// Returns:  the line, its line feed included: a view of `data` or of what is kept here, valid
    ///           until the next call. An empty one where the line feed has not come yet: all of
    ///           `data` was taken, and the rest of the line is to be fed. nullopt where it has more
    ///           than `bytes_max` bytes before CR LF; size() tells how many were taken.
    [[nodiscard]] std::optional<BytesView> take(BytesView& data, std::size_t bytes_max);

    /// How many bytes of a line that is not all there are kept.
    [[nodiscard]] std::size_t size() const noexcept { return is_taken_ ? 0 : pieces_.size(); }
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }
    /// Drops what is kept, and its memory where that is much: a connection may be idle for long.
    void clear() noexcept;

private:
    Bytes pieces_;
    bool is_taken_ = false;  // what is in pieces_ was given, and goes with the next call
};

}  // namespace weft::http::wire::internal
