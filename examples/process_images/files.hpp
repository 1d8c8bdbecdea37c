// SPDX-License-Identifier: Apache-2.0
// examples/process_images/files.hpp - the pictures of a folder, and their bytes.
//
// Plain functions that block: what an event loop gives to a thread.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <vector>

namespace process_images {

/// Lists the files of a folder that end in .jpg or .jpeg, in any case, sorted by name. What is
/// below its sub-folders does not count.
///
/// A link that leads nowhere is listed, so that reading it can say what is wrong.
///
/// Errors: std::filesystem::filesystem_error   it is no folder, or cannot be read
[[nodiscard]] std::vector<std::filesystem::path> find_jpegs(const std::filesystem::path& folder);

/// 256 MiB: some five times the largest JPEG of a camera of today.
inline constexpr std::size_t file_bytes_max = std::size_t{256} << 20;

/// Reads a whole file.
///
/// Errors: std::system_error   it cannot be read, or is longer than file_bytes_max
[[nodiscard]] std::vector<std::byte> read_file(const std::filesystem::path& path);

/// Writes a whole file; it appears complete or not at all, and replaces one of that name.
///
/// Errors: std::filesystem::filesystem_error   it cannot be written
void write_file(const std::filesystem::path& path, std::span<const std::byte> bytes);

/// Where this program may keep what it can make again: below $XDG_CACHE_HOME or ~/.cache, and
/// below the folder for temporary files when there is neither.
[[nodiscard]] std::filesystem::path cache_folder();

}  // namespace process_images
