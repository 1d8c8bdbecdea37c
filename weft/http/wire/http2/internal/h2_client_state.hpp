// SPDX-License-Identifier: Apache-2.0
// weft/http/wire/http2/internal/h2_client_state.hpp - the role of a client: its streams, and events.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <weft/base/bytes.hpp>
#include <weft/http/method.hpp>
#include <weft/http/wire/http2/http2_client.hpp>
#include <weft/http/wire/http2/http2_error.hpp>
#include <weft/http/wire/http2/http2_event.hpp>
#include <weft/http/wire/http2/http2_limits.hpp>
#include <weft/http/wire/http2/internal/h2_session.hpp>
#include <weft/http/wire/http2/internal/response_reader.hpp>

namespace weft::http::wire::internal {

class H2ClientState final : public H2Session {
public:
    explicit H2ClientState(const H2Limits& limits);

    [[nodiscard]] std::optional<H2Event> next_event();
    H2StreamId send_request(const H2RequestHead& head, bool ends);
    void send_data(H2StreamId stream, Bytes data, bool ends);
    void reset_stream(H2StreamId stream, H2Code code);

    [[nodiscard]] bool may_open_stream() const noexcept;
    [[nodiscard]] bool is_ending() const noexcept;
    [[nodiscard]] std::size_t open_streams() const noexcept { return streams_.size(); }
    [[nodiscard]] std::size_t streams_max() const noexcept;

private:
    struct Stream {
        ResponseReader reader;
        Bytes body{};             // of the request: what is to be sent of it
        std::size_t sent = 0;     // of `body`
        bool ends = false;        // there is no more behind `body`
        bool is_starved = false;  // libnghttp2 has asked for more in vain
        bool is_silent = false;   // over, reset or failed: no event is made any more
    };

    Judged on_block_begin(H2StreamId stream) override;
    Judged on_field(H2StreamId stream, std::string_view name, std::string_view value) override;
    Judged on_block_end(H2StreamId stream, bool ends) override;
    Judged on_data(H2StreamId stream, BytesView data) override;
    Judged on_end(H2StreamId stream) override;
    void on_fault(H2StreamId stream, const H2Error& error) override;
    void on_reset(H2StreamId stream, H2Code code) override;
    void on_close(H2StreamId stream) override { streams_.erase(stream); }
    void on_settings() override;
    void on_pong() override;
    void on_goaway(H2Code code) override;
    [[nodiscard]] bool awaits_anything() const noexcept override;
    std::optional<std::size_t> read_body(H2StreamId stream, std::span<std::uint8_t> room,
                                         bool& ends) override;

    /// One that still makes events; null for none.
    [[nodiscard]] Stream* find(H2StreamId stream) noexcept;
    H2Event& add_event(H2EventType type, H2StreamId stream);

    std::unordered_map<H2StreamId, Stream> streams_;
    std::vector<H2Event> events_;
    std::size_t events_read_ = 0;
};

}  // namespace weft::http::wire::internal
