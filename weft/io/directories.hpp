// SPDX-License-Identifier: Apache-2.0
// weft/io/directories.hpp - names in the file system: what is there, and what is to be.
//
// Python's os, with awaits: `co_await os::scandir(path)`. A thread of the default executor does it,
// which may have to wait for a disk.
//
// Errors: OSError such as FileNotFoundError, with the path; ValueError for a null character in it.
// Cancel: what has begun is done all the same.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <weft/runtime/coro.hpp>

namespace weft::os {

enum class FileType : std::uint8_t { file, directory, symlink, other };

/// An entry of a directory. Spec: os.DirEntry.
struct DirEntry {
    std::string name;
    FileType type;  ///< of a link: symlink
    friend bool operator==(const DirEntry&, const DirEntry&) = default;
};

/// Spec: os.stat_result.
struct FileStatus {
    FileType type = FileType::other;
    std::int64_t size = 0;     ///< in bytes
    unsigned permissions = 0;  ///< the lower 12 bits of the mode
    std::chrono::system_clock::time_point modified = {};
};

/// All entries but "." and "..", by name. Spec: os.scandir().
[[nodiscard]] Coro<std::vector<DirEntry>> scandir(std::string path);
/// Spec: os.stat(): a link is followed.
[[nodiscard]] Coro<FileStatus> stat(std::string path);
/// Whether there is such a file. A link that leads nowhere is none.
/// Spec: os.path.exists().
[[nodiscard]] Coro<bool> exists(std::string path);

struct MakedirsOptions {
    unsigned permissions = 0777;  ///< less the umask
    bool exist_ok = false;        ///< no error where the directory is there already
};
/// Makes a directory, and those above it that are missing. Spec: os.makedirs().
[[nodiscard]] Coro<void> makedirs(std::string path, MakedirsOptions options = {});

/// Removes a file. Spec: os.remove().
[[nodiscard]] Coro<void> remove(std::string path);
/// Removes a directory with all that is in it; links in it, not what they lead to.
/// Spec: shutil.rmtree().
[[nodiscard]] Coro<void> rmtree(std::string path);
/// Gives a file another name, in place of what had it. Spec: os.replace().
[[nodiscard]] Coro<void> replace(std::string from, std::string to);

}  // namespace weft::os
