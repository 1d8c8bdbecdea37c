// SPDX-License-Identifier: Apache-2.0
// weft/http/internal/human_text.hpp - a part of a URL for people.
#pragma once

#include <string>
#include <string_view>

namespace weft::http::internal {

/// Decodes what is not ASCII, where it is UTF-8 and can be seen. All else stays encoded: so no byte
/// becomes a delimiter, and no text can turn a line of a log around.
[[nodiscard]] std::string human_text(std::string_view encoded);

}  // namespace weft::http::internal
