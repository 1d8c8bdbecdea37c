// SPDX-License-Identifier: Apache-2.0
#include <weft/http/wire/websocket/websocket_error.hpp>

#include <string>
#include <string_view>

#include <weft/http/ws_message.hpp>

namespace weft::http::wire {
namespace {

// What is said before and after the value; the whole, where there is no value.
struct Words {
    std::string_view before;
    std::string_view after;
};

Words words_for(WSProblem problem) noexcept {
    using enum WSProblem;
    switch (problem) {
        case reserved_bits:
            return {"the reserved bits ", " are set, and mean nothing here"};
        case reserved_opcode:
            return {"the opcode ", " is reserved"};
        case not_masked:
            return {"a frame of a client is not masked", {}};
        case masked:
            return {"a frame of a server is masked", {}};
        case length_not_minimal:
            return {"the length ", " is written with more bytes than it needs"};
        case length_over_63_bits:
            return {"a frame of more than 63 bits of length", {}};
        case fragmented_control:
            return {"a control frame with the opcode ", " is fragmented"};
        case long_control:
            return {"a control frame with the opcode ", " holds more than 125 bytes"};
        case nothing_to_continue:
            return {"a frame continues a message, and there is none", {}};
        case message_not_over:
            return {"a message begins within another one", {}};
        case compressed_control:
            return {"a frame that begins no message, with the opcode ",
                    ", is marked as compressed"};
        case bad_close_length:
            return {"a close of one byte, which is no code", {}};
        case bad_close_code:
            return {"the code ", " may not be sent"};
        case bad_utf8:
            return {"a text is not UTF-8", {}};
        case bad_compression:
            return {"a message is marked as compressed, and cannot be decompressed", {}};
        case message_too_big:
            return {"a message passes message_bytes_max, ", ""};
        case too_many_fragments:
            return {"a message has more fragments than fragments_max, ", ""};
    }
    return {};
}

}  // namespace

std::string describe(const WSError& error) {
    const auto [before, after] = words_for(error.problem);
    std::string out(before);
    if (after.data() != nullptr) out.append(std::to_string(error.value)).append(after);
    return out;
}

WSCloseCode close_code_for(WSProblem problem) noexcept {
    switch (problem) {
        case WSProblem::bad_utf8:
        case WSProblem::bad_compression:
            return WSCloseCode::invalid_text;
        case WSProblem::message_too_big:
            return WSCloseCode::message_too_big;
        case WSProblem::too_many_fragments:
            return WSCloseCode::policy_violation;
        default:
            return WSCloseCode::protocol_error;
    }
}

}  // namespace weft::http::wire
