// SPDX-License-Identifier: Apache-2.0
// weft/json/internal/shortest.hpp - the fewest digits that give the same double.
#pragma once

#include <cstdint>

namespace weft::json::internal {

/// digits * 10^exponent
struct Decimal {
    std::uint64_t digits;
    int exponent;
};

/// The decimal with the fewest digits that is read as this double again, and of those the nearest.
/// It may end in zeros. The value is finite and above zero.
/// Spec: R. Giulietti, The Schubfach way to render doubles (2021); the names are those of §9.
[[nodiscard]] Decimal to_shortest(double value) noexcept;
/// The same of a float.
[[nodiscard]] Decimal to_shortest(float value) noexcept;

}  // namespace weft::json::internal
