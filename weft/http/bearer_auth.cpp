// SPDX-License-Identifier: Apache-2.0
#include <weft/http/bearer_auth.hpp>

#include <algorithm>
#include <string>
#include <string_view>

#include <weft/base/exceptions.hpp>
#include <weft/http/syntax.hpp>

namespace weft::http {
namespace {

constexpr bool is_of_token(char c) noexcept {
    return is_letter(c) || is_digit(c) || std::string_view("-._~+/").contains(c);
}

}  // namespace

std::string BearerAuth::encode() const {
    const auto end = std::ranges::find_if_not(token, is_of_token);
    const bool is_padded = std::all_of(end, token.end(), [](char c) { return c == '='; });
    if (end == token.begin() || !is_padded) {
        throw ValueError(
            "the token of a BearerAuth has letters, digits and -._~+/, then perhaps =, and no "
            "other");
    }
    return "Bearer " + token;
}

}  // namespace weft::http
