// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/internal/random_digits.hpp>

#include <array>
#include <cerrno>
#include <iterator>
#include <string>

#include <sys/random.h>

#include <weft/base/os_error.hpp>
#include <weft/http/client/internal/hexadecimal.hpp>

namespace weft::http::internal {

std::string random_digits() {
    std::array<unsigned char, 16> bytes{};
    if (::getrandom(bytes.data(), bytes.size(), 0) != std::ssize(bytes)) {
        throw_os_error(errno, "getrandom");
    }
    return in_hexadecimal(bytes);
}

}  // namespace weft::http::internal
