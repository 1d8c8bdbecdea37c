// SPDX-License-Identifier: Apache-2.0
#include "files.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <vector>

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "test_images.hpp"

namespace process_images {
namespace {

namespace fs = std::filesystem;

class FilesInFolder : public testing::Test {
protected:
    void SetUp() override { fs::create_directories(root_); }
    void TearDown() override { fs::remove_all(root_); }
    void touch(const std::string& name) const { std::ofstream(root_ / name) << "x"; }

    const fs::path root_ =
        fs::temp_directory_path() / fmt::format("process_images_files_{}", ::getpid());
};

TEST_F(FilesInFolder, are_found_by_their_ending_in_any_case_and_sorted) {
    for (const char* name : {"b.jpg", "C.JPG", "a.Jpeg", "notes.txt", "jpg", "d.png"}) touch(name);
    fs::create_directory(root_ / "folder.jpg");
    fs::create_symlink("missing", root_ / "z.jpg");
    EXPECT_EQ(find_jpegs(root_), (std::vector<fs::path>{root_ / "C.JPG", root_ / "a.Jpeg",
                                                        root_ / "b.jpg", root_ / "z.jpg"}));
}

TEST_F(FilesInFolder, that_is_missing_are_an_error) {
    EXPECT_THROW(static_cast<void>(find_jpegs(root_ / "missing")), fs::filesystem_error);
}

TEST_F(FilesInFolder, come_back_as_they_were_written) {
    write_file(root_ / "a", bytes_of("long before"));
    write_file(root_ / "a", bytes_of("text"));
    EXPECT_EQ(read_file(root_ / "a"), bytes_of("text"));
    EXPECT_EQ(std::distance(fs::directory_iterator(root_), {}), 1) << "no temporary file stays";
}

TEST_F(FilesInFolder, that_cannot_be_read_or_written_are_an_error) {
    EXPECT_THROW(static_cast<void>(read_file(root_ / "missing")), std::system_error);
    EXPECT_THROW(static_cast<void>(read_file(root_)), std::system_error);
    EXPECT_THROW(write_file(root_ / "missing" / "a", bytes_of("text")), fs::filesystem_error);
}

TEST_F(FilesInFolder, that_are_too_long_are_refused_before_they_are_read) {
    touch("long");
    fs::resize_file(root_ / "long", file_bytes_max + 1);  // a hole: it takes no place
    EXPECT_THROW(static_cast<void>(read_file(root_ / "long")), std::system_error);
}

}  // namespace
}  // namespace process_images
