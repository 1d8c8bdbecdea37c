// SPDX-License-Identifier: Apache-2.0
// weft/json/internal/utf8.hpp - characters in bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace weft::json::internal {

/// How many bytes at the front of `text` are UTF-8.
/// Spec: RFC 3629: nothing overlong, no surrogates, nothing over U+10FFFF.
[[nodiscard]] std::size_t utf8_prefix(std::string_view text) noexcept;

/// Whether all of it is.
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

/// How many characters a text has that is UTF-8.
[[nodiscard]] std::size_t count_characters(std::string_view text) noexcept;

void append_utf8(std::string& out, std::uint32_t code);

}  // namespace weft::json::internal
