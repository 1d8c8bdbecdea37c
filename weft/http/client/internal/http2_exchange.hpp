// SPDX-License-Identifier: Apache-2.0
// weft/http/client/internal/http2_exchange.hpp - Http2Exchange: an exchange on one stream of a connection
// that others use, too.
#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>

#include <weft/base/bytes.hpp>
#include <weft/base/time.hpp>
#include <weft/http/client/internal/exchange.hpp>
#include <weft/http/client/internal/http2_connection.hpp>
#include <weft/http/client/internal/pool.hpp>
#include <weft/http/client/internal/time_limits.hpp>
#include <weft/http/client/internal/upload.hpp>
#include <weft/http/client/payload.hpp>
#include <weft/http/client/request.hpp>
#include <weft/http/url.hpp>
#include <weft/http/wire/message_head.hpp>
#include <weft/runtime/coro.hpp>

namespace weft::http::internal {

/// It resets its stream where it is given up, and the connection goes on. A limit that passes ends the
/// stream, too, and has the server asked whether it is still there.
class Http2Exchange final : public Exchange, private Limited {
public:
    Http2Exchange(Share share, const ClientRequest& request, TimePoint started);
    ~Http2Exchange() override;

    void send(const ClientRequest& request, std::unique_ptr<PayloadReader> body) override;
    [[nodiscard]] Coro<wire::ResponseHead> receive_head(const URL& url) override;
    [[nodiscard]] bool met_a_dead_connection() const noexcept override {
        return met_dead_connection_;
    }
    [[nodiscard]] bool was_refused() const noexcept override { return stream_->is_refused; }
    [[nodiscard]] bool needs_http1() const noexcept override { return stream_->needs_http1; }
    [[nodiscard]] Coro<Bytes> read_some() override;
    [[nodiscard]] Bytes read_nowait() override;
    [[nodiscard]] bool is_over() const noexcept override { return !share_; }
    [[nodiscard]] std::optional<std::uint64_t> body_length() const noexcept override {
        return stream_->body_length;
    }

private:
    void end_by_limit() noexcept override;
    [[nodiscard]] Http2Connection& http2() const noexcept { return *share_->connection().http2(); }
    [[nodiscard]] Coro<void> change();
    [[noreturn]] void throw_no_head(const URL& url);
    [[noreturn]] void throw_no_body();
    void heed(int status) noexcept;
    void throw_lost_body() const;
    void finish() noexcept;

    std::optional<Share> share_;  // nothing once it is over
    std::shared_ptr<Http2Stream> stream_;
    ExchangeLimits limits_;
    std::optional<Upload> upload_;  // nothing where the body went out with the head
    bool met_dead_connection_ = false;
};

}  // namespace weft::http::internal
