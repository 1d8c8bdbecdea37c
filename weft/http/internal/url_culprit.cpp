// SPDX-License-Identifier: Apache-2.0
#include <weft/http/internal/url_culprit.hpp>

#include <cstddef>
#include <string>
#include <string_view>

#include <weft/http/internal/percent_encoding.hpp>
#include <weft/http/url_error.hpp>

namespace weft::http::internal {

std::string culprit_of(std::string_view whole, std::string_view part) {
    constexpr std::string_view hex = "0123456789abcdef";
    const auto begin = static_cast<std::size_t>(part.data() - whole.data());
    if (whole.substr(begin).contains('@')) return "…";

    std::string shown;
    for (const char c : part.substr(0, URLError::culprit_bytes_max)) {
        if (c0_control_set.contains(c) && static_cast<unsigned char>(c) < 0x80) {
            const auto value = static_cast<unsigned char>(c);
            shown += {'\\', 'x', hex[value >> 4U], hex[value & 0xfU]};
        } else {
            shown += c;
        }
    }
    if (part.size() > URLError::culprit_bytes_max) shown += "…";
    return shown;
}

}  // namespace weft::http::internal
