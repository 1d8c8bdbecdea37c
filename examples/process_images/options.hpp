// SPDX-License-Identifier: Apache-2.0
// examples/process_images/options.hpp - the command line.
#pragma once

#include <filesystem>
#include <optional>
#include <variant>

#include "process.hpp"

namespace process_images {

/// Exit codes beside 0; Ctrl-C gives 130.
inline constexpr int exit_failed = 1;  ///< a picture failed
inline constexpr int exit_usage = 2;   ///< the arguments make no sense

struct Options {
    std::optional<std::filesystem::path> folder;  ///< nullopt: the samples
    int concurrency = 1;                          ///< how many pictures are in memory at once
    ProcessOptions process;
};

/// Reads the arguments.
/// Returns: the options, or an exit code after --help or an error, which were printed.
[[nodiscard]] std::variant<Options, int> parse_arguments(int argc, const char* const* argv);

}  // namespace process_images
