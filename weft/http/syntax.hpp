// SPDX-License-Identifier: Apache-2.0
// weft/http/syntax.hpp - which bytes HTTP allows where.
//
// The one place that knows; headers, parsers and the writer ask here, so that what one of them
// writes the others read.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace weft::http {

namespace internal {

inline constexpr std::uint8_t token_byte = 1;
inline constexpr std::uint8_t value_byte = 2;
inline constexpr std::uint8_t target_byte = 4;

constexpr std::array<std::uint8_t, 256> make_byte_classes() {
    std::array<std::uint8_t, 256> classes{};
    for (std::size_t byte = 0; byte < 256; ++byte) {
        if ((byte >= 0x20 && byte != 0x7f) || byte == '\t') classes[byte] |= value_byte;
        if (byte > 0x20 && byte < 0x7f && byte != '#') classes[byte] |= target_byte;
    }
    for (const char c : std::string_view("!#$%&'*+-.^_`|~0123456789"
                                         "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")) {
        classes[static_cast<std::uint8_t>(c)] |= token_byte;
    }
    return classes;
}
inline constexpr std::array<std::uint8_t, 256> byte_classes = make_byte_classes();

[[nodiscard]] constexpr bool is_in_class(char byte, std::uint8_t mask) noexcept {
    return (byte_classes[static_cast<std::uint8_t>(byte)] & mask) != 0;
}

// Where the first byte outside of the class is; the size where there is none.
[[nodiscard]] constexpr std::size_t class_prefix(std::string_view text,
                                                 std::uint8_t mask) noexcept {
    std::size_t at = 0;
    while (at < text.size() && is_in_class(text[at], mask)) ++at;
    return at;
}

}  // namespace internal

/// How many bytes at the front of `text` a token may hold: methods, header names.
/// Spec: RFC 9110 §5.6.2.
[[nodiscard]] constexpr std::size_t token_prefix(std::string_view text) noexcept {
    return internal::class_prefix(text, internal::token_byte);
}
[[nodiscard]] constexpr bool is_token(std::string_view text) noexcept {
    return !text.empty() && token_prefix(text) == text.size();
}

/// How many bytes at the front of `text` the value of a header may hold: all but control bytes,
/// of which only the tab is allowed. Bytes over 0x7f are opaque.
/// Spec: RFC 9110 §5.5.
[[nodiscard]] constexpr std::size_t value_prefix(std::string_view text) noexcept {
    return internal::class_prefix(text, internal::value_byte);
}

/// How many bytes at the front of `text` a request's target may hold: visible ones of ASCII but
/// `#`, since recipients disagree on whether a fragment belongs to the target.
/// Spec: RFC 9112 §3.2; more is allowed than RFC 3986 does, since browsers send `|` and `{`.
[[nodiscard]] constexpr std::size_t target_prefix(std::string_view text) noexcept {
    return internal::class_prefix(text, internal::target_byte);
}

[[nodiscard]] constexpr char to_lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

[[nodiscard]] constexpr bool is_letter(char c) noexcept {
    return to_lower(c) >= 'a' && to_lower(c) <= 'z';
}
[[nodiscard]] constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

/// Whether both are the same but for the case of ASCII letters.
[[nodiscard]] constexpr bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
    if (a.size() != b.size()) return false;
    for (std::size_t at = 0; at < a.size(); ++at) {
        if (a[at] != b[at] && to_lower(a[at]) != to_lower(b[at])) return false;
    }
    return true;
}

/// `text` without the spaces and tabs around it.
[[nodiscard]] constexpr std::string_view trimmed(std::string_view text) noexcept {
    constexpr auto is_space = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    return text;
}

/// `'text'` for messages: other bytes than visible ASCII as `\x0d`, and no more than 40 of them.
[[nodiscard]] std::string in_quotes(std::string_view text);

}  // namespace weft::http
