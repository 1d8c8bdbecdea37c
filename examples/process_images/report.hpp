// SPDX-License-Identifier: Apache-2.0
// examples/process_images/report.hpp - what the program prints, as strings.
//
// Pure formatting, so that tests read what a user would read. Only
// style_of_stdout() looks at the world.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "analysis.hpp"
#include "image.hpp"

namespace process_images {

struct ReportStyle {
    bool terminal = false;        ///< lines may be redrawn
    bool coloured = false;        ///< 24-bit ANSI colours
    std::size_t name_width = 24;  ///< of the first column; longer names are shortened
};

/// Everything one line says.
struct ImageResult {
    std::string name;
    Size size;
    DominantColour colour;
    double sharpness = 0;
    std::uint64_t hash = 0;
    std::chrono::nanoseconds time{};
};

struct Totals {
    std::size_t images_ok = 0;
    std::size_t images_failed = 0;
    std::chrono::nanoseconds wall_time{};

    /// What the images would have taken one after the other. Take each as the processor time of the
    /// thread that does the work: a clock on the wall would count the wait for a thread or for a
    /// processor as well, and the speed-up would grow with the number of threads alone.
    std::chrono::nanoseconds sum_of_times{};
};

/// Below this a progress bar flickers more than it tells.
inline constexpr std::size_t progress_images_min = 9;

/// Finds out whether stdout is a terminal and whether it wants colours.
[[nodiscard]] ReportStyle style_of_stdout();

/// Decides about colours; `no_color` and `term` are those environment variables, or null.
///
/// Spec: no-color.org: NO_COLOR counts when it is set and not empty.
[[nodiscard]] bool wants_colour(bool terminal, const char* no_color, const char* term);

/// Finds the width of the first column for these names.
///
/// Limits: between 12 and 40 columns.
[[nodiscard]] std::size_t name_column_width(std::span<const std::string> names);

/// Formats the titles above the columns; no line end, as for every function here.
[[nodiscard]] std::string format_header(const ReportStyle& style);

/// Formats one line for an image: name, size, colour, sharpness, hash, time.
[[nodiscard]] std::string format_result(const ImageResult& result, const ReportStyle& style);

/// Formats one line for an image that failed: its name and why.
[[nodiscard]] std::string format_error(std::string_view name, std::string_view why,
                                       const ReportStyle& style);

/// Tells whether a bar makes sense: on a terminal, from progress_images_min images on.
[[nodiscard]] bool shows_progress(std::size_t images, const ReportStyle& style);

/// Formats the bar; it begins with \r and replaces the bar before it.
[[nodiscard]] std::string format_progress(std::size_t done, std::size_t failed, std::size_t total);

/// Formats what removes the bar; print it before any other line.
[[nodiscard]] std::string clear_progress();

/// Formats the block at the end: counts, wall time, sum of times, speed-up.
[[nodiscard]] std::string format_totals(const Totals& totals);

/// Formats a duration with three figures or so: "850 us", "45.2 ms", "1.23 s".
[[nodiscard]] std::string format_time(std::chrono::nanoseconds time);

}  // namespace process_images
