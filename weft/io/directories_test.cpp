// SPDX-License-Identifier: Apache-2.0
#include <weft/io/directories.hpp>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <weft/io/file.hpp>
#include <weft/io/streams_test.hpp>
#include <weft/runtime/coro.hpp>

namespace weft {
namespace {

class Directories : public ::testing::Test {
public:
    Directories() : folder("/tmp/weft_directories_test_" + std::to_string(::getpid())) {
        std::filesystem::create_directory(folder);
    }
    ~Directories() override { std::filesystem::remove_all(folder); }
    const std::string folder;
};

TEST_F(Directories, are_made_listed_and_removed) {
    run_clean([](std::string folder) -> Coro<void> {
        co_await os::makedirs(folder + "/a/b/c");
        co_await write_bytes(folder + "/a/file", "x");
        std::filesystem::create_symlink("nowhere", folder + "/a/link");
        EXPECT_EQ(co_await os::scandir(folder + "/a"), (std::vector<os::DirEntry>{
                                                           {"b", os::FileType::directory},
                                                           {"file", os::FileType::file},
                                                           {"link", os::FileType::symlink},
                                                       }));
        EXPECT_TRUE(co_await os::exists(folder + "/a/file"));
        EXPECT_FALSE(co_await os::exists(folder + "/a/link"));
        EXPECT_FALSE(co_await os::exists(folder + "/a/file/below"));
        co_await os::replace(folder + "/a/file", folder + "/moved");
        co_await os::rmtree(folder + "/a");
        EXPECT_EQ(co_await os::scandir(folder),
                  (std::vector<os::DirEntry>{{"moved", os::FileType::file}}));
        co_await os::remove(folder + "/moved");
        EXPECT_TRUE((co_await os::scandir(folder)).empty());
    }(folder));
}

TEST_F(Directories, are_there_already_or_not) {
    run_clean([](std::string folder) -> Coro<void> {
        EXPECT_EQ(co_await outcome(os::makedirs(folder)),
                  "FileExistsError: [Errno 17] File exists: '" + folder + "'");
        EXPECT_EQ(co_await outcome(os::makedirs(folder, {.exist_ok = true})), "ok");
        EXPECT_EQ(co_await outcome(os::makedirs(folder + "/x/", {.exist_ok = true})), "ok");
        EXPECT_EQ(co_await outcome(os::makedirs(folder + "/x/", {.exist_ok = true})), "ok");
        co_await write_bytes(folder + "/file", "");
        EXPECT_EQ(co_await outcome(os::makedirs(folder + "/file", {.exist_ok = true})),
                  "FileExistsError: [Errno 17] File exists: '" + folder + "/file'");
        EXPECT_EQ(co_await outcome(os::makedirs(folder + "/file/below")),
                  "NotADirectoryError: [Errno 20] Not a directory: '" + folder + "/file'");
        EXPECT_EQ(co_await outcome(os::rmtree(folder + "/file")),
                  "NotADirectoryError: [Errno 20] Not a directory: '" + folder + "/file'");
        const std::string missing = folder + "/missing";
        const std::string error =
            "FileNotFoundError: [Errno 2] No such file or directory: '" + missing + "'";
        EXPECT_EQ(co_await outcome(os::scandir(missing)), error);
        EXPECT_EQ(co_await outcome(os::remove(missing)), error);
        EXPECT_EQ(co_await outcome(os::rmtree(missing)), error);
        EXPECT_EQ(co_await outcome(os::stat(missing)), error);
        EXPECT_EQ(co_await outcome(os::replace(missing, folder + "/to")),
                  error + " -> '" + folder + "/to'");
        EXPECT_EQ(co_await outcome(os::exists(std::string("a\0b", 3))),
                  "ValueError: embedded null character in the path 'a\\0…'");
    }(folder));
}

// What a link leads to is not part of the tree.
TEST_F(Directories, that_are_removed_leave_what_links_lead_to) {
    run_clean([](std::string folder) -> Coro<void> {
        co_await os::makedirs(folder + "/kept");
        co_await write_bytes(folder + "/kept/file", "x");
        co_await os::makedirs(folder + "/gone");
        std::filesystem::create_directory_symlink(folder + "/kept", folder + "/gone/link");
        co_await os::rmtree(folder + "/gone");
        EXPECT_TRUE(co_await os::exists(folder + "/kept/file"));
        std::filesystem::create_directory_symlink(folder + "/kept", folder + "/link");
        EXPECT_NE(co_await outcome(os::rmtree(folder + "/link")), "ok");
        EXPECT_TRUE(co_await os::exists(folder + "/kept/file"));
    }(folder));
}

TEST_F(Directories, and_files_tell_what_they_are) {
    run_clean([](std::string folder) -> Coro<void> {
        const auto before = std::chrono::system_clock::now() - std::chrono::seconds(2);
        co_await write_bytes(folder + "/file", "12345");
        ::chmod((folder + "/file").c_str(), 0640);
        const os::FileStatus status = co_await os::stat(folder + "/file");
        EXPECT_EQ(status.type, os::FileType::file);
        EXPECT_EQ(status.size, 5);
        EXPECT_EQ(status.permissions, 0640U);
        EXPECT_GE(status.modified, before);
        EXPECT_LE(status.modified, std::chrono::system_clock::now() + std::chrono::seconds(2));
        EXPECT_EQ((co_await os::stat(folder)).type, os::FileType::directory);
        EXPECT_EQ((co_await os::stat("/dev/null")).type, os::FileType::other);
    }(folder));
}

}  // namespace
}  // namespace weft
