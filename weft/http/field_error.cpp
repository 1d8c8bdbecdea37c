// SPDX-License-Identifier: Apache-2.0
#include <weft/http/field_error.hpp>

#include <string>
#include <string_view>

#include <weft/http/syntax.hpp>

namespace weft::http {
namespace {

// What is said of the culprit.
std::string_view text_of(FieldProblem problem) noexcept {
    using enum FieldProblem;
    switch (problem) {
        case bad_media_type:
            return "is no media type, which is TYPE/SUBTYPE";
        case bad_disposition:
            return "is no disposition, which begins with a token, as attachment is";
        case too_many_parameters:
            return "has more parameters than parameters_max";
        case bad_date:
            return "is no date, as Sun, 06 Nov 1994 08:49:37 GMT is";
        case bad_entity_tag:
            return "is no entity tag, as \"abc\" and W/\"abc\" are";
        case bad_range:
            return "is no range of bytes, as bytes=0-499 and bytes=-500 are";
        case too_many_ranges:
            return "has more ranges than ranges_max";
        case bad_content_range:
            return "is no range of a content, as bytes 0-499/1234 and bytes */1234 are";
    }
    return "";
}

}  // namespace

std::string describe(const FieldError& error) {
    return in_quotes(error.culprit) + " " + std::string(text_of(error.problem));
}

}  // namespace weft::http
