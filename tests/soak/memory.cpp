// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <cstddef>
#include <fstream>
#include <string>

#include "memory.hpp"
#include <sys/resource.h>

#include <weft/base/exceptions.hpp>
#include <weft/base/os_error.hpp>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define WEFT_HAS_SANITIZER_ALLOCATOR 1
#endif
#endif
#ifdef WEFT_HAS_SANITIZER_ALLOCATOR
#include <sanitizer/allocator_interface.h>
#else
#include <malloc.h>
#endif

namespace weft::soak {
namespace {

// What the kernel tells in KiB.
std::size_t told_bytes(const std::string& path, const std::string& name) {
    std::ifstream file(path);
    std::string word;
    std::size_t kib = 0;
    while (file >> word) {
        if (word == name && file >> kib) return kib * 1024;
    }
    throw RuntimeError("no " + name + " in " + path);
}

}  // namespace

std::size_t heap_bytes() {
#ifdef WEFT_HAS_SANITIZER_ALLOCATOR
    return __sanitizer_get_current_allocated_bytes();
#else
    const struct mallinfo2 info = ::mallinfo2();
    return info.uordblks + info.hblkhd;
#endif
}

std::size_t resident_bytes() { return told_bytes("/proc/self/status", "VmRSS:"); }

bool resident_set_tells() noexcept {
#ifdef WEFT_HAS_SANITIZER_ALLOCATOR
    return false;
#else
    return true;
#endif
}

std::size_t proportional_bytes(int pid) {
    return told_bytes("/proc/" + std::to_string(pid) + "/smaps_rollup", "Pss:");
}

std::size_t raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) throw_os_error(errno, "getrlimit");
    limit.rlim_cur = limit.rlim_max;
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) throw_os_error(errno, "setrlimit");
    return limit.rlim_cur;
}

}  // namespace weft::soak
