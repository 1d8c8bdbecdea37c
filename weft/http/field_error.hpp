// SPDX-License-Identifier: Apache-2.0
// weft/http/field_error.hpp - FieldError: why the value of a header does not say what it should.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace weft::http {

enum class FieldProblem : std::uint8_t {
    bad_media_type,
    bad_disposition,
    too_many_parameters,
    bad_date,
    bad_entity_tag,
    bad_range,
    too_many_ranges,
    bad_content_range,
};

/// A problem and the text that has it.
struct FieldError {
    static constexpr std::size_t culprit_bytes_max = 40;

    FieldError(FieldProblem problem, std::string_view culprit)
        : problem(problem), culprit(culprit.substr(0, culprit_bytes_max)) {}

    FieldProblem problem;
    std::string culprit;  ///< the beginning of the text at fault
};

/// One line that names the culprit and what was expected: "'text' is no media type, which is
/// TYPE/SUBTYPE".
[[nodiscard]] std::string describe(const FieldError& error);

}  // namespace weft::http
