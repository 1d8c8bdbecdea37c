// SPDX-License-Identifier: Apache-2.0
// weft/json/read_options.hpp - what reading takes, and how much of it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace weft::json {

/// What becomes of a field that a model does not have.
enum class Extra : std::uint8_t { ignore, forbid };

struct ReadOptions {
    /// `forbid` makes an "extra_forbidden" error of each such field. Spec: pydantic's `extra`.
    Extra extra = Extra::ignore;
    /// No conversion from another JSON type, as if each field were Field::strict. Spec: pydantic's strict
    /// mode of JSON: what has no type in JSON, such as a date, is still read from its text.
    bool strict = false;
    /// The longest text; 4 GiB at most.
    std::size_t bytes_max = std::size_t{64} * 1024 * 1024;
    /// Objects and arrays inside each other. Each takes some stack while it is read.
    std::size_t depth_max = 128;
    /// Errors that are told; those beyond are counted.
    std::size_t errors_max = 100;
    /// The longest ErrorDetails::input.
    std::size_t input_bytes_max = 1024;
};

}  // namespace weft::json
