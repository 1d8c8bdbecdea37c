// SPDX-License-Identifier: Apache-2.0
// bench/io/load/clients.hpp - connections that send requests and check the answers.
#pragma once

#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <ratio>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <bench/io/load/line.hpp>
#include <bench/io/load/server.hpp>
#include <sys/epoll.h>

namespace load {

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
    Line line;
    std::uint32_t id;
    std::uint32_t turn = 0;
    std::size_t received = 0;  // of the answer to this turn's request
    bool slow = false;
    Clock::time_point due{};
};

inline void send_request(Connection& connection, Message& message, bool slow = false) {
    connection.slow = slow;
    const std::string_view request = message.of(connection.id, connection.turn, slow);
    if (connection.line.send(request) != request.size()) fail("a request was cut");
}

// Receives what is there. True when the answer is complete.
inline bool receive_answer(Connection& connection, Message& message) {
    const std::string_view asked = message.of(connection.id, connection.turn, connection.slow);
    const std::string_view rest = asked.substr(connection.received);
    std::array<char, 512> piece;
    const auto count = connection.line.receive(std::span(piece).first(rest.size()));
    if (!count) return false;
    const std::string_view answer(piece.data(), *count);
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
            Connection& connection = connections_.emplace_back(Line(server_, id), id);
            send_request(connection, message_);
            while (!receive_answer(connection, message_)) continue;
            epoll_event event{};
            event.events = EPOLLIN | EPOLLET;
            event.data.ptr = &connection;
            checked(epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.line.fileno(), &event),
                    "epoll_ctl");
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

}  // namespace load
