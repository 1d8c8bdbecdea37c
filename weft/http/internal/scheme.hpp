// SPDX-License-Identifier: Apache-2.0
// weft/http/internal/scheme.hpp - the schemes that URLs treat specially.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <weft/http/syntax.hpp>

namespace weft::http::internal {

/// `web` has a host, and the slash and the backslash mean the same; so it is with `file`, whose
/// host may be missing and whose path may begin with the letter of a drive. Of `other` schemes
/// little is known.
enum class SchemeKind : std::uint8_t { web, file, other };

/// The scheme is in lower case.
[[nodiscard]] constexpr SchemeKind kind_of(std::string_view scheme) noexcept {
    if (scheme == "file") return SchemeKind::file;
    for (const std::string_view web : {"https", "http", "wss", "ws", "ftp"}) {
        if (scheme == web) return SchemeKind::web;
    }
    return SchemeKind::other;
}

[[nodiscard]] constexpr bool is_http(std::string_view scheme) noexcept {
    return kind_of(scheme) == SchemeKind::web && scheme != "ftp";
}

[[nodiscard]] constexpr std::optional<std::uint16_t> default_port(
    std::string_view scheme) noexcept {
    if (scheme == "https" || scheme == "wss") return 443;
    if (scheme == "http" || scheme == "ws") return 80;
    if (scheme == "ftp") return 21;
    return std::nullopt;
}

[[nodiscard]] constexpr bool is_scheme(std::string_view text) noexcept {
    return !text.empty() && is_letter(text.front()) && std::ranges::all_of(text, [](char c) {
        return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
    });
}

/// The scheme that a text begins with, as it is written; nullopt where there is none.
[[nodiscard]] constexpr std::optional<std::string_view> scheme_of(std::string_view text) noexcept {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos || !is_scheme(text.substr(0, colon))) return std::nullopt;
    return text.substr(0, colon);
}

}  // namespace weft::http::internal
