// SPDX-License-Identifier: Apache-2.0
#include "process.hpp"

#include <chrono>
#include <filesystem>
#include <stop_token>

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "analysis.hpp"
#include "files.hpp"
#include "image.hpp"
#include "report.hpp"
#include "test_images.hpp"

namespace process_images {
namespace {

namespace fs = std::filesystem;

class ProcessImage : public testing::Test {
protected:
    void SetUp() override {
        fs::create_directories(root_ / "out");
        write_file(picture_, encode_jpeg(plain(300, 200, {255, 0, 0}), 90));
    }
    void TearDown() override { fs::remove_all(root_); }

    const fs::path root_ =
        fs::temp_directory_path() / fmt::format("process_images_process_{}", ::getpid());
    const fs::path picture_ = root_ / "red.jpg";
};

TEST_F(ProcessImage, describes_the_picture) {
    const ImageResult result = process_image({}, picture_, {.longest_edge = 100});
    EXPECT_EQ(result.name, "red.jpg");
    EXPECT_EQ(result.size, (Size{300, 200}));
    EXPECT_EQ(result.colour.name, "red");
    EXPECT_GT(result.time.count(), 0);
}

TEST_F(ProcessImage, writes_it_small_when_asked) {
    const ProcessOptions options{.longest_edge = 100, .out = root_ / "out"};
    static_cast<void>(process_image({}, picture_, options));
    EXPECT_EQ(jpeg_size(read_file(root_ / "out" / "red.jpg")), (Size{100, 67}));
}

TEST_F(ProcessImage, says_what_is_wrong_with_a_file) {
    write_file(picture_, bytes_of("no picture"));
    EXPECT_THROW(static_cast<void>(process_image({}, picture_, {})), ImageError);
}

TEST_F(ProcessImage, stops_when_asked) {
    std::stop_source source;
    source.request_stop();
    EXPECT_THROW(static_cast<void>(process_image(source.get_token(), picture_, {})), Stopped);
}

}  // namespace
}  // namespace process_images
