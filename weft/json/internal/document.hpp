// SPDX-License-Identifier: Apache-2.0
// weft/json/internal/document.hpp - from a text to its tape.
//
// simdjson does it. What it refuses, a parser of our own reads again: that one knows what is wrong and
// where, in CPython's words, and it takes the numbers that simdjson has no room for.
#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <string_view>

#include <weft/json/internal/tape.hpp>

namespace weft::json::internal {

/// Why a text is no JSON.
struct SyntaxFault {
    const char* what;  ///< CPython's message
    std::size_t at;    ///< in bytes
};

/// What SyntaxFault::what points to where the text is no UTF-8. An array, so that it is one object: of
/// equal literals a compiler may make several.
inline constexpr char not_utf8[] = "Invalid UTF-8";

class Parsers;

/// A parsed text, and the memory for it, which a thread uses again and again.
///
/// Thread: the one that made it.
/// Limits: a thread keeps the memory for a text of up to `kept_bytes_max`, some 14 times as much.
class Document {
public:
    static constexpr std::size_t kept_bytes_max = std::size_t{1} << 20;

    Document();
    ~Document();
    Document(const Document&) = delete;
    Document& operator=(const Document&) = delete;

    /// Lifetime: the tape is there until the next call, or the end of this object; the text may go.
    [[nodiscard]] std::expected<Tape, SyntaxFault> parse(std::string_view text,
                                                         std::size_t depth_max);

private:
    std::unique_ptr<Parsers> parsers_;
};

}  // namespace weft::json::internal
