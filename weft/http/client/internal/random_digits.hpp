// SPDX-License-Identifier: Apache-2.0
// weft/http/client/internal/random_digits.hpp - what nobody can guess, as text.
#pragma once

#include <string>

namespace weft::http::internal {

/// 128 bits of chance in 32 hexadecimal digits.
/// Errors: OSError.
[[nodiscard]] std::string random_digits();

}  // namespace weft::http::internal
