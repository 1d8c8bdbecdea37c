// SPDX-License-Identifier: Apache-2.0
#include "options.hpp"

#include <variant>
#include <vector>

#include <gtest/gtest.h>

namespace process_images {
namespace {

std::variant<Options, int> parse(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "process_images");
    return parse_arguments(static_cast<int>(arguments.size()), arguments.data());
}

TEST(Options, have_defaults) {
    const auto options = std::get<Options>(parse({}));
    EXPECT_FALSE(options.folder);
    EXPECT_GE(options.concurrency, 1);
    EXPECT_EQ(options.process.longest_edge, 512);
    EXPECT_FALSE(options.process.out);
}

TEST(Options, are_read) {
    const auto options =
        std::get<Options>(parse({"--size", "64", "pictures", "--concurrency=3", "--out", "small"}));
    EXPECT_EQ(options.folder, "pictures");
    EXPECT_EQ(options.concurrency, 3);
    EXPECT_EQ(options.process.longest_edge, 64);
    EXPECT_EQ(options.process.out, "small");
}

TEST(Options, that_make_no_sense_are_an_exit_code) {
    EXPECT_EQ(std::get<int>(parse({"--help"})), 0);
    EXPECT_EQ(std::get<int>(parse({"--size", "0"})), exit_usage);
    EXPECT_EQ(std::get<int>(parse({"--concurrency", "many"})), exit_usage);
    EXPECT_EQ(std::get<int>(parse({"one", "two"})), exit_usage);
}

}  // namespace
}  // namespace process_images
