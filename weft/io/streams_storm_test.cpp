// SPDX-License-Identifier: Apache-2.0
// Goal:   whenever a timeout meets a stream, no byte is lost or doubled, no descriptor stays open,
//         and nobody waits for ever.
// Method: real sockets, and deadlines so short that each comes before, with or after what it
//         races with; the choices are those of a seed.
#include <chrono>
#include <cstddef>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/io/exceptions.hpp>
#include <weft/io/run.hpp>
#include <weft/io/server.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/io/streams.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/gather.hpp>
#include <weft/runtime/timeout.hpp>
#include <weft/testing/descriptors.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;
using testing::open_descriptors;

class Dice {
public:
    explicit Dice(unsigned seed) : engine_(seed) {}
    std::size_t up_to(std::size_t most) {
        return std::uniform_int_distribution<std::size_t>(0, most)(engine_);
    }
    std::chrono::microseconds moment() { return std::chrono::microseconds(up_to(300)); }
    // Up to a second: too short or long enough on any machine, and each size in between.
    std::chrono::microseconds stretch() { return std::chrono::microseconds(1U << up_to(20)); }

private:
    std::mt19937 engine_;
};

Bytes numbered_lines(std::size_t count) {
    Bytes all;
    for (std::size_t i = 0; i < count; ++i) all += std::to_string(i * 7919) + "\n";
    return all;
}

// Whether it came in time. Any other error than the deadline's goes on.
template <class T>
Coro<std::optional<T>> in_time(Coro<T> coro, std::chrono::microseconds limit) {
    try {
        co_return co_await wait_for(std::move(coro), limit);
    } catch (const TimeoutError&) {
    }
    co_return std::nullopt;
}
Coro<bool> did_in_time(Coro<void> coro, std::chrono::microseconds limit) {
    try {
        co_await wait_for(std::move(coro), limit);
        co_return true;
    } catch (const TimeoutError&) {
    }
    co_return false;
}

Coro<void> send_in_haste(StreamWriter writer, const Bytes& all, Dice dice) {
    for (std::size_t at = 0; at < all.size();) {
        const BytesView piece = BytesView(all).substr(at, dice.up_to(50'000));
        writer.write(piece);
        at += piece.size();
        while (!co_await did_in_time(writer.drain(), dice.moment())) {
        }
    }
    writer.write_eof();
}

Coro<Bytes> receive_in_haste(StreamReader reader, Dice dice) {
    Bytes all;
    while (!reader.at_eof()) {
        const auto limit = dice.moment();
        std::optional<Bytes> some;
        try {
            switch (dice.up_to(3)) {
                case 0:
                    some =
                        co_await in_time(reader.read(1 + std::ptrdiff_t(dice.up_to(5'000))), limit);
                    break;
                case 1:
                    some = co_await in_time(reader.readline(), limit);
                    break;
                case 2:
                    some = co_await in_time(reader.readuntil({"9\n", "3"}), limit);
                    break;
                default:
                    some = co_await in_time(reader.readexactly(std::ptrdiff_t(dice.up_to(20'000))),
                                            limit);
                    break;
            }
        } catch (const IncompleteReadError& error) {
            some = error.partial();
        }
        if (some) all += *some;
    }
    co_return all;
}

Coro<void> echo_in_haste(StreamReader reader, StreamWriter writer, Dice dice) {
    while (!reader.at_eof()) {
        const auto data = co_await in_time(reader.read(10'000), dice.moment());
        if (!data) continue;
        writer.write(*data);
        while (!co_await did_in_time(writer.drain(), dice.moment())) {
        }
    }
}

TEST(StreamsStorm, loses_and_doubles_no_byte) {
    const std::size_t before = open_descriptors();
    run([]() -> Coro<void> {
        unsigned seed = 1;
        const Server server = co_await start_server(
            [&seed](StreamReader reader, StreamWriter writer) -> Coro<void> {
                co_await echo_in_haste(reader, writer, Dice(++seed));
            },
            "127.0.0.1", 0, {.limit = 4'000});
        const int port = server.sockets()[0].getsockname().port();
        const Bytes sent = numbered_lines(100'000);
        const auto talk = [&sent, port](unsigned number) -> Coro<bool> {
            auto [reader, writer] = co_await open_connection("127.0.0.1", port, {.limit = 3'000});
            const auto sender = create_task(send_in_haste(writer, sent, Dice(number)));
            const Bytes received = co_await receive_in_haste(reader, Dice(~number));
            co_await sender;
            co_return received == sent;
        };
        std::vector<Coro<bool>> clients;
        for (unsigned i = 0; i < 8; ++i) clients.push_back(talk(i));
        for (const bool same : co_await gather(std::move(clients))) EXPECT_TRUE(same);
        server.close();
        co_await wait_for(server.wait_closed(), 30s);
    }());
    EXPECT_EQ(open_descriptors(), before);
}

// Connects, says something, hears it again and closes, unless time is up before.
// Returns: whether it was heard; a handler that gave up ends the stream before the line.
Coro<bool> say_hello(int port, bool aborts) {
    auto [reader, writer] = co_await open_connection("127.0.0.1", port);
    writer.write("hello\n");
    co_await writer.drain();
    const Bytes line = co_await reader.readline();
    EXPECT_TRUE(line.empty() || line == "hello\n") << line;
    aborts ? writer.abort() : writer.close();
    co_await writer.wait_closed();
    co_return !line.empty();
}

TEST(StreamsStorm, leaves_no_descriptor_wherever_a_client_or_a_handler_gives_up) {
    const std::size_t before = open_descriptors();
    run([]() -> Coro<void> {
        Dice dice(42);
        const Server server = co_await start_server(
            [&dice](StreamReader reader, StreamWriter writer) -> Coro<void> {
                const auto line = co_await in_time(reader.readline(), dice.stretch());
                if (!line) co_return dice.up_to(1) == 0 ? writer.close() : writer.abort();
                writer.write(*line);
                // The client may have gone.
                co_await as_result(wait_for(writer.drain(), dice.moment()));
            },
            "127.0.0.1", 0);
        const int port = server.sockets()[0].getsockname().port();
        int heard = 0;
        const auto client = [&](int rounds) -> Coro<void> {
            for (; rounds > 0; --rounds) {
                const auto limit = dice.stretch();
                const auto said =
                    co_await as_result(wait_for(say_hello(port, dice.up_to(1) == 0), limit));
                if (said && *said) ++heard;
            }
        };
        std::vector<Coro<void>> clients;
        for (int i = 0; i < 20; ++i) clients.push_back(client(100));
        co_await gather(std::move(clients));
        EXPECT_GT(heard, 0);
        EXPECT_LT(heard, 2'000);
        server.close();
        co_await wait_for(server.wait_closed(), 30s);
    }());
    EXPECT_EQ(open_descriptors(), before);
}

}  // namespace
}  // namespace weft
