// SPDX-License-Identifier: Apache-2.0
// weft/base/check.hpp - the end of a process whose own logic is broken.
#pragma once

#include <source_location>

namespace weft {

/// Ends the process with a message that names `why` and the caller's place.
///
/// For bugs of the program itself, never for input from outside.
///
/// Thread: any.
[[noreturn]] void broken_invariant(const char* why, std::source_location where);

/// Ends the process unless `condition` holds.
///
/// Thread: any.
/// Cost:   one branch while the condition holds.
inline void check(bool condition, const char* why,
                  std::source_location where = std::source_location::current()) {
    if (!condition) [[unlikely]]
        broken_invariant(why, where);
}

}  // namespace weft
