// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/internal/client_websocket.hpp>

#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <weft/base/at_end.hpp>
#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/http/client/exceptions.hpp>
#include <weft/http/client/internal/pool.hpp>
#include <weft/http/client/websocket_options.hpp>
#include <weft/http/wire/websocket/permessage_deflate.hpp>
#include <weft/http/ws_message.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/timeout.hpp>

namespace weft::http::internal {
namespace {

// With which the server is to be told of the error; nullopt where it is none that it has made.
std::optional<WSCloseCode> code_for(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const WebSocketError& wrong) {
        return wrong.code();
    } catch (...) {
        return std::nullopt;
    }
}

}  // namespace

ClientWebSocket::ClientWebSocket(Slot slot, WSOptions options, std::optional<std::string> protocol,
                                 const std::optional<wire::DeflateParams>& deflate)
    : options_(std::move(options)),
      protocol_(std::move(protocol)),
      compress_(deflate ? deflate->client_max_window_bits : 0),
      connection_(std::move(slot), options_.max_msg_size, deflate),
      heartbeat_(connection_, options_.heartbeat, [this] {
          end(WSCloseCode::abnormal_closure,
              std::make_exception_ptr(
                  ServerTimeoutError("the server has answered no ping for half of the heartbeat")));
      }) {}

Coro<void> ClientWebSocket::send(WSMsgType type, BytesView data) {
    co_await transparent;
    if (closed() || connection_.is_closed_for_writing()) {
        throw ClientConnectionResetError("the WebSocket is closed");
    }
    connection_.write(type, data);
    co_await connection_.drain();
}

// ---- receiving

Coro<WSMessage> ClientWebSocket::receive(std::optional<Delay> timeout) {
    co_await transparent;
    if (is_receiving_) throw RuntimeError("another task receives from this WebSocket");
    if (!timeout) timeout = options_.timeout.ws_receive;
    if (is_closing_) {
        co_await wait_for(ended_.wait(), timeout);
        co_return final_message();
    }
    is_receiving_ = true;
    const AtEnd leave([this] {
        is_receiving_ = false;
        receiver_has_left_.set();
    });
    if (!timeout) co_return co_await next_message();
    co_return co_await wait_for(next_message(), timeout);
}

// Between a message that has come and its return nothing waits, so that no cancellation loses it; a
// close is kept.
Coro<WSMessage> ClientWebSocket::next_message() {
    co_await transparent;
    for (;;) {
        if (!closed() && last_) co_await answer_close();
        if (closed()) co_return final_message();
        auto message = co_await as_result(connection_.read());
        if (!message) {
            co_await fail(message.error());
        } else if (message->type == WSMsgType::close) {
            last_ = std::move(*message);
            if (connection_.is_closed_for_writing()) end(last_->close_code, nullptr);
            if (!options_.autoclose) co_return *last_;
        } else if (is_for_caller(*message)) {
            co_return std::move(*message);
        }
    }
}

bool ClientWebSocket::is_for_caller(const WSMessage& message) {
    const bool is_ping = message.type == WSMsgType::ping;
    if (!options_.autoping || (!is_ping && message.type != WSMsgType::pong)) return true;
    if (is_ping) connection_.answer(message.data);
    return false;
}

WSMessage ClientWebSocket::final_message() const {
    if (error_ && !is_closing_) std::rethrow_exception(error_);
    return last_.value_or(
        WSMessage{.type = WSMsgType::close, .data = {}, .close_code = *close_code_});
}

// ---- the end

Coro<void> ClientWebSocket::answer_close() {
    co_await transparent;
    co_await say_last(last_->close_code, nullptr);
}

Coro<void> ClientWebSocket::fail(std::exception_ptr error) {
    co_await transparent;
    const auto code = code_for(error);
    if (code && !connection_.is_closed_for_writing()) {
        co_await say_last(*code, std::move(error));
    } else {
        end(WSCloseCode::abnormal_closure, std::move(error));
    }
}

// Nothing is waited for but that it leaves.
Coro<void> ClientWebSocket::say_last(WSCloseCode code, std::exception_ptr error) {
    co_await transparent;
    heartbeat_.stop();
    const AtEnd ended([&] { end(code, std::move(error)); });
    const Bytes frame = connection_.close_frame(code, {});
    co_await as_result(wait_for(connection_.send_all(frame), options_.timeout.ws_close));
}

Coro<bool> ClientWebSocket::close(WSCloseCode code, std::string_view reason) {
    co_await transparent;
    if (!closed() && connection_.is_closed_for_writing()) co_await ended_.wait();
    if (closed()) co_return false;
    const Bytes frame = connection_.close_frame(code, reason);
    is_closing_ = true;
    heartbeat_.stop();
    const AtEnd dropped([this] { end(WSCloseCode::abnormal_closure, nullptr); });
    const auto done =
        co_await as_result(wait_for(close_handshake(frame), options_.timeout.ws_close));
    if (!done) {
        const bool is_late = holds<TimeoutError>(done.error());
        end(WSCloseCode::abnormal_closure,
            is_late ? std::make_exception_ptr(ServerTimeoutError(
                          "the server has not answered the close within the limit ws_close"))
                    : done.error());
    }
    co_return true;
}

Coro<void> ClientWebSocket::close_handshake(BytesView frame) {
    co_await transparent;
    co_await connection_.send_all(frame);
    while (!closed() && !last_) {
        if (is_receiving_) {
            receiver_has_left_.clear();
            co_await receiver_has_left_.wait();
            continue;
        }
        WSMessage message = co_await connection_.read();
        if (message.type == WSMsgType::close) last_ = std::move(message);
    }
    if (last_) end(last_->close_code, nullptr);
}

void ClientWebSocket::end(WSCloseCode code, std::exception_ptr error) noexcept {
    if (closed()) return;
    heartbeat_.stop();
    close_code_ = code;
    error_ = std::move(error);
    connection_.close();
    ended_.set();
}

}  // namespace weft::http::internal
