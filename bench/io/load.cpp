// SPDX-License-Identifier: Apache-2.0
// The load of the I/O benchmarks: measures an echo server that runs already, and checks each byte
// that comes back; see bench/README.md for the contract.
//
// It stands on bare system calls, and OpenSSL where the server speaks TLS, and never sleeps, so that
// no server pays for waking it, and the server is what limits the rate: the `_busy` values tell how
// far that holds.
// usage: io_load PORT PID MEASURE [CERTIFICATE]    PID is the server's, which shows the certificate

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <bench/io/load/clients.hpp>
#include <bench/io/load/flow.hpp>
#include <bench/io/load/line.hpp>
#include <bench/io/load/server.hpp>
#include <signal.h>
#include <time.h>

namespace {

using namespace std::chrono_literals;
using namespace load;

double scale = 1;

void print(const std::string& measure, double value, const char* unit) {
    std::printf("%s %.4f %s\n", measure.c_str(), value, unit);
}

void print_rate(const std::string& measure, const Window::Result& result, const char* unit) {
    print(measure, result.per_second, unit);
    print(measure + "_cpu", result.cpu_us, "us");
    print(measure + "_busy", result.busy, "%");
}

// Each prints what it has found under the name that it is called by.

void echo(const Server& server, const std::string& name) {
    Clients clients(server, 512);
    clients.open(1000);
    print_rate(name, clients.ping_pong(2s * scale), "requests/s");
}

void stream(const Server& server, const std::string& name) {
    const std::string pattern = Flow::make_pattern();
    std::deque<Flow> flows;
    for (int i = 0; i < 4; ++i) flows.emplace_back(server, pattern);
    const auto pump = [&](Seconds span) {
        std::size_t received = 0;
        const auto end = Clock::now() + span;
        while (Clock::now() < end) {
            for (Flow& flow : flows) {
                flow.write();
                received += flow.read();
            }
        }
        return static_cast<double>(received) / (1024 * 1024);
    };
    const Seconds time = 2s * scale;
    pump(time / 5);
    const Window window(server);
    const auto result = window.end(pump(time));
    for (Flow& flow : flows) {
        while (!flow.is_even()) flow.read();
    }
    print_rate(name, result, "MiB/s");
}

// Of 64 connections each that is answered is closed, and another one opened. They are looked at in
// turn: that costs less than telling epoll of each.
void churn(const Server& server, const std::string& name) {
    Message message(64);
    std::uint32_t opened = 0;
    const auto open = [&] {
        Connection connection{.line = Line(server, opened), .id = opened};
        ++opened;
        send_request(connection, message);
        return connection;
    };
    std::vector<Connection> connections;
    for (int i = 0; i < 64; ++i) connections.push_back(open());
    const auto exchange = [&](Seconds span) {
        std::size_t answered = 0;
        const auto end = Clock::now() + span;
        while (Clock::now() < end) {
            for (Connection& connection : connections) {
                if (!receive_answer(connection, message)) continue;
                connection.line.close();
                connection = open();
                ++answered;
            }
        }
        return static_cast<double>(answered);
    };
    const Seconds time = 2s * scale;
    exchange(time / 5);
    const Window window(server);
    print_rate(name, window.end(exchange(time)), "connections/s");
}

// The first hundred take with them what a server has but once.
void idle_memory(const Server& server, const std::string& name) {
    const auto count = static_cast<std::size_t>(10'000 * scale);
    Clients clients(server, 512);
    clients.open(100);
    std::this_thread::sleep_for(500ms);
    const double before = server.memory_bytes();
    clients.open(count);
    std::this_thread::sleep_for(500ms);
    print(name, (server.memory_bytes() - before) / static_cast<double>(count), "bytes");
}

// At 70 % of what the server has just shown that it can do.
void slow_p99(const Server& server, const std::string& name) {
    Clients clients(server, 512);
    clients.open(1000);
    const double rate = clients.ping_pong(1s * scale).per_second;
    std::vector<double> latencies = clients.open_loop(0.7 * rate, 3s * scale);
    const auto at = latencies.begin() + static_cast<std::ptrdiff_t>(latencies.size() * 99 / 100);
    std::ranges::nth_element(latencies, at);
    print(name, *at, "us");
}

using Measure = void (*)(const Server&, const std::string&);
constexpr std::pair<std::string_view, Measure> measures[] = {
    {"echo", echo},         {"stream", stream},
    {"churn", churn},       {"idle_memory", idle_memory},
    {"slow_p99", slow_p99}, {"tls_echo", echo},
    {"tls_stream", stream},
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4 && argc != 5) fail("usage: io_load PORT PID MEASURE [CERTIFICATE]");
    if (const char* setting = std::getenv("WEFT_BENCH_SCALE")) scale = std::atof(setting);
    Server server{.port = static_cast<std::uint16_t>(std::atoi(argv[1])),
                  .pid = std::atoi(argv[2])};
    if (clock_getcpuclockid(server.pid, &server.clock) != 0) fail("the server has no clock");
    const std::string name = argv[3];
    const auto* const measure =
        std::ranges::find(measures, name, &std::pair<std::string_view, Measure>::first);
    if (measure == std::end(measures)) fail("unknown measure: " + name);
    if (argc == 5) {
        ::signal(SIGPIPE, SIG_IGN);  // of a server that has ended, OpenSSL tells as well
        server.tls = make_tls(argv[4]);
    }
    measure->second(server, name);
}
