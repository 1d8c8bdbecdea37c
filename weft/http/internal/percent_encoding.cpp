// SPDX-License-Identifier: Apache-2.0
#include <weft/http/internal/percent_encoding.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace weft::http::internal {

void append_percent_encoded(std::string& out, std::string_view text, const ByteSet& set) {
    constexpr std::string_view hex = "0123456789ABCDEF";
    while (!text.empty()) {
        const auto* const stop =
            std::ranges::find_if(text, [&](char c) { return set.contains(c); });
        const auto plain = static_cast<std::size_t>(stop - text.begin());
        out.append(text.substr(0, plain));
        if (plain == text.size()) return;
        const auto value = static_cast<unsigned char>(text[plain]);
        out += {'%', hex[value >> 4U], hex[value & 0xfU]};
        text.remove_prefix(plain + 1);
    }
}

std::string percent_decoded(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size()) {
            const int high = hex_value(text[i + 1]);
            const int low = hex_value(text[i + 2]);
            if (high >= 0 && low >= 0) {
                out += static_cast<char>(high * 16 + low);
                i += 2;
                continue;
            }
        }
        out += text[i];
    }
    return out;
}

}  // namespace weft::http::internal
