// SPDX-License-Identifier: Apache-2.0
// weft/http/internal/http_rules.hpp - what URL::parse_http() refuses of a URL that parse() takes.
#pragma once

#include <expected>
#include <string_view>

#include <weft/http/url_error.hpp>

namespace weft::http::internal {

/// Looks at the text as a whole, before it is taken apart.
/// Errors: space_or_control, not_http, bad_slashes, bad_userinfo.
[[nodiscard]] std::expected<void, URLError> check_http_text(std::string_view text);

/// Errors: not_http.
[[nodiscard]] std::expected<void, URLError> check_http_scheme(std::string_view scheme);

/// Looks at a host that others may take for another one. `canonical` is what became of it.
/// Errors: encoded_host, non_canonical.
[[nodiscard]] std::expected<void, URLFault> check_http_host(std::string_view text,
                                                            std::string_view canonical);

}  // namespace weft::http::internal
