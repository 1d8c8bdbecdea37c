// SPDX-License-Identifier: Apache-2.0
// weft/http/body/multipart_error.hpp - MultipartError: why a body is no multipart one, or no form.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace weft::http {

enum class MultipartProblem : std::uint8_t {
    // Of a Content-Type.
    not_multipart,
    bad_boundary,  ///< none, two, or one that cannot be
    // Of the body.
    bad_delimiter,
    bad_field,
    transfer_encoding,
    cut_off,
    // Of a form's part.
    bad_disposition,
    bad_name,
    // Limits.
    too_many_parts,
    headers_too_long,
    too_many_fields,
    name_too_long,
    ignored_too_long,
};

/// A problem and the text that has it.
struct MultipartError {
    static constexpr std::size_t culprit_bytes_max = 40;

    explicit MultipartError(MultipartProblem problem, std::string_view culprit = {})
        : problem(problem), culprit(culprit.substr(0, culprit_bytes_max)) {}

    MultipartProblem problem;
    std::string
        culprit;  ///< the beginning of the text at fault, or nothing; never a part's content
};

/// One line for people: "'Host' is no header of a part, which is NAME: VALUE".
[[nodiscard]] std::string describe(const MultipartError& error);

/// The status with which a server answers a request of such a body: 400, 413 or 415.
[[nodiscard]] int status_for(MultipartProblem problem) noexcept;

}  // namespace weft::http
