// SPDX-License-Identifier: Apache-2.0
// weft/io/internal/null_free.hpp - a text for the system, which would end it at a null character.
#pragma once

#include <cstddef>
#include <string>

#include <weft/base/exceptions.hpp>

namespace weft::internal {

/// Errors: ValueError when there is one in it; the message says `what` the text is.
inline void check_null_free(const std::string& text, const char* what) {
    const std::size_t at = text.find('\0');
    if (at == std::string::npos) return;
    throw ValueError("embedded null character in the " + std::string(what) + " '" +
                     text.substr(0, at) + "\\0…'");
}

}  // namespace weft::internal
