// SPDX-License-Identifier: Apache-2.0
// weft/http/http_date.hpp - dates in headers: `Sun, 06 Nov 1994 08:49:37 GMT`.
#pragma once

#include <chrono>
#include <expected>
#include <string>
#include <string_view>

#include <weft/http/field_error.hpp>

namespace weft::http {

/// The value of Date, Last-Modified, Expires and the like.
///
/// Errors: ValueError   the year is not from 0 to 9999.
/// Cost:   no allocation but the text, of 29 bytes.
/// Spec:   RFC 9110 §5.6.7, IMF-fixdate.
[[nodiscard]] std::string format_http_date(std::chrono::sys_seconds time);

/// Reads that, and the two old forms, `Sunday, 06-Nov-94 08:49:37 GMT` and
/// `Sun Nov  6 08:49:37 1994`. A year of two figures is one from 1970 to 2069. The name of the day
/// need not be the right one. A leap second is the second before it.
///
/// Errors: bad_date   it is none of them, in their exact form but for the case of letters; or no
///                    such day exists.
/// Spec:   RFC 9110 §5.6.7, which would have a year of two figures lie within the next 50 years.
[[nodiscard]] std::expected<std::chrono::sys_seconds, FieldError> parse_http_date(
    std::string_view text);

}  // namespace weft::http
