// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <utility>

#include "pattern.hpp"
#include "say.hpp"
#include <sys/ioctl.h>

#include <weft/base/bytes.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/sleep.hpp>

namespace weft::interop {
namespace {

constexpr std::size_t period = 251;
constexpr std::size_t paused_above = 2 * StreamReader::default_limit;

// Up to a piece, from any position.
BytesView pattern(std::size_t position, std::size_t count) {
    static const Bytes long_enough = [] {
        Bytes bytes(period + piece_bytes, 0);
        for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i % period);
        return bytes;
    }();
    return BytesView(long_enough).substr(position % period, count);
}

void expect_bounded(const StreamReader& reader) {
    // What epoll receives at once; io_uring has received what the system held before the loop is told
    // of any of it.
    const std::size_t at_once_max =
        get_running_loop().backend() == "epoll" ? 256 * 1024 : 4 * 1024 * 1024;
    expect(reader.buffered().size() <= paused_above + at_once_max,
           "the reader keeps more than its limit says");
}

std::size_t bytes_kept_by_the_system(const StreamWriter& writer) {
    int count = 0;
    expect(::ioctl(writer.fileno(), FIONREAD, &count) == 0, "FIONREAD");
    return static_cast<std::size_t>(count);
}

}  // namespace

bool is_pattern(BytesView data, std::size_t position) {
    for (std::size_t at = 0; at < data.size(); at += piece_bytes) {
        const BytesView piece = data.substr(at, piece_bytes);
        if (piece != pattern(position + at, piece.size())) return false;
    }
    return true;
}

Coro<void> Sender::send(BytesView data) {
    writer_.write(data);
    const auto [low, high] = writer_.get_write_buffer_limits();
    const bool must_wait = writer_.get_write_buffer_size() > high;
    if (must_wait && !std::exchange(held_, true)) say("held");
    co_await writer_.drain();
    if (must_wait) expect(writer_.get_write_buffer_size() <= low, "drain() did not wait");
}

Coro<void> send_pattern(StreamWriter writer, std::size_t count) {
    Sender sender(writer);
    for (std::size_t at = 0; at < count; at += piece_bytes) {
        co_await sender.send(pattern(at, std::min(piece_bytes, count - at)));
    }
}

Coro<std::size_t> receive_pattern(StreamReader reader) {
    for (std::size_t position = 0;;) {
        expect_bounded(reader);
        const Bytes piece = co_await reader.read(piece_bytes);
        if (piece.empty()) co_return position;
        expect(is_pattern(piece, position), "other bytes than were sent");
        position += piece.size();
    }
}

Coro<void> hold_up_the_other_end(StreamReader reader, StreamWriter writer) {
    while (reader.buffered().size() <= paused_above || bytes_kept_by_the_system(writer) == 0) {
        expect_bounded(reader);
        co_await sleep(std::chrono::milliseconds(1));
    }
}

}  // namespace weft::interop
