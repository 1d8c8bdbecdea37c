// SPDX-License-Identifier: Apache-2.0
#include "report.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace process_images {
namespace {

using namespace std::chrono_literals;

constexpr ReportStyle plain_style{.terminal = false, .coloured = false, .name_width = 14};
constexpr ReportStyle terminal_style{.terminal = true, .coloured = true, .name_width = 14};

ImageResult sunset() {
    return {.name = "sunset.jpg",
            .size = {2400, 1600},
            .colour = {.rgb = {224, 128, 64}, .name = "coral", .share = 0.4},
            .sharpness = 123.44,
            .hash = 0x00ff00ff12345678,
            .time = 45'210us};
}

std::string without_escapes(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\x1b') {
            i = text.find_first_of("mK", i);
        } else {
            result += text[i];
        }
    }
    return result;
}

TEST(FormatResult, puts_everything_into_columns) {
    EXPECT_EQ(format_header(plain_style),
              "image                  size  dominant colour          sharpness  hash       "
              "           time");
    EXPECT_EQ(format_result(sunset(), plain_style),
              "sunset.jpg        2400x1600  #e08040 coral                123.4  00ff00ff12345678"
              "   45.2 ms");
}

TEST(FormatResult, has_a_swatch_only_where_colours_are_wanted) {
    EXPECT_NE(format_result(sunset(), terminal_style).find("\x1b[48;2;224;128;64m  \x1b[0m "),
              std::string::npos);
    EXPECT_EQ(format_result(sunset(), plain_style).find('\x1b'), std::string::npos);
    EXPECT_EQ(without_escapes(format_result(sunset(), terminal_style)).size(),
              format_header(terminal_style).size());
}

TEST(FormatResult, shortens_a_long_name_in_the_middle) {
    ImageResult result = sunset();
    result.name = "holiday-2024-0001.jpg";
    EXPECT_TRUE(format_result(result, plain_style).starts_with("holiday…01.jpg    2400x1600"));
    result.name = "exactly-14.jpg";
    EXPECT_TRUE(format_result(result, plain_style).starts_with("exactly-14.jpg    2400x1600"));
}

TEST(FormatResult, aligns_names_that_are_not_ascii) {
    ImageResult result = sunset();
    result.name = "Übung.jpg";
    EXPECT_TRUE(format_result(result, plain_style).starts_with("Übung.jpg         2400x1600"));
    result.name = "写真.jpg";  // each of the two is two columns wide
    EXPECT_TRUE(format_result(result, plain_style).starts_with("写真.jpg          2400x1600"));
    result.name = "写真写真写真写真写真.jpg";
    EXPECT_TRUE(format_result(result, plain_style).starts_with("写真写真"));
}

TEST(FormatError, names_the_file_and_the_reason) {
    EXPECT_EQ(format_error("broken.jpg", "the file is empty", plain_style),
              "broken.jpg      failed: the file is empty");
    EXPECT_EQ(format_error("broken.jpg", "the file is empty", terminal_style),
              "broken.jpg      \x1b[31mfailed: the file is empty\x1b[0m");
}

// A file name is outside input: it must not reach the terminal as a command.
TEST(FormatError, disarms_control_characters) {
    EXPECT_EQ(format_error("a\x1b[2Jb\n", "\r\x7f\xc2\x9b", plain_style),
              "a?[2Jb?         failed: ???");
}

TEST(NameColumnWidth, fits_the_longest_name_within_limits) {
    EXPECT_EQ(name_column_width({}), 12U);
    EXPECT_EQ(name_column_width(std::vector<std::string>{"a.jpg", "fifteen-col.jpg"}), 15U);
    EXPECT_EQ(name_column_width(std::vector<std::string>{std::string(200, 'x')}), 40U);
}

TEST(WantsColour, asks_for_a_terminal_without_NO_COLOR) {
    EXPECT_TRUE(wants_colour(true, nullptr, "xterm"));
    EXPECT_TRUE(wants_colour(true, nullptr, nullptr));
    EXPECT_TRUE(wants_colour(true, "", "xterm"));  // no-color.org: empty does not count
    EXPECT_FALSE(wants_colour(true, "1", "xterm"));
    EXPECT_FALSE(wants_colour(true, nullptr, "dumb"));
    EXPECT_FALSE(wants_colour(false, nullptr, "xterm"));
}

TEST(Progress, is_shown_on_a_terminal_for_many_images) {
    EXPECT_TRUE(shows_progress(progress_images_min, terminal_style));
    EXPECT_FALSE(shows_progress(progress_images_min - 1, terminal_style));
    EXPECT_FALSE(shows_progress(1000, plain_style));
}

TEST(Progress, fills_one_line_that_replaces_itself) {
    EXPECT_EQ(format_progress(0, 0, 40), "\r[..............................] 0/40\x1b[K");
    EXPECT_EQ(format_progress(20, 3, 40),
              "\r[###############...............] 20/40, 3 failed\x1b[K");
    EXPECT_EQ(format_progress(40, 0, 40), "\r[##############################] 40/40\x1b[K");
    EXPECT_EQ(format_progress(0, 0, 0), "\r[##############################] 0/0\x1b[K");
    EXPECT_EQ(clear_progress(), "\r\x1b[K");
}

TEST(FormatTotals, compares_with_one_after_the_other) {
    EXPECT_EQ(
        format_totals(
            {.images_ok = 5, .images_failed = 1, .wall_time = 210ms, .sum_of_times = 798ms}),
        "6 images: 5 ok, 1 failed\n"
        "wall time              210 ms\n"
        "sum of single times    798 ms   processor time, measured inside the threads\n"
        "speed-up                 3.8x   that sum, one image after the other, over the wall time");
}

TEST(FormatTotals, claims_no_speed_up_without_a_time) {
    EXPECT_EQ(format_totals({.images_ok = 0, .images_failed = 1, .wall_time = 7us}),
              "1 image: 0 ok, 1 failed\n"
              "wall time                7 us\n"
              "sum of single times      0 us   processor time, measured inside the threads");
}

TEST(FormatTime, keeps_about_three_figures) {
    EXPECT_EQ(format_time(0ns), "0 us");
    EXPECT_EQ(format_time(850us), "850 us");
    EXPECT_EQ(format_time(999'600ns), "1.0 ms");
    EXPECT_EQ(format_time(45'210us), "45.2 ms");
    EXPECT_EQ(format_time(345ms), "345 ms");
    EXPECT_EQ(format_time(999'600us), "1.00 s");
    EXPECT_EQ(format_time(12'340ms), "12.34 s");
    EXPECT_EQ(format_time(250s), "250 s");
}

}  // namespace
}  // namespace process_images
