// SPDX-License-Identifier: Apache-2.0
// weft/http/client/internal/websocket_heartbeat.hpp - pings, to know whether the server is there.
//
//   ├── every ──┤ping├─ half of it ─┤      something came: ping again at the end of `every`
//                                   └────▶ nothing did: the server is given up
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

#include <weft/base/time.hpp>
#include <weft/http/client/internal/websocket_connection.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/handle.hpp>

namespace weft::http::internal {

/// Whatever comes shows that the server is there, and so does that it still takes what was written:
/// that may be much, and a ping cannot overtake it. Where nobody receives, and so much has come that
/// no more can, nothing is known, and the server is not given up.
///
/// Spec: aiohttp's `heartbeat`, where a ping is put off by whatever comes.
class WSHeartbeat {
public:
    /// Without `every` it does nothing. The connection, which is not closed for writing before
    /// stop(), must outlive it.
    WSHeartbeat(WSConnection& connection, std::optional<Delay> every,
                std::move_only_function<void()> give_up);
    WSHeartbeat(const WSHeartbeat&) = delete;
    WSHeartbeat& operator=(const WSHeartbeat&) = delete;
    ~WSHeartbeat() { stop(); }

    void stop() noexcept { timer_.cancel(); }

private:
    void ping_later(Nanoseconds wait);
    void ping();
    void judge_later();
    void judge();

    EventLoop& loop_;
    WSConnection& connection_;
    Nanoseconds half_{};
    std::move_only_function<void()> give_up_;
    std::uint64_t arrived_ = 0;     // when the ping was written
    std::size_t on_their_way_ = 0;  // when it was last looked
    TimerHandle timer_;
};

}  // namespace weft::http::internal
