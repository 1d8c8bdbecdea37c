// SPDX-License-Identifier: Apache-2.0
// weft/base/visible.hpp - which characters show a reader what is there.
#pragma once

#include <cstddef>
#include <string_view>

namespace weft {

/// Whether a character of Unicode is something to see, or a space: no control, no mark that turns the
/// direction of text or has no width, nothing that is no character. A text of others looks like another
/// text, or does something to a terminal.
/// Spec: Unicode 15, Default_Ignorable_Code_Point, Cc, Zl, Zp, U+FFF9 to U+FFFB, noncharacters,
///       surrogates.
[[nodiscard]] bool is_visible(char32_t character) noexcept;

/// The beginning of a text in UTF-8.
struct Character {
    std::size_t size;  ///< in bytes
    bool is_visible;
};

/// The character that `text`, which is not empty, begins with; of what is no UTF-8 a byte, which is not
/// visible.
/// Spec: RFC 3629 §4.
[[nodiscard]] Character first_character(std::string_view text) noexcept;

}  // namespace weft
