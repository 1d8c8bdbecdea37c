// SPDX-License-Identifier: Apache-2.0
// weft/http/utf8.hpp - whether bytes are UTF-8.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace weft::http {

/// How many bytes at the front of `text` are whole characters of UTF-8: no overlong form, no
/// surrogate, nothing beyond U+10FFFF.
/// Spec: RFC 3629 §4.
[[nodiscard]] std::size_t utf8_prefix(std::string_view text) noexcept;
[[nodiscard]] inline bool is_utf8(std::string_view text) noexcept {
    return utf8_prefix(text) == text.size();
}

/// Appends a character, which is one: at most 10FFFF, and no surrogate.
void append_utf8(std::string& out, char32_t character);

}  // namespace weft::http
