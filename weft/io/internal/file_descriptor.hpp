// SPDX-License-Identifier: Apache-2.0
// weft/io/internal/file_descriptor.hpp - FileDescriptor: closed with the object that owns it.
#pragma once

#include <cerrno>

#include <unistd.h>

#include <weft/base/os_error.hpp>

namespace weft::internal {

class FileDescriptor {
public:
    /// Takes over what the system call `what` has just returned.
    /// Errors: OSError when that is no descriptor.
    FileDescriptor(int fd, const char* what) : fd_(fd) {
        if (fd < 0) throw_os_error(errno, what);
    }
    ~FileDescriptor() { ::close(fd_); }
    FileDescriptor(const FileDescriptor&) = delete;
    FileDescriptor& operator=(const FileDescriptor&) = delete;
    [[nodiscard]] int get() const noexcept { return fd_; }

private:
    int fd_;
};

}  // namespace weft::internal
