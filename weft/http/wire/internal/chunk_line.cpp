// SPDX-License-Identifier: Apache-2.0
#include <weft/http/wire/internal/chunk_line.hpp>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <limits>
#include <system_error>

#include <weft/base/bytes.hpp>
#include <weft/http/syntax.hpp>
#include <weft/http/wire/fault.hpp>
#include <weft/http/wire/parse_error.hpp>

namespace weft::http::wire::internal {
namespace {

constexpr BytesView line_break = "\r\n";

bool skip(BytesView& text, char expected) {
    if (!text.starts_with(expected)) return false;
    text.remove_prefix(1);
    return true;
}

void skip_spaces(BytesView& text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
}

bool skip_token(BytesView& text) {
    const std::size_t size = token_prefix(text);
    text.remove_prefix(size);
    return size > 0;
}

// RFC 9110 §5.6.4.
bool skip_quoted(BytesView& text) {
    if (!skip(text, '"')) return false;
    while (!text.empty()) {
        if (skip(text, '"')) return true;
        skip(text, '\\');
        if (value_prefix(text.substr(0, 1)) == 0) return false;
        text.remove_prefix(1);
    }
    return false;
}

bool are_extensions(BytesView text) {
    while (!text.empty()) {
        skip_spaces(text);
        if (!skip(text, ';')) return false;
        skip_spaces(text);
        if (!skip_token(text)) return false;
        BytesView value = text;
        skip_spaces(value);
        if (!skip(value, '=')) continue;
        skip_spaces(value);
        if (!skip_token(value) && !skip_quoted(value)) return false;
        text = value;
    }
    return true;
}

}  // namespace

std::expected<ChunkLine, Fault> read_chunk_line(BytesView line) {
    using enum ParseProblem;
    const std::size_t bytes = line.size();
    if (!line.ends_with(line_break)) return std::unexpected(Fault{bare_line_feed, bytes, {}});
    line.remove_suffix(line_break.size());

    std::uint64_t size = 0;
    const auto [stop, error] = std::from_chars(line.data(), line.data() + line.size(), size, 16);
    const auto digits = static_cast<std::size_t>(stop - line.data());
    if (digits == 0 || digits > ChunkLine::digits_max || error != std::errc() ||
        size > std::numeric_limits<std::int64_t>::max()) {
        return std::unexpected(Fault{bad_chunk_size, bytes, line});
    }
    const BytesView extensions = line.substr(digits);
    if (!are_extensions(extensions)) {
        // "5x" and "5 " are no size rather than a size with an extension.
        const bool has_extension = trimmed(extensions).starts_with(';');
        return std::unexpected(
            Fault{has_extension ? bad_chunk_extension : bad_chunk_size, bytes, line});
    }
    return ChunkLine{.size = size, .extension_bytes = extensions.size()};
}

}  // namespace weft::http::wire::internal
