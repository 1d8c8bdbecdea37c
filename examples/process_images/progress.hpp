// SPDX-License-Identifier: Apache-2.0
// examples/process_images/progress.hpp - prints a line for each picture, and counts.
#pragma once

#include <chrono>
#include <cstddef>
#include <exception>
#include <filesystem>
#include <span>
#include <string>

#include "report.hpp"

namespace process_images {

/// What the user sees while the pictures are worked on. Belongs to one thread: the event loop's.
class Progress {
public:
    /// Prints the titles, and starts the clock.
    explicit Progress(std::span<const std::filesystem::path> paths);
    /// Removes the bar; says how far it came when that is not to the end.
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    void add(const ImageResult& result);
    void add_failure(const std::filesystem::path& path, const std::exception& error);

    [[nodiscard]] Totals totals() const;

private:
    void print(const std::string& line) const;
    void show_bar() const;
    [[nodiscard]] std::size_t done() const { return totals_.images_ok + totals_.images_failed; }

    const std::size_t images_;
    ReportStyle style_;
    const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
    Totals totals_;
};

}  // namespace process_images
