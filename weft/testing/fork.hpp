// SPDX-License-Identifier: Apache-2.0
// weft/testing/fork.hpp - what the child of a fork does, told by its exit code.
#pragma once

#include <sys/types.h>
#include <unistd.h>

namespace weft::testing {

/// Waits until a child has ended.
/// Returns: its exit code, or, as Python's `returncode`, minus the number of the signal that ended it.
/// Errors:  OSError when there is no such child.
[[nodiscard]] int exit_code_of(pid_t child);

/// Calls `function` in the child of a fork, which exits with what it returns.
/// Returns: as exit_code_of(); -SIGABRT when the function throws.
/// Errors:  OSError when there can be no further process.
template <class F>
[[nodiscard]] int in_fork(F function) {
    const pid_t child = ::fork();
    // Nothing may be thrown into the child's copy of the tests.
    if (child == 0) [&]() noexcept { ::_exit(function()); }();
    return exit_code_of(child);
}

}  // namespace weft::testing
