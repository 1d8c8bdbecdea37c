// SPDX-License-Identifier: Apache-2.0
// weft/json/internal/error_texts.hpp - what errors say: pydantic's kinds, messages and contexts.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <weft/json/field.hpp>
#include <weft/json/internal/document.hpp>
#include <weft/json/validation_error.hpp>

namespace weft::json::internal {

struct ErrorText {
    std::string_view type;
    std::string msg;
    std::string ctx;
};

/// Of a kind whose message has no variables.
[[nodiscard]] std::string message_of(std::string_view type);
[[nodiscard]] ErrorText bound_text(std::string_view constraint, const Bound& bound, bool is_real);
[[nodiscard]] ErrorText string_length_text(bool is_too_long, std::size_t bound);
[[nodiscard]] ErrorText length_text(std::string_view field_type, bool is_too_long,
                                    std::size_t bound, std::optional<std::size_t> actual);
[[nodiscard]] ErrorText expected_text(std::string_view type,
                                      std::span<const std::string_view> expected);

[[nodiscard]] ErrorText pattern_text(std::string_view pattern);
[[nodiscard]] ErrorText parsing_text(std::string_view type, std::string_view why);
[[nodiscard]] ErrorText tag_missing_text(std::string_view discriminator);
[[nodiscard]] ErrorText tag_text(std::string_view discriminator, std::string_view tag,
                                 std::span<const std::string_view> tags);

[[nodiscard]] ErrorDetails broken_text(const SyntaxFault& fault, std::string_view text);
[[nodiscard]] ErrorDetails too_many_bytes(std::size_t bytes_max);

}  // namespace weft::json::internal
