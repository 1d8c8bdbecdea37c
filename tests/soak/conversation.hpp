// SPDX-License-Identifier: Apache-2.0
// tests/soak/conversation.hpp - what a client and a server say over a stream in the storm.
//
// The client's first line is a Wish; then the server sends back what it gets.
#pragma once

#include <cstddef>
#include <string>

#include "pattern.hpp"
#include "storm.hpp"

#include <weft/base/bytes.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/io/streams.hpp>
#include <weft/runtime/coro.hpp>

namespace weft::soak {

/// What the server is to do.
struct Wish {
    std::size_t bytes = 0;  ///< to send back, unless the client ends before
    bool abort = false;     ///< then; else it closes

    [[nodiscard]] Bytes line() const;
    [[nodiscard]] static Wish from(const Bytes& line);
};

/// The longest line is far below it.
inline constexpr std::ptrdiff_t reader_limit = 4'000;

/// Of the server, whose clients come and go as they like: no error is its own.
[[nodiscard]] Coro<void> answer(Player me, StreamReader reader, StreamWriter writer);

/// Of a client: says something, hears it again, and closes; sometimes one side gives up.
/// Errors: those that are nobody's wish.
[[nodiscard]] Coro<void> converse(Player& me, StreamReader reader, StreamWriter writer);

/// A line, whatever it takes; empty at the end.
[[nodiscard]] Coro<Bytes> read_line(Player& me, StreamReader reader);

}  // namespace weft::soak
