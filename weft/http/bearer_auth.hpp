// SPDX-License-Identifier: Apache-2.0
// weft/http/bearer_auth.hpp - BearerAuth: a token, as a header carries it.
#pragma once

#include <string>

namespace weft::http {

/// Spec: RFC 6750 §2.1.
struct BearerAuth {
    std::string token;

    /// The value of an Authorization header: "Bearer eyJhbGciOiJIUzI1NiJ9".
    /// Errors: ValueError   it is empty, or holds what no token does, such as the line break of the file that it
    ///                      was read from; it is not told.
    [[nodiscard]] std::string encode() const;
};

}  // namespace weft::http
