// SPDX-License-Identifier: Apache-2.0
#include "image.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <turbojpeg.h>

#include "test_images.hpp"

namespace process_images {
namespace {

using namespace std::string_view_literals;
using Jpeg = std::vector<std::byte>;

std::string decode_error(std::span<const std::byte> jpeg, DecodeOptions options = {}) {
    return image_error([&] { return decode_jpeg(jpeg, options); }).value_or("no error");
}

// What encode_jpeg() has no option for.
Jpeg encode_with(std::span<const std::uint8_t> pixels, Size size, int format, int subsampling,
                 int flags) {
    const std::unique_ptr<void, decltype([](void* handle) { tjDestroy(handle); })> encoder(
        tjInitCompress());
    unsigned char* bytes = nullptr;
    unsigned long count = 0;
    EXPECT_EQ(tjCompress2(encoder.get(), pixels.data(), size.width, 0, size.height, format, &bytes,
                          &count, subsampling, 85, flags),
              0);
    const auto* begin = reinterpret_cast<const std::byte*>(bytes);
    Jpeg jpeg(begin, begin + count);
    tjFree(bytes);
    return jpeg;
}

Jpeg progressive(const Image& image) {
    return encode_with(image.rgb, {image.width, image.height}, TJPF_RGB, TJSAMP_420,
                       TJFLAG_PROGRESSIVE);
}

double mean_difference(const Image& a, const Image& b) {
    EXPECT_EQ(a.rgb.size(), b.rgb.size());
    double sum = 0;
    for (std::size_t i = 0; i < a.rgb.size(); ++i) sum += std::abs(a.rgb[i] - b.rgb[i]);
    return sum / static_cast<double>(a.rgb.size());
}

// The two bytes of height and two of width in the SOF segment, replaced.
Jpeg claiming_size(Jpeg jpeg, int width, int height) {
    constexpr std::array marker{std::byte{0xFF}, std::byte{0xC0}};
    const auto frame = std::ranges::search(jpeg, marker).begin();
    EXPECT_NE(frame, jpeg.end());
    frame[5] = std::byte(height >> 8);
    frame[6] = std::byte(height & 0xFF);
    frame[7] = std::byte(width >> 8);
    frame[8] = std::byte(width & 0xFF);
    return jpeg;
}

TEST(DecodeJpeg, returns_nearly_the_picture_that_was_encoded) {
    const Image picture = sample_picture("sunset.jpg");
    const Image decoded = decode_jpeg(encode_jpeg(picture, 95));
    EXPECT_EQ(decoded.width, 300);
    EXPECT_EQ(decoded.height, 200);
    EXPECT_LT(mean_difference(picture, decoded), 4.0);
}

TEST(DecodeJpeg, reads_sizes_that_are_no_multiple_of_a_block) {
    for (const Size size : {Size{1, 1}, {7, 3}, {17, 33}, {1, 100}}) {
        const Image decoded = decode_jpeg(encode_jpeg(plain(size.width, size.height, {}), 90));
        EXPECT_EQ((Size{decoded.width, decoded.height}), size);
    }
}

TEST(DecodeJpeg, reads_progressive_grey_and_cmyk_files) {
    const Image picture = sample_picture("clouds.jpg");
    EXPECT_LT(mean_difference(picture, decode_jpeg(progressive(picture))), 6.0);

    const auto grey = encode_with(picture.rgb, {300, 200}, TJPF_RGB, TJSAMP_GRAY, 0);
    const Rgb middle = pixel(decode_jpeg(grey), 150, 100);
    EXPECT_EQ(middle.red, middle.green);
    EXPECT_EQ(middle.green, middle.blue);

    // No cyan, all magenta and yellow, no black, written inverted: red.
    std::vector<std::uint8_t> ink;
    for (int i = 0; i < 16 * 16; ++i) ink.insert(ink.end(), {255, 0, 0, 255});
    const Rgb red = pixel(decode_jpeg(encode_with(ink, {16, 16}, TJPF_CMYK, TJSAMP_444, 0)), 8, 8);
    EXPECT_GT(red.red, 250);
    EXPECT_LT(red.green, 5);
    EXPECT_LT(red.blue, 5);
}

TEST(DecodeJpeg, decodes_smaller_but_never_below_the_wanted_edge) {
    const Jpeg jpeg = encode_jpeg(sample_picture("sunset.jpg"), 90);
    const auto width = [&](int longest_edge_min) {
        return decode_jpeg(jpeg, {.longest_edge_min = longest_edge_min}).width;
    };
    EXPECT_EQ(width(0), 300);
    EXPECT_EQ(width(301), 300);
    EXPECT_EQ(width(151), 300);
    EXPECT_EQ(width(150), 150);
    EXPECT_EQ(width(76), 150);
    EXPECT_EQ(width(75), 75);
    EXPECT_EQ(width(1), 38);
}

TEST(DecodeJpeg, refuses_an_empty_file) { EXPECT_EQ(decode_error({}), "the file is empty"); }

TEST(DecodeJpeg, says_what_a_file_of_another_kind_is) {
    EXPECT_EQ(decode_error(bytes_of("\x89PNG\r\n\x1a\n\0\0\0\rIHDR"sv)),
              "not a JPEG but a PNG picture");
    EXPECT_EQ(decode_error(bytes_of("GIF89a......")), "not a JPEG but a GIF picture");
    EXPECT_EQ(decode_error(bytes_of("RIFF\1\2\3\4WEBPVP8 ")), "not a JPEG but a WebP picture");
    EXPECT_EQ(decode_error(bytes_of("\0\0\0 ftypheic"sv)), "not a JPEG but a HEIC picture");
    EXPECT_EQ(decode_error(bytes_of("<!DOCTYPE html><html>")), "not a JPEG but an HTML page");
    EXPECT_EQ(decode_error(bytes_of("hello")),
              "not a JPEG: it begins with byte 0x68, a JPEG with 0xff 0xd8");
    EXPECT_EQ(decode_error(bytes_of("\0"sv)),
              "not a JPEG: it begins with byte 0x00, a JPEG with 0xff 0xd8");
}

// Goal:   a file that is cut anywhere is an error and never half a picture.
// Method: cut a small one at every byte and a large one at every 1/16, baseline and progressive.
TEST(DecodeJpeg, refuses_a_file_that_is_cut_off_anywhere) {
    const Image small = sample_picture("ribbons.jpg", {48, 32});
    for (const Jpeg& jpeg : {encode_jpeg(small, 80), progressive(small)}) {
        for (std::size_t size = 1; size < jpeg.size(); ++size) {
            const std::string error = decode_error(std::span(jpeg).first(size));
            EXPECT_TRUE(error.contains("cut off"))
                << size << " of " << jpeg.size() << ": " << error;
        }
        EXPECT_EQ(decode_error(jpeg), "no error");
    }
    const Image large = sample_picture("clouds.jpg", {1200, 800});
    for (const Jpeg& jpeg : {encode_jpeg(large, 90), progressive(large)}) {
        for (std::size_t part = 1; part < 16; ++part) {
            const auto cut = std::span(jpeg).first(jpeg.size() * part / 16);
            constexpr auto expected = "cut off: the file ends before the picture does";
            EXPECT_EQ(decode_error(cut), expected) << part;
            EXPECT_EQ(decode_error(cut, {.longest_edge_min = 100}), expected) << part;
        }
    }
}

// Goal:   damage ends in a picture or an ImageError, and in nothing else.
// Method: damage one byte after the other; sanitizers watch.
TEST(DecodeJpeg, survives_damage_at_every_byte) {
    const Image small = sample_picture("mandelbrot.jpg", {32, 24});
    int refused = 0;
    for (const Jpeg& jpeg : {encode_jpeg(small, 80), progressive(small)}) {
        for (std::size_t at = 0; at < jpeg.size(); ++at) {
            for (const auto mask : {std::byte{0xFF}, std::byte{0x01}, std::byte{0x40}}) {
                Jpeg damaged = jpeg;
                damaged[at] ^= mask;
                refused += decode_error(damaged, {.pixels_max = 100'000}) != "no error";
            }
        }
    }
    EXPECT_GT(refused, 100);
}

TEST(DecodeJpeg, refuses_rubbish_within_the_picture_data) {
    Jpeg jpeg = encode_jpeg(sample_picture("checkers.jpg"), 80);
    const auto middle = jpeg.begin() + static_cast<std::ptrdiff_t>(jpeg.size() / 2);
    std::fill_n(middle, 64, std::byte{0xFF});
    EXPECT_TRUE(decode_error(jpeg).starts_with("damaged: ")) << decode_error(jpeg);
}

TEST(DecodeJpeg, refuses_more_pixels_than_its_limit_before_it_allocates_them) {
    const Jpeg small = encode_jpeg(plain(16, 16, {}), 80);
    const Jpeg jpeg = claiming_size(small, 65500, 65500);
    EXPECT_EQ(decode_error(jpeg),
              "too large: 65500x65500 is 4290.2 megapixels, the limit is 100.0");
    EXPECT_NE(decode_error(jpeg, {.longest_edge_min = 100}), "no error");

    EXPECT_EQ(decode_error(small, {.pixels_max = 256}), "no error");
    EXPECT_TRUE(decode_error(small, {.pixels_max = 255}).starts_with("too large: 16x16"));
}

TEST(JpegSize, is_read_from_the_header_alone) {
    const Jpeg jpeg = encode_jpeg(sample_picture("sunset.jpg"), 80);
    EXPECT_EQ(jpeg_size(jpeg), (Size{300, 200}));
    EXPECT_EQ(jpeg_size(std::span(jpeg).first(jpeg.size() * 3 / 4)), (Size{300, 200}));
    EXPECT_THROW(static_cast<void>(jpeg_size(bytes_of("no"))), ImageError);
    EXPECT_THROW(static_cast<void>(jpeg_size({})), ImageError);
}

TEST(EncodeJpeg, makes_smaller_files_of_lower_quality) {
    const Image picture = sample_picture("mandelbrot.jpg");
    EXPECT_LT(encode_jpeg(picture, 30).size(), encode_jpeg(picture, 60).size());
    EXPECT_LT(encode_jpeg(picture, 60).size(), encode_jpeg(picture, 95).size());
}

TEST(EncodeJpeg, refuses_what_is_no_picture) {
    const auto error = [](const Image& image, int quality) {
        return image_error([&] { return encode_jpeg(image, quality); }).value_or("no error");
    };
    EXPECT_EQ(error(plain(2, 2, {}), 0), "JPEG quality goes from 1 to 100, not 0");
    EXPECT_EQ(error(plain(2, 2, {}), 101), "JPEG quality goes from 1 to 100, not 101");
    EXPECT_EQ(error({}, 90), "an image of 0x0 has no pixels");
    EXPECT_EQ(error({.width = 2, .height = 2, .rgb = {1, 2, 3}}, 90),
              "an image of 2x2 needs 12 bytes of pixels and has 3");
    EXPECT_EQ(error(plain(65501, 1, {}), 90), "65501x1 is more than a JPEG can hold");
}

TEST(Resize, keeps_the_proportions_and_never_enlarges) {
    const auto resized = [](int width, int height, int longest_edge) {
        const Image image = resize(plain(width, height, {}), longest_edge);
        EXPECT_EQ(std::ssize(image.rgb), std::int64_t{image.width} * image.height * 3);
        return Size{image.width, image.height};
    };
    EXPECT_EQ(resized(300, 200, 150), (Size{150, 100}));
    EXPECT_EQ(resized(200, 300, 100), (Size{67, 100}));
    EXPECT_EQ(resized(300, 200, 300), (Size{300, 200}));
    EXPECT_EQ(resized(300, 200, 1000), (Size{300, 200}));
    EXPECT_EQ(resized(1000, 1, 10), (Size{10, 1}));
    EXPECT_EQ(resized(5, 5, 1), (Size{1, 1}));
}

TEST(Resize, keeps_a_plain_colour_exactly) {
    const Rgb colour{201, 77, 255};
    for (const int edge : {1, 7, 64, 99}) {
        const Image small = resize(plain(101, 67, colour), edge);
        EXPECT_EQ(small, plain(small.width, small.height, colour)) << edge;
    }
}

TEST(Resize, takes_the_mean_of_the_area) {
    // Three pixels become two: the one in the middle is shared.
    const Image row{.width = 3, .height = 1, .rgb = {0, 0, 0, 90, 90, 90, 240, 240, 240}};
    EXPECT_EQ(stretch(row, 2, 1).rgb, (std::vector<std::uint8_t>{30, 30, 30, 190, 190, 190}));

    Image checkers = plain(64, 64, {});
    for (int y = 0; y < 64; ++y) {
        for (int x = 0; x < 64; ++x) {
            if ((x + y) % 2 == 0) continue;
            std::fill_n(checkers.rgb.begin() + (y * 64 + x) * 3, 3, std::uint8_t{255});
        }
    }
    EXPECT_EQ(resize(checkers, 32), plain(32, 32, {128, 128, 128}));
}

TEST(Resize, agrees_with_decoding_at_half_the_size) {
    const Jpeg jpeg = encode_jpeg(sample_picture("clouds.jpg", {640, 400}), 95);
    const Image by_area = resize(decode_jpeg(jpeg), 320);
    const Image by_decoder = decode_jpeg(jpeg, {.longest_edge_min = 320});
    EXPECT_LT(mean_difference(by_area, by_decoder), 2.0);
}

TEST(Resize, refuses_an_edge_below_one) {
    EXPECT_THROW(static_cast<void>(resize(plain(4, 4, {}), 0)), ImageError);
    EXPECT_THROW(static_cast<void>(resize(plain(4, 4, {}), -5)), ImageError);
    EXPECT_THROW(static_cast<void>(resize({}, 10)), ImageError);
    EXPECT_THROW(static_cast<void>(stretch(plain(4, 4, {}), 4, 0)), ImageError);
}

TEST(Stretch, enlarges_without_new_colours) {
    const Image row{.width = 2, .height = 1, .rgb = {10, 20, 30, 40, 50, 60}};
    const Image wide = stretch(row, 4, 2);
    for (int y = 0; y < 2; ++y) {
        EXPECT_EQ(pixel(wide, 0, y), (Rgb{10, 20, 30}));
        EXPECT_EQ(pixel(wide, 1, y), (Rgb{10, 20, 30}));
        EXPECT_EQ(pixel(wide, 2, y), (Rgb{40, 50, 60}));
        EXPECT_EQ(pixel(wide, 3, y), (Rgb{40, 50, 60}));
    }
}

}  // namespace
}  // namespace process_images
