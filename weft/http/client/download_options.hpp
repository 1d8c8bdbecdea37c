// SPDX-License-Identifier: Apache-2.0
// weft/http/client/download_options.hpp - DownloadOptions: how a body becomes a file.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace weft::http {

struct DownloadProgress {
    std::uint64_t bytes = 0;  ///< in the file so far
    std::optional<std::uint64_t> total =
        std::nullopt;  ///< in the end, where the server has told it
};

struct DownloadOptions {
    /// How many bytes the file may have; nullopt: no limit but the disk's.
    std::optional<std::uint64_t> bytes_max = std::nullopt;
    /// The SHA-256 that it must have, as 64 hexadecimal digits.
    std::optional<std::string> sha256 = std::nullopt;
    /// Whether all of it is on the disk, its name too, when the call returns: fsync(2).
    bool sync = false;
    /// Called with each piece that is in the file, and where a body begins, perhaps at a lower count
    /// than before. What it throws ends the download.
    std::function<void(const DownloadProgress&)> on_progress = nullptr;
};

}  // namespace weft::http
