// SPDX-License-Identifier: Apache-2.0
// weft/json/internal/names.hpp - the names in an object, against those of a struct.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include <weft/json/internal/reading.hpp>
#include <weft/json/internal/tape.hpp>

namespace weft::json::internal {

/// Where a name is among others; their number where it is not.
[[nodiscard]] std::size_t find_name(std::span<const std::string_view> names,
                                    std::string_view name) noexcept;

/// The value of a name in an object, the last where it comes twice; null where it does not come.
[[nodiscard]] Place find_last(const Tape& tape, Place object, std::string_view name) noexcept;

/// Records an error for each key that is none of the names. Returns false.
bool fail_extras(Reading& in, std::span<const std::string_view> names, Place object);

}  // namespace weft::json::internal
