// SPDX-License-Identifier: Apache-2.0
// weft/http/http_version.hpp - HttpVersion: the version of a message.
#pragma once

#include <compare>
#include <cstdint>

namespace weft::http {

/// aiohttp's HttpVersion; HttpVersion10 and HttpVersion11 are `http_1_0` and `http_1_1`; it has no HTTP/2.
struct HttpVersion {
    std::uint8_t major = 1;
    std::uint8_t minor = 1;

    friend constexpr auto operator<=>(HttpVersion, HttpVersion) noexcept = default;
};

inline constexpr HttpVersion http_1_0{.major = 1, .minor = 0};
inline constexpr HttpVersion http_1_1{.major = 1, .minor = 1};
inline constexpr HttpVersion http_2{.major = 2, .minor = 0};

}  // namespace weft::http
