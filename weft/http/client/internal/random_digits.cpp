// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/internal/random_digits.hpp>

#include <array>
#include <cstdint>
#include <string>

#include <weft/http/client/internal/hexadecimal.hpp>
#include <weft/http/client/internal/random_bytes.hpp>

namespace weft::http::internal {

std::string random_digits() {
    std::array<std::uint8_t, 16> bytes{};
    fill_randomly(bytes);
    return in_hexadecimal(bytes);
}

}  // namespace weft::http::internal
