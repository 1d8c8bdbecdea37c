// SPDX-License-Identifier: Apache-2.0
// examples/process_images/image.hpp - pictures in memory: decode, encode, resize.
//
// Plain functions that compute and never wait: what an event loop gives to a
// thread. Each may be called from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <vector>

namespace process_images {

/// Says in words why a picture could not be decoded, encoded or resized.
class ImageError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

struct Rgb {
    std::uint8_t red = 0;
    std::uint8_t green = 0;
    std::uint8_t blue = 0;

    friend bool operator==(const Rgb&, const Rgb&) = default;
};

/// A picture, row by row from the top, three bytes a pixel: red, green, blue.
struct Image {
    int width = 0;
    int height = 0;
    std::vector<std::uint8_t> rgb;

    friend bool operator==(const Image&, const Image&) = default;
};

struct Size {
    int width = 0;
    int height = 0;

    friend bool operator==(const Size&, const Size&) = default;
};

/// 100 megapixels: more than any camera a visitor is likely to own, and 300 MB of memory. A JPEG
/// may claim 65535 x 65535 in a few hundred bytes, so the claim is compared before any allocation.
inline constexpr std::int64_t pixels_max_default = 100'000'000;

struct DecodeOptions {
    /// Above zero: decode at 1/2, 1/4 or 1/8 of the size where the longest edge keeps at least
    /// this many pixels. Several times faster when only a thumbnail is wanted.
    int longest_edge_min = 0;

    /// Counted at the full size, also when it is decoded smaller.
    std::int64_t pixels_max = pixels_max_default;
};

/// Tells the size of a JPEG, as decode_jpeg() would return it, from its header alone.
///
/// Errors: ImageError   as decode_jpeg(), without those of the picture data
[[nodiscard]] Size jpeg_size(std::span<const std::byte> jpeg);

/// Decodes a JPEG: baseline or progressive, grey, colour or CMYK, turned upright as Exif asks.
///
/// Errors: ImageError   empty, not a JPEG, cut off or damaged, over `pixels_max`. What a lenient
///                      viewer shows with a warning, such as a grey lower half, is an error here.
/// Limits: DecodeOptions::pixels_max, 100 megapixels; 500 scans in a progressive file.
[[nodiscard]] Image decode_jpeg(std::span<const std::byte> jpeg, DecodeOptions options = {});

/// Encodes a JPEG with 4:2:0 subsampling, as Pillow does.
///
/// Errors: ImageError   quality outside 1..100, or an image JPEG cannot hold
[[nodiscard]] std::vector<std::byte> encode_jpeg(const Image& image, int quality);

/// Shrinks a picture until its longest edge fits; keeps its proportions and never enlarges.
///
/// Each new pixel is the mean of the area it covers, so fine patterns turn to grey, not to moire.
///
/// Errors: ImageError   longest_edge below 1, or pixels that do not match width and height
[[nodiscard]] Image resize(const Image& image, int longest_edge);

/// Resizes to exactly width x height, larger or smaller, with no regard to proportions.
///
/// Errors: ImageError   a size below 1, or pixels that do not match width and height
[[nodiscard]] Image stretch(const Image& image, int width, int height);

/// Throws ImageError unless the image has at least one pixel and as many bytes as it claims.
void require_valid(const Image& image);

}  // namespace process_images
