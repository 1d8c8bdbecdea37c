// SPDX-License-Identifier: Apache-2.0
// bench/http/client/server/target.hpp - what there is to be asked for: /bytes/N, which is N bytes.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

namespace bench {

/// Sent in one piece with its head.
inline constexpr std::uint64_t small_body_bytes_max = 4096;

inline constexpr std::string_view server_name = "bench";
inline constexpr std::string_view date = "Thu, 01 Jan 2026 00:00:00 GMT";
inline constexpr std::string_view content_type = "application/octet-stream";

/// How many bytes are asked for; nullopt: there is no such thing.
inline std::optional<std::uint64_t> size_asked_for(std::string_view target) {
    constexpr std::string_view path = "/bytes/";
    if (!target.starts_with(path)) return std::nullopt;
    std::uint64_t size = 0;
    const char* const end = target.data() + target.size();
    const auto read = std::from_chars(target.data() + path.size(), end, size);
    if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
    return size;
}

}  // namespace bench
