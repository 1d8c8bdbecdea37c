// SPDX-License-Identifier: Apache-2.0
#include "process.hpp"

#include <chrono>
#include <cstddef>
#include <ctime>
#include <filesystem>
#include <stop_token>
#include <vector>

#include <time.h>

#include "analysis.hpp"
#include "files.hpp"
#include "image.hpp"
#include "report.hpp"

namespace process_images {
namespace {

constexpr int quality = 85;

std::chrono::nanoseconds processor_time_of_this_thread() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

void continue_unless(const std::stop_token& stop) {
    if (stop.stop_requested()) throw Stopped();
}

}  // namespace

ImageResult process_image(std::stop_token stop, const std::filesystem::path& path,
                          const ProcessOptions& options) {
    const auto begin = processor_time_of_this_thread();
    ImageResult result{.name = path.filename().string()};

    continue_unless(stop);
    const std::vector<std::byte> jpeg = read_file(path);
    result.size = jpeg_size(jpeg);

    continue_unless(stop);
    const Image decoded = decode_jpeg(jpeg, {.longest_edge_min = options.longest_edge});

    continue_unless(stop);
    const Image small = resize(decoded, options.longest_edge);

    continue_unless(stop);
    result.colour = dominant_colour(small);
    result.sharpness = sharpness(small);
    result.hash = perceptual_hash(small);

    continue_unless(stop);
    if (options.out) write_file(*options.out / path.filename(), encode_jpeg(small, quality));
    result.time = processor_time_of_this_thread() - begin;
    return result;
}

}  // namespace process_images
