// SPDX-License-Identifier: Apache-2.0
// weft/http/wire/fault.hpp - a ParseError before it is known where in the message it is.
#pragma once

#include <cstddef>

#include <weft/base/bytes.hpp>
#include <weft/http/wire/parse_error.hpp>

namespace weft::http::wire::internal {

struct Fault {
    ParseProblem problem{};
    std::size_t bytes = 0;  // that it is about: the last of those that were taken
    BytesView culprit;      // for the message; lies in what was fed, or in a LineBuffer
};

}  // namespace weft::http::wire::internal
