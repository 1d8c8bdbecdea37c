// SPDX-License-Identifier: Apache-2.0
// weft/http/client/internal/sha256.hpp - SHA-256, as 64 hexadecimal digits in small letters.
#pragma once

#include <stop_token>
#include <string>

#include <weft/base/bytes.hpp>

namespace weft::http::internal {

[[nodiscard]] std::string sha256_of(BytesView data);

/// Of a file, for a thread that may wait. Once it is to stop, it gives anything.
/// Errors: OSError
[[nodiscard]] std::string sha256_of_file(const std::stop_token& stop, const std::string& path);

}  // namespace weft::http::internal
