// SPDX-License-Identifier: Apache-2.0
// tests/interop/talks.hpp - what weft's end of a connection does, whichever end has made it.
#pragma once

#include <cstddef>
#include <string_view>

#include <weft/io/socket_address.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/runtime/coro.hpp>

namespace weft::interop {

/// Talks over a connection, and says how it went. What `count` counts is the talk's own.
using Talk = Coro<void> (*)(StreamReader, StreamWriter, std::size_t count);

/// Errors: ValueError when there is none of that name.
[[nodiscard]] Talk talk_named(std::string_view name);

// The talks that are HTTP: http_talks.cpp.
/// Answers one request: GET /1000 with that much of the pattern, POST with how much of it came.
[[nodiscard]] Coro<void> answer_http(StreamReader reader, StreamWriter writer, std::size_t);
/// Asks for /COUNT three times, of which the third ends the connection.
[[nodiscard]] Coro<void> ask_http(StreamReader reader, StreamWriter writer, std::size_t count);

// Datagrams: datagram_talks.cpp.
/// Sends each datagram back to where it came from, until cancelled.
[[nodiscard]] Coro<void> echo_datagrams(SocketAddress local);
/// Sends datagrams of 1, 10, ... and at last `count` bytes, each after the answer to the one before.
[[nodiscard]] Coro<void> exchange_datagrams(SocketAddress remote, std::size_t count);

}  // namespace weft::interop
