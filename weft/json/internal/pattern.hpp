// SPDX-License-Identifier: Apache-2.0
// weft/json/internal/pattern.hpp - a regular expression of Field::pattern.
//
// RE2, since its time is linear in the text whatever the expression; no header of it is needed here.
#pragma once

#include <memory>
#include <string_view>

namespace re2 {
class RE2;  // NOLINT(readability-identifier-naming): RE2's name
}

namespace weft::json::internal {

class Pattern {
public:
    /// Ends the process where the text is no regular expression: it is one of the program's own.
    explicit Pattern(std::string_view text);
    ~Pattern();
    Pattern(const Pattern&) = delete;
    Pattern& operator=(const Pattern&) = delete;

    /// Whether a part of the text matches; `^` and `$` bind it to begin and end.
    /// Thread: any.
    [[nodiscard]] bool is_in(std::string_view text) const;

private:
    std::unique_ptr<const re2::RE2> expression_;
};

}  // namespace weft::json::internal
