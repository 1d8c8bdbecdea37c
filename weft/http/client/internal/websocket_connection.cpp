// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/internal/websocket_connection.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/http/client/exceptions.hpp>
#include <weft/http/client/internal/connection.hpp>
#include <weft/http/client/internal/pool.hpp>
#include <weft/http/client/internal/random_bytes.hpp>
#include <weft/http/wire/websocket/permessage_deflate.hpp>
#include <weft/http/wire/websocket/websocket_error.hpp>
#include <weft/http/wire/websocket/websocket_frame.hpp>
#include <weft/http/wire/websocket/websocket_reader.hpp>
#include <weft/http/ws_message.hpp>
#include <weft/runtime/coro.hpp>

namespace weft::http::internal {
namespace {

// Masks that nobody can foresee, some in one call of the system.
class Masks {
public:
    wire::WSMask operator()() {
        if (used_ == chance_.size()) {
            fill_randomly(chance_);
            used_ = 0;
        }
        wire::WSMask mask;
        std::copy_n(chance_.begin() + used_, mask.size(), mask.begin());
        used_ += mask.size();
        return mask;
    }

private:
    std::array<std::uint8_t, random_bytes_max> chance_{};
    std::size_t used_ = random_bytes_max;
};

[[noreturn]] void throw_lost(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const OSError& cause) {
        ClientOSError told(cause.code(), cause.what());
        told.set_cause(error);
        throw told;
    }
}

[[noreturn]] void throw_not_sent(const std::string& why) {
    throw ClientConnectionResetError("the connection of the WebSocket is lost: " + why);
}

}  // namespace

WSConnection::WSConnection(Slot slot, std::size_t message_bytes_max,
                           const std::optional<wire::DeflateParams>& deflate)
    : reader_(slot.connection()->reader()),
      writer_(slot.connection()->writer()),
      slot_(std::move(slot)),
      messages_(wire::WSRole::client, {.message_bytes_max = message_bytes_max}, deflate),
      frames_(Masks(), deflate) {}

void WSConnection::write(WSMsgType type, BytesView data) {
    Bytes frame;
    frames_.write(frame, type, data);
    writer_.write(frame);
}

void WSConnection::answer(BytesView ping) {
    frames_.owe_pong(ping);
    owes_pong_ = true;
    write_owed_pong();
}

// Not where the server sends pings and takes no pongs: those would pile up here.
void WSConnection::write_owed_pong() {
    unsent_pong_bytes_ = std::min(unsent_pong_bytes_, writer_.get_write_buffer_size());
    if (unsent_pong_bytes_ >= unsent_pong_bytes_max) return;
    Bytes frame;
    frames_.write_owed_pong(frame);
    writer_.write(frame);
    unsent_pong_bytes_ += frame.size();
    owes_pong_ = false;
}

Coro<void> WSConnection::drain() {
    co_await transparent;
    const auto drained = co_await as_result(writer_.drain());
    if (!drained) throw_not_sent(message(drained.error()));
    // Who closes it meanwhile drops what is unsent: that is no error of a stream.
    if (!slot_) throw_not_sent("it was closed meanwhile");
}

Bytes WSConnection::close_frame(WSCloseCode code, std::string_view reason) {
    Bytes frame;
    frames_.write_close(frame, code, reason);
    return frame;
}

Coro<void> WSConnection::send_all(BytesView frame) {
    co_await transparent;
    const auto sent = co_await writer_.write_all(frame);
    if (!sent) throw_not_sent(sent.error().message());
}

std::size_t WSConnection::on_their_way() const noexcept {
    int not_acknowledged = 0;
    ::ioctl(writer_.fileno(), SIOCOUTQ, &not_acknowledged);
    return writer_.get_write_buffer_size() + static_cast<std::size_t>(not_acknowledged);
}

Coro<WSMessage> WSConnection::read() {
    co_await transparent;
    for (;;) {
        const auto data = co_await as_result(reader_.peek());
        if (!data) throw_lost(data.error());
        if (data->empty()) {
            throw ServerDisconnectedError("the server ended the connection without a close");
        }
        auto step = messages_.next(*data);
        if (!step) {
            const wire::WSError& error = step.error();
            throw WebSocketError(close_code_for(error.problem), describe(error));
        }
        reader_.skip(step->used);
        taken_ += step->used;
        if (owes_pong_) write_owed_pong();
        if (step->message) co_return std::move(*step->message);
    }
}

void WSConnection::close() noexcept {
    if (!slot_) return;
    slot_->connection()->close();
    slot_.reset();
}

}  // namespace weft::http::internal
