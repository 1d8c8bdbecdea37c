// SPDX-License-Identifier: Apache-2.0
#include "analysis.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <string_view>
#include <vector>

#include "image.hpp"

namespace process_images {
namespace {

// Luma of BT.601, the one JPEG uses.
int grey(const std::uint8_t* pixel) {
    return (299 * pixel[0] + 587 * pixel[1] + 114 * pixel[2] + 500) / 1000;
}

struct NamedColour {
    Rgb rgb;
    std::string_view name;
};

// CSS Color 4 §6.1, without the near duplicates: nobody needs both "snow" and "floralwhite".
constexpr auto named_colours = std::to_array<NamedColour>({
    {{0, 0, 0}, "black"},
    {{47, 79, 79}, "darkslategray"},
    {{105, 105, 105}, "dimgray"},
    {{112, 128, 144}, "slategray"},
    {{128, 128, 128}, "gray"},
    {{169, 169, 169}, "darkgray"},
    {{211, 211, 211}, "lightgray"},
    {{220, 220, 220}, "gainsboro"},
    {{245, 245, 245}, "whitesmoke"},
    {{255, 255, 255}, "white"},
    {{245, 245, 220}, "beige"},
    {{255, 228, 225}, "mistyrose"},
    {{128, 0, 0}, "maroon"},
    {{178, 34, 34}, "firebrick"},
    {{255, 0, 0}, "red"},
    {{205, 92, 92}, "indianred"},
    {{188, 143, 143}, "rosybrown"},
    {{250, 128, 114}, "salmon"},
    {{255, 99, 71}, "tomato"},
    {{255, 127, 80}, "coral"},
    {{255, 69, 0}, "orangered"},
    {{255, 140, 0}, "darkorange"},
    {{255, 165, 0}, "orange"},
    {{255, 215, 0}, "gold"},
    {{255, 255, 0}, "yellow"},
    {{240, 230, 140}, "khaki"},
    {{189, 183, 107}, "darkkhaki"},
    {{255, 218, 185}, "peachpuff"},
    {{210, 180, 140}, "tan"},
    {{244, 164, 96}, "sandybrown"},
    {{205, 133, 63}, "peru"},
    {{210, 105, 30}, "chocolate"},
    {{160, 82, 45}, "sienna"},
    {{139, 69, 19}, "saddlebrown"},
    {{184, 134, 11}, "darkgoldenrod"},
    {{128, 128, 0}, "olive"},
    {{85, 107, 47}, "darkolivegreen"},
    {{107, 142, 35}, "olivedrab"},
    {{154, 205, 50}, "yellowgreen"},
    {{0, 255, 0}, "lime"},
    {{50, 205, 50}, "limegreen"},
    {{34, 139, 34}, "forestgreen"},
    {{0, 100, 0}, "darkgreen"},
    {{143, 188, 143}, "darkseagreen"},
    {{46, 139, 87}, "seagreen"},
    {{0, 255, 127}, "springgreen"},
    {{127, 255, 212}, "aquamarine"},
    {{64, 224, 208}, "turquoise"},
    {{0, 128, 128}, "teal"},
    {{95, 158, 160}, "cadetblue"},
    {{0, 255, 255}, "cyan"},
    {{135, 206, 235}, "skyblue"},
    {{176, 196, 222}, "lightsteelblue"},
    {{70, 130, 180}, "steelblue"},
    {{100, 149, 237}, "cornflowerblue"},
    {{30, 144, 255}, "dodgerblue"},
    {{65, 105, 225}, "royalblue"},
    {{0, 0, 255}, "blue"},
    {{0, 0, 128}, "navy"},
    {{25, 25, 112}, "midnightblue"},
    {{72, 61, 139}, "darkslateblue"},
    {{75, 0, 130}, "indigo"},
    {{138, 43, 226}, "blueviolet"},
    {{147, 112, 219}, "mediumpurple"},
    {{230, 230, 250}, "lavender"},
    {{216, 191, 216}, "thistle"},
    {{128, 0, 128}, "purple"},
    {{255, 0, 255}, "magenta"},
    {{218, 112, 214}, "orchid"},
    {{199, 21, 133}, "mediumvioletred"},
    {{255, 105, 180}, "hotpink"},
    {{255, 192, 203}, "pink"},
    {{220, 20, 60}, "crimson"},
});

// Oklab, where a distance is about the difference that is seen. In RGB a dark green would be
// nearest to a grey. https://bottosson.github.io/posts/oklab/
struct Oklab {
    double lightness;
    double green_red;
    double blue_yellow;
};

Oklab to_oklab(Rgb colour) {
    const auto linear = [](std::uint8_t value) {
        const double v = value / 255.0;
        return v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4);
    };
    const double r = linear(colour.red);
    const double g = linear(colour.green);
    const double b = linear(colour.blue);
    const double l = std::cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
    const double m = std::cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
    const double s = std::cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
    return {0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
            1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
            0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s};
}

// The chroma counts twice: Oklab's own distance calls a light blue grey.
double distance(const Oklab& a, const Oklab& b) {
    return std::hypot(a.lightness - b.lightness, 2 * (a.green_red - b.green_red),
                      2 * (a.blue_yellow - b.blue_yellow));
}

struct Bin {
    std::int64_t count = 0;
    std::array<std::int64_t, 3> sum{};

    void add(const Bin& other) {
        count += other.count;
        for (std::size_t i = 0; i < 3; ++i) sum[i] += other.sum[i];
    }
};

constexpr int levels = 16;  // of each channel

std::size_t bin_index(int red, int green, int blue) {
    return static_cast<std::size_t>((red * levels + green) * levels + blue);
}

std::vector<Bin> histogram(const Image& image) {
    constexpr std::size_t samples_max = 100'000;
    std::vector<Bin> bins(levels * levels * levels);
    const std::size_t pixels = image.rgb.size() / 3;
    const std::size_t step = (pixels + samples_max - 1) / samples_max;
    // Within each step the pixel is taken from another place, by a golden-ratio sequence: a fixed
    // stride could see only one colour of stripes.
    std::uint32_t offset = 0;
    for (std::size_t begin = 0; begin < pixels; begin += step) {
        offset += 2654435769U;  // 2^32 / golden ratio
        const std::size_t within = (std::uint64_t{offset} * step) >> 32;
        const auto* pixel = &image.rgb[std::min(begin + within, pixels - 1) * 3];
        Bin& bin = bins[bin_index(pixel[0] / levels, pixel[1] / levels, pixel[2] / levels)];
        bin.add({1, {pixel[0], pixel[1], pixel[2]}});
    }
    return bins;
}

// A bin with its neighbours, so that a colour on the border of two bins is not counted as two.
Bin with_neighbours(const std::vector<Bin>& bins, int red, int green, int blue) {
    Bin result;
    const auto low = [](int level) { return std::max(level - 1, 0); };
    const auto high = [](int level) { return std::min(level + 1, levels - 1); };
    for (int r = low(red); r <= high(red); ++r) {
        for (int g = low(green); g <= high(green); ++g) {
            for (int b = low(blue); b <= high(blue); ++b) result.add(bins[bin_index(r, g, b)]);
        }
    }
    return result;
}

constexpr int hash_side = 8;  // the lowest frequencies each way: 64 bits
constexpr int sample_side = 32;

// The low corner of the orthonormal two-dimensional DCT-II.
std::array<double, hash_side * hash_side> low_frequencies(const Image& small) {
    std::array<std::array<double, sample_side>, hash_side> basis{};
    for (int k = 0; k < hash_side; ++k) {
        const double scale = std::sqrt((k == 0 ? 1.0 : 2.0) / sample_side);
        for (int i = 0; i < sample_side; ++i) {
            basis[k][i] = scale * std::cos(std::numbers::pi * k * (2 * i + 1) / (2 * sample_side));
        }
    }
    std::array<double, hash_side * hash_side> result{};
    for (int y = 0; y < sample_side; ++y) {
        for (int u = 0; u < hash_side; ++u) {
            double row = 0;
            for (int x = 0; x < sample_side; ++x) {
                row += basis[u][x] * grey(&small.rgb[(y * sample_side + x) * 3]);
            }
            for (int v = 0; v < hash_side; ++v) result[v * hash_side + u] += basis[v][y] * row;
        }
    }
    return result;
}

}  // namespace

std::string_view colour_name(Rgb colour) {
    const Oklab wanted = to_oklab(colour);
    const auto distance_to = [&](const NamedColour& named) {
        return distance(wanted, to_oklab(named.rgb));
    };
    return std::ranges::min_element(named_colours, {}, distance_to)->name;
}

DominantColour dominant_colour(const Image& image) {
    require_valid(image);
    const auto bins = histogram(image);
    Bin best;
    std::int64_t total = 0;
    for (int red = 0; red < levels; ++red) {
        for (int green = 0; green < levels; ++green) {
            for (int blue = 0; blue < levels; ++blue) {
                const Bin& here = bins[bin_index(red, green, blue)];
                total += here.count;
                if (here.count == 0) continue;
                const Bin around = with_neighbours(bins, red, green, blue);
                if (around.count > best.count) best = around;
            }
        }
    }
    const auto mean = [&](std::size_t i) {
        return static_cast<std::uint8_t>((best.sum[i] + best.count / 2) / best.count);
    };
    const Rgb rgb{mean(0), mean(1), mean(2)};
    const double share = static_cast<double>(best.count) / static_cast<double>(total);
    return {.rgb = rgb, .name = colour_name(rgb), .share = share};
}

double sharpness(const Image& image) {
    require_valid(image);
    if (image.width < 3 || image.height < 3) return 0;
    const auto width = static_cast<std::size_t>(image.width);
    const auto fill_grey = [&](std::vector<int>& row, std::size_t y) {
        const auto* from = &image.rgb[y * width * 3];
        for (std::size_t x = 0; x < width; ++x) row[x] = grey(from + x * 3);
    };
    std::vector<int> above(width);
    std::vector<int> here(width);
    std::vector<int> below(width);
    fill_grey(here, 0);
    fill_grey(below, 1);

    // Exact in integers: 1020 squared times 2^32 pixels is far below 2^63.
    std::int64_t sum = 0;
    std::int64_t sum_of_squares = 0;
    for (std::size_t y = 1; y + 1 < static_cast<std::size_t>(image.height); ++y) {
        above.swap(here);
        here.swap(below);
        fill_grey(below, y + 1);
        for (std::size_t x = 1; x + 1 < width; ++x) {
            const int edge = above[x] + below[x] + here[x - 1] + here[x + 1] - 4 * here[x];
            sum += edge;
            sum_of_squares += edge * edge;
        }
    }
    const double count = static_cast<double>(width - 2) * (image.height - 2);
    const double mean = static_cast<double>(sum) / count;
    return static_cast<double>(sum_of_squares) / count - mean * mean;
}

std::uint64_t perceptual_hash(const Image& image) {
    const auto frequencies = low_frequencies(stretch(image, sample_side, sample_side));
    auto sorted = frequencies;
    const auto middle = sorted.begin() + sorted.size() / 2;
    std::ranges::nth_element(sorted, middle);

    // Smooth pictures have many frequencies near zero, and so near the median: without a margin
    // rounding would decide their bits. One grey level at one point of the 32x32 amounts to 0.06.
    constexpr double margin = 2.0;
    std::uint64_t hash = 0;
    for (const double frequency : frequencies) hash = hash << 1 | (frequency > *middle + margin);
    return hash;
}

int hamming_distance(std::uint64_t a, std::uint64_t b) { return std::popcount(a ^ b); }

}  // namespace process_images
