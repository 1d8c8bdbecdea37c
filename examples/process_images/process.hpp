// SPDX-License-Identifier: Apache-2.0
// examples/process_images/process.hpp - all the work on one picture, from its file to its line.
//
// Computes and blocks, and knows no event loop: what a thread does.
#pragma once

#include <filesystem>
#include <optional>
#include <stop_token>

#include "report.hpp"

namespace process_images {

struct ProcessOptions {
    int longest_edge = 512;  ///< of the small picture, in pixels
    /// Where the small pictures go, under the names of the large ones; nullopt: nowhere.
    std::optional<std::filesystem::path> out;
};

/// Thrown by process_image() when it was asked to stop. No std::exception: the picture is well.
struct Stopped {};

/// Reads a picture, makes it small, and looks at it. Everything but `size` is of the small
/// picture, so that pictures of any size can be compared.
///
/// Errors: ImageError, std::system_error   it cannot be read, decoded or written
///         Stopped                         `stop` asked for it; seen between the steps
/// Cost:   memory for the file and for the pixels, 300 MB at most at the limit of DecodeOptions.
[[nodiscard]] ImageResult process_image(std::stop_token stop, const std::filesystem::path& path,
                                        const ProcessOptions& options);

}  // namespace process_images
