// SPDX-License-Identifier: Apache-2.0
// weft/http/body/coding_error.hpp - CodingError: why a body cannot be decompressed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace weft::http {

enum class CodingProblem : std::uint8_t {
    // Of a Content-Encoding.
    unknown_coding,
    too_many_codings,
    // Of what was compressed.
    corrupt,
    cut_off,
    trailing_data,  ///< bytes behind the end, which are no further member
    // Limits.
    too_large,
    ratio_exceeded,
    too_many_members,
    window_too_large,
};

/// A problem and the coding that has it.
struct CodingError {
    static constexpr std::size_t culprit_bytes_max = 40;

    /// `reason` is text that is never freed.
    CodingError(CodingProblem problem, std::string_view culprit, std::string_view reason = {})
        : problem(problem), culprit(culprit.substr(0, culprit_bytes_max)), reason(reason) {}

    CodingProblem problem;
    std::string culprit;      ///< the coding as Content-Encoding names it, at most so much of it
    std::string_view reason;  ///< of `corrupt`: what the library says, for people
};

/// One line for people: "'gzip' data is corrupt: incorrect data check".
[[nodiscard]] std::string describe(const CodingError& error);

/// The status with which a server answers a request of such a body: 400, 413 or 415.
/// Spec: RFC 9110 §15.5.14 and §15.5.16.
[[nodiscard]] int status_for(CodingProblem problem) noexcept;

}  // namespace weft::http
