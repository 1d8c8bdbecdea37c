// SPDX-License-Identifier: Apache-2.0
// Goal:   whatever comes, a reader finds the same however it is cut, keeps within its limits, and
//         what it found can be written and read again; headers of extensions are read as they are
//         written.
// Method: the first bytes choose the role, the limits, the compression and the pieces.
#include <weft/http/wire/websocket/websocket_reader.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>

#include <weft/base/bytes.hpp>
#include <weft/base/check.hpp>
#include <weft/http/wire/websocket/permessage_deflate.hpp>
#include <weft/http/wire/websocket/websocket_feed_test.hpp>
#include <weft/http/wire/websocket/websocket_frame.hpp>
#include <weft/http/wire/websocket/websocket_writer.hpp>
#include <weft/http/ws_message.hpp>

namespace weft::http::wire {
namespace {

struct Choices {
    WSRole role;
    WSLimits limits;
    std::optional<DeflateParams> deflate;
    std::size_t piece_bytes;
};

Choices choose(std::uint8_t how, std::uint8_t piece) {
    Choices choices{.role = (how & 1) != 0 ? WSRole::server : WSRole::client,
                    .limits = {},
                    .deflate = std::nullopt,
                    .piece_bytes = piece == 0 ? std::size_t{1} : piece};
    if ((how & 2) != 0) choices.limits = {.message_bytes_max = 300, .fragments_max = 4};
    if ((how & 4) != 0) {
        const bool without_context = (how & 8) != 0;
        const int bits = (how & 16) != 0 ? 9 : 15;
        choices.deflate = DeflateParams{.server_no_context_takeover = without_context,
                                        .client_no_context_takeover = without_context,
                                        .server_max_window_bits = bits,
                                        .client_max_window_bits = bits};
    }
    return choices;
}

void check_written(const WSMessage& message, WebSocketWriter& writer, WebSocketReader& reader) {
    Bytes out;
    if (message.type == WSMsgType::close) {
        writer.write_close(out, message.close_code, message.data);
    } else {
        writer.write(out, message.type, message.data);
    }
    const auto again = reader.next(out);
    check(again && again->message == message && again->used == out.size(), "a message has changed");
}

void check_messages(BytesView data, const Choices& choices) {
    WebSocketReader reader(choices.role, choices.limits, choices.deflate);
    // As the other side would send them.
    const bool from_client = choices.role == WSRole::server;
    WebSocketWriter writer =
        from_client ? WebSocketWriter([] { return WSMask{1, 0xff, 3, 4}; }, choices.deflate)
                    : WebSocketWriter(choices.deflate);
    WebSocketReader again(choices.role, {}, choices.deflate);
    for (;;) {
        const auto step = reader.next(data);
        if (!step || !step->message) return;
        data.remove_prefix(step->used);
        check(step->message->data.size() <= choices.limits.message_bytes_max,
              "a message is too long");
        check_written(*step->message, writer, again);
    }
}

void check_extensions(BytesView header) {
    if (const auto agreement = accept_deflate(header)) {
        const auto read = read_deflate_response(agreement->response);
        check(read && *read == agreement->params, "an agreement is read otherwise");
    }
    static_cast<void>(read_deflate_response(header));
}

void play(BytesView data) {
    if (data.size() < 2) return;
    const Choices choices =
        choose(static_cast<std::uint8_t>(data[0]), static_cast<std::uint8_t>(data[1]));
    data.remove_prefix(2);
    WSListener whole(choices.role, choices.limits, choices.deflate);
    whole.feed(data);
    WSListener pieces(choices.role, choices.limits, choices.deflate);
    pieces.feed_in_pieces(data, choices.piece_bytes);
    check(whole.text() == pieces.text(), "pieces make a difference");
    check_messages(data, choices);
    check_extensions(data);
}

}  // namespace
}  // namespace weft::http::wire

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    weft::http::wire::play({reinterpret_cast<const char*>(data), size});
    return 0;
}
