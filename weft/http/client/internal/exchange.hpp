// SPDX-License-Identifier: Apache-2.0
// weft/http/client/internal/exchange.hpp - one request and its response, on a connection.
//
//   send() ──▶ receive_head() ──▶ read_some() … ──▶ over: the connection is left to others
//     └───────────────┴────────────────┴──an error, a cancellation, a limit──▶ it is closed
#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>

#include <weft/base/bytes.hpp>
#include <weft/base/time.hpp>
#include <weft/http/client/internal/connection.hpp>
#include <weft/http/client/internal/pool.hpp>
#include <weft/http/client/internal/time_limits.hpp>
#include <weft/http/client/internal/upload.hpp>
#include <weft/http/client/payload.hpp>
#include <weft/http/client/request.hpp>
#include <weft/http/url.hpp>
#include <weft/http/wire/http1_parser.hpp>
#include <weft/http/wire/message_head.hpp>
#include <weft/http/wire/parse_error.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/runtime/coro.hpp>

namespace weft::http::internal {

/// The body of a request, to be sent piece by piece; null of one that goes out with the head.
/// Errors: as Payload::open().
[[nodiscard]] Coro<std::unique_ptr<PayloadReader>> open_body(const ClientRequest& request);

/// Destroyed before it is over, it closes the connection: nobody gets one that is half used. Nor is it
/// kept where the response was over before the request.
class Exchange {
public:
    /// The slot has a connection.
    Exchange(Slot slot, const ClientRequest& request, TimePoint started);
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;
    ~Exchange() = default;

    /// Sends the request, and does not wait until all of it is sent: a server may answer before.
    /// `body` is what is to be read of it; null where it goes out with the head.
    void send(const ClientRequest& request, std::unique_ptr<PayloadReader> body);

    /// Waits for the head of the response, after those with a status of 1xx. `url` is what errors
    /// name.
    ///
    /// Errors:   ServerDisconnectedError  the connection ended before anything of it came
    ///           ClientResponseError      it breaks the protocol, or is cut off
    ///           ClientOSError            the system's
    ///           ServerTimeoutError, SocketTimeoutError
    ///           what the body of the request was lost with
    /// Cancel:   closes the connection when this is destroyed.
    [[nodiscard]] Coro<wire::ResponseHead> receive_head(const URL& url);
    /// Whether the error of receive_head() can mean that the server had closed a connection that was
    /// idle just when the request was sent.
    [[nodiscard]] bool met_a_dead_connection() const noexcept { return met_dead_connection_; }

    /// Waits for a piece of the body.
    ///
    /// Returns: an empty one when it is over.
    /// Errors:  ClientPayloadError  it is cut off, or breaks the protocol
    ///          and the others of receive_head().
    [[nodiscard]] Coro<Bytes> read_some();
    /// What has come of the body already. What is wrong with it is for the next read_some() to tell.
    [[nodiscard]] Bytes read_nowait();

    [[nodiscard]] bool is_over() const noexcept { return !slot_; }
    /// Of the body, where the head has told it.
    [[nodiscard]] std::optional<std::uint64_t> body_length() const noexcept { return body_length_; }

private:
    [[nodiscard]] Connection& connection() const noexcept { return *slot_->connection(); }
    [[nodiscard]] wire::ResponseParser& parser() const noexcept { return connection().parser; }
    [[nodiscard]] const StreamReader& reader() const noexcept { return connection().reader(); }
    void write_request_head(const ClientRequest& request, const PayloadReader* body);
    [[nodiscard]] Coro<BytesView> received();
    [[noreturn]] void throw_no_head(const URL& url, const std::exception_ptr& error);
    [[noreturn]] void throw_no_body(const std::exception_ptr& error);
    void end_with_stream();
    void finish() noexcept;

    void heed(int status) noexcept;
    void throw_lost_body() const;
    [[nodiscard]] bool is_sent() const noexcept { return !upload_ || upload_->is_complete(); }

    std::optional<Slot> slot_;  // nothing once it is over
    ExchangeLimits limits_;
    std::optional<Upload> upload_;  // nothing where the body went out with the head
    std::optional<std::uint64_t> body_length_;
    std::optional<Nanoseconds> idle_max_;  // as the server has said
    std::optional<wire::ParseError> fault_;
    bool met_dead_connection_ = false;
};

}  // namespace weft::http::internal
