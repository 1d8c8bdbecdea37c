// SPDX-License-Identifier: Apache-2.0
// weft/http/wire/parse_error.hpp - ParseError: what was wrong with a message, and where.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace weft::http::wire {

enum class ParseProblem : std::uint8_t {
    // Lines.
    bare_line_feed,
    bare_carriage_return,
    start_line_too_long,
    field_too_long,
    too_many_fields,
    fields_too_long,
    // The first line of a request.
    bad_request_line,
    bad_method,
    bad_target,
    bad_version,
    unsupported_version,
    // The first line of a response.
    bad_status_line,
    bad_status,
    bad_reason,
    too_many_informational,
    // Fields.
    folded_field,
    missing_colon,
    bad_field_name,
    bad_field_value,
    // What fields say about the message.
    missing_host,
    duplicate_host,
    bad_host,
    bad_content_length,
    duplicate_content_length,
    bad_transfer_encoding,
    duplicate_transfer_encoding,
    length_and_transfer_encoding,
    transfer_encoding_of_http_1_0,
    body_not_allowed,
    // Chunks.
    bad_chunk_size,
    bad_chunk_extension,
    chunk_extensions_too_long,
    missing_chunk_end,
    forbidden_trailer,
    // The end of the connection.
    cut_off,
};

/// A value without memory of its own, so that a parser that succeeds pays nothing for it.
struct ParseError {
    static constexpr std::size_t culprit_bytes_max = 40;

    ParseProblem problem{};
    /// Where the line, or the bytes, at fault begin: counted from the first byte of the message.
    std::uint64_t offset = 0;
    /// The method, version, name, size or the like at fault: its beginning, or nothing. Never the
    /// value of a header that may be a secret.
    [[nodiscard]] std::string_view culprit() const noexcept {
        return {culprit_.data(), culprit_size_};
    }
    void set_culprit(std::string_view text) noexcept {
        culprit_size_ = static_cast<std::uint8_t>(std::min(text.size(), culprit_bytes_max));
        std::ranges::copy(text.substr(0, culprit_size_), culprit_.begin());
    }

private:
    std::array<char, culprit_bytes_max> culprit_{};
    std::uint8_t culprit_size_ = 0;
};

/// One line for people: "'5x' is no size of a chunk, which is 1 to 16 hexadecimal digits; at byte
/// 71 of the message".
[[nodiscard]] std::string describe(const ParseError& error);

/// The status with which a server answers such a request: 400, 414, 431 or 505.
/// Spec: RFC 9112 §3, RFC 6585 §5. A transfer coding that we lack is a 400, too, where RFC 9112 §6.1
///       suggests 501: what a request with one means is nothing to guess at.
[[nodiscard]] int status_for(ParseProblem problem) noexcept;

}  // namespace weft::http::wire
