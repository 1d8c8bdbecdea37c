// SPDX-License-Identifier: Apache-2.0
#include "report.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

#include <fmt/core.h>
#include <unistd.h>

#include "image.hpp"

namespace process_images {
namespace {

constexpr std::string_view reset = "\x1b[0m";

// File names and messages come from outside: a control character in them could move the cursor
// or start an escape sequence. U+0080 to U+009F, in UTF-8 C2 80 to C2 9F, are controls as well.
std::string printable(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0;
        const bool two_byte_control = c == 0xC2 && next >= 0x80 && next < 0xA0;
        result += two_byte_control || c < 0x20 || c == 0x7F ? '?' : text[i];
        if (two_byte_control) ++i;
    }
    return result;
}

// Columns on the screen as fmt counts them: wide characters are two.
std::size_t columns(std::string_view text) {
    // fmt pads to a width, so the width that needs no padding is found by what it adds to one
    // that surely does.
    const std::size_t wide_enough = text.size() * 2;
    const std::size_t padded = fmt::format("{:<{}}", text, wide_enough).size();
    return wide_enough - (padded - text.size());
}

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// Keeps the beginning and the end, where names like "holiday-2024-0001.jpg" differ.
std::string shortened(std::string text, std::size_t width) {
    if (columns(text) <= width) return text;
    const std::size_t end_columns = (width - 1) / 2;
    const std::size_t begin_columns = width - 1 - end_columns;
    std::size_t begin = 0;
    while (begin < text.size() &&
           columns(std::string_view(text).substr(0, begin)) < begin_columns) {
        do ++begin;
        while (begin < text.size() && continues_character(text[begin]));
    }
    std::size_t end = text.size();
    while (end > begin && columns(std::string_view(text).substr(end)) < end_columns) {
        do --end;
        while (end > begin && continues_character(text[end]));
    }
    return text.substr(0, begin) + "…" + text.substr(end);
}

std::string name_column(std::string_view name, const ReportStyle& style) {
    return fmt::format("{:<{}}", shortened(printable(name), style.name_width), style.name_width);
}

std::string swatch(Rgb colour, const ReportStyle& style) {
    if (!style.coloured) return "";
    return fmt::format("\x1b[48;2;{};{};{}m  {} ", colour.red, colour.green, colour.blue, reset);
}

}  // namespace

bool wants_colour(bool terminal, const char* no_color, const char* term) {
    if (!terminal) return false;
    if (no_color != nullptr && *no_color != '\0') return false;
    return term == nullptr || std::string_view(term) != "dumb";
}

ReportStyle style_of_stdout() {
    const bool terminal = ::isatty(STDOUT_FILENO) == 1;
    return {.terminal = terminal,
            .coloured = wants_colour(terminal, std::getenv("NO_COLOR"), std::getenv("TERM"))};
}

std::size_t name_column_width(std::span<const std::string> names) {
    constexpr std::size_t width_min = 12;
    constexpr std::size_t width_max = 40;
    std::size_t width = width_min;
    for (const std::string& name : names) width = std::max(width, columns(printable(name)));
    return std::min(width, width_max);
}

std::string format_header(const ReportStyle& style) {
    const int colour_width = style.coloured ? 26 : 23;
    return fmt::format("{}  {:>11}  {:<{}}  {:>9}  {:<16}  {:>8}", name_column("image", style),
                       "size", "dominant colour", colour_width, "sharpness", "hash", "time");
}

std::string format_result(const ImageResult& result, const ReportStyle& style) {
    const Rgb rgb = result.colour.rgb;
    return fmt::format("{}  {:>11}  {}#{:02x}{:02x}{:02x} {:<15}  {:>9.1f}  {:016x}  {:>8}",
                       name_column(result.name, style),
                       fmt::format("{}x{}", result.size.width, result.size.height),
                       swatch(rgb, style), rgb.red, rgb.green, rgb.blue, result.colour.name,
                       result.sharpness, result.hash, format_time(result.time));
}

std::string format_error(std::string_view name, std::string_view why, const ReportStyle& style) {
    const std::string_view red = style.coloured ? "\x1b[31m" : "";
    return fmt::format("{}  {}failed: {}{}", name_column(name, style), red, printable(why),
                       style.coloured ? reset : "");
}

bool shows_progress(std::size_t images, const ReportStyle& style) {
    return style.terminal && images >= progress_images_min;
}

std::string format_progress(std::size_t done, std::size_t failed, std::size_t total) {
    constexpr std::size_t bar_width = 30;
    const std::size_t filled = total == 0 ? bar_width : std::min(done, total) * bar_width / total;
    const std::string failures = failed == 0 ? "" : fmt::format(", {} failed", failed);
    return fmt::format("\r[{:#<{}}{:.<{}}] {}/{}{}\x1b[K", "", filled, "", bar_width - filled, done,
                       total, failures);
}

std::string clear_progress() { return "\r\x1b[K"; }

std::string format_totals(const Totals& totals) {
    const std::size_t images = totals.images_ok + totals.images_failed;
    std::string text = fmt::format("{} image{}: {} ok, {} failed\n", images, images == 1 ? "" : "s",
                                   totals.images_ok, totals.images_failed);
    text += fmt::format("wall time            {:>8}\n", format_time(totals.wall_time));
    text += fmt::format("sum of single times  {:>8}   processor time, measured inside the threads",
                        format_time(totals.sum_of_times));
    if (totals.wall_time.count() > 0 && totals.sum_of_times.count() > 0) {
        const double speed_up = static_cast<double>(totals.sum_of_times.count()) /
                                static_cast<double>(totals.wall_time.count());
        text += fmt::format(
            "\nspeed-up             {:>7.1f}x   that sum, one image after the other, over the wall "
            "time",
            speed_up);
    }
    return text;
}

std::string format_time(std::chrono::nanoseconds time) {
    const double seconds = std::chrono::duration<double>(time).count();
    if (seconds < 0.9995e-3) return fmt::format("{:.0f} us", seconds * 1e6);
    if (seconds < 0.09995) return fmt::format("{:.1f} ms", seconds * 1e3);
    if (seconds < 0.9995) return fmt::format("{:.0f} ms", seconds * 1e3);
    if (seconds < 99.95) return fmt::format("{:.2f} s", seconds);
    return fmt::format("{:.0f} s", seconds);
}

}  // namespace process_images
