// SPDX-License-Identifier: Apache-2.0
// weft/http/internal/utf8.hpp - whether bytes are UTF-8.
#pragma once

#include <string_view>

namespace weft::http::internal {

/// Whether they are: no overlong form, no surrogate, nothing beyond U+10FFFF.
/// Spec: RFC 3629 §4.
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

}  // namespace weft::http::internal
