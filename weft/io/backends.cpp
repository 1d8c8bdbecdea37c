// SPDX-License-Identifier: Apache-2.0
#include <weft/io/backends.hpp>

#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include <weft/base/exceptions.hpp>
#include <weft/base/os_error.hpp>
#include <weft/io/epoll_backend.hpp>
#include <weft/io/uring_backend.hpp>
#include <weft/runtime/backend.hpp>

namespace weft {

std::unique_ptr<Backend> make_backend() {
    const char* const setting = std::getenv("WEFT_BACKEND");
    const std::string_view wanted = setting ? setting : "";
    if (wanted.empty() || wanted == "epoll") return make_epoll_backend();
    if (wanted != "io_uring_basic") {
        throw ValueError("WEFT_BACKEND is '" + std::string(wanted) +
                         "', but there are only 'epoll' and 'io_uring_basic'");
    }
    try {
        return make_uring_backend();
    } catch (const OSError& error) {
        throw_os_error_saying(
            error.code(),
            "WEFT_BACKEND=io_uring_basic" +
                std::string(says_there_is_no_uring(error) ? " cannot be had here: " : ": ") +
                error.what());
    }
}

}  // namespace weft
