// SPDX-License-Identifier: Apache-2.0
// weft/http/client/internal/body_writer.hpp - BodyWriter: a body as HTTP/1.1 frames it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include <weft/base/bytes.hpp>
#include <weft/http/client/internal/upload_sink.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/runtime/coro.hpp>

namespace weft::http::internal {

/// Writes a body in pieces: as it is where its length was announced, else in chunks. Short pieces are
/// gathered until flush(), so that many of them are one packet.
class BodyWriter final : public UploadSink {
public:
    /// `head` goes out before the body.
    BodyWriter(StreamWriter writer, Bytes head, std::optional<std::uint64_t> length);

    void write(BytesView piece) override;
    void finish() override;
    void flush() override;
    [[nodiscard]] Coro<bool> has_drained() override;
    void abort() noexcept override { writer_.abort(); }
    [[nodiscard]] bool is_full() const noexcept override { return length_ == sent_; }
    [[nodiscard]] bool has_gathered() const noexcept override { return !gathered_.empty(); }
    [[nodiscard]] std::uint64_t given() const noexcept override { return given_; }

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
