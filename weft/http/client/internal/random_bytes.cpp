// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/internal/random_bytes.hpp>

#include <cerrno>
#include <cstdint>
#include <iterator>
#include <span>

#include <sys/random.h>

#include <weft/base/check.hpp>
#include <weft/base/os_error.hpp>

namespace weft::http::internal {

void fill_randomly(std::span<std::uint8_t> bytes) {
    check(bytes.size() <= random_bytes_max, "getrandom() may give fewer bytes");
    if (::getrandom(bytes.data(), bytes.size(), 0) != std::ssize(bytes)) {
        throw_os_error(errno, "getrandom");
    }
}

}  // namespace weft::http::internal
