// SPDX-License-Identifier: Apache-2.0
// weft/http/body/internal/boundary.hpp - what may be the boundary of parts.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

#include <weft/base/exceptions.hpp>
#include <weft/http/syntax.hpp>

namespace weft::http::internal {

inline constexpr std::size_t boundary_bytes_max = 70;

/// Spec: RFC 2046 §5.1.1, without the space, which nobody uses and not all read.
[[nodiscard]] constexpr bool is_boundary(std::string_view text) noexcept {
    constexpr std::string_view signs = "'()+_,-./:=?";
    return !text.empty() && text.size() <= boundary_bytes_max &&
           std::ranges::all_of(text, [&](char c) {
               return is_letter(c) || is_digit(c) || signs.find(c) != std::string_view::npos;
           });
}

/// The boundary itself.
/// Errors: ValueError   it is none.
[[nodiscard]] inline std::string_view judged_boundary(std::string_view boundary) {
    if (is_boundary(boundary)) return boundary;
    throw ValueError(in_quotes(boundary) +
                     " is no boundary, which is 1 to 70 letters, figures and '()+_,-./:=?");
}

}  // namespace weft::http::internal
