// SPDX-License-Identifier: Apache-2.0
// weft/http/client/internal/upload_sink.hpp - UploadSink: where the body of a request goes.
#pragma once

#include <cstdint>

#include <weft/base/bytes.hpp>
#include <weft/runtime/coro.hpp>

namespace weft::http::internal {

class UploadSink {
public:
    UploadSink() = default;
    UploadSink(const UploadSink&) = delete;
    UploadSink& operator=(const UploadSink&) = delete;
    virtual ~UploadSink() = default;

    /// Errors: ValueError   it is longer than announced; nothing of the piece is written.
    virtual void write(BytesView piece) = 0;
    /// Writes the end of the body, and what was gathered.
    /// Errors: ValueError   it is shorter than announced.
    virtual void finish() = 0;
    /// Sends what was gathered.
    virtual void flush() = 0;
    /// Waits until the server has taken what was given, but for a little.
    /// Returns: whether there is still a connection. Its end is for the reader to notice: the server
    ///          may have answered before.
    [[nodiscard]] virtual Coro<bool> has_drained() = 0;
    /// The body is lost, and the response with it: wakes whoever waits for that.
    virtual void abort() noexcept = 0;

    /// Whether nothing more is to come, which only a length tells.
    [[nodiscard]] virtual bool is_full() const noexcept = 0;
    [[nodiscard]] virtual bool has_gathered() const noexcept = 0;
    /// How many bytes were given away so far, what frames the body included.
    [[nodiscard]] virtual std::uint64_t given() const noexcept = 0;
};

}  // namespace weft::http::internal
