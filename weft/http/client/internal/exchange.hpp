// SPDX-License-Identifier: Apache-2.0
// weft/http/client/internal/exchange.hpp - one request and its response, on a connection.
//
//   send() ──▶ receive_head() ──▶ read_some() … ──▶ over: the connection is left to others
//     └───────────────┴────────────────┴──an error, a cancellation, a limit──▶ it is closed
#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <utility>

#include <weft/base/bytes.hpp>
#include <weft/base/time.hpp>
#include <weft/http/client/internal/connection.hpp>
#include <weft/http/client/internal/pool.hpp>
#include <weft/http/client/internal/time_limits.hpp>
#include <weft/http/client/request.hpp>
#include <weft/http/url.hpp>
#include <weft/http/wire/http1_parser.hpp>
#include <weft/http/wire/message_head.hpp>
#include <weft/http/wire/parse_error.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/runtime/coro.hpp>

namespace weft::http::internal {

/// Destroyed before it is over, it closes the connection: nobody gets one that is half used.
class Exchange {
public:
    /// The slot has a connection.
    Exchange(Slot slot, const ClientRequest& request, TimePoint started);
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;
    ~Exchange() = default;

    /// Sends the request, and does not wait until all of it is sent: a server may answer before.
    void send(const ClientRequest& request);

    /// Waits for the head of the response, after those with a status of 1xx. `url` is what errors
    /// name.
    ///
    /// Errors:   ServerDisconnectedError  the connection ended before anything of it came
    ///           ClientResponseError      it breaks the protocol, or is cut off
    ///           ClientOSError            the system's
    ///           ServerTimeoutError, SocketTimeoutError
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
    /// Whether it is over with a 101: the connection is here, and speaks another protocol now.
    [[nodiscard]] bool is_upgraded() const noexcept { return upgraded_.has_value(); }
    /// That connection, with what has come of the other protocol; nullopt where there is none.
    [[nodiscard]] std::optional<Slot> take_upgraded() noexcept { return std::move(upgraded_); }
    /// Of the body, where the head has told it.
    [[nodiscard]] std::optional<std::uint64_t> body_length() const noexcept { return body_length_; }

private:
    [[nodiscard]] Connection& connection() const noexcept { return *slot_->connection(); }
    [[nodiscard]] wire::ResponseParser& parser() const noexcept { return connection().parser; }
    [[nodiscard]] const StreamReader& reader() const noexcept { return connection().reader(); }
    void write_request_head(const ClientRequest& request);
    [[nodiscard]] Coro<BytesView> received();
    [[noreturn]] void throw_no_head(const URL& url, const std::exception_ptr& error);
    [[noreturn]] void throw_no_body(const std::exception_ptr& error);
    void end_with_stream();
    void finish() noexcept;

    std::optional<Slot> slot_;      // nothing once it is over
    std::optional<Slot> upgraded_;  // where it has left HTTP
    ExchangeLimits limits_;
    std::optional<std::uint64_t> body_length_;
    std::optional<Nanoseconds> idle_max_;  // as the server has said
    std::optional<wire::ParseError> fault_;
    bool met_dead_connection_ = false;
};

}  // namespace weft::http::internal
