// SPDX-License-Identifier: Apache-2.0
// weft/http/internal/ascii.hpp - text in lower case, and what is ASCII.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <weft/http/syntax.hpp>

namespace weft::http::internal {

[[nodiscard]] constexpr bool is_ascii(char c) noexcept {
    return static_cast<unsigned char>(c) < 0x80;
}

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
