// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "conversation.hpp"
#include "pattern.hpp"
#include "storm.hpp"

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/os_error.hpp>
#include <weft/io/exceptions.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task_group.hpp>

namespace weft::soak {
namespace {

constexpr std::size_t text_bytes_max = 300'000;
constexpr std::size_t to_the_end = std::numeric_limits<std::size_t>::max();

// Whatever is given up, the text is sent once.
Coro<void> write(Player& me, const StreamWriter& writer, BytesView text) {
    if (me.dice.one_in(2)) {
        writer.write(text);
        while (!co_await me.in_haste(writer.drain())) {
        }
    } else {
        const auto written = co_await me.in_haste(writer.write_all(text));
        if (written && !*written) throw_os_error(written->error().value(), "write_all");
    }
}

Coro<std::optional<Bytes>> read_some(Player& me, const StreamReader& reader) {
    const auto count = static_cast<std::ptrdiff_t>(me.dice.magnitude(30'000));
    try {
        switch (me.dice.up_to(3)) {
            case 0:
                co_return co_await me.in_haste(reader.readline());
            case 1:
                co_return co_await me.in_haste(reader.readuntil({"9\n", "3"}));
            case 2:
                co_return co_await me.in_haste(reader.readexactly(count));
            default:
                co_return co_await me.in_haste(reader.read(count));
        }
    } catch (const IncompleteReadError& error) {
        co_return error.partial();
    }
}

// What a client says.
struct Text {
    std::size_t first;  // where in the pattern it begins
    std::size_t bytes;
    bool ends;  // with write_eof()
};

Coro<void> say(Player me, StreamWriter writer, Text text) {
    const std::size_t last = text.bytes - 1;
    for (std::size_t at = 0; at < last;) {
        const std::size_t count = std::min(last - at, me.dice.magnitude(50'000));
        co_await write(me, writer, pattern(text.first + at, count));
        at += count;
    }
    // Once the server has all it closes: then there is nothing to drain any more.
    writer.write(pattern(text.first + last, 1));
    if (text.ends) writer.write_eof();
}

Coro<void> hear(Player& me, StreamReader reader, Arrival& arrival) {
    while (!reader.at_eof()) {
        if (const auto some = co_await read_some(me, reader)) arrival.take(*some);
        if (me.dice.one_in(50)) {
            const auto pause = me.dice.moment();
            co_await sleep(pause);
        }
    }
}

Coro<void> finish(Player& me, StreamWriter writer) {
    writer.close();
    while (!co_await me.in_haste(writer.wait_closed())) {
    }
}

// All that was said is heard, and no connection is lost.
Coro<void> converse_to_the_end(Player& me, StreamReader reader, StreamWriter writer) {
    const bool ends = writer.can_write_eof() && me.dice.one_in(2);
    const Text text{
        .first = me.dice.up_to(60'000), .bytes = me.dice.magnitude(text_bytes_max), .ends = ends};
    const Wish wish{.bytes = ends ? to_the_end : text.bytes};
    const Bytes line = wish.line();
    co_await write(me, writer, line);
    Arrival arrival(text.first);
    const auto both = [&](TaskGroup& group) -> Coro<void> {
        group.create_task(say(me.another(), writer, text));
        co_await hear(me, reader, arrival);
    };
    co_await TaskGroup::scope(both);
    me.expect(arrival.is_right(), "bytes were lost, doubled or changed");
    me.expect(arrival.bytes() == text.bytes, "of " + std::to_string(text.bytes) + " bytes " +
                                                 std::to_string(arrival.bytes()) + " came back");
    co_await finish(me, writer);
}

// One side gives up at some time: what was heard until then is what was said.
Coro<void> converse_for_a_while(Player& me, StreamReader reader, StreamWriter writer) {
    const Text text{
        .first = me.dice.up_to(60'000), .bytes = me.dice.magnitude(text_bytes_max), .ends = false};
    const bool server_aborts = me.dice.one_in(2);
    const Wish wish{.bytes = me.dice.up_to(text.bytes), .abort = server_aborts};
    Arrival arrival(text.first);
    const auto say_and_hear = [&](TaskGroup& group) -> Coro<void> {
        const Bytes line = wish.line();
        co_await write(me, writer, line);
        group.create_task(say(me.another(), writer, text));
        if (!server_aborts) {
            group.create_task([](Player other, StreamWriter to) -> Coro<void> {
                const auto moment = other.dice.moment();
                co_await sleep(moment);
                to.abort();
            }(me.another(), writer));
        }
        co_await hear(me, reader, arrival);
    };
    const auto ended = co_await as_result(TaskGroup::scope(say_and_hear));
    if (!ended) me.expect_os_error(ended.error());
    me.expect(arrival.is_right(), "bytes were lost, doubled or changed");
    me.expect(arrival.bytes() <= wish.bytes, "more came back than was wished");
    writer.close();
    static_cast<void>(co_await as_result(writer.wait_closed()));
}

}  // namespace

Bytes Wish::line() const { return std::to_string(bytes) + (abort ? " abort\n" : " close\n"); }

Wish Wish::from(const Bytes& line) {
    return {.bytes = std::stoull(line), .abort = line.ends_with(" abort\n")};
}

Coro<Bytes> read_line(Player& me, StreamReader reader) {
    std::optional<Bytes> line;
    while (!line) line = co_await me.in_haste(reader.readline());
    co_return std::move(*line);
}

Coro<void> answer(Player me, StreamReader reader, StreamWriter writer) {
    try {
        const Bytes line = co_await read_line(me, reader);
        if (!line.ends_with('\n')) co_return;
        const Wish wish = Wish::from(line);
        for (std::size_t echoed = 0; echoed < wish.bytes;) {
            const std::size_t most = std::min(wish.bytes - echoed, me.dice.magnitude(30'000));
            const auto some = co_await me.in_haste(reader.read(static_cast<std::ptrdiff_t>(most)));
            if (!some) continue;
            if (some->empty()) break;
            echoed += some->size();
            co_await write(me, writer, *some);
        }
        if (wish.abort) co_return writer.abort();
        co_await finish(me, writer);
    } catch (const OSError&) {
        // Where a client did not wish it, that one misses something.
    }
}

Coro<void> converse(Player& me, StreamReader reader, StreamWriter writer) {
    if (me.dice.one_in(3)) {
        co_await converse_for_a_while(me, reader, writer);
    } else {
        co_await converse_to_the_end(me, reader, writer);
    }
}

}  // namespace weft::soak
