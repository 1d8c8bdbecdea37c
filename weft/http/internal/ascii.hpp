// SPDX-License-Identifier: Apache-2.0
// weft/http/internal/ascii.hpp - letters and figures of ASCII, whatever the locale is.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace weft::http::internal {

[[nodiscard]] constexpr bool is_ascii(char c) noexcept {
    return static_cast<unsigned char>(c) < 0x80;
}
[[nodiscard]] constexpr char to_lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
[[nodiscard]] constexpr bool is_letter(char c) noexcept {
    return to_lower(c) >= 'a' && to_lower(c) <= 'z';
}
[[nodiscard]] constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

inline void append_lower_case(std::string& out, std::string_view text) {
    const std::size_t begin = out.size();
    out += text;
    for (std::size_t i = begin; i < out.size(); ++i) out[i] = to_lower(out[i]);
}
[[nodiscard]] inline std::string lower_case(std::string_view text) {
    std::string lower;
    append_lower_case(lower, text);
    return lower;
}

}  // namespace weft::http::internal
