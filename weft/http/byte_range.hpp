// SPDX-License-Identifier: Apache-2.0
// weft/http/byte_range.hpp - parts of a content: Range, Content-Range.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <weft/http/field_error.hpp>

namespace weft::http {

/// Bytes of a content, counted from 0; both ends belong to it.
struct ByteRange {
    std::uint64_t first = 0;
    std::uint64_t last = 0;

    [[nodiscard]] constexpr std::uint64_t size() const noexcept { return last - first + 1; }
    friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

/// What a Range asks for, before it is known how long the content is.
struct RangeRequest {
    std::optional<std::uint64_t> first;  ///< nullopt: the last `last` bytes
    std::optional<std::uint64_t> last;   ///< nullopt: up to the end

    friend bool operator==(const RangeRequest&, const RangeRequest&) = default;
};

/// Reads a Range: `bytes=0-499`, `bytes=500-`, `bytes=-500`, or several.
///
/// Errors: bad_range         it is none, or of another unit than bytes, or a number passes 63 bits.
///                           A server then answers as if there were none.
///         too_many_ranges   there are more than `ranges_max`.
/// Limits: ranges_max, 8: some take a range of each byte, and have each copied (CVE-2011-3192).
/// Spec:   RFC 9110 §14.1.1 and §14.2.
[[nodiscard]] std::expected<std::vector<RangeRequest>, FieldError> parse_range(
    std::string_view text, std::size_t ranges_max = 8);

/// The text that parse_range() reads back.
/// Errors: ValueError   there is none, or one ends before it begins or has no number at all.
[[nodiscard]] std::string format_range(std::span<const RangeRequest> ranges);

/// Those of a content of `size` bytes, in its order, each byte at most once. Empty where there is none
/// of them: 416.
/// Cost: sorts them, then one pass.
/// Spec: RFC 9110 §14.1.2 and §15.3.7.2.
[[nodiscard]] std::vector<ByteRange> resolve_ranges(std::span<const RangeRequest> ranges,
                                                    std::uint64_t size);

/// The value of a Content-Range: which bytes of how many. Without a range it is that of a 416.
struct ContentRange {
    std::optional<ByteRange> range;
    std::optional<std::uint64_t> size;  ///< nullopt: nobody knows yet

    /// Errors: bad_content_range   it is none, of another unit than bytes, or a range that does not lie
    ///                             within the size; numbers pass 63 bits.
    /// Spec: RFC 9110 §14.4.
    [[nodiscard]] static std::expected<ContentRange, FieldError> parse(std::string_view text);
    /// The text that parse() reads back.
    /// Errors: ValueError   there is neither range nor size, or the range does not lie within it.
    [[nodiscard]] std::string to_string() const;

    friend bool operator==(const ContentRange&, const ContentRange&) = default;
};

}  // namespace weft::http
