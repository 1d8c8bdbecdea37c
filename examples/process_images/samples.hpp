// SPDX-License-Identifier: Apache-2.0
// examples/process_images/samples.hpp - five pictures to try, drawn when missing.
#pragma once

#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

#include "image.hpp"

namespace process_images {

/// A picture as a formula.
struct Sample {
    std::string_view file_name;

    /// The colour at a point: y goes from 0 at the top to 1, x from 0 to width / height.
    Rgb (*colour_at)(double x, double y);
};

/// Large enough that decoding takes visible milliseconds.
inline constexpr Size sample_size{2400, 1600};

/// Lists the five: sunset, checkers, mandelbrot, clouds, ribbons.
[[nodiscard]] std::span<const Sample> samples();

/// Draws a sample; the same size always gives the same pixels.
[[nodiscard]] Image draw(const Sample& sample, Size size = sample_size);

/// Writes one sample into a folder that exists, unless a file of that name is there.
///
/// The file appears complete or not at all, also when two programs do this at once.
///
/// Returns: the path of the file.
/// Errors:  std::filesystem::filesystem_error, std::system_error   it cannot be written
/// Cost:    up to a second of computing: a job for a thread.
std::filesystem::path make_sample(const std::filesystem::path& folder, const Sample& sample,
                                  Size size = sample_size);

/// Makes the folder and each sample that is missing in it; what is there stays as it is.
///
/// Returns: the paths of all five.
/// Errors:  as make_sample()
std::vector<std::filesystem::path> make_samples(const std::filesystem::path& folder,
                                                Size size = sample_size);

}  // namespace process_images
