// SPDX-License-Identifier: Apache-2.0
#include <weft/http/body/multipart_error.hpp>

#include <string>
#include <string_view>

#include <weft/http/syntax.hpp>

namespace weft::http {
namespace {

// What is said of the culprit, or, where there is none, of the body.
std::string_view text_of(MultipartProblem problem) noexcept {
    using enum MultipartProblem;
    switch (problem) {
        case not_multipart:
            return "is no media type of several parts, as multipart/form-data is";
        case bad_boundary:
            return "is no media type with one boundary of 1 to 70 letters, figures and "
                   "'()+_,-./:=?";
        case bad_delimiter:
            return "a boundary is followed by other bytes than CR LF or --";
        case bad_field:
            return "is no header of a part, which is NAME: VALUE";
        case transfer_encoding:
            return "is a Content-Transfer-Encoding other than 7bit, 8bit or binary";
        case cut_off:
            return "the body ends before its last boundary";
        case bad_disposition:
            return "is no Content-Disposition of a form's field, as form-data; name=\"x\" is";
        case bad_name:
            return "is a Content-Disposition without one name, or with two names of a file";
        case too_many_parts:
            return "more parts than parts_max";
        case headers_too_long:
            return "the headers of a part pass header_bytes_max";
        case too_many_fields:
            return "more headers of a part than fields_max";
        case name_too_long:
            return "is the name of a field or of its file, and passes name_bytes_max";
        case ignored_too_long:
            return "bytes before the first or behind the last boundary pass ignored_bytes_max";
    }
    return "";
}

}  // namespace

std::string describe(const MultipartError& error) {
    const std::string_view text = text_of(error.problem);
    // A text that begins with a verb goes on from the culprit.
    if (!text.starts_with("is ")) return std::string(text);
    return in_quotes(error.culprit) + " " + std::string(text);
}

int status_for(MultipartProblem problem) noexcept {
    using enum MultipartProblem;
    switch (problem) {
        case not_multipart:
            return 415;
        case too_many_parts:
        case headers_too_long:
        case too_many_fields:
        case name_too_long:
        case ignored_too_long:
            return 413;
        default:
            return 400;
    }
}

}  // namespace weft::http
