// SPDX-License-Identifier: Apache-2.0
// weft/http/internal/percent_encoding.hpp - bytes as %XX, and which ones each part of a URL needs so.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace weft::http::internal {

/// A set of bytes, made while compiling.
class ByteSet {
public:
    [[nodiscard]] constexpr bool contains(char c) const noexcept {
        return in_[static_cast<unsigned char>(c)];
    }
    [[nodiscard]] constexpr ByteSet with(std::string_view bytes) const noexcept {
        ByteSet more = *this;
        for (const char c : bytes) more.in_[static_cast<unsigned char>(c)] = true;
        return more;
    }
    [[nodiscard]] constexpr ByteSet with(unsigned char first, unsigned char last) const noexcept {
        ByteSet more = *this;
        for (unsigned c = first; c <= last; ++c) more.in_[c] = true;
        return more;
    }
    [[nodiscard]] constexpr ByteSet without(std::string_view bytes) const noexcept {
        ByteSet fewer = *this;
        for (const char c : bytes) fewer.in_[static_cast<unsigned char>(c)] = false;
        return fewer;
    }

private:
    std::array<bool, 256> in_{};
};

inline constexpr std::string_view digits = "0123456789";
inline constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

// The percent-encode sets of WHATWG URL §1.3.
inline constexpr ByteSet c0_control_set = ByteSet().with(0x00, 0x1f).with(0x7f, 0xff);
inline constexpr ByteSet fragment_set = c0_control_set.with(" \"<>`");
inline constexpr ByteSet query_set = c0_control_set.with(" \"#<>");
inline constexpr ByteSet special_query_set = query_set.with("'");
inline constexpr ByteSet path_set = query_set.with("?^`{}");
inline constexpr ByteSet userinfo_set = path_set.with("/:;=@[\\]|");
/// That of forms, where a space is then written as a plus.
inline constexpr ByteSet form_set =
    ByteSet().with(0x00, 0xff).without(letters).without(digits).without("*-._ ");

/// Appends `text` to `out`, the bytes that are in `set` as %XX. A percent sign is one of them only
/// if `set` says so: the text may be encoded already.
void append_percent_encoded(std::string& out, std::string_view text, const ByteSet& set);

/// The bytes that `text` stands for. A percent sign without two hexadecimal digits is itself.
[[nodiscard]] std::string percent_decoded(std::string_view text);

/// The value of a hexadecimal digit; -1 for any other byte.
[[nodiscard]] constexpr int hex_value(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

}  // namespace weft::http::internal
