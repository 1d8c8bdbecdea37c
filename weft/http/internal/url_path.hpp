// SPDX-License-Identifier: Apache-2.0
// weft/http/internal/url_path.hpp - paths: segments behind slashes, `.` and `..` resolved.
//
// The standard's path is a list of segments. Here it is the text from `begin` to the end: each
// segment with the slash before it, so that no segments are "" and one empty segment is "/".
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <weft/http/internal/scheme.hpp>

namespace weft::http::internal {

/// Appends what is written between slashes, even if it is nothing, which is one empty segment.
/// The bytes of path_set are encoded.
/// Cost: linear in what is appended and what `..` removes.
/// Spec: WHATWG URL §4.4, the path state.
void append_segments(std::string& text, std::size_t begin, std::string_view segments,
                     SchemeKind kind);

/// The same with a slash in front, which a web or file URL may do without. Nothing at all is no
/// segment for other schemes.
/// Spec: the path start state.
void append_path(std::string& text, std::size_t begin, std::string_view path, SchemeKind kind);

/// Removes the last segment, but no drive's letter of a file URL.
/// Spec: "shorten".
void remove_last_segment(std::string& text, std::size_t begin, SchemeKind kind) noexcept;

/// Whether a text begins with the letter of a drive, `C:` or `C|`, as a whole segment.
[[nodiscard]] bool starts_with_drive(std::string_view text) noexcept;
/// Whether it is one, and nothing else.
[[nodiscard]] bool is_drive(std::string_view text) noexcept;

/// Whether a byte ends a segment.
[[nodiscard]] constexpr bool is_slash(char c, SchemeKind kind) noexcept {
    return c == '/' || (c == '\\' && kind != SchemeKind::other);
}
/// Where the first one is; the size where there is none.
/// Not find_first_of(), which calls memchr() for each byte.
[[nodiscard]] constexpr std::size_t find_slash(std::string_view text, SchemeKind kind) noexcept {
    std::size_t at = 0;
    while (at < text.size() && !is_slash(text[at], kind)) ++at;
    return at;
}

}  // namespace weft::http::internal
