// SPDX-License-Identifier: Apache-2.0
// Reads lines `TASK ROLE CONTEXT HEX`, ROLE being client or server, CONTEXT plain, deflate or alone
// (each message on its own), and writes a line for each:
//
//   read    what a reader of that role finds: `TYPE:CODE:HEX` for each message, and at the end
//           `!CODE PROBLEM` where it refuses the rest
//   write   the frames of that role for messages `TYPE:HEX`, a comma between
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>

#include <weft/base/bytes.hpp>
#include <weft/http/wire/websocket/permessage_deflate.hpp>
#include <weft/http/wire/websocket/websocket_error.hpp>
#include <weft/http/wire/websocket/websocket_frame.hpp>
#include <weft/http/wire/websocket/websocket_reader.hpp>
#include <weft/http/wire/websocket/websocket_writer.hpp>
#include <weft/http/ws_message.hpp>

namespace {

using namespace weft::http;
using namespace weft::http::wire;

std::string hex(std::string_view bytes) {
    std::string out;
    for (const char c : bytes) {
        constexpr std::string_view digits = "0123456789abcdef";
        out += digits[static_cast<unsigned char>(c) >> 4];
        out += digits[static_cast<unsigned char>(c) & 15];
    }
    return out;
}

weft::Bytes from_hex(std::string_view text) {
    weft::Bytes out;
    for (std::size_t at = 0; at + 1 < text.size(); at += 2) {
        out += static_cast<char>(std::stoi(std::string(text.substr(at, 2)), nullptr, 16));
    }
    return out;
}

std::optional<DeflateParams> params_of(std::string_view context) {
    if (context == "plain") return std::nullopt;
    const bool is_alone = context == "alone";
    return DeflateParams{.server_no_context_takeover = is_alone,
                         .client_no_context_takeover = is_alone};
}

std::string read_all(WSRole role, const std::optional<DeflateParams>& deflate,
                     weft::BytesView data) {
    WebSocketReader reader(role, {.message_bytes_max = 100'000}, deflate);
    std::string out;
    for (;;) {
        const auto step = reader.next(data);
        if (!step) {
            return out + "!" +
                   std::to_string(static_cast<int>(close_code_for(step.error().problem))) + " " +
                   describe(step.error());
        }
        data.remove_prefix(step->used);
        if (!step->message) return out;
        const WSMessage& message = *step->message;
        const bool is_close = message.type == WSMsgType::close;
        out += std::to_string(static_cast<int>(message.type)) + ":" +
               std::to_string(is_close ? static_cast<int>(message.close_code) : 0) + ":" +
               hex(message.data) + " ";
    }
}

std::string write_all(WSRole role, const std::optional<DeflateParams>& deflate,
                      std::string_view list) {
    std::uint8_t number = 0;
    WebSocketWriter writer =
        role == WSRole::server
            ? WebSocketWriter(deflate)
            : WebSocketWriter([&number] { return WSMask{number++, 0xff, 0x80, 1}; }, deflate);
    weft::Bytes out;
    std::istringstream messages{std::string(list)};
    for (std::string message; std::getline(messages, message, ',');) {
        const std::size_t colon = message.find(':');
        writer.write(out, static_cast<WSMsgType>(std::stoi(message)),
                     from_hex(std::string_view(message).substr(colon + 1)));
    }
    return hex(out);
}

}  // namespace

int main() {
    for (std::string line; std::getline(std::cin, line);) {
        std::istringstream words(line);
        std::string task;
        std::string role;
        std::string context;
        std::string data;
        words >> task >> role >> context >> data;
        const WSRole side = role == "client" ? WSRole::client : WSRole::server;
        const auto deflate = params_of(context);
        std::puts((task == "read" ? read_all(side, deflate, from_hex(data))
                                  : write_all(side, deflate, data))
                      .c_str());
    }
}
