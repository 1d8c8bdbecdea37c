// SPDX-License-Identifier: Apache-2.0
// weft/http/wire/websocket/websocket_error.hpp - WSError: what a peer has done wrong.
#pragma once

#include <cstdint>
#include <string>

#include <weft/http/ws_message.hpp>

namespace weft::http::wire {

enum class WSProblem : std::uint8_t {
    reserved_bits,
    reserved_opcode,
    not_masked,
    masked,
    length_not_minimal,
    length_over_63_bits,
    fragmented_control,
    long_control,
    nothing_to_continue,
    message_not_over,
    compressed_control,
    bad_close_length,
    bad_close_code,
    bad_utf8,
    bad_compression,
    message_too_big,
    too_many_fragments,
};

struct WSError {
    WSProblem problem{};
    /// The opcode, the length or the like at fault; 0 where there is none.
    std::uint64_t value = 0;

    friend bool operator==(const WSError&, const WSError&) = default;
};

/// One line for people: "the opcode 3 is reserved".
[[nodiscard]] std::string describe(const WSError& error);

/// The code with which the connection is to be closed: 1002, 1007, 1008 or 1009.
/// Spec: RFC 6455 §7.4.1.
[[nodiscard]] WSCloseCode close_code_for(WSProblem problem) noexcept;

}  // namespace weft::http::wire
