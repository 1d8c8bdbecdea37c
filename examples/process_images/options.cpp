// SPDX-License-Identifier: Apache-2.0
#include "options.hpp"

#include <algorithm>
#include <thread>
#include <variant>

#include <CLI/CLI.hpp>

#include "files.hpp"

namespace process_images {
namespace {

constexpr int longest_edge_max = 16384;
constexpr int concurrency_max = 256;

int processors() { return std::max(1, static_cast<int>(std::thread::hardware_concurrency())); }

}  // namespace

std::variant<Options, int> parse_arguments(int argc, const char* const* argv) {
    Options options{.concurrency = std::min(processors(), concurrency_max)};
    CLI::App app("Describes the JPEG pictures of a folder: colour, sharpness and perceptual hash.",
                 "process_images");
    app.add_option(
        "FOLDER", options.folder,
        "the pictures; without it, five samples that are drawn below\n" + cache_folder().string());
    app.add_option("--size", options.process.longest_edge,
                   "longest edge of the small pictures, in pixels")
        ->check(CLI::Range(1, longest_edge_max))
        ->capture_default_str();
    app.add_option("--concurrency", options.concurrency,
                   "how many pictures are worked on, and in memory, at once")
        ->check(CLI::Range(1, concurrency_max))
        ->capture_default_str();
    app.add_option("--out", options.process.out, "writes the small pictures to this folder");
    app.footer("Exit code: 0; 1 when a picture failed; 2 for a mistake in the arguments.");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : exit_usage;
    }
    return options;
}

}  // namespace process_images
