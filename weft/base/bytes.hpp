// SPDX-License-Identifier: Apache-2.0
// weft/base/bytes.hpp - Python's bytes: a sequence of octets that need not be text.
#pragma once

#include <string>
#include <string_view>

namespace weft {

/// What is read. A std::string, so that it compares with literals, has room for short ones in
/// place, and goes wherever text goes; a zero octet is an octet like any other.
using Bytes = std::string;

/// What is written or searched: bytes that somebody else owns.
using BytesView = std::string_view;

}  // namespace weft
