// SPDX-License-Identifier: Apache-2.0
#include <weft/base/os_error.hpp>

#include <cerrno>
#include <exception>
#include <string>

#include <gtest/gtest.h>

#include <weft/base/exceptions.hpp>

namespace weft {
namespace {

std::exception_ptr os_error(int code) {
    try {
        throw_os_error(code, "'f'");
    } catch (...) {
        return std::current_exception();
    }
}

// PEP 3151.
TEST(OsError, has_the_type_that_python_gives_an_errno) {
    const struct {
        int code;
        const char* type;
    } rows[] = {{EAGAIN, "BlockingIOError"},
                {EINPROGRESS, "BlockingIOError"},
                {ECHILD, "ChildProcessError"},
                {EPIPE, "BrokenPipeError"},
                {ESHUTDOWN, "BrokenPipeError"},
                {ECONNABORTED, "ConnectionAbortedError"},
                {ECONNREFUSED, "ConnectionRefusedError"},
                {ECONNRESET, "ConnectionResetError"},
                {EEXIST, "FileExistsError"},
                {ENOENT, "FileNotFoundError"},
                {EINTR, "InterruptedError"},
                {EISDIR, "IsADirectoryError"},
                {ENOTDIR, "NotADirectoryError"},
                {EACCES, "PermissionError"},
                {EPERM, "PermissionError"},
                {ESRCH, "ProcessLookupError"},
                {ETIMEDOUT, "TimeoutError"},
                {EMFILE, "OSError"}};
    for (const auto& [code, type] : rows) EXPECT_EQ(type_name(os_error(code)), type);
    EXPECT_TRUE(holds<ConnectionError>(os_error(EPIPE)));
}

TEST(OsError, says_what_python_says) {
    EXPECT_EQ(describe(os_error(ENOENT)),
              "FileNotFoundError: [Errno 2] No such file or directory: 'f'");
}

TEST(OsError, keeps_the_errno) {
    try {
        throw_os_error_saying(ECONNREFUSED, "Connect call failed");
        FAIL();
    } catch (const OSError& error) {
        EXPECT_EQ(error.code(), ECONNREFUSED);
        EXPECT_STREQ(error.what(), "[Errno 111] Connect call failed");
    }
    EXPECT_EQ(OSError("text only").code(), 0);
}

}  // namespace
}  // namespace weft
