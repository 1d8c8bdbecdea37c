// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <random>
#include <string>

#include "soak.hpp"
#include <stdlib.h>

#include <weft/base/exceptions.hpp>
#include <weft/base/os_error.hpp>
#include <weft/io/backends.hpp>
#include <weft/io/uring_backend.hpp>

namespace weft::soak {

int run_program(int argc, char** argv, Seconds otherwise, int (*program)(Seconds)) try {
    std::setvbuf(stdout, nullptr, _IOLBF, 0);  // what was said is there when a sanitizer ends it
    const Seconds time = argc > 1 ? Seconds(std::atof(argv[1])) : otherwise;
    if (argc > 2 || time <= Seconds::zero()) {
        throw ValueError(std::string("usage: ") + argv[0] + " [SECONDS]");
    }
    try {
        static_cast<void>(make_backend());
    } catch (const OSError& error) {
        if (!says_there_is_no_uring(error)) throw;
        std::printf("skipped: %s\n", error.what());
        return skipped;
    }
    return program(time);
} catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
    return 1;
}

std::uint64_t seed() {
    if (const char* given = std::getenv("WEFT_SOAK_SEED")) return std::stoull(given);
    std::random_device device;
    return std::uniform_int_distribution<std::uint64_t>()(device);
}

std::string backend_name() {
    const char* name = std::getenv("WEFT_BACKEND");
    return name ? name : "epoll";
}

Folder::Folder() : path_(std::filesystem::temp_directory_path() / "weft_soak_XXXXXX") {
    if (!::mkdtemp(path_.data())) throw_os_error(errno, path_);
}
Folder::~Folder() { std::filesystem::remove_all(path_); }

}  // namespace weft::soak
