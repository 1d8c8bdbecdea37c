// SPDX-License-Identifier: Apache-2.0
// weft/http/internal/parameters.hpp - what follows a value, each behind a semicolon: charset=utf-8.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <weft/http/multi_dict.hpp>

namespace weft::http::internal {

/// What a backslash does in a quoted string.
enum class Backslash : bool {
    escapes_any,    ///< RFC 9110 §5.6.4
    escapes_quotes  ///< and itself only: browsers write `C:\x` and `a\b` as they are
};

/// Appends the parameters of `text`, which begins with `;` or is empty, their names in lower case; of
/// one name there may be several. Those that are none are left out, as browsers do.
/// Returns: false where there are more than `parameters_max`.
/// Spec:    WHATWG MIME Sniffing §4.4.
[[nodiscard]] bool read_parameters(MultiDict& out, std::string_view text,
                                   std::size_t parameters_max,
                                   Backslash backslash = Backslash::escapes_any);

/// Appends such a parameter, the value in quotes where it is no token.
/// Errors: ValueError   the name is no token, or the value holds a control byte.
void append_parameter(std::string& out, std::string_view name, std::string_view value);

}  // namespace weft::http::internal
