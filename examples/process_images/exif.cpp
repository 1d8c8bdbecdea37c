// SPDX-License-Identifier: Apache-2.0
#include "exif.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "image.hpp"

namespace process_images {
namespace {

using Bytes = std::span<const std::byte>;

// Integers of a TIFF block, in the byte order that its first two bytes announce. Every read is
// checked: offsets come from the file.
class TiffReader {
public:
    TiffReader(Bytes bytes, bool big_endian) : bytes_(bytes), big_endian_(big_endian) {}

    std::optional<std::uint32_t> integer(std::size_t offset, std::size_t size) const {
        if (offset > bytes_.size() || bytes_.size() - offset < size) return std::nullopt;
        std::uint32_t value = 0;
        for (std::size_t i = 0; i < size; ++i) {
            const std::size_t at = big_endian_ ? offset + i : offset + size - 1 - i;
            value = value << 8 | std::to_integer<std::uint32_t>(bytes_[at]);
        }
        return value;
    }

private:
    Bytes bytes_;
    bool big_endian_;
};

bool starts_with(Bytes bytes, std::string_view prefix) {
    return bytes.size() >= prefix.size() &&
           std::memcmp(bytes.data(), prefix.data(), prefix.size()) == 0;
}

int orientation_in_tiff(Bytes tiff) {
    constexpr int orientation_tag = 0x0112;
    constexpr std::size_t entry_bytes = 12;
    const bool big_endian = starts_with(tiff, "MM");
    if (!big_endian && !starts_with(tiff, "II")) return 1;

    const TiffReader reader(tiff, big_endian);
    const auto directory = reader.integer(4, 4);
    if (!directory) return 1;
    const auto entries = reader.integer(*directory, 2).value_or(0);
    for (std::size_t i = 0; i < entries; ++i) {
        const std::size_t entry = std::size_t{*directory} + 2 + i * entry_bytes;
        const auto tag = reader.integer(entry, 2);
        if (!tag) return 1;
        if (*tag != orientation_tag) continue;
        const auto value = reader.integer(entry + 8, 2).value_or(1);
        return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
    }
    return 1;
}

}  // namespace

int exif_orientation(Bytes jpeg) {
    using namespace std::string_view_literals;
    constexpr auto exif_prefix = "Exif\0\0"sv;
    const auto byte_at = [&](std::size_t i) { return std::to_integer<unsigned>(jpeg[i]); };

    // Segments: FF, marker, two bytes of length that count themselves, payload. The picture
    // begins at the first marker that is none of the application's or comment's.
    std::size_t at = 2;
    while (jpeg.size() >= 4 && at <= jpeg.size() - 4 && byte_at(at) == 0xFF) {
        const unsigned marker = byte_at(at + 1);
        const std::size_t length = byte_at(at + 2) << 8 | byte_at(at + 3);
        const bool before_the_picture = (marker >= 0xE0 && marker <= 0xEF) || marker == 0xFE;
        if (!before_the_picture || length < 2 || length > jpeg.size() - at - 2) return 1;
        const Bytes payload = jpeg.subspan(at + 4, length - 2);
        if (marker == 0xE1 && starts_with(payload, exif_prefix)) {
            return orientation_in_tiff(payload.subspan(exif_prefix.size()));
        }
        at += 2 + length;
    }
    return 1;
}

Image turn_upright(Image image, int orientation) {
    if (orientation <= 1 || orientation > 8) return image;
    require_valid(image);

    // Exif's eight cases are three switches: 5 to 8 swap the axes, and then the stored picture is
    // read from its right edge, its lower edge, or both.
    const bool swap_axes = orientation >= 5;
    const bool from_right =
        orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    const bool from_below =
        orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;

    Image out{.width = swap_axes ? image.height : image.width,
              .height = swap_axes ? image.width : image.height,
              .rgb = std::vector<std::uint8_t>(image.rgb.size())};
    auto* to = out.rgb.data();
    for (int y = 0; y < out.height; ++y) {
        for (int x = 0; x < out.width; ++x, to += 3) {
            int from_x = swap_axes ? y : x;
            int from_y = swap_axes ? x : y;
            if (from_right) from_x = image.width - 1 - from_x;
            if (from_below) from_y = image.height - 1 - from_y;
            const auto pixel = (static_cast<std::size_t>(from_y) * image.width + from_x) * 3;
            std::copy_n(&image.rgb[pixel], 3, to);
        }
    }
    return out;
}

}  // namespace process_images
