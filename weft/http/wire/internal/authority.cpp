// SPDX-License-Identifier: Apache-2.0
#include <weft/http/wire/internal/authority.hpp>

#include <algorithm>
#include <cstddef>
#include <string_view>

#include <weft/http/syntax.hpp>

namespace weft::http::wire::internal {
namespace {

constexpr bool is_host_byte(char c) {
    return is_digit(c) || is_letter(c) ||
           std::string_view("-._~%!$&'()*+;=").find(c) != std::string_view::npos;
}

}  // namespace

bool is_authority(std::string_view text) noexcept {
    std::size_t at = 0;
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == std::string_view::npos || end == 1) return false;
        for (const char c : text.substr(1, end - 1)) {
            if (!is_host_byte(c) && c != ':') return false;
        }
        at = end + 1;
    } else {
        while (at < text.size() && is_host_byte(text[at])) ++at;
    }
    if (at == text.size()) return true;
    return text[at] == ':' && std::ranges::all_of(text.substr(at + 1), is_digit);
}

}  // namespace weft::http::wire::internal
