// SPDX-License-Identifier: Apache-2.0
// weft/http/wire/field_reader.hpp - header and trailer lines, from bytes to Headers.
#pragma once

#include <cstddef>
#include <expected>

#include <weft/base/bytes.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/wire/fault.hpp>
#include <weft/http/wire/field_notes.hpp>
#include <weft/http/wire/limits.hpp>
#include <weft/http/wire/line_buffer.hpp>

namespace weft::http::wire::internal {

/// Reads the lines of a message's fields up to the empty one, first of its head, then of its
/// trailers; both count against the same limits.
///
/// A line is judged when all of it is there. So it makes no difference how the bytes were cut, and
/// each mistake has one name.
///
/// Cost: one pass; all lines that came together are copied at once.
class FieldReader {
public:
    explicit FieldReader(const Limits& limits) noexcept : limits_(limits) {}

    /// Takes lines from the front of `data`; one that is cut stays in `line`.
    /// Returns: whether the empty line was there.
    [[nodiscard]] std::expected<bool, Fault> read(BytesView& data, LineBuffer& line,
                                                  Headers& headers, FieldNotes& notes);

private:
    bool read_in_place(BytesView& data, Headers& headers, FieldNotes& notes);
    std::expected<void, Fault> read_line(BytesView line, Headers& headers, FieldNotes& notes);
    [[nodiscard]] std::size_t bytes_left() const noexcept;
    void count(std::size_t line_bytes) noexcept;

    Limits limits_;
    std::size_t fields_ = 0;
    std::size_t bytes_ = 0;
};

}  // namespace weft::http::wire::internal
