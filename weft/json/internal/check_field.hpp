// SPDX-License-Identifier: Apache-2.0
// weft/json/internal/check_field.hpp - whether what was read is what its Field allows.
//
// The first constraint that does not hold is told, in pydantic's order.
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>

#include <weft/json/field.hpp>
#include <weft/json/internal/kinds.hpp>
#include <weft/json/internal/pattern.hpp>
#include <weft/json/internal/reading.hpp>
#include <weft/json/internal/tape.hpp>
#include <weft/json/internal/utf8.hpp>

namespace weft::json::internal {

/// -1, 0 or 1, as `value` is below, at or above the bound.
template <Number N>
[[nodiscard]] int compare(N value, const Bound& bound) {
    if constexpr (std::is_integral_v<N>) {
        if (bound.kind == Bound::Kind::integer) {
            return std::cmp_less(value, bound.integer)      ? -1
                   : std::cmp_greater(value, bound.integer) ? 1
                                                            : 0;
        }
    }
    const auto real = static_cast<double>(value);
    return real < bound.real ? -1 : real > bound.real ? 1 : 0;
}

template <Number N>
[[nodiscard]] bool is_multiple(N value, const Bound& of) {
    if constexpr (std::is_integral_v<N>) {
        if (of.kind == Bound::Kind::integer) {
            if (of.integer == 0) return value == 0;
            const auto divisor = of.integer < 0 ? 0 - static_cast<std::uint64_t>(of.integer)
                                                : static_cast<std::uint64_t>(of.integer);
            const auto magnitude = value < 0 ? 0 - static_cast<std::uint64_t>(value)
                                             : static_cast<std::uint64_t>(value);
            return magnitude % divisor == 0;
        }
    }
    // Of decimals such as 0.1, which are not what they look like, pydantic asks for nine digits.
    const auto real = static_cast<double>(value);
    const double rest = std::fabs(std::fmod(real, of.real));
    const double tolerance = std::fabs(real) / 1e9;
    return rest <= tolerance || std::fabs(of.real) - rest <= tolerance;
}

template <Field F, Number N>
bool check_number(Reading& in, Place at, N value) {
    constexpr bool is_real = std::is_floating_point_v<N>;
    if constexpr (F.multiple_of.is_set()) {
        if (!is_multiple(value, F.multiple_of)) {
            return in.fail_bound("multiple_of", F.multiple_of, is_real, at);
        }
    }
    if constexpr (F.le.is_set()) {
        if (compare(value, F.le) > 0) return in.fail_bound("le", F.le, is_real, at);
    }
    if constexpr (F.lt.is_set()) {
        if (compare(value, F.lt) >= 0) return in.fail_bound("lt", F.lt, is_real, at);
    }
    if constexpr (F.ge.is_set()) {
        if (compare(value, F.ge) < 0) return in.fail_bound("ge", F.ge, is_real, at);
    }
    if constexpr (F.gt.is_set()) {
        if (compare(value, F.gt) <= 0) return in.fail_bound("gt", F.gt, is_real, at);
    }
    return true;
}

inline constexpr std::size_t no_length_max = Field{}.max_length;

template <Field F>
bool check_string(Reading& in, Place at, std::string_view text) {
    if constexpr (F.min_length > 0 || F.max_length < no_length_max) {
        const std::size_t size = count_characters(text);
        if (size > F.max_length) return in.fail_string_length(true, F.max_length, at);
        if (size < F.min_length) return in.fail_string_length(false, F.min_length, at);
    }
    if constexpr (!F.pattern.empty()) {
        static const Pattern pattern(F.pattern.view());
        if (!pattern.is_in(text)) return in.fail_pattern(F.pattern.view(), at);
    }
    return true;
}

template <Field F>
bool check_length_min(Reading& in, Place at, std::string_view type, std::size_t size) {
    if constexpr (F.min_length > 0) {
        if (size < F.min_length) return in.fail_length(type, false, F.min_length, size, at);
    }
    return true;
}

template <Field F>
bool check_length_max(Reading& in, Place at, std::string_view type, std::size_t size) {
    if constexpr (F.max_length < no_length_max) {
        if (size > F.max_length) return in.fail_length(type, true, F.max_length, size, at);
    }
    return true;
}

}  // namespace weft::json::internal
