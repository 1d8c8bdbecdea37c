// SPDX-License-Identifier: Apache-2.0
#include "analysis.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <gtest/gtest.h>

#include "image.hpp"
#include "samples.hpp"
#include "test_images.hpp"

namespace process_images {
namespace {

Image beside(const Image& left, const Image& right) {
    Image image{.width = left.width + right.width, .height = left.height, .rgb = {}};
    for (int y = 0; y < image.height; ++y) {
        for (const Image* part : {&left, &right}) {
            const auto row = part->rgb.begin() + std::ptrdiff_t{y} * part->width * 3;
            image.rgb.insert(image.rgb.end(), row, row + std::ptrdiff_t{part->width} * 3);
        }
    }
    return image;
}

TEST(DominantColour, of_a_plain_picture_is_its_colour) {
    const DominantColour colour = dominant_colour(plain(40, 30, {255, 0, 0}));
    EXPECT_EQ(colour.rgb, (Rgb{255, 0, 0}));
    EXPECT_EQ(colour.name, "red");
    EXPECT_DOUBLE_EQ(colour.share, 1.0);
    EXPECT_EQ(dominant_colour(plain(1, 1, {0, 0, 0})).name, "black");
}

TEST(DominantColour, of_a_red_picture_is_red_after_compression_too) {
    const auto jpeg = encode_jpeg(plain(200, 200, {255, 0, 0}), 75);
    EXPECT_EQ(dominant_colour(decode_jpeg(jpeg)).name, "red");
}

TEST(DominantColour, is_the_larger_part_and_not_the_mean) {
    const Image image = beside(plain(60, 40, {20, 40, 220}), plain(40, 40, {230, 30, 30}));
    const DominantColour colour = dominant_colour(image);
    EXPECT_EQ(colour.rgb, (Rgb{20, 40, 220}));
    EXPECT_NEAR(colour.share, 0.6, 0.01);
}

// 127 and 128 fall into different bins of the histogram.
TEST(DominantColour, is_not_split_by_a_border_between_bins) {
    const Image grey = beside(plain(30, 40, {127, 127, 127}), plain(30, 40, {128, 128, 128}));
    const Image image = beside(grey, plain(40, 40, {230, 30, 30}));
    EXPECT_EQ(dominant_colour(image).name, "gray");
    EXPECT_NEAR(dominant_colour(image).share, 0.6, 0.01);
}

// Goal:   a picture that is looked at in samples is not judged by one of its stripes.
// Method: vertical lines whose period divides the likely strides; one in eight is red.
TEST(DominantColour, sees_past_a_regular_pattern) {
    Image lines = plain(1600, 1000, {0, 0, 255});
    for (std::size_t i = 0; i < lines.rgb.size() / 3; i += 8) {
        lines.rgb[i * 3] = 255;
        lines.rgb[i * 3 + 2] = 0;
    }
    const DominantColour colour = dominant_colour(lines);
    EXPECT_EQ(colour.name, "blue");
    EXPECT_NEAR(colour.share, 7.0 / 8, 0.02);
}

TEST(ColourName, is_the_nearest) {
    EXPECT_EQ(colour_name({255, 255, 255}), "white");
    EXPECT_EQ(colour_name({250, 5, 5}), "red");
    EXPECT_EQ(colour_name({2, 3, 120}), "navy");
    EXPECT_EQ(colour_name({130, 210, 240}), "skyblue");
    EXPECT_EQ(colour_name({120, 126, 122}), "gray");
    EXPECT_EQ(colour_name({90, 118, 33}), "darkolivegreen");
    EXPECT_EQ(colour_name({151, 177, 208}), "lightsteelblue");
    EXPECT_EQ(colour_name({241, 241, 241}), "whitesmoke");
}

TEST(Sharpness, is_zero_without_any_edge) {
    EXPECT_EQ(sharpness(plain(50, 50, {90, 10, 200})), 0);
    EXPECT_EQ(sharpness(plain(2, 100, {90, 10, 200})), 0);
    EXPECT_EQ(sharpness(plain(1, 1, {})), 0);
}

// One white pixel on black: the Laplacian is -1020 once, 255 four times and 0 elsewhere.
TEST(Sharpness, is_the_variance_of_the_laplacian) {
    Image image = plain(7, 7, {});
    std::fill_n(image.rgb.begin() + (3 * 7 + 3) * 3, 3, std::uint8_t{255});
    EXPECT_DOUBLE_EQ(sharpness(image), (1020.0 * 1020 + 4 * 255.0 * 255) / 25);
}

TEST(Sharpness, falls_when_a_picture_is_blurred) {
    const Image sharp = sample_picture("checkers.jpg");
    const Image blurred = stretch(stretch(sharp, 60, 40), 300, 200);
    const Image more_blurred = stretch(stretch(sharp, 20, 14), 300, 200);
    EXPECT_GT(sharpness(sharp), sharpness(blurred));
    EXPECT_GT(sharpness(blurred), sharpness(more_blurred));
}

TEST(PerceptualHash, hardly_changes_when_a_picture_is_resized_or_compressed) {
    for (const Sample& sample : samples()) {
        const Image picture = draw(sample, {600, 400});
        const auto hash = perceptual_hash(picture);
        EXPECT_LE(hamming_distance(hash, perceptual_hash(resize(picture, 150))), 2)
            << sample.file_name;
        EXPECT_LE(hamming_distance(hash, perceptual_hash(resize(picture, 97))), 4)
            << sample.file_name;
        const Image compressed = decode_jpeg(encode_jpeg(picture, 40));
        EXPECT_LE(hamming_distance(hash, perceptual_hash(compressed)), 4) << sample.file_name;
        const Image at_half = decode_jpeg(encode_jpeg(picture, 80), {.longest_edge_min = 300});
        EXPECT_LE(hamming_distance(hash, perceptual_hash(at_half)), 4) << sample.file_name;
    }
}

TEST(PerceptualHash, differs_between_pictures) {
    for (const Sample& a : samples()) {
        for (const Sample& b : samples()) {
            if (a.file_name == b.file_name) continue;
            const auto distance = hamming_distance(perceptual_hash(draw(a, {300, 200})),
                                                   perceptual_hash(draw(b, {300, 200})));
            EXPECT_GE(distance, 14) << a.file_name << " and " << b.file_name;
        }
    }
}

TEST(PerceptualHash, is_the_same_for_every_plain_picture) {
    const auto grey = perceptual_hash(plain(100, 50, {128, 128, 128}));
    EXPECT_EQ(perceptual_hash(plain(33, 77, {200, 10, 90})), grey);
    EXPECT_EQ(perceptual_hash(plain(1, 1, {255, 255, 255})), grey);
}

TEST(HammingDistance, counts_the_bits_that_differ) {
    EXPECT_EQ(hamming_distance(0, 0), 0);
    EXPECT_EQ(hamming_distance(0b1010, 0b0110), 2);
    EXPECT_EQ(hamming_distance(0, ~std::uint64_t{0}), 64);
}

TEST(Analysis, refuses_an_image_that_is_not_valid) {
    const Image broken{.width = 10, .height = 10, .rgb = {1, 2, 3}};
    EXPECT_THROW(static_cast<void>(dominant_colour(broken)), ImageError);
    EXPECT_THROW(static_cast<void>(sharpness(broken)), ImageError);
    EXPECT_THROW(static_cast<void>(perceptual_hash(broken)), ImageError);
    EXPECT_THROW(static_cast<void>(dominant_colour({})), ImageError);
}

}  // namespace
}  // namespace process_images
