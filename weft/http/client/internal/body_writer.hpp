// SPDX-License-Identifier: Apache-2.0
// weft/http/client/internal/body_writer.hpp - BodyWriter: a body as HTTP/1.1 frames it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include <weft/base/bytes.hpp>
#include <weft/io/stream_writer.hpp>

namespace weft::http::internal {

/// Writes a body in pieces: as it is where its length was announced, else in chunks. Short pieces are
/// gathered until flush(), so that many of them are one packet.
class BodyWriter {
public:
    /// `head` goes out before the body.
    BodyWriter(StreamWriter writer, Bytes head, std::optional<std::uint64_t> length);

    /// Errors: ValueError   it is longer than announced; nothing of the piece is written.
    void write(BytesView piece);
    /// Writes the end of the body, and what was gathered.
    /// Errors: ValueError   it is shorter than announced.
    void finish();
    /// Sends what was gathered.
    void flush();

    /// Whether nothing more is to come, which only a length tells.
    [[nodiscard]] bool is_full() const noexcept { return length_ == sent_; }
    [[nodiscard]] bool has_gathered() const noexcept { return !gathered_.empty(); }
    /// How many bytes the stream was given, the head and what frames the body included.
    [[nodiscard]] std::uint64_t given() const noexcept { return given_; }

private:
    void append(BytesView bytes);
    void give(BytesView bytes);
    [[noreturn]] void throw_other_length(const std::string& came) const;

    StreamWriter writer_;
    Bytes gathered_;
    std::optional<std::uint64_t> length_;
    std::uint64_t sent_ = 0;  // of the body
    std::uint64_t given_ = 0;
};

}  // namespace weft::http::internal
