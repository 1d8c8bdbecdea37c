// SPDX-License-Identifier: Apache-2.0
// weft/http/internal/cookie_date.hpp - dates as cookies write them, in whatever form.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <weft/http/cookie.hpp>

namespace weft::http::internal {

/// Finds day, month, year and time in any order: `Wdy, DD Mon YYYY HH:MM:SS GMT` and most of what
/// servers make of it.
/// Returns: nullopt where one of them is missing, or there is no such day.
/// Spec:    RFC 6265bis §5.1.1.
[[nodiscard]] std::optional<CookieTime> parse_cookie_date(std::string_view text) noexcept;

/// Whether append_cookie_date() can write it: of the years 1601 to 9999.
[[nodiscard]] bool has_cookie_date(CookieTime time) noexcept;

/// Appends `Wed, 21 Oct 2015 07:28:00 GMT`.
/// Spec: RFC 9110 §5.6.7, IMF-fixdate.
void append_cookie_date(std::string& out, CookieTime time);

}  // namespace weft::http::internal
