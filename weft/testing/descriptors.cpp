// SPDX-License-Identifier: Apache-2.0
#include <weft/testing/descriptors.hpp>

#include <cstddef>

#include <dirent.h>

namespace weft::testing {

std::size_t open_descriptors() {
    std::size_t count = 0;
    DIR* folder = ::opendir("/proc/self/fd");
    while (::readdir(folder)) ++count;
    ::closedir(folder);
    return count - 3;  // ".", ".." and the folder itself
}

}  // namespace weft::testing
