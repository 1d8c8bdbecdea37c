// SPDX-License-Identifier: Apache-2.0
// Goal:   ten thousand idle connections and a thousand busy ones live on one loop, and none is
//         forgotten.
// Method: client and server in two processes, a loop each. The busy ones exchange messages of their
//         own for the given time while the idle ones stay; then each idle one has to answer once more.
// usage:  crowd [SECONDS]    of the busy ones; `crowd serve` is the server
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "memory.hpp"
#include "soak.hpp"
#include <unistd.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/io/pipes.hpp>
#include <weft/io/run.hpp>
#include <weft/io/server.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/io/stream.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/io/streams.hpp>
#include <weft/io/subprocess.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/task_group.hpp>
#include <weft/runtime/timeout.hpp>

namespace weft::soak {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t idle_count = 10'000;
constexpr std::size_t busy_count = 1'000;
// They take with them what a process has but once.
constexpr std::size_t first_count = 100;
constexpr std::size_t descriptors_wanted = idle_count + busy_count + 100;
constexpr std::size_t message_bytes = 512;
// How many connect at once.
constexpr std::size_t at_once = 100;
// Far above what any machine needs: then somebody waits for ever.
constexpr auto time_max = 300s;

// ---- the server

Coro<void> echo(StreamReader reader, StreamWriter writer) {
    for (;;) {
        const Bytes data = co_await reader.read(16 * 1024);
        if (data.empty()) co_return;
        writer.write(data);
        co_await writer.drain();
    }
}

// Says its port, and serves until its stdin ends.
Coro<int> serve() {
    static_cast<void>(raise_descriptor_limit());
    get_running_loop().slow_callback_duration = Nanoseconds::zero();  // nothing to tell of here
    const Server server = co_await start_server(echo, "127.0.0.1", 0, {.backlog = 1'024});
    const StreamReader input = co_await open_stdin();
    const StreamWriter output = co_await open_stdout();
    const Bytes port = std::to_string(server.sockets()[0].getsockname().port()) + "\n";
    output.write(port);
    co_await output.drain();
    static_cast<void>(co_await input.read());
    server.close();
    co_await server.wait_closed();
    co_return 0;
}

// ---- the client

struct Connection {
    Stream stream;
    std::size_t number;
    std::size_t turn = 0;
};

// It differs from all others, so that an answer that is late, doubled or another's is found out.
Bytes message(const Connection& connection) {
    Bytes text = std::to_string(connection.number) + " " + std::to_string(connection.turn) + " ";
    text.resize(message_bytes, 'x');
    return text;
}

Coro<void> exchange(Connection& connection) {
    const Bytes text = message(connection);
    connection.stream.write(text);
    const Bytes heard = co_await connection.stream.readexactly(message_bytes);
    if (heard != text)
        throw RuntimeError("connection " + text.substr(0, 20) + "got another answer");
    ++connection.turn;
}

class Crowd {
public:
    explicit Crowd(int port) : port_(port) {}

    // Each has its first answer then, so it is known to be served.
    Coro<void> grow(std::size_t count) {
        const std::size_t end = connections_.size() + count;
        const auto open_all = [this, end]() -> Coro<void> {
            while (next_ < end) {
                const std::size_t number = next_++;
                const auto from = SocketAddress(source(number), 0);
                const Stream stream =
                    co_await open_connection("127.0.0.1", port_, {.local_addr = from});
                Connection& connection = connections_.emplace_back(stream, number);
                co_await exchange(connection);
            }
        };
        const auto side_by_side = [&](TaskGroup& group) {
            for (std::size_t i = 0; i < at_once; ++i) group.create_task(open_all);
        };
        co_await TaskGroup::scope(side_by_side);
    }

    // All in `from` to the end once, at the same time.
    Coro<void> exchange_once(std::size_t from, std::size_t to) {
        const auto side_by_side = [&](TaskGroup& group) {
            for (std::size_t i = from; i < to; ++i) group.create_task(exchange(connections_[i]));
        };
        co_await TaskGroup::scope(side_by_side);
    }

    // Gives how many messages were exchanged.
    Coro<std::size_t> keep_busy(std::size_t from, std::size_t to, Delay time) {
        const TimePoint end = get_running_loop().time() + time.get();
        std::size_t count = 0;
        const auto talk = [&count, end](Connection& connection) -> Coro<void> {
            do {
                co_await exchange(connection);
                ++count;
            } while (get_running_loop().time() < end);
        };
        const auto side_by_side = [&](TaskGroup& group) {
            for (std::size_t i = from; i < to; ++i) group.create_task(talk(connections_[i]));
        };
        co_await TaskGroup::scope(side_by_side);
        co_return count;
    }

    [[nodiscard]] std::size_t size() const noexcept { return connections_.size(); }
    void leave() { connections_.clear(); }

private:
    // A connection has a port of its own for each source address, and keeps it for a minute when it
    // is over.
    static std::string source(std::size_t number) {
        return "127.0.0." + std::to_string(1 + number % 32);
    }

    int port_;
    std::size_t next_ = 0;
    std::deque<Connection> connections_;  // a deque: tasks refer to them
};

struct Memory {
    std::size_t server;
    std::size_t client;
};
Memory memory_now(const Process& server) {
    return {.server = proportional_bytes(server.pid()), .client = proportional_bytes(::getpid())};
}

void print_growth(const char* who, std::size_t before, std::size_t after) {
    std::printf("crowd: an idle connection takes %.0f bytes in the %s%s\n",
                (static_cast<double>(after) - static_cast<double>(before)) / idle_count, who,
                resident_set_tells() ? "" : ", with what the sanitizer adds");
}

Coro<void> be_a_crowd(const Process& server, Delay time) {
    const Bytes port = co_await server.stdout_()->readline();
    if (!port.ends_with('\n')) throw RuntimeError("the server has not begun");
    Crowd crowd(std::stoi(port));
    co_await crowd.grow(first_count);
    const Memory before = memory_now(server);
    co_await crowd.grow(idle_count);
    const Memory after = memory_now(server);
    const std::size_t idle_end = crowd.size();
    print_growth("server", before.server, after.server);
    print_growth("client", before.client, after.client);

    co_await crowd.grow(busy_count);
    const TimePoint begin = get_running_loop().time();
    const std::size_t exchanged = co_await crowd.keep_busy(idle_end, crowd.size(), time);
    const Seconds took = get_running_loop().time() - begin;
    std::printf(
        "crowd: %zu busy connections exchanged %zu messages in %.2f s beside %zu idle ones\n",
        busy_count, exchanged, took.count(), idle_end);

    co_await crowd.exchange_once(0, idle_end);
    std::printf("crowd: %zu idle connections have answered again\n", idle_end);
}

Coro<int> meet(Delay time) {
    const std::size_t descriptors = raise_descriptor_limit();
    if (descriptors < descriptors_wanted) {
        std::printf(
            "crowd: skipped: the system gives a process %zu descriptors, and this needs %zu\n",
            descriptors, descriptors_wanted);
        co_return skipped;
    }
    get_running_loop().slow_callback_duration = Nanoseconds::zero();  // nothing to tell of here
    std::vector<std::string> program{"/proc/self/exe", "serve"};
    const Process server = co_await create_subprocess_exec(
        std::move(program), {.stdin_ = subprocess::pipe, .stdout_ = subprocess::pipe});
    co_await wait_for(be_a_crowd(server, time), time.get() + time_max);
    server.stdin_()->close();
    const int code = co_await wait_for(server.wait(), time_max);
    if (code != 0) throw RuntimeError("the server ended with " + std::to_string(code));
    co_return 0;
}

int meet_for(Seconds time) {
    std::printf("crowd: %g s, WEFT_BACKEND=%s\n", time.count(), backend_name().c_str());
    return main_of(meet, Delay(time));
}

}  // namespace
}  // namespace weft::soak

int main(int argc, char** argv) {
    using namespace weft::soak;
    if (argc == 2 && std::string_view(argv[1]) == "serve") return weft::main_of(serve);
    return run_program(argc, argv, Seconds(1), meet_for);
}
