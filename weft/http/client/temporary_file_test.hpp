// SPDX-License-Identifier: Apache-2.0
// weft/http/client/temporary_file_test.hpp - a file for as long as a test runs.
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

}  // namespace weft::http
