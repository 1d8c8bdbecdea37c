// SPDX-License-Identifier: Apache-2.0
// weft/http/client/temporary_file_test.hpp - a file or a folder for as long as a test runs.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

#include <weft/base/bytes.hpp>

namespace weft::http {

class TemporaryFile {
public:
    explicit TemporaryFile(const Bytes& contents)
        : path_(::testing::TempDir() + "weft_payload_" + std::to_string(::getpid())) {
        std::ofstream(path_) << contents;
    }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    ~TemporaryFile() { std::filesystem::remove(path_); }
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
};

/// An empty folder, which is the current one while it lives.
class TemporaryFolder {
public:
    TemporaryFolder()
        : path_(::testing::TempDir() + "weft_client_" + std::to_string(::getpid())),
          before_(std::filesystem::current_path()) {
        std::filesystem::create_directory(path_);
        std::filesystem::current_path(path_);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder() {
        std::filesystem::current_path(before_);
        std::filesystem::remove_all(path_);
    }

private:
    std::filesystem::path path_;
    std::filesystem::path before_;
};

}  // namespace weft::http
