// SPDX-License-Identifier: Apache-2.0
// Goal:   of several addresses the one that answers first is taken, soon; all others are given up.
// Method: listeners on the loopback that accept, refuse, or whose queue is full, so that a
//         connection to them never comes about.
#include <weft/io/internal/happy_eyeballs.hpp>

#include <cstddef>
#include <exception>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/exception_group.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/io/listen_queue_test.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/io/streams_test.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/timeout.hpp>
#include <weft/testing/trace.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;
using internal::connect_to_one;
using internal::interleaved;
using testing::spin;

using Addresses = std::vector<SocketAddress>;

TEST(HappyEyeballs, families_take_turns) {
    const SocketAddress six1("::1", 1), six2("::1", 2), six3("::1", 3);
    const SocketAddress four1("127.0.0.1", 1), four2("127.0.0.1", 2);
    const Addresses all{six1, six2, six3, four1, four2};
    EXPECT_EQ(interleaved(all, 0), all);
    EXPECT_EQ(interleaved(all, 1), (Addresses{six1, four1, six2, four2, six3}));
    EXPECT_EQ(interleaved(all, 2), (Addresses{six1, six2, four1, six3, four2}));
    EXPECT_EQ(interleaved(all, 9), all);
    EXPECT_EQ(interleaved(all, std::numeric_limits<std::size_t>::max()), all);
    EXPECT_EQ(interleaved({four1, six1, four2}, 1), (Addresses{four1, six1, four2}));
    EXPECT_EQ(interleaved({}, 1), Addresses());
}

class Listener {
public:
    Listener() {
        socket_.bind({"127.0.0.1", 0});
        socket_.listen();
    }
    [[nodiscard]] SocketAddress address() const { return socket_.getsockname(); }

private:
    Socket socket_;
};

// Refuses, and keeps its port from others that might listen there.
class Refusing {
public:
    Refusing() { socket_.bind({"127.0.0.1", 0}); }
    [[nodiscard]] SocketAddress address() const { return socket_.getsockname(); }

private:
    Socket socket_;
};

// Never answers.
using Silent = FullListener;

Nanoseconds since(TimePoint start) { return get_running_loop().time() - start; }

TEST(HappyEyeballs, tries_the_next_address_at_once_where_one_refuses) {
    run_clean([]() -> Coro<void> {
        const Refusing first;
        const Refusing second;
        const Listener good;
        const TimePoint start = get_running_loop().time();
        const auto connected = co_await connect_to_one(
            {first.address(), second.address(), good.address()}, std::nullopt, 10s);
        EXPECT_EQ(connected.peer, good.address());
        EXPECT_EQ(connected.socket.getpeername(), good.address());
        EXPECT_LT(since(start), 5s);
    }());
}

TEST(HappyEyeballs, tries_the_next_address_beside_one_that_does_not_answer) {
    run_clean([]() -> Coro<void> {
        const Silent silent;
        const Listener good;
        const TimePoint start = get_running_loop().time();
        const auto connected =
            co_await connect_to_one({silent.address(), good.address()}, std::nullopt, 20ms);
        EXPECT_EQ(connected.peer, good.address());
        EXPECT_GE(since(start), 20ms);
        EXPECT_LT(since(start), 10s);
    }());
}

TEST(HappyEyeballs, waits_for_each_address_without_a_delay) {
    run_clean([]() -> Coro<void> {
        const Silent silent;
        const Listener good;
        EXPECT_EQ(co_await outcome(wait_for(connect_to_one({silent.address(), good.address()},
                                                           std::nullopt, std::nullopt),
                                            50ms)),
                  "TimeoutError");
    }());
}

TEST(HappyEyeballs, tells_of_every_attempt_that_failed) {
    run_clean([]() -> Coro<void> {
        const Refusing first;
        const Refusing second;
        const Addresses all{first.address(), second.address()};
        const auto result = co_await as_result(connect_to_one(all, std::nullopt, 250ms));
        EXPECT_FALSE(result);
        if (result) co_return;
        EXPECT_TRUE(holds<ConnectionRefusedError>(result.error()));
        const std::string text = describe(result.error());
        EXPECT_NE(text.find("Multiple exceptions: "), std::string::npos) << text;
        for (const SocketAddress& address : all) {
            EXPECT_NE(text.find(address.to_string()), std::string::npos) << text;
        }
        try {
            std::rethrow_exception(result.error());
        } catch (const OSError& error) {
            EXPECT_TRUE(holds<ExceptionGroup>(error.cause()));
        }
    }());
}

TEST(HappyEyeballs, leaves_nothing_behind_when_it_is_cancelled) {
    for (int turns = 0; turns < 12; ++turns) {
        run_clean([](int k) -> Coro<void> {
            const Refusing refusing;
            const Silent silent;
            const Listener good;
            const auto connect = [](Addresses all) -> Coro<void> {
                static_cast<void>(co_await connect_to_one(std::move(all), std::nullopt, 0s));
            };
            const Task<void> task = create_task(
                connect({refusing.address(), silent.address(), silent.address(), good.address()}));
            co_await spin(k);
            const bool asked = task.cancel();
            while (!task.done()) co_await spin();
            EXPECT_EQ(task.cancelled(), asked);
        }(turns));
    }
}

// Goal:   where its own port is given, of which two sockets cannot have the same, one address is
//         tried after the other.
// Method: the first does not answer, and then refuses, when the system asks again after a second.
TEST(HappyEyeballs, tries_one_address_after_the_other_where_its_own_port_is_given) {
    run_clean([]() -> Coro<void> {
        std::optional<Silent> first(std::in_place);
        const Listener second;
        const SocketAddress own = [] {
            Socket socket(af_inet);
            socket.bind({"127.0.5.5", 0});  // where no other test can take its port meanwhile
            return socket.getsockname();
        }();
        get_running_loop().call_later(20ms, [&first] { first.reset(); });
        const auto connected =
            co_await connect_to_one({first->address(), second.address()}, own, 1ms);
        EXPECT_EQ(connected.peer, second.address());
        EXPECT_EQ(connected.socket.getsockname(), own);
    }());
}

TEST(HappyEyeballs, tells_where_there_is_no_address) {
    run_clean([]() -> Coro<void> {
        EXPECT_EQ(co_await outcome(connect_to_one({}, std::nullopt, 1ms)),
                  "OSError: getaddrinfo() returned empty list");
    }());
}

}  // namespace
}  // namespace weft
