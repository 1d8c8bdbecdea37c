// SPDX-License-Identifier: Apache-2.0
// Goal:   a server that runs for long takes no more memory and no more descriptors than at first,
//         whatever its clients do.
// Method: laps, each with as many connections as the one before: churn, resets, ends of one direction,
//         late readers, clients that say nothing. After each lap nobody is connected, and what the
//         process has is looked at. The first laps are for warming up; what the last ones leave must
//         be no more than the bounds below above that. Each byte that is heard is checked.
// usage:  flat [SECONDS]    WEFT_SOAK_SEED in the environment makes the same choices once more
#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "dice.hpp"
#include "memory.hpp"
#include "pattern.hpp"
#include "soak.hpp"
#include <sys/socket.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/io/run.hpp>
#include <weft/io/server.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/io/stream.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/io/streams.hpp>
#include <weft/io/transport_security.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/inspect.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/task_group.hpp>
#include <weft/runtime/wait.hpp>
#include <weft/testing/descriptors.hpp>
#include <weft/tls/tls_test.hpp>

namespace weft::soak {
namespace {

using namespace std::chrono_literals;
using testing::open_descriptors;

// By how much the last laps may be above those that warm up: what is kept to be used again grows
// while chance still finds a greater crowd. In some seconds that shows what loses a few hundred bytes
// for each connection, in minutes what loses one.
constexpr std::size_t heap_growth_max = 256 * 1024;
constexpr std::size_t resident_growth_max = 4 * 1024 * 1024;
// Before so many laps, chance alone moves the resident set by as much.
constexpr std::size_t laps_for_resident = 30;

constexpr std::size_t clients_at_once = 32;
constexpr std::size_t connections_each = 20;
constexpr std::size_t echo_bytes_max = 100'000;
// More than the buffers on the way hold.
constexpr std::size_t flood_bytes = 6'000'000;
constexpr std::size_t laps_min = 6;
// So long without a connection that ends: somebody waits for ever. A machine may be busy.
constexpr auto silence_max = 60s;

enum class Manner {
    echoes,        // says something, hears it, and goes
    half_closes,   // ends its direction, and hears the rest
    resets,        // resets the connection in the middle
    is_reset,      // the server does
    reads_late,    // while more comes than the way has room for
    says_nothing,  // and goes
};
constexpr std::size_t manners = 6;

// The server's first line: what to do, and with how many bytes.
enum class Wish : char { echo = 'e', flood = 'f', reset = 'r' };

void reset_at_close(const StreamWriter& writer) {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(writer.fileno(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

// ---- the server

Coro<void> echo(StreamReader reader, StreamWriter writer, std::size_t most) {
    while (most > 0) {
        const Bytes data =
            co_await reader.read(static_cast<std::ptrdiff_t>(std::min(most, piece_bytes_max)));
        if (data.empty()) co_return;
        most -= data.size();
        writer.write(data);
        co_await writer.drain();
    }
}

Coro<void> flood(StreamWriter writer) {
    for (std::size_t at = 0; at < flood_bytes;) {
        const std::size_t count = std::min(flood_bytes - at, piece_bytes_max);
        writer.write(pattern(at, count));
        at += count;
        co_await writer.drain();
    }
}

Coro<void> serve(StreamReader reader, StreamWriter writer) {
    try {
        const Bytes line = co_await reader.readline();
        if (line.empty()) co_return;
        const std::size_t bytes = std::stoull(line.substr(1));
        switch (Wish(line.front())) {
            case Wish::echo:
                co_await echo(reader, writer, bytes);
                break;
            case Wish::flood:
                co_await flood(writer);
                break;
            case Wish::reset:
                co_await echo(reader, writer, bytes);
                reset_at_close(writer);
                co_return writer.abort();
        }
        writer.close();
        co_await writer.wait_closed();
    } catch (const OSError&) {
        // Where a client did not wish it, that one misses something.
    }
}

// ---- a client

void expect(bool kept, const std::string& what) {
    if (!kept) throw RuntimeError(what);
}

Coro<void> ask(StreamWriter writer, Wish wish, std::size_t bytes) {
    const Bytes line = static_cast<char>(wish) + std::to_string(bytes) + "\n";
    writer.write(line);
    co_await writer.drain();
}

// To the end, or until so many have come.
Coro<void> hear(StreamReader reader, Arrival& arrival, std::size_t most) {
    while (arrival.bytes() < most) {
        const Bytes data = co_await reader.read(64 * 1024);
        if (data.empty()) co_return;
        arrival.take(data);
        expect(arrival.is_right(), "bytes were lost, doubled or changed");
    }
}

Coro<void> close(StreamWriter writer) {
    writer.close();
    co_await writer.wait_closed();
}

Coro<void> say_and_hear(Stream stream, std::size_t bytes, bool ends) {
    co_await ask(stream.writer(), Wish::echo, ends ? bytes + 1 : bytes);
    Arrival arrival(0);
    const auto both = [&](TaskGroup& group) -> Coro<void> {
        group.create_task(hear(stream.reader(), arrival, bytes + 1));
        stream.write(pattern(0, bytes));
        co_await stream.drain();
        if (ends) stream.write_eof();
    };
    co_await TaskGroup::scope(both);
    expect(arrival.bytes() == bytes, "bytes are missing");
    co_await close(stream.writer());
}

Coro<void> reset(Stream stream, std::size_t bytes) {
    co_await ask(stream.writer(), Wish::echo, bytes);
    stream.write(pattern(0, bytes));
    Arrival arrival(0);
    co_await hear(stream.reader(), arrival, bytes / 2);
    reset_at_close(stream.writer());
    stream.abort();
}

Coro<void> be_reset(Stream stream, std::size_t bytes) {
    co_await ask(stream.writer(), Wish::reset, bytes / 2);
    stream.write(pattern(0, bytes));
    Arrival arrival(0);
    const auto heard = co_await as_result(hear(stream.reader(), arrival, bytes));
    expect(heard || holds<OSError>(heard.error()), "a reset is another error");
    expect(arrival.bytes() <= bytes / 2, "more came back than was wished");
    stream.close();
    static_cast<void>(co_await as_result(stream.wait_closed()));
}

Coro<void> read_late(Stream stream, std::chrono::microseconds pause) {
    co_await ask(stream.writer(), Wish::flood, 0);
    co_await sleep(10 * pause);
    Arrival arrival(0);
    co_await hear(stream.reader(), arrival, flood_bytes + 1);
    expect(arrival.bytes() == flood_bytes, "bytes are missing");
    co_await close(stream.writer());
}

Coro<void> say_nothing(Stream stream, std::chrono::microseconds pause) {
    co_await sleep(pause);
    stream.close();
    static_cast<void>(co_await as_result(stream.wait_closed()));
}

class Soak {
public:
    explicit Soak(Dice dice) : dice_(std::move(dice)) {}

    Coro<void> begin() {
        plain_ = co_await start_server(serve, "127.0.0.1", 0, {.backlog = 1'024});
        const StreamSecurity security = ssl::server_context();
        protected_ =
            co_await start_server(serve, "127.0.0.1", 0, {.backlog = 1'024, .ssl = security});
    }
    Coro<void> end() {
        for (const auto& server : {*plain_, *protected_}) {
            server.close();
            co_await server.wait_closed();
        }
    }

    Coro<void> lap() {
        const auto clients = [this](TaskGroup& group) {
            for (std::size_t i = 0; i < clients_at_once; ++i) {
                group.create_task(client(dice_.another()));
            }
        };
        co_await TaskGroup::scope(clients);
    }
    // That nobody is connected any more: the server's side ends later.
    [[nodiscard]] bool is_at_rest() const {
        return all_tasks().size() == 1 && open_descriptors() == descriptors_;
    }
    void descriptors_are(std::size_t count) noexcept { descriptors_ = count; }
    [[nodiscard]] std::size_t ended() const noexcept { return ended_; }
    [[nodiscard]] const std::vector<std::uint64_t>& counts() const noexcept { return counts_; }

private:
    Coro<void> client(Dice dice) {
        for (std::size_t i = 0; i < connections_each; ++i) {
            const auto manner = static_cast<Manner>(dice.up_to(manners - 1));
            // A flood takes long.
            if (manner == Manner::reads_late && !dice.one_in(10)) continue;
            ++counts_[static_cast<std::size_t>(manner)];
            const bool is_protected = dice.one_in(4);
            const Stream stream = co_await connect(is_protected);
            const std::size_t bytes = dice.magnitude(echo_bytes_max);
            switch (manner) {
                case Manner::echoes:
                    co_await say_and_hear(stream, bytes, false);
                    break;
                case Manner::half_closes:
                    co_await say_and_hear(stream, bytes, !is_protected);
                    break;
                case Manner::resets:
                    co_await reset(stream, bytes);
                    break;
                case Manner::is_reset:
                    co_await be_reset(stream, bytes);
                    break;
                case Manner::reads_late:
                    co_await read_late(stream, dice.moment());
                    break;
                case Manner::says_nothing:
                    co_await say_nothing(stream, dice.moment());
                    break;
            }
            ++ended_;
        }
    }

    Coro<StreamPair> connect(bool is_protected) {
        const Server& server = is_protected ? *protected_ : *plain_;
        OpenConnectionOptions options{.ssl = is_protected ? client_security_ : nullptr};
        if (is_protected) options.server_hostname = "localhost";
        // A connection has a port of its own for each source address, and keeps it for a minute
        // when it is over.
        const std::size_t source = 1 + ++opened_ % 32;
        options.local_addr = SocketAddress("127.0.0." + std::to_string(source), 0);
        const int port = server.sockets()[0].getsockname().port();
        co_return co_await open_connection("127.0.0.1", port, options);
    }

    Dice dice_;
    std::optional<Server> plain_;
    std::optional<Server> protected_;
    StreamSecurity client_security_ = ssl::client_context();
    std::size_t descriptors_ = 0;
    std::size_t opened_ = 0;
    std::size_t ended_ = 0;
    std::vector<std::uint64_t> counts_ = std::vector<std::uint64_t>(manners);
};

struct Left {
    std::size_t heap = heap_bytes();
    std::size_t resident = resident_bytes();
};

// The most that was left while warming up, and what is usual at last.
bool is_flat(const char* what, const std::vector<Left>& laps, std::size_t Left::* field,
             std::size_t growth_max) {
    std::vector<std::size_t> all;
    for (const Left& lap : laps) all.push_back(lap.*field);
    const std::size_t third = all.size() / 3;
    const std::size_t warm = std::ranges::max(std::span(all).first(third));
    const auto end = std::span(all).last(third);
    const std::size_t middle = (third - 1) / 2;
    std::ranges::nth_element(end, end.begin() + static_cast<std::ptrdiff_t>(middle));
    const std::size_t last = end[middle];
    std::printf("flat: %s: %zu KiB warm, %zu KiB at last; at most %zu KiB more\n", what,
                warm / 1024, last / 1024, growth_max / 1024);
    return last <= warm + growth_max;
}

Coro<void> run_lap(Soak& all) {
    EventLoop& loop = get_running_loop();
    const std::vector<Task<void>> laps{create_task(all.lap())};
    for (bool goes_on = true; goes_on && !laps.front().done();) {
        const std::size_t before = all.ended();
        static_cast<void>(co_await wait(laps, {.timeout = silence_max}));
        goes_on = all.ended() != before;
    }
    if (laps.front().done()) co_await laps.front();
    const TimePoint limit = loop.time() + silence_max;
    while (!all.is_at_rest() && loop.time() < limit) co_await sleep(1ms);
    if (all.is_at_rest()) co_return;
    print_call_graph(stderr);
    throw RuntimeError("after a lap there are " + std::to_string(all_tasks().size() - 1) +
                       " tasks and " + std::to_string(open_descriptors()) + " descriptors");
}

Coro<int> soak(Dice dice, Delay time) {
    EventLoop& loop = get_running_loop();
    loop.slow_callback_duration = Nanoseconds::zero();  // nothing to tell of here
    Soak all(std::move(dice));
    co_await all.begin();
    all.descriptors_are(open_descriptors());
    std::vector<Left> laps;
    for (const TimePoint end = loop.time() + time.get();
         loop.time() < end || laps.size() < laps_min;) {
        co_await run_lap(all);
        laps.emplace_back();
    }
    std::printf("flat: %zu laps; %" PRIu64 " echoes, %" PRIu64 " half-closed, %" PRIu64
                " resets by a client, %" PRIu64 " by the server, %" PRIu64 " late readers, %" PRIu64
                " silent\n",
                laps.size(), all.counts()[0], all.counts()[1], all.counts()[2], all.counts()[3],
                all.counts()[4], all.counts()[5]);
    bool flat = is_flat("heap", laps, &Left::heap, heap_growth_max);
    if (!resident_set_tells()) {
        std::printf("flat: the resident set is not looked at: a sanitizer keeps what is freed\n");
    } else if (laps.size() < laps_for_resident) {
        std::printf("flat: the resident set is looked at from %zu laps on\n", laps_for_resident);
    } else {
        flat = is_flat("resident set", laps, &Left::resident, resident_growth_max) && flat;
    }
    co_await all.end();
    if (!flat) std::fprintf(stderr, "FAILED: the memory is not flat\n");
    co_return flat ? 0 : 1;
}

int soak_for(Seconds time) {
    const std::uint64_t first = seed();
    std::printf("flat: %g s, WEFT_BACKEND=%s WEFT_SOAK_SEED=%" PRIu64 "\n", time.count(),
                backend_name().c_str(), first);
    return main_of(soak, Dice(first), Delay(time));
}

}  // namespace
}  // namespace weft::soak

int main(int argc, char** argv) {
    using namespace weft::soak;
    return run_program(argc, argv, Seconds(3), soak_for);
}
