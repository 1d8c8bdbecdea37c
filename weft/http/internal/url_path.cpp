// SPDX-License-Identifier: Apache-2.0
#include <weft/http/internal/url_path.hpp>

#include <cstddef>
#include <string>
#include <string_view>

#include <weft/http/internal/percent_encoding.hpp>
#include <weft/http/internal/scheme.hpp>
#include <weft/http/syntax.hpp>

namespace weft::http::internal {
namespace {

// How many dots a segment consists of, written as `.`, `%2e` or `%2E`; 0 for any other segment.
std::size_t dots_of(std::string_view segment) noexcept {
    std::size_t dots = 0;
    while (!segment.empty() && dots < 3) {
        if (segment.front() == '.') {
            segment.remove_prefix(1);
        } else if (segment.starts_with("%2e") || segment.starts_with("%2E")) {
            segment.remove_prefix(3);
        } else {
            return 0;
        }
        ++dots;
    }
    return dots;
}

}  // namespace

void append_segments(std::string& text, std::size_t begin, std::string_view segments,
                     SchemeKind kind) {
    for (bool last = false; !last;) {
        const std::size_t slash = find_slash(segments, kind);
        const std::string_view segment = segments.substr(0, slash);
        last = slash == segments.size();
        segments.remove_prefix(last ? slash : slash + 1);

        const std::size_t dots = dots_of(segment);
        if (dots == 1 || dots == 2) {
            if (dots == 2) remove_last_segment(text, begin, kind);
            if (last) text += '/';
        } else if (kind == SchemeKind::file && text.size() == begin && is_drive(segment)) {
            text += {'/', segment.front(), ':'};
        } else {
            text += '/';
            append_percent_encoded(text, segment, path_set);
        }
    }
}

void append_path(std::string& text, std::size_t begin, std::string_view path, SchemeKind kind) {
    if (path.empty() && kind == SchemeKind::other) return;
    if (!path.empty() && is_slash(path.front(), kind)) path.remove_prefix(1);
    append_segments(text, begin, path, kind);
}

void remove_last_segment(std::string& text, std::size_t begin, SchemeKind kind) noexcept {
    if (text.size() == begin) return;
    const std::size_t slash = text.rfind('/');
    if (kind == SchemeKind::file && slash == begin) {
        const std::string_view first = std::string_view(text).substr(begin + 1);
        if (is_drive(first) && first[1] == ':') return;
    }
    text.resize(slash);
}

bool is_drive(std::string_view text) noexcept {
    return text.size() == 2 && is_letter(text[0]) && (text[1] == ':' || text[1] == '|');
}

bool starts_with_drive(std::string_view text) noexcept {
    return is_drive(text.substr(0, 2)) && (text.size() == 2 || is_slash(text[2], SchemeKind::file));
}

}  // namespace weft::http::internal
