// SPDX-License-Identifier: Apache-2.0
#include "exif.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "image.hpp"
#include "test_images.hpp"

namespace process_images {
namespace {

using namespace std::string_view_literals;

// A TIFF block with two entries, of which the second is the orientation.
std::string tiff_with(int orientation, bool big_endian) {
    const auto number = [&](unsigned value, int size) {
        std::string text;
        for (int i = 0; i < size; ++i) {
            const int shift = 8 * (big_endian ? size - 1 - i : i);
            text += static_cast<char>(value >> shift & 0xFF);
        }
        return text;
    };
    const auto entry = [&](unsigned tag, unsigned value) {
        return number(tag, 2) + number(3, 2) + number(1, 4) + number(value, 2) + number(0, 2);
    };
    return (big_endian ? "MM" : "II") + number(42, 2) + number(8, 4) + number(2, 2) +
           entry(0x0100, 7) + entry(0x0112, static_cast<unsigned>(orientation)) + number(0, 4);
}

std::string segment(unsigned char marker, std::string_view payload) {
    const auto length = payload.size() + 2;
    return std::string{'\xFF', static_cast<char>(marker), static_cast<char>(length >> 8),
                       static_cast<char>(length & 0xFF)} +
           std::string(payload);
}

std::string exif_segment(int orientation, bool big_endian) {
    return segment(0xE1, std::string("Exif\0\0"sv) + tiff_with(orientation, big_endian));
}

std::string jpeg_start(int orientation, bool big_endian) {
    return "\xFF\xD8" + segment(0xE0, "JFIF........") + segment(0xFE, "a comment") +
           exif_segment(orientation, big_endian) + segment(0xDB, "tables");
}

TEST(ExifOrientation, is_found_in_both_byte_orders) {
    for (int orientation = 1; orientation <= 8; ++orientation) {
        EXPECT_EQ(exif_orientation(bytes_of(jpeg_start(orientation, true))), orientation);
        EXPECT_EQ(exif_orientation(bytes_of(jpeg_start(orientation, false))), orientation);
    }
}

TEST(ExifOrientation, is_upright_where_there_is_none_or_it_makes_no_sense) {
    EXPECT_EQ(exif_orientation({}), 1);
    EXPECT_EQ(exif_orientation(bytes_of("\xFF\xD8")), 1);
    EXPECT_EQ(exif_orientation(bytes_of("\xFF\xD8" + segment(0xDB, "tables"))), 1);
    EXPECT_EQ(exif_orientation(bytes_of(jpeg_start(0, true))), 1);
    EXPECT_EQ(exif_orientation(bytes_of(jpeg_start(9, false))), 1);
}

// Goal:   offsets and lengths from the file never lead outside it.
// Method: cut at every byte and set every byte to its extremes; sanitizers watch.
TEST(ExifOrientation, survives_damage_at_every_byte) {
    for (const bool big_endian : {true, false}) {
        const auto bytes = bytes_of(jpeg_start(6, big_endian));
        for (std::size_t at = 0; at < bytes.size(); ++at) {
            const std::vector cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(at));
            static_cast<void>(exif_orientation(cut));
            for (const auto value : {std::byte{0xFF}, std::byte{0}}) {
                auto damaged = bytes;
                damaged[at] = value;
                const int orientation = exif_orientation(damaged);
                EXPECT_GE(orientation, 1);
                EXPECT_LE(orientation, 8);
            }
        }
    }
}

// Goal:   each of the eight orientations ends in the same upright picture.
// Method: the stored form of the letter pair "ab/cd" for each, written by hand from the
//         specification: value 6, say, has its first row at the right and its first column on top.
TEST(TurnUpright, undoes_each_orientation) {
    const auto stored = [](int width, int height, std::string_view letters) {
        Image image{.width = width, .height = height, .rgb = {}};
        for (const char letter : letters) {
            image.rgb.insert(image.rgb.end(), 3, static_cast<std::uint8_t>(letter));
        }
        return image;
    };
    const Image upright = stored(3, 2, "abcdef");
    EXPECT_EQ(turn_upright(stored(3, 2, "abcdef"), 1), upright);
    EXPECT_EQ(turn_upright(stored(3, 2, "cbafed"), 2), upright);
    EXPECT_EQ(turn_upright(stored(3, 2, "fedcba"), 3), upright);
    EXPECT_EQ(turn_upright(stored(3, 2, "defabc"), 4), upright);
    EXPECT_EQ(turn_upright(stored(2, 3, "adbecf"), 5), upright);
    EXPECT_EQ(turn_upright(stored(2, 3, "cfbead"), 6), upright);
    EXPECT_EQ(turn_upright(stored(2, 3, "fcebda"), 7), upright);
    EXPECT_EQ(turn_upright(stored(2, 3, "daebfc"), 8), upright);
}

TEST(TurnUpright, happens_when_a_jpeg_is_decoded) {
    Image half = plain(64, 32, {255, 255, 255});
    for (int y = 0; y < 32; ++y) {
        std::fill_n(half.rgb.begin() + y * 64 * 3, 32 * 3, std::uint8_t{0});
    }
    auto jpeg = encode_jpeg(half, 90);
    const auto exif = bytes_of(exif_segment(6, true));  // held so that its left side was up
    jpeg.insert(jpeg.begin() + 2, exif.begin(), exif.end());

    EXPECT_EQ(jpeg_size(jpeg), (Size{32, 64}));
    const Image upright = decode_jpeg(jpeg);
    EXPECT_EQ(upright.width, 32);
    EXPECT_EQ(upright.height, 64);
    EXPECT_LT(pixel(upright, 16, 8).red, 20);
    EXPECT_GT(pixel(upright, 16, 56).red, 235);
}

}  // namespace
}  // namespace process_images
