// SPDX-License-Identifier: Apache-2.0
// weft/http/client/internal/hexadecimal.hpp - bytes in figures: 0aff.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace weft::http::internal {

[[nodiscard]] inline std::string in_hexadecimal(std::span<const unsigned char> bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const unsigned char byte : bytes) {
        text += digits[byte / 16U];
        text += digits[byte % 16U];
    }
    return text;
}

}  // namespace weft::http::internal
