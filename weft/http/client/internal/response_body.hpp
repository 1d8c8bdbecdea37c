// SPDX-License-Identifier: Apache-2.0
// weft/http/client/internal/response_body.hpp - ResponseBody: what a response still has to give.
#pragma once

#include <cstdint>
#include <optional>

#include <weft/base/bytes.hpp>
#include <weft/runtime/coro.hpp>

namespace weft::http::internal {

/// Destroyed before it is over, it gives up what it uses: nobody gets what is half used.
class ResponseBody {
public:
    ResponseBody() = default;
    ResponseBody(const ResponseBody&) = delete;
    ResponseBody& operator=(const ResponseBody&) = delete;
    virtual ~ResponseBody() = default;

    /// Waits for a piece.
    ///
    /// Returns: an empty one when it is over.
    /// Errors:  ClientPayloadError   it is cut off, or breaks the protocol
    ///          ServerTimeoutError, SocketTimeoutError
    /// Cancel:  safe; what comes is the next call's.
    [[nodiscard]] virtual Coro<Bytes> read_some() = 0;
    /// What has come already. What is wrong with it is for the next read_some() to tell.
    [[nodiscard]] virtual Bytes read_nowait() = 0;

    [[nodiscard]] virtual bool is_over() const noexcept = 0;
    /// As it is sent, where the head has told it.
    [[nodiscard]] virtual std::optional<std::uint64_t> body_length() const noexcept = 0;
};

}  // namespace weft::http::internal
