// SPDX-License-Identifier: Apache-2.0
#include "progress.hpp"

#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <fmt/core.h>

#include "report.hpp"

namespace process_images {
namespace {

std::vector<std::string> names_of(std::span<const std::filesystem::path> paths) {
    std::vector<std::string> names;
    names.reserve(paths.size());
    for (const auto& path : paths) names.push_back(path.filename().string());
    return names;
}

}  // namespace

Progress::Progress(std::span<const std::filesystem::path> paths)
    : images_(paths.size()), style_(style_of_stdout()) {
    style_.name_width = name_column_width(names_of(paths));
    print(format_header(style_));
    show_bar();
}

Progress::~Progress() {
    if (shows_progress(images_, style_)) std::fputs(clear_progress().c_str(), stdout);
    if (done() < images_) {
        std::fputs(fmt::format("stopped after {} of {} images\n", done(), images_).c_str(), stdout);
    }
    std::fflush(stdout);
}

void Progress::add(const ImageResult& result) {
    ++totals_.images_ok;
    totals_.sum_of_times += result.time;
    print(format_result(result, style_));
    show_bar();
}

void Progress::add_failure(const std::filesystem::path& path, const std::exception& error) {
    ++totals_.images_failed;
    print(format_error(path.filename().string(), error.what(), style_));
    show_bar();
}

Totals Progress::totals() const {
    Totals totals = totals_;
    totals.wall_time = std::chrono::steady_clock::now() - begin_;
    return totals;
}

// Each line goes out at once, also into a pipe: the user watches.
void Progress::print(const std::string& line) const {
    const std::string clear = shows_progress(images_, style_) ? clear_progress() : "";
    fmt::print("{}{}\n", clear, line);
    std::fflush(stdout);
}

void Progress::show_bar() const {
    if (!shows_progress(images_, style_)) return;
    fmt::print("{}", format_progress(done(), totals_.images_failed, images_));
    std::fflush(stdout);
}

}  // namespace process_images
