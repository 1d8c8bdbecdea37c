// SPDX-License-Identifier: Apache-2.0
// weft/http/wire/http2/internal/h2_session.hpp - libnghttp2's session with limits, errors as values
// and no callback that anybody outside sees.
//
//   receive() ─▶ FrameGuard ─▶ libnghttp2 ─▶ on_field(), on_data() … of a role
//   send()    ◀──────────────── libnghttp2 ◀─ read_body()
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <expected>
#include <optional>
#include <span>
#include <string_view>

#include <nghttp2/nghttp2.h>

#include <weft/base/bytes.hpp>
#include <weft/base/time.hpp>
#include <weft/http/wire/http2/http2_error.hpp>
#include <weft/http/wire/http2/http2_event.hpp>
#include <weft/http/wire/http2/http2_limits.hpp>
#include <weft/http/wire/http2/internal/frame_guard.hpp>

namespace weft::http::wire::internal {

/// What both roles have in common: a role says what is made of a stream's fields and data.
class H2Session {
public:
    H2Session(const H2Session&) = delete;
    H2Session& operator=(const H2Session&) = delete;

    /// As those of H2Client.
    [[nodiscard]] std::expected<void, H2Error> receive(BytesView data, TimePoint now);
    void send(Bytes& out, std::size_t bytes_max);
    [[nodiscard]] bool has_data_to_send() const noexcept;
    void acknowledge(H2StreamId stream, std::size_t bytes);
    void ping();
    void close();
    [[nodiscard]] const std::optional<H2Error>& error() const noexcept { return error_; }

protected:
    using Judged = std::expected<void, H2Error>;

    explicit H2Session(const H2Limits& limits);
    ~H2Session();

    // What comes of a stream; an error resets it. The role ignores streams that it does not know.
    virtual Judged on_block_begin(H2StreamId stream) = 0;
    virtual Judged on_field(H2StreamId stream, std::string_view name, std::string_view value) = 0;
    virtual Judged on_block_end(H2StreamId stream, bool ends) = 0;
    virtual Judged on_data(H2StreamId stream, BytesView data) = 0;
    virtual Judged on_end(H2StreamId stream) = 0;
    virtual void on_fault(H2StreamId stream, const H2Error& error) = 0;
    /// The peer has reset it, or left it behind as it went; or nothing of it has left, as if the
    /// peer had refused it.
    virtual void on_reset(H2StreamId stream, H2Code code) = 0;
    /// Nothing of it will come any more.
    virtual void on_close(H2StreamId stream) = 0;
    virtual void on_settings() = 0;
    virtual void on_pong() = 0;
    virtual void on_goaway(H2Code code) = 0;
    /// Whether there is a stream of which something may come.
    [[nodiscard]] virtual bool awaits_anything() const noexcept = 0;

    /// What is to be sent of a body: how much of `room` was filled; nullopt where there is nothing
    /// yet, and more will follow. `ends` is set where there is no more.
    virtual std::optional<std::size_t> read_body(H2StreamId stream, std::span<std::uint8_t> room,
                                                 bool& ends) = 0;

    [[nodiscard]] nghttp2_session* get() const noexcept { return session_; }
    [[nodiscard]] const H2Limits& limits() const noexcept { return limits_; }
    /// The reading of a body by read_body().
    [[nodiscard]] static nghttp2_data_provider body_reader() noexcept;
    void reset(H2StreamId stream, H2Code code);
    [[nodiscard]] bool is_closing() const noexcept { return is_closing_ || error_; }

private:
    struct Callbacks;

    template <class F>
    int guard(F body) noexcept;
    void frame_received(const nghttp2_frame& frame);
    void frame_sent(const nghttp2_frame& frame);
    void stream_closed(H2StreamId stream, H2Code code);
    [[nodiscard]] bool is_over() const noexcept;
    void judge(H2StreamId stream, const Judged& judged);
    void give_to_library(BytesView data);
    void fail(H2Problem problem, H2Code code, std::string_view culprit = {});
    void fail_as(long result);
    void append_goaway(H2Code code);
    std::size_t append_frame(Bytes& out);
    void find_own_goaway();

    H2Limits limits_;
    FrameGuard frames_;
    bool peer_goes_away_ = false;
    bool is_closing_ = false;
    Bytes unsent_;  // taken from libnghttp2 already
    std::optional<H2Error> error_;
    std::exception_ptr thrown_;  // in a callback: C must not see it
    nghttp2_session* session_ = nullptr;
};

}  // namespace weft::http::wire::internal
