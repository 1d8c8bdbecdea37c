// SPDX-License-Identifier: Apache-2.0
#include "samples.hpp"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <ios>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <system_error>

#include <gtest/gtest.h>
#include <stdlib.h>

#include "analysis.hpp"
#include "image.hpp"
#include "test_images.hpp"

namespace process_images {
namespace {

namespace fs = std::filesystem;
constexpr Size small{150, 100};

class SamplesFolder : public testing::Test {
protected:
    SamplesFolder() {
        std::string name = (fs::temp_directory_path() / "process_images_XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) {
            throw std::system_error(errno, std::generic_category(), "mkdtemp");
        }
        root_ = name;
    }
    ~SamplesFolder() override {
        std::error_code ignored;
        fs::remove_all(root_, ignored);
    }

    static std::string content(const fs::path& path) {
        std::ifstream file(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }

    static std::set<std::string> names_in(const fs::path& folder) {
        std::set<std::string> names;
        for (const auto& entry : fs::directory_iterator(folder)) {
            names.insert(entry.path().filename().string());
        }
        return names;
    }

    fs::path root_;
};

TEST_F(SamplesFolder, is_made_with_five_pictures_and_nothing_else) {
    const fs::path folder = root_ / "new" / "pictures";
    const auto paths = make_samples(folder, small);
    ASSERT_EQ(paths.size(), 5U);
    EXPECT_EQ(names_in(folder),
              (std::set<std::string>{"sunset.jpg", "checkers.jpg", "mandelbrot.jpg", "clouds.jpg",
                                     "ribbons.jpg"}));
    for (const auto& path : paths) {
        const std::string jpeg = content(path);
        EXPECT_EQ(decode_jpeg(bytes_of(jpeg)).width, 150) << path;
    }
}

TEST_F(SamplesFolder, gets_the_same_bytes_every_time) {
    const auto first = make_samples(root_ / "a", small);
    const auto second = make_samples(root_ / "b", small);
    for (std::size_t i = 0; i < first.size(); ++i) {
        EXPECT_EQ(content(first[i]), content(second[i])) << first[i];
    }
}

TEST_F(SamplesFolder, keeps_what_is_there_and_adds_what_is_missing) {
    make_samples(root_, small);
    std::ofstream(root_ / "sunset.jpg") << "my own";
    fs::remove(root_ / "clouds.jpg");
    make_samples(root_, small);
    EXPECT_EQ(content(root_ / "sunset.jpg"), "my own");
    EXPECT_EQ(decode_jpeg(bytes_of(content(root_ / "clouds.jpg"))).height, 100);
    EXPECT_EQ(names_in(root_).size(), 5U);
}

TEST_F(SamplesFolder, that_cannot_be_written_is_an_error) {
    EXPECT_THROW(make_sample(root_ / "missing", samples()[0], small), fs::filesystem_error);
    std::ofstream(root_ / "file") << "in the way";
    EXPECT_THROW(make_samples(root_ / "file", small), fs::filesystem_error);
}

TEST(Samples, look_different) {
    std::set<std::string_view> colours;
    for (const Sample& sample : samples()) {
        colours.insert(dominant_colour(draw(sample, small)).name);
    }
    EXPECT_EQ(colours.size(), samples().size());
}

TEST(Samples, are_the_same_picture_at_every_size) {
    for (const Sample& sample : samples()) {
        const auto distance = hamming_distance(perceptual_hash(draw(sample, {300, 200})),
                                               perceptual_hash(draw(sample, {600, 400})));
        EXPECT_LE(distance, 4) << sample.file_name;
    }
}

}  // namespace
}  // namespace process_images
