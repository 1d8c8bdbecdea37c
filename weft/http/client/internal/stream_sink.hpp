// SPDX-License-Identifier: Apache-2.0
// weft/http/client/internal/stream_sink.hpp - StreamSink: a body as HTTP/2 sends it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include <weft/base/bytes.hpp>
#include <weft/base/ref.hpp>
#include <weft/http/client/internal/http2_connection.hpp>
#include <weft/http/client/internal/upload_sink.hpp>
#include <weft/runtime/coro.hpp>

namespace weft::http::internal {

/// The server's window says how much may be on its way: what it has no room for waits, and the source
/// of the body with it.
class StreamSink final : public UploadSink {
public:
    StreamSink(Ref<Http2Connection> connection, std::shared_ptr<Http2Stream> stream,
               std::optional<std::uint64_t> length) noexcept;

    void write(BytesView piece) override;
    void finish() override;
    void flush() override {}  // the connection does, at the end of a turn
    [[nodiscard]] Coro<bool> has_drained() override;
    void abort() noexcept override;
    [[nodiscard]] bool is_full() const noexcept override { return length_ == sent_; }
    [[nodiscard]] bool has_gathered() const noexcept override { return false; }
    [[nodiscard]] std::uint64_t given() const noexcept override { return sent_; }

private:
    Ref<Http2Connection> connection_;
    std::shared_ptr<Http2Stream> stream_;
    std::optional<std::uint64_t> length_;
    std::uint64_t sent_ = 0;
};

}  // namespace weft::http::internal
