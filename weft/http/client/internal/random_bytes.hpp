// SPDX-License-Identifier: Apache-2.0
// weft/http/client/internal/random_bytes.hpp - bytes that nobody can foresee.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace weft::http::internal {

/// What getrandom() gives at once, whatever signal comes.
inline constexpr std::size_t random_bytes_max = 256;

/// Fills `bytes`, at most random_bytes_max, with chance of the system's.
/// Errors: OSError.
void fill_randomly(std::span<std::uint8_t> bytes);

}  // namespace weft::http::internal
