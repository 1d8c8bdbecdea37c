// SPDX-License-Identifier: Apache-2.0
// weft/io/internal/clone_program.hpp - a child that becomes a program, by one call of the kernel.
#pragma once

#include <optional>
#include <vector>

#include <sys/types.h>

namespace weft::internal {

/// A program, and what its child does before it becomes that, in the order of the members.
///
/// Lifetime: what it points to must outlive it.
struct NewProgram {
    struct Duplicate {
        int from;
        int to;  ///< the same: the program gets it
    };
    struct Range {
        int first;
        int last;  ///< the highest int: all from `first` on
    };

    const char* file;
    char* const* arguments;
    char* const* environment;
    bool restores_signals;  ///< SIGPIPE and SIGXFSZ
    bool starts_session;
    std::optional<int> process_group;
    std::vector<Duplicate> duplicates;
    std::vector<Range> closed;
    const char* folder;  ///< null: that of this process
};

struct ClonedProgram {
    int error;  ///< an errno: there is no process
    pid_t pid;
    int pidfd;  ///< is the caller's to close
};

/// Starts a program as posix_spawn() does, for less: the child has no handlers of signals from the
/// start, where posix_spawn() asks for each signal; no stack is mapped for it; and its pidfd comes
/// with it.
///
/// Returns:  nothing where the system does not do that: Linux before 5.9, a sandbox, valgrind, or
///           another processor than x86-64
/// Suspends: never; the thread stands still until the program has begun.
[[nodiscard]] std::optional<ClonedProgram> clone_program(const NewProgram& program) noexcept;

}  // namespace weft::internal
