// SPDX-License-Identifier: Apache-2.0
// weft/io/internal/spawn.hpp - starts a program.
#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

#include <weft/io/internal/channel.hpp>
#include <weft/io/subprocess.hpp>

namespace weft::internal {

/// A started program, and this side's ends of its pipes: closed where there is none.
struct Spawned {
    pid_t pid;
    int pidfd;  ///< -1: it came without; else it is the caller's to close
    Channel stdin_;
    Channel stdout_;
    Channel stderr_;
};

/// Errors: as create_subprocess_exec() has them
[[nodiscard]] Spawned spawn(const std::vector<std::string>& program_and_arguments,
                            const SubprocessOptions& options);

}  // namespace weft::internal
