// SPDX-License-Identifier: Apache-2.0
#include <weft/base/os_error.hpp>

#include <cerrno>
#include <string>
#include <system_error>

#include <weft/base/exceptions.hpp>

namespace weft {

void throw_os_error(int code, const std::string& what) {
    // std::strerror() is not safe where other threads call it.
    throw_os_error_saying(code, std::generic_category().message(code) + ": " + what);
}

void throw_os_error_saying(int code, const std::string& text) {
    switch (code) {
        case EAGAIN:
        case EALREADY:
        case EINPROGRESS:
            throw BlockingIOError(code, text);
        case ECHILD:
            throw ChildProcessError(code, text);
        case EPIPE:
        case ESHUTDOWN:
            throw BrokenPipeError(code, text);
        case ECONNABORTED:
            throw ConnectionAbortedError(code, text);
        case ECONNREFUSED:
            throw ConnectionRefusedError(code, text);
        case ECONNRESET:
            throw ConnectionResetError(code, text);
        case EEXIST:
            throw FileExistsError(code, text);
        case ENOENT:
            throw FileNotFoundError(code, text);
        case EINTR:
            throw InterruptedError(code, text);
        case EISDIR:
            throw IsADirectoryError(code, text);
        case ENOTDIR:
            throw NotADirectoryError(code, text);
        case EACCES:
        case EPERM:
            throw PermissionError(code, text);
        case ESRCH:
            throw ProcessLookupError(code, text);
        case ETIMEDOUT:
            throw TimeoutError(code, text);
        default:
            throw OSError(code, text);
    }
}

}  // namespace weft
