// SPDX-License-Identifier: Apache-2.0
// weft/http/body/charset.hpp - the text of a body: bytes in a charset as UTF-8.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include <weft/base/bytes.hpp>

namespace weft::http {

/// The charsets that are read here. Others are for whoever has their tables: iconv(3) would load code
/// by names that a peer chooses, and has been attacked so (CVE-2024-2961).
enum class Charset : std::uint8_t {
    utf_8,
    ascii,
    iso_8859_1,
    windows_1252,
    utf_16,
    utf_16le,
    utf_16be
};

/// The charset of that name in a Content-Type, in any case: `utf-8`, `utf8`, `us-ascii`, `ascii`,
/// `iso-8859-1`, `latin1`, `windows-1252`, `cp1252`, `utf-16`, `utf-16le`, `utf-16be` and Python's
/// other spellings of them. nullopt where it is none of these.
[[nodiscard]] std::optional<Charset> find_charset(std::string_view name) noexcept;

/// Bytes that are no text in their charset.
struct TextError {
    Charset charset{};
    std::size_t offset = 0;  ///< of the first of them
};

/// One line for people: "byte 3 of the text is not utf-8".
[[nodiscard]] std::string describe(const TextError& error);

/// The text as UTF-8.
///
/// A byte order mark is dropped from the front of UTF-16, whose order it tells (without one it is
/// little-endian), and from UTF-8, where Python keeps it.
///
/// Errors: TextError.
/// Cost:   linear; one string, of at most three times the size.
/// Spec:   Python's bytes.decode(encoding), with errors="strict"; RFC 3629, RFC 2781. iso-8859-1 is
///         that, where browsers take it for windows-1252, of which five bytes are no text.
[[nodiscard]] std::expected<std::string, TextError> decode_text(BytesView bytes, Charset charset);

}  // namespace weft::http
