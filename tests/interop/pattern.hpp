// SPDX-License-Identifier: Apache-2.0
// tests/interop/pattern.hpp - bytes that tell where they belong, and how they are sent and received.
//
// Each byte is its position modulo 251: a prime, so that a piece of any usual size shows when it
// is lost, doubled or out of place. No byte is 255, which is a command in Telnet.
#pragma once

#include <cstddef>
#include <utility>

#include <weft/base/bytes.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/runtime/coro.hpp>

namespace weft::interop {

/// How much is sent and received at a time.
constexpr std::size_t piece_bytes = 64 * 1024;

[[nodiscard]] bool is_pattern(BytesView data, std::size_t position = 0);

/// Writes and drains, and sees that drain() waits exactly where it has to.
class Sender {
public:
    explicit Sender(StreamWriter writer) : writer_(std::move(writer)) {}

    /// The first time that the other end holds it up, it says "held".
    [[nodiscard]] Coro<void> send(BytesView data);

private:
    StreamWriter writer_;
    bool held_ = false;
};

[[nodiscard]] Coro<void> send_pattern(StreamWriter writer, std::size_t count);

/// Receives to the end, which must be the pattern, and returns how many bytes it were. Sees that
/// the reader keeps no more in memory than its limit says.
[[nodiscard]] Coro<std::size_t> receive_pattern(StreamReader reader);

/// Waits until nobody takes what the other end sends: the reader has enough, and the system keeps
/// more.
[[nodiscard]] Coro<void> hold_up_the_other_end(StreamReader reader, StreamWriter writer);

}  // namespace weft::interop
