// SPDX-License-Identifier: Apache-2.0
// examples/process_images/analysis.hpp - what can be said about a picture.
//
// Pure functions: the same picture gives the same answer on any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "image.hpp"

namespace process_images {

struct DominantColour {
    Rgb rgb;
    std::string_view name;  ///< the nearest CSS colour, such as "steelblue"; lives forever
    double share = 0;       ///< of the picture, 0 to 1
};

/// Finds the colour that most of the picture has, more or less.
///
/// Not the mean: half red and half blue is not purple.
///
/// Errors: ImageError   the image is not valid
/// Cost:   looks at 100 000 pixels at most, spread evenly.
[[nodiscard]] DominantColour dominant_colour(const Image& image);

/// Names a colour with the nearest of some seventy CSS colours.
[[nodiscard]] std::string_view colour_name(Rgb colour);

/// Measures how sharp a picture is: the variance of its Laplacian, in grey levels squared.
///
/// Photographs have from 5, with a soft background, to some thousands, with fine detail all over.
/// Compare only pictures of the same size: shrinking sharpens.
///
/// Returns: 0 for a picture of one colour, or smaller than 3x3.
/// Errors:  ImageError   the image is not valid
[[nodiscard]] double sharpness(const Image& image);

/// Computes 64 bits that hardly change when a picture is resized or compressed again.
///
/// Two pictures with a hamming_distance() below 10 are probably the same one.
///
/// Errors: ImageError   the image is not valid
[[nodiscard]] std::uint64_t perceptual_hash(const Image& image);

/// Counts the bits that differ, 0 to 64.
[[nodiscard]] int hamming_distance(std::uint64_t a, std::uint64_t b);

}  // namespace process_images
