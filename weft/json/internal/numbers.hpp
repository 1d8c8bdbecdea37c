// SPDX-License-Identifier: Apache-2.0
// weft/json/internal/numbers.hpp - numbers from text, where the tape has only their text.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace weft::json::internal {

/// An integer of 65 bits: what fits is found out where the type is known.
struct Integer {
    bool is_negative = false;
    std::uint64_t magnitude = 0;
};

/// The nearest double of a number as JSON has it; infinity where it is too big.
[[nodiscard]] double decimal_to_double(std::string_view number);

/// What Python's int() makes of a text, without its white space: `+7`, `1_000`, and `1.0`, which
/// pydantic adds. nullopt where it is no integer.
/// Errors: is_too_big is set where it is one that takes more than 64 bits.
[[nodiscard]] std::optional<Integer> text_to_integer(std::string_view text, bool& is_too_big);

/// What Python's float() makes of a text: `.5`, `1.`, `1_000.5`, `inf`.
[[nodiscard]] std::optional<double> text_to_double(std::string_view text);

}  // namespace weft::json::internal
