// SPDX-License-Identifier: Apache-2.0
#include "samples.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "files.hpp"
#include "image.hpp"

namespace process_images {
namespace {

struct Colour {
    double red = 0;
    double green = 0;
    double blue = 0;
};

Colour mix(Colour a, Colour b, double share) {
    share = std::clamp(share, 0.0, 1.0);
    return {std::lerp(a.red, b.red, share), std::lerp(a.green, b.green, share),
            std::lerp(a.blue, b.blue, share)};
}

Rgb to_rgb(Colour colour) {
    const auto byte = [](double v) {
        return static_cast<std::uint8_t>(std::clamp(v, 0.0, 255.0) + 0.5);
    };
    return {byte(colour.red), byte(colour.green), byte(colour.blue)};
}

double smooth(double t) {
    t = std::clamp(t, 0.0, 1.0);
    return t * t * (3 - 2 * t);
}

// An integer hash and no <random> distribution: those differ between standard libraries.
double random_at(std::int64_t x, std::int64_t y) {
    auto h = static_cast<std::uint64_t>(x) * 0x9E3779B97F4A7C15U ^
             static_cast<std::uint64_t>(y) * 0xC2B2AE3D27D4EB4FU;
    h = (h ^ h >> 32) * 0xD6E8FEB86659FD93U;
    h = (h ^ h >> 32) * 0xD6E8FEB86659FD93U;
    return static_cast<double>(h >> 40) / (1 << 24);
}

double value_noise(double x, double y) {
    const double column = std::floor(x);
    const double row = std::floor(y);
    const auto i = static_cast<std::int64_t>(column);
    const auto j = static_cast<std::int64_t>(row);
    const double right = smooth(x - column);
    const double upper = std::lerp(random_at(i, j), random_at(i + 1, j), right);
    const double lower = std::lerp(random_at(i, j + 1), random_at(i + 1, j + 1), right);
    return std::lerp(upper, lower, smooth(y - row));
}

double fractal_noise(double x, double y) {
    constexpr int octaves = 7;
    double sum = 0;
    double amplitude = 0.5;
    for (int i = 0; i < octaves; ++i) {
        sum += amplitude * value_noise(x, y);
        amplitude /= 2;
        x *= 2;
        y *= 2;
    }
    return sum;
}

Rgb sunset(double x, double y) {
    constexpr double horizon = 0.64;
    constexpr double sun_x = 0.95;
    constexpr double sun_y = 0.52;
    const auto sky = [&](double height) {
        const Colour high{44, 36, 92};
        const Colour middle{222, 92, 74};
        const Colour low{255, 196, 92};
        const double t = height / horizon;
        Colour colour = t < 0.6 ? mix(high, middle, t / 0.6) : mix(middle, low, (t - 0.6) / 0.4);
        const double from_sun = std::hypot(x - sun_x, height - sun_y);
        colour = mix(colour, {255, 232, 170}, 0.6 * std::exp(-from_sun * 7));
        return mix(colour, {255, 250, 224}, (0.1 - from_sun) * 200);
    };
    if (y < horizon) return to_rgb(sky(y));
    const double depth = (y - horizon) / (1 - horizon);
    const double wave = value_noise(x * 14 / (0.25 + depth), 60 * std::sqrt(depth) + 3) - 0.5;
    const Colour mirrored = sky(horizon * (1 - depth * 0.9) + wave * 0.09);
    return to_rgb(mix(mirrored, {18, 24, 58}, 0.35 + 0.35 * depth));
}

Rgb checkers(double x, double y) {
    constexpr double squares = 8;
    const double column = std::floor(x * squares);
    const double row = std::floor(y * squares);
    const bool dark = static_cast<int>(column + row) % 2 == 0;
    const double from_middle = std::hypot(x * squares - column - 0.5, y * squares - row - 0.5);
    const bool circle = from_middle < 0.18 + 0.02 * std::fmod(column * 3 + row * 5, 11);
    if (circle) return dark ? Rgb{250, 190, 40} : Rgb{200, 30, 60};
    return dark ? Rgb{24, 60, 70} : Rgb{240, 236, 220};
}

Rgb mandelbrot(double x, double y) {
    constexpr int iterations_max = 250;
    const std::complex<double> c(x * 2.1 - 2.15, (y - 0.5) * 2.1);
    std::complex<double> z = 0;
    for (int i = 0; i < iterations_max; ++i) {
        z = {z.real() * z.real() - z.imag() * z.imag() + c.real(),
             2 * z.real() * z.imag() + c.imag()};
        if (std::norm(z) < 256) continue;
        const double steps = i + 1 - std::log2(std::log2(std::norm(z)) / 2);
        const double phase = std::sqrt(std::max(steps, 0.0)) * 0.9;
        return to_rgb({127 - 127 * std::cos(phase), 110 - 110 * std::cos(phase * 1.2 + 0.4),
                       150 - 100 * std::cos(phase * 0.7 + 2.2)});
    }
    return {4, 4, 12};
}

Rgb clouds(double x, double y) {
    const double bend = fractal_noise(x * 2.5 + 11, y * 2.5 + 5);
    const double density = fractal_noise(x * 3 + bend * 1.5, y * 4 + bend * 1.5);
    const Colour sky = mix({38, 104, 190}, {140, 190, 232}, y);
    const Colour cloud = mix({255, 255, 255}, {168, 176, 190}, (density - 0.55) * 3);
    return to_rgb(mix(sky, cloud, smooth((density - 0.4) * 4.5)));
}

Rgb ribbons(double x, double y) {
    constexpr std::array<Colour, 5> palette{
        {{16, 120, 92}, {236, 226, 196}, {16, 120, 92}, {232, 120, 60}, {90, 40, 100}}};
    const double along = x * 6 + y * 4 + 0.55 * std::sin(y * 9) + 0.35 * std::sin(x * 5 + 1);
    const double stripe = std::floor(along);
    const double within = along - stripe;
    const double shade = 0.72 + 0.28 * std::sin(within * 3.14159265);
    const Colour colour = palette[static_cast<std::size_t>(stripe + 100) % palette.size()];
    return to_rgb({colour.red * shade, colour.green * shade, colour.blue * shade});
}

constexpr std::array all_samples{
    Sample{"sunset.jpg", sunset},         Sample{"checkers.jpg", checkers},
    Sample{"mandelbrot.jpg", mandelbrot}, Sample{"clouds.jpg", clouds},
    Sample{"ribbons.jpg", ribbons},
};

}  // namespace

std::span<const Sample> samples() { return all_samples; }

Image draw(const Sample& sample, Size size) {
    Image image{.width = size.width, .height = size.height, .rgb = {}};
    image.rgb.reserve(static_cast<std::size_t>(size.width) * size.height * 3);
    for (int row = 0; row < size.height; ++row) {
        for (int column = 0; column < size.width; ++column) {
            const Rgb colour =
                sample.colour_at((column + 0.5) / size.height, (row + 0.5) / size.height);
            image.rgb.insert(image.rgb.end(), {colour.red, colour.green, colour.blue});
        }
    }
    return image;
}

std::filesystem::path make_sample(const std::filesystem::path& folder, const Sample& sample,
                                  Size size) {
    constexpr int quality = 90;
    auto path = folder / sample.file_name;
    if (!std::filesystem::exists(path)) {
        write_file(path, encode_jpeg(draw(sample, size), quality));
    }
    return path;
}

std::vector<std::filesystem::path> make_samples(const std::filesystem::path& folder, Size size) {
    std::filesystem::create_directories(folder);
    std::vector<std::filesystem::path> paths;
    for (const Sample& sample : samples()) paths.push_back(make_sample(folder, sample, size));
    return paths;
}

}  // namespace process_images
