// SPDX-License-Identifier: Apache-2.0
// weft/http/client/internal/http1_exchange.hpp - Http1Exchange: an exchange that has a connection for itself.
#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include <weft/base/bytes.hpp>
#include <weft/base/time.hpp>
#include <weft/http/client/internal/connection.hpp>
#include <weft/http/client/internal/exchange.hpp>
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

/// It closes its connection where it is given up; nor is that kept where the response was over before
/// the request.
class Http1Exchange final : public Exchange, private Limited {
public:
    /// The slot has a connection.
    Http1Exchange(Slot slot, const ClientRequest& request, TimePoint started);

    void send(const ClientRequest& request, std::unique_ptr<PayloadReader> body) override;
    [[nodiscard]] Coro<wire::ResponseHead> receive_head(const URL& url) override;
    [[nodiscard]] bool met_a_dead_connection() const noexcept override {
        return met_dead_connection_;
    }
    [[nodiscard]] Coro<Bytes> read_some() override;
    [[nodiscard]] Bytes read_nowait() override;
    [[nodiscard]] bool is_over() const noexcept override { return !slot_; }
    [[nodiscard]] std::optional<std::uint64_t> body_length() const noexcept override {
        return body_length_;
    }
    [[nodiscard]] bool is_upgraded() const noexcept override { return upgraded_.has_value(); }
    /// That connection, with what has come of the other protocol; nullopt where there is none.
    [[nodiscard]] std::optional<Slot> take_upgraded() noexcept { return std::move(upgraded_); }

private:
    void end_by_limit() noexcept override { connection().abort(); }
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

    std::optional<Slot> slot_;      // nothing once it is over
    std::optional<Slot> upgraded_;  // where it has left HTTP
    ExchangeLimits limits_;
    std::optional<Upload> upload_;  // nothing where the body went out with the head
    std::optional<std::uint64_t> body_length_;
    std::optional<Nanoseconds> idle_max_;  // as the server has said
    std::optional<wire::ParseError> fault_;
    bool met_dead_connection_ = false;
};

}  // namespace weft::http::internal
