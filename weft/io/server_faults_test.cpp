// SPDX-License-Identifier: Apache-2.0
// Goal:   a server outlives what the system has to say to accept(2): later connections are served,
//         nothing spins, and each pause is told once.
// Method: system calls fail on demand; a clock that stands still until the test moves it.
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/io/server.hpp>
#include <weft/io/sock.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/standing_clock_test.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/io/streams_test.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/testing/system_faults.hpp>
#include <weft/testing/trace.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;
using testing::Call;
using testing::spin;
using testing::SystemFaults;

class ServerFaults : public ::testing::Test {
public:
    void TearDown() override {
        loop_.reset();
        EXPECT_EQ(open_descriptors(), descriptors_);
    }
    // Begins anew, with a loop of its own.
    void run(Coro<void> (ServerFaults::*test)(int), int error) {
        reports_.clear();
        auto clock = std::make_unique<StandingClock>();
        clock_ = clock.get();
        loop_ = std::make_unique<EventLoop>(std::move(clock));
        loop_->set_exception_handler([this](EventLoop&, const ExceptionContext& context) {
            reports_.push_back(context.message + ": " + describe(context.exception));
        });
        loop_->run_until_complete((this->*test)(error));
    }

    Coro<void> pauses(int error);
    Coro<void> does_not_pause(int error);
    Coro<void> pauses_again_where_watching_fails(int error);
    Coro<void> pauses_again(SystemFaults& faults, Server server, int error);
    Coro<void> pauses_once(int error);
    Coro<void> ends_in_a_pause(int error);
    Coro<void> is_dropped_where_the_pause_is_told(int error);
    Coro<void> loses_one_connection(int error);
    Coro<void> does_not_begin(int error);

    StandingClock* clock_ = nullptr;
    std::unique_ptr<EventLoop> loop_;
    std::vector<std::string> reports_;

private:
    std::size_t descriptors_ = open_descriptors();
};

// So many turns that a loop which spins would show it.
constexpr int many_turns = 1000;

// Of what the system does on its own account it is not known in how many turns.
Coro<void> until(std::function<bool()> condition) {
    const auto end = std::chrono::steady_clock::now() + 30s;  // the loop's clock stands still
    while (!condition() && std::chrono::steady_clock::now() < end) co_await spin();
    EXPECT_TRUE(condition()) << "it does not happen";
}

Coro<void> expect_service(Socket& client) {
    co_await sock_sendall(client, "x");
    EXPECT_EQ(co_await sock_recv(client, 1), "x");
}

Coro<void> end(Server server) {
    server.close();
    server.abort_clients();
    co_await server.wait_closed();
}

std::string shortage(int error) {
    return "socket.accept() out of system resource: OSError: [Errno " + std::to_string(error) + "]";
}

// ---- accept(2)

Coro<void> ServerFaults::pauses(int error) {
    SystemFaults faults;
    faults.on(Call::accept4, {.error = error, .times = 2});
    const Server server = co_await serve(echo);
    Socket client = connected_to(server);
    for (int pause = 1; pause <= 2; ++pause) {
        co_await until([&] { return faults.calls(Call::accept4) == pause; });
        co_await spin(many_turns);
        clock_->advance(999ms);
        co_await spin(many_turns);
        EXPECT_EQ(faults.calls(Call::accept4), pause) << "it spins, or does not wait a second";
        EXPECT_EQ(reports_.size(), static_cast<std::size_t>(pause));
        EXPECT_TRUE(reports_.back().starts_with(shortage(error))) << reports_.back();
        EXPECT_TRUE(server.is_serving());
        clock_->advance(1ms);
    }
    co_await expect_service(client);
    Socket another = connected_to(server);
    co_await expect_service(another);
    EXPECT_EQ(reports_.size(), 2u);
    EXPECT_LE(faults.calls(Call::accept4), 2 + 2 * 2) << "each, and that there is no other";
    co_await end(server);
}

TEST_F(ServerFaults, a_pause_follows_where_the_system_is_short_of_something) {
    for (const int error : {EMFILE, ENFILE, ENOBUFS, ENOMEM, EPERM})
        run(&ServerFaults::pauses, error);
}

Coro<void> ServerFaults::does_not_pause(int error) {
    SystemFaults faults;
    faults.on(Call::accept4, {.error = error, .times = 3});
    const Server server = co_await serve(echo);
    Socket client = connected_to(server);
    co_await expect_service(client);
    EXPECT_EQ(faults.met(), 3);
    EXPECT_LE(faults.calls(Call::accept4), 3 + 2);
    EXPECT_EQ(reports_, std::vector<std::string>());
    co_await end(server);
}

TEST_F(ServerFaults, a_connection_that_has_gone_before_it_was_accepted_is_passed_over) {
    for (const int error : {EINTR, ECONNABORTED, EPROTO, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, ENONET,
                            EHOSTUNREACH, ENETUNREACH}) {
        run(&ServerFaults::does_not_pause, error);
    }
}

Coro<void> ServerFaults::ends_in_a_pause(int error) {
    SystemFaults faults;
    faults.on(Call::accept4, {.error = error});
    const Server server = co_await serve(echo);
    const Socket client = connected_to(server);
    co_await until([&] { return !reports_.empty(); });
    co_await end(server);
    clock_->advance(10s);
    co_await spin(many_turns);
    EXPECT_EQ(faults.calls(Call::accept4), 1);
    EXPECT_EQ(reports_.size(), 1u);
}

// Two of its sockets are without descriptors at the same time.
Coro<void> ServerFaults::pauses_once(int error) {
    const auto count = [](StreamReader, StreamWriter) -> Coro<void> { co_return; };
    std::optional<Server> server = co_await start_server(count, "", 0);
    if (server->sockets().size() < 2) {
        std::printf("left out: this system has only one of IPv4 and IPv6\n");
        co_return co_await end(*std::exchange(server, std::nullopt));
    }
    SystemFaults faults;
    faults.on(Call::accept4, {.error = error, .times = 2});
    std::vector<Socket> clients;
    for (const Socket& listener : server->sockets()) clients.push_back(connected_to(listener));
    co_await until([&] { return faults.met() == 2; });
    co_await spin(many_turns);
    EXPECT_EQ(reports_.size(), 1u);
    server->close();
    server.reset();
    clock_->advance(10s);
    co_await spin(many_turns);
    EXPECT_EQ(reports_.size(), 1u);
}

TEST_F(ServerFaults, a_pause_is_told_once_by_a_server_with_two_sockets) {
    run(&ServerFaults::pauses_once, EMFILE);
}

TEST_F(ServerFaults, a_server_may_be_closed_in_a_pause) {
    run(&ServerFaults::ends_in_a_pause, EMFILE);
}

Coro<void> ServerFaults::is_dropped_where_the_pause_is_told(int error) {
    SystemFaults faults;
    faults.on(Call::accept4, {.error = error});
    std::optional<Server> server = co_await serve(echo);
    loop_->set_exception_handler([&](EventLoop&, const ExceptionContext&) {
        server->close();
        server.reset();
    });
    const Socket client = connected_to(*server);
    co_await until([&] { return !server; });
    clock_->advance(10s);
    co_await spin(many_turns);
    EXPECT_EQ(faults.calls(Call::accept4), 1);
}

TEST_F(ServerFaults, a_server_may_be_closed_and_dropped_where_its_pause_is_told) {
    run(&ServerFaults::is_dropped_where_the_pause_is_told, EMFILE);
}

// ---- the end of a pause

Coro<void> ServerFaults::pauses_again(SystemFaults& faults, Server server, int error) {
    Socket client = connected_to(server);
    co_await until([&] { return reports_.size() == 1; });
    clock_->advance(1s);
    co_await until([&] { return reports_.size() == 2; });
    EXPECT_TRUE(reports_.back().starts_with(shortage(error))) << reports_.back();
    co_await spin(many_turns);
    EXPECT_EQ(reports_.size(), 2u);
    EXPECT_EQ(faults.calls(Call::accept4), 1);
    EXPECT_TRUE(server.is_serving());
    clock_->advance(1s);
    co_await expect_service(client);
    EXPECT_EQ(reports_.size(), 2u);
    EXPECT_EQ(faults.met(), 2);
    co_await end(server);
}

Coro<void> ServerFaults::pauses_again_where_watching_fails(int error) {
    const Server server = co_await serve(echo);
    SystemFaults faults;
    faults.on(Call::accept4, {.error = EMFILE});
    faults.on(Call::epoll_add, {.error = error, .fd = server.sockets()[0].fileno()});
    co_await pauses_again(faults, server, error);
}

TEST_F(ServerFaults, another_pause_follows_where_the_loop_cannot_watch_after_the_first) {
    for (const int error : {ENOSPC, ENOMEM}) {
        run(&ServerFaults::pauses_again_where_watching_fails, error);
    }
}

// ---- what a connection needs

Coro<void> ServerFaults::loses_one_connection(int error) {
    const Server server = co_await serve(echo);
    Socket lost = connected_to(server);
    SystemFaults faults;
    faults.on(Call::epoll_add, {.error = error});
    co_await until([&] { return faults.met() == 1; });
    EXPECT_EQ(co_await sock_recv(lost, 1), "");
    EXPECT_EQ(reports_.size(), 1u);
    EXPECT_NE(reports_[0].find("[Errno " + std::to_string(error) + "]"), std::string::npos)
        << reports_[0];
    Socket client = connected_to(server);
    co_await expect_service(client);
    co_await end(server);
}

TEST_F(ServerFaults, a_connection_that_the_loop_cannot_watch_is_closed_and_the_next_one_served) {
    for (const int error : {ENOSPC, ENOMEM}) run(&ServerFaults::loses_one_connection, error);
}

Coro<void> ServerFaults::does_not_begin(int error) {
    for (const Call call : {Call::socket, Call::listen, Call::epoll_add}) {
        SystemFaults faults;
        faults.on(call, {.error = error});
        const std::string told = co_await outcome(serve(echo));
        EXPECT_NE(told.find("[Errno " + std::to_string(error) + "]"), std::string::npos) << told;
        EXPECT_EQ(faults.met(), 1);
    }
}

TEST_F(ServerFaults, a_server_that_cannot_listen_tells_why) {
    for (const int error : {EMFILE, ENOMEM, ENOBUFS}) run(&ServerFaults::does_not_begin, error);
}

}  // namespace
}  // namespace weft
