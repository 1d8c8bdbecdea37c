// SPDX-License-Identifier: Apache-2.0
// The load of the I/O benchmarks: measures an echo server that runs already, and checks each byte
// that comes back; see bench/README.md for the contract.
//
// It stands on bare system calls and never sleeps, so that no server pays for waking it, and the
// server is what limits the rate: the `_busy` values tell how far that holds.
// usage: io_load PORT PID MEASURE    PID is the server's

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <fstream>
#include <ratio>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

double scale = 1;

[[noreturn]] void fail(const std::string& what) {
    std::fprintf(stderr, "%s\n", what.c_str());
    std::exit(1);
}

template <class T>
T checked(T result, const char* what) {
    if (result < 0) fail(std::string(what) + ": " + std::strerror(errno));
    return result;
}

// Whether a call on a socket that does not block did something; how much is its result.
bool went_on(ssize_t result, const char* what) {
    if (result < 0 && errno == EAGAIN) return false;
    checked(result, what);
    return true;
}

// ---- the server

struct Server {
    std::uint16_t port;
    pid_t pid;
    clockid_t clock = 0;

    // User and system time of all its threads.
    [[nodiscard]] Seconds cpu_time() const {
        timespec time{};
        checked(clock_gettime(clock, &time), "the server's clock");
        return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
    }

    // A page that several processes share counts for its part.
    [[nodiscard]] double memory_bytes() const {
        std::ifstream file("/proc/" + std::to_string(pid) + "/smaps_rollup");
        std::string word;
        double kib = 0;
        while (file >> word) {
            if (word == "Pss:" && file >> kib) return kib * 1024;
        }
        fail("no Pss in smaps_rollup");
    }
};

// What the server did between two moments.
class Window {
public:
    explicit Window(const Server& server) : server_(server) {}

    struct Result {
        double per_second;
        double cpu_us;  // of the server, for one
        double busy;    // the share of its core, in percent
    };
    [[nodiscard]] Result end(double count) const {
        const double seconds = Seconds(Clock::now() - start_).count();
        const double cpu = (server_.cpu_time() - cpu_start_).count();
        return {count / seconds, cpu / count * 1e6, cpu / seconds * 100};
    }

private:
    const Server& server_;
    Seconds cpu_start_ = server_.cpu_time();
    Clock::time_point start_ = Clock::now();
};

// A connection has a port of its own for each source address, and keeps it for a minute when it is
// over: one address has too few for what a fast server takes.
int connect_to(const Server& server, std::uint32_t source) {
    const int fd = checked(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
    const int on = 1;
    checked(setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on), "setsockopt");
    checked(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "setsockopt");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + source % 32);
    checked(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), "bind");
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(server.port);
    checked(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), "connect");
    return fd;
}

// ---- requests

// What one connection sends at one time, and must get back. It differs from all others, so that an
// answer that is late, doubled or another's is found out.
class Message {
public:
    explicit Message(std::size_t size) : bytes_(size, 'x') {}

    // A server answers one that begins with an S after 10 ms. No other byte is an S.
    std::string_view of(std::uint32_t connection, std::uint32_t turn, bool slow) {
        bytes_[0] = slow ? 'S' : 'e';
        write(1, connection);
        write(9, turn);
        return bytes_;
    }

private:
    void write(std::size_t at, std::uint32_t number) {
        for (std::size_t i = 0; i < 8; ++i) {
            bytes_[at + i] = static_cast<char>('a' + (number >> 4 * i & 15));
        }
    }

    std::string bytes_;
};

struct Connection {
    int fd;
    std::uint32_t id;
    std::uint32_t turn = 0;
    std::size_t received = 0;  // of the answer to this turn's request
    bool slow = false;
    Clock::time_point due{};
};

void send_request(Connection& connection, Message& message, bool slow = false) {
    connection.slow = slow;
    const std::string_view request = message.of(connection.id, connection.turn, slow);
    const ssize_t sent = send(connection.fd, request.data(), request.size(), MSG_NOSIGNAL);
    if (checked(sent, "send") != static_cast<ssize_t>(request.size())) fail("a request was cut");
}

// Receives what is there. True when the answer is complete.
bool receive_answer(Connection& connection, Message& message, int flags = MSG_DONTWAIT) {
    const std::string_view asked = message.of(connection.id, connection.turn, connection.slow);
    const std::string_view rest = asked.substr(connection.received);
    std::array<char, 512> piece;
    const ssize_t count = recv(connection.fd, piece.data(), rest.size(), flags);
    if (!went_on(count, "recv")) return false;
    if (count == 0) fail("the server has closed a connection");
    const std::string_view answer(piece.data(), static_cast<std::size_t>(count));
    if (!rest.starts_with(answer)) fail("the answer is not what was sent");
    connection.received += answer.size();
    if (answer.size() < rest.size()) return false;
    connection.received = 0;
    ++connection.turn;
    return true;
}

// Connections on which requests of one size are sent, one at a time on each.
class Clients {
public:
    Clients(const Server& server, std::size_t request_bytes)
        : server_(server),
          message_(request_bytes),
          epoll_(checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")) {}

    // Each has its first answer then, so it is known to be served.
    void open(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            const auto id = static_cast<std::uint32_t>(connections_.size());
            Connection& connection = connections_.emplace_back(connect_to(server_, id), id);
            send_request(connection, message_);
            while (!receive_answer(connection, message_, 0)) continue;
            epoll_event event{};
            event.events = EPOLLIN | EPOLLET;
            event.data.ptr = &connection;
            checked(epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.fd, &event), "epoll_ctl");
        }
    }

    // Sends the next request on each when it has the last answer: those that have come first, then
    // their requests at once, since each one that finds the server asleep pays for waking it.
    Window::Result ping_pong(Seconds time) {
        const auto exchange = [&](Seconds span) {
            std::size_t answered = 0;
            std::vector<Connection*> next;
            const auto end = Clock::now() + span;
            while (Clock::now() < end) {
                poll([&](Connection& connection) { next.push_back(&connection); });
                for (Connection* connection : next) send_request(*connection, message_);
                answered += next.size();
                next.clear();
            }
            return static_cast<double>(answered);
        };
        for (Connection& connection : connections_) send_request(connection, message_);
        exchange(time / 5);
        const Window window(server_);
        const auto result = window.end(exchange(time));
        std::size_t waiting = connections_.size();
        while (waiting > 0) poll([&](Connection&) { --waiting; });
        return result;
    }

    // Sends requests at random times, as many in a second as told, each 100th a slow one, whether
    // the server keeps up or not. Gives the times in us from when a request was due to its answer,
    // without those of slow ones.
    std::vector<double> open_loop(double per_second, Seconds time) {
        std::deque<Connection*> idle;
        for (Connection& connection : connections_) idle.push_back(&connection);
        std::vector<double> latencies;
        std::uint32_t random = 12345;
        std::size_t sent = 0;
        auto due = Clock::now();
        const auto counts_from = due + time / 5;
        const auto end = due + time;
        while (due < end || idle.size() < connections_.size()) {
            while (due < end && due <= Clock::now() && !idle.empty()) {
                Connection& connection = *idle.front();
                idle.pop_front();
                connection.due = due;
                send_request(connection, message_, ++sent % 100 == 0);
                random = random * 1664525 + 1013904223;
                const double gap = -std::log((random + 1.0) / 4294967296.0) / per_second;
                due += std::chrono::duration_cast<Clock::duration>(Seconds(gap));
            }
            poll([&](Connection& connection) {
                idle.push_back(&connection);
                if (connection.slow || connection.due < counts_from) return;
                const auto latency = Clock::now() - connection.due;
                latencies.push_back(std::chrono::duration<double, std::micro>(latency).count());
            });
        }
        return latencies;
    }

private:
    // Calls answered(connection) for each whole answer that has come.
    template <class F>
    void poll(F answered) {
        std::array<epoll_event, 64> events;
        const int count = epoll_wait(epoll_, events.data(), events.size(), 0);
        for (int i = 0; i < checked(count, "epoll_wait"); ++i) {
            Connection& connection = *static_cast<Connection*>(events[i].data.ptr);
            if (receive_answer(connection, message_)) answered(connection);
        }
    }

    const Server& server_;
    Message message_;
    int epoll_;
    std::deque<Connection> connections_;  // a deque: epoll knows their addresses
};

// ---- measures

void print(const char* measure, double value, const char* unit) {
    std::printf("%s %.4f %s\n", measure, value, unit);
}

void print_rate(const std::string& measure, const Window::Result& result, const char* unit) {
    print(measure.c_str(), result.per_second, unit);
    print((measure + "_cpu").c_str(), result.cpu_us, "us");
    print((measure + "_busy").c_str(), result.busy, "%");
}

void echo(const Server& server) {
    Clients clients(server, 512);
    clients.open(1000);
    print_rate("echo", clients.ping_pong(2s * scale), "requests/s");
}

// One direction is written and the other read, as fast as both go.
class Flow {
public:
    Flow(const Server& server, const std::string& pattern)
        : fd_(connect_to(server, 0)), pattern_(pattern) {}

    static constexpr std::size_t block_bytes = 64 * 1024;
    static constexpr std::size_t period = 65521;  // a prime: no block begins like the one before
    static std::string make_pattern() {
        std::string letters(period + block_bytes, ' ');
        std::uint32_t random = 12345;
        for (std::size_t i = 0; i < letters.size(); ++i) {
            random = random * 1664525 + 1013904223;
            letters[i] = i < period ? static_cast<char>('a' + (random >> 28)) : letters[i - period];
        }
        return letters;
    }

    void write() {
        const char* block = pattern_.data() + sent_ % period;
        const ssize_t count = ::send(fd_, block, block_bytes, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (went_on(count, "send")) sent_ += static_cast<std::size_t>(count);
    }
    // How much came.
    std::size_t read() {
        std::array<char, block_bytes> piece;
        const ssize_t count = ::recv(fd_, piece.data(), piece.size(), MSG_DONTWAIT);
        if (!went_on(count, "recv")) return 0;
        if (count == 0) fail("the server has closed a connection");
        const char* expected = pattern_.data() + received_ % period;
        const auto size = static_cast<std::size_t>(count);
        if (std::memcmp(piece.data(), expected, size) != 0) fail("the bytes are not what was sent");
        received_ += size;
        return size;
    }
    [[nodiscard]] bool is_even() const noexcept { return sent_ == received_; }

private:
    int fd_;
    const std::string& pattern_;
    std::size_t sent_ = 0;
    std::size_t received_ = 0;
};

void stream(const Server& server) {
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
    print_rate("stream", result, "MiB/s");
}

// Of 64 connections each that is answered is closed, and another one opened. They are looked at in
// turn: that costs less than telling epoll of each.
void churn(const Server& server) {
    Message message(64);
    std::uint32_t opened = 0;
    const auto open = [&] {
        Connection connection{.fd = connect_to(server, opened), .id = opened};
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
                close(connection.fd);
                connection = open();
                ++answered;
            }
        }
        return static_cast<double>(answered);
    };
    const Seconds time = 2s * scale;
    exchange(time / 5);
    const Window window(server);
    print_rate("churn", window.end(exchange(time)), "connections/s");
}

// The first hundred take with them what a server has but once.
void idle_memory(const Server& server) {
    const auto count = static_cast<std::size_t>(10'000 * scale);
    Clients clients(server, 512);
    clients.open(100);
    std::this_thread::sleep_for(500ms);
    const double before = server.memory_bytes();
    clients.open(count);
    std::this_thread::sleep_for(500ms);
    print("idle_memory", (server.memory_bytes() - before) / static_cast<double>(count), "bytes");
}

// At 70 % of what the server has just shown that it can do.
void slow_p99(const Server& server) {
    Clients clients(server, 512);
    clients.open(1000);
    const double rate = clients.ping_pong(1s * scale).per_second;
    std::vector<double> latencies = clients.open_loop(0.7 * rate, 3s * scale);
    const auto at = latencies.begin() + static_cast<std::ptrdiff_t>(latencies.size() * 99 / 100);
    std::ranges::nth_element(latencies, at);
    print("slow_p99", *at, "us");
}

constexpr std::pair<std::string_view, void (*)(const Server&)> measures[] = {
    {"echo", echo},         {"stream", stream}, {"churn", churn}, {"idle_memory", idle_memory},
    {"slow_p99", slow_p99},
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) fail("usage: io_load PORT PID MEASURE");
    if (const char* setting = std::getenv("WEFT_BENCH_SCALE")) scale = std::atof(setting);
    Server server{.port = static_cast<std::uint16_t>(std::atoi(argv[1])),
                  .pid = std::atoi(argv[2])};
    if (clock_getcpuclockid(server.pid, &server.clock) != 0) fail("the server has no clock");
    const auto* const measure =
        std::ranges::find(measures, std::string_view(argv[3]),
                          &std::pair<std::string_view, void (*)(const Server&)>::first);
    if (measure == std::end(measures)) fail(std::string("unknown measure: ") + argv[3]);
    measure->second(server);
}
