// SPDX-License-Identifier: Apache-2.0
#include <weft/http/syntax.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace weft::http {
namespace {

constexpr std::size_t quoted_bytes_max = 40;
constexpr std::string_view hex_digits = "0123456789abcdef";

}  // namespace

std::string in_quotes(std::string_view text) {
    std::string out = "'";
    for (const char c : text.substr(0, quoted_bytes_max)) {
        const auto byte = static_cast<std::uint8_t>(c);
        if (byte >= 0x20 && byte < 0x7f && c != '\'' && c != '\\') {
            out += c;
        } else {
            out += "\\x";
            out += hex_digits[byte >> 4];
            out += hex_digits[byte & 15];
        }
    }
    return out + (text.size() > quoted_bytes_max ? "…'" : "'");
}

}  // namespace weft::http
