// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/internal/websocket_heartbeat.hpp>

#include <functional>
#include <optional>
#include <utility>

#include <weft/base/time.hpp>
#include <weft/http/client/internal/websocket_connection.hpp>
#include <weft/http/ws_message.hpp>
#include <weft/runtime/event_loop.hpp>

namespace weft::http::internal {

WSHeartbeat::WSHeartbeat(WSConnection& connection, std::optional<Delay> every,
                         std::move_only_function<void()> give_up)
    : loop_(get_running_loop()), connection_(connection), give_up_(std::move(give_up)) {
    if (!every) return;
    half_ = every->get() / 2;
    ping_later(every->get());
}

void WSHeartbeat::ping_later(Nanoseconds wait) {
    timer_ = loop_.call_later(wait, [this] { ping(); });
}

void WSHeartbeat::ping() {
    connection_.write(WSMsgType::ping, {});
    arrived_ = connection_.arrived();
    judge_later();
}

void WSHeartbeat::judge_later() {
    on_their_way_ = connection_.on_their_way();
    timer_ = loop_.call_later(half_, [this] { judge(); });
}

void WSHeartbeat::judge() {
    if (connection_.arrived() != arrived_ || connection_.is_held_up()) return ping_later(half_);
    if (connection_.on_their_way() < on_their_way_) return judge_later();
    give_up_();
}

}  // namespace weft::http::internal
