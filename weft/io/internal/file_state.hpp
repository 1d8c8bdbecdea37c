// SPDX-License-Identifier: Apache-2.0
// weft/io/internal/file_state.hpp - what the handles of a File share.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include <weft/base/exceptions.hpp>
#include <weft/io/internal/file_descriptor.hpp>
#include <weft/runtime/lock.hpp>

namespace weft::internal {

/// Closed with its last owner: a handle, the kernel's operation, or a thread, whichever is last. Its
/// number may be another file's afterwards.
using OpenFile = std::shared_ptr<const FileDescriptor>;

class FileState {
public:
    FileState(OpenFile file, std::string path, bool is_positional, bool appends) noexcept
        : is_positional(is_positional),
          appends(appends),
          file_(std::move(file)),
          path_(std::move(path)) {}
    void retain() noexcept { ++owners_; }
    void release() noexcept {
        if (--owners_ == 0) delete this;
    }

    /// Errors: ValueError when it is closed.
    [[nodiscard]] const OpenFile& file() const {
        if (!file_) throw ValueError("I/O operation on closed file.");
        return file_;
    }
    [[nodiscard]] bool is_closed() const noexcept { return !file_; }
    void close() noexcept { file_.reset(); }
    [[nodiscard]] const std::string& path() const noexcept { return path_; }

    /// Has offsets; else the system knows a position of its own, or none.
    const bool is_positional;
    const bool appends;
    std::int64_t position = 0;
    /// Whoever reads or writes at the position.
    Lock turn;

private:
    ~FileState() = default;

    OpenFile file_;
    std::string path_;
    std::uint32_t owners_ = 0;
};

}  // namespace weft::internal
