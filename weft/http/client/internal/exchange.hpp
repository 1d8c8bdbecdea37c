// SPDX-License-Identifier: Apache-2.0
// weft/http/client/internal/exchange.hpp - Exchange: one request and its response.
//
//   send() ──▶ receive_head() ──▶ read_some() … ──▶ over: what it used is left to others
//     └───────────────┴────────────────┴──an error, a cancellation, a limit──▶ it is given up
#pragma once

#include <memory>

#include <weft/http/client/internal/response_body.hpp>
#include <weft/http/client/payload.hpp>
#include <weft/http/client/request.hpp>
#include <weft/http/url.hpp>
#include <weft/http/wire/message_head.hpp>
#include <weft/runtime/coro.hpp>

namespace weft::http::internal {

class Exchange : public ResponseBody {
public:
    /// Sends the request, and does not wait until all of it is sent: a server may answer before.
    /// `body` is what is to be read of it; null where it goes out with the head.
    virtual void send(const ClientRequest& request, std::unique_ptr<PayloadReader> body) = 0;

    /// Waits for the head of the response, after those with a status of 1xx. `url` is what errors
    /// name.
    ///
    /// Errors:   ServerDisconnectedError  the connection ended before anything of it came
    ///           ClientResponseError      it breaks the protocol, or is cut off
    ///           ClientOSError            the system's
    ///           ServerTimeoutError, SocketTimeoutError
    ///           what the body of the request was lost with
    /// Cancel:   gives it up when this is destroyed.
    [[nodiscard]] virtual Coro<wire::ResponseHead> receive_head(const URL& url) = 0;
    /// Whether the error of receive_head() can mean that the server had closed a connection that was
    /// idle just when the request was sent.
    [[nodiscard]] virtual bool met_a_dead_connection() const noexcept = 0;
    /// Whether that error means that the server has done nothing with the request, whatever it is.
    [[nodiscard]] virtual bool was_refused() const noexcept { return false; }
    /// Whether it was refused only since it was not asked by HTTP/1.1.
    [[nodiscard]] virtual bool needs_http1() const noexcept { return false; }
};

/// The body of a request, to be sent piece by piece; null of one that goes out with the head.
/// Errors: as Payload::open().
[[nodiscard]] Coro<std::unique_ptr<PayloadReader>> open_body(const ClientRequest& request);

}  // namespace weft::http::internal
