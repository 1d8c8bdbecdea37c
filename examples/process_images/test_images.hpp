// SPDX-License-Identifier: Apache-2.0
// examples/process_images/test_images.hpp - pictures and a shorthand for the tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "image.hpp"
#include "samples.hpp"

namespace process_images {

inline Image plain(int width, int height, Rgb colour) {
    Image image{.width = width, .height = height, .rgb = {}};
    for (int i = 0; i < width * height; ++i) {
        image.rgb.insert(image.rgb.end(), {colour.red, colour.green, colour.blue});
    }
    return image;
}

inline Rgb pixel(const Image& image, int x, int y) {
    const auto at = (static_cast<std::size_t>(y) * image.width + x) * 3;
    return {image.rgb[at], image.rgb[at + 1], image.rgb[at + 2]};
}

inline Image sample_picture(std::string_view file_name, Size size = {300, 200}) {
    for (const Sample& sample : samples()) {
        if (sample.file_name == file_name) return draw(sample, size);
    }
    throw ImageError("no such sample");
}

inline std::vector<std::byte> bytes_of(std::string_view text) {
    const auto bytes = std::as_bytes(std::span(text));
    return {bytes.begin(), bytes.end()};
}

/// The message of the ImageError that `work` throws; nullopt if it throws none.
template <typename Work>
std::optional<std::string> image_error(Work&& work) {
    try {
        static_cast<void>(work());
    } catch (const ImageError& error) {
        return error.what();
    }
    return std::nullopt;
}

}  // namespace process_images
