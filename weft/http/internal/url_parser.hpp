// SPDX-License-Identifier: Apache-2.0
// weft/http/internal/url_parser.hpp - from a text to a URL.
#pragma once

#include <cstdint>
#include <expected>
#include <string_view>

#include <weft/http/url.hpp>
#include <weft/http/url_error.hpp>

namespace weft::http::internal {

/// `browser` takes what the standard takes, `http` what URL::parse_http() says.
enum class URLRules : std::uint8_t { browser, http };

/// `base` is null where there is none.
[[nodiscard]] std::expected<URL, URLError> parse_url(std::string_view text, const URL* base,
                                                     URLRules rules);

}  // namespace weft::http::internal
