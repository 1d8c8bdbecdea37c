// SPDX-License-Identifier: Apache-2.0
#include <weft/io/backends.hpp>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <string>

#include <weft/base/exceptions.hpp>
#include <weft/base/log.hpp>
#include <weft/base/os_error.hpp>
#include <weft/io/epoll_backend.hpp>
#include <weft/io/uring_backend.hpp>
#include <weft/runtime/backend.hpp>

namespace weft {
namespace {

std::unique_ptr<Backend> make_wanted_uring_backend(const std::string& wanted, UringTier tier) {
    try {
        return make_uring_backend(tier);
    } catch (const OSError& error) {
        throw_os_error_saying(error.code(),
                              "WEFT_BACKEND=" + wanted +
                                  (says_there_is_no_uring(error) ? " cannot be had here: " : ": ") +
                                  error.what());
    }
}

// io_uring where it can be had. A container that forbids it is told of once.
std::unique_ptr<Backend> make_best_backend() {
    try {
        return make_uring_backend();
    } catch (const OSError& error) {
        if (!says_there_is_no_uring(error)) throw;
        static std::atomic<bool> was_told = false;
        if (!was_told.exchange(true)) {
            log(LogLevel::warning,
                std::string("io_uring cannot be had here: loops run on epoll: ") + error.what());
        }
        return make_epoll_backend();
    }
}

}  // namespace

std::unique_ptr<Backend> make_backend() {
    const char* const setting = std::getenv("WEFT_BACKEND");
    const std::string wanted = setting ? setting : "";
    if (wanted.empty() || wanted == "epoll") return make_epoll_backend();
    if (wanted == "auto") return make_best_backend();
    if (wanted == "io_uring_basic") return make_wanted_uring_backend(wanted, UringTier::basic);
    if (wanted == "io_uring") return make_wanted_uring_backend(wanted, UringTier::full);
    throw ValueError("WEFT_BACKEND is '" + wanted +
                     "', but there are only 'auto', 'epoll', 'io_uring_basic' and 'io_uring'");
}

}  // namespace weft
