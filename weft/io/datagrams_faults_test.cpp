// SPDX-License-Identifier: Apache-2.0
// Goal:   an endpoint loses no datagram that it could have had, tells what went wrong, and serves on.
// Method: system calls fail on demand, at once or after a wait.
#include <cerrno>
#include <string>

#include <gtest/gtest.h>

#include <weft/io/datagrams.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/io/streams_test.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/testing/system_faults.hpp>
#include <weft/testing/trace.hpp>

namespace weft {
namespace {

using testing::Call;
using testing::spin;
using testing::SystemFaults;

Coro<DatagramEndpoint> endpoint_of_its_own() {
    co_return co_await create_datagram_endpoint({.local_addr = SocketAddress("127.0.0.1", 0)});
}
Coro<DatagramEndpoint> endpoint_for(const DatagramEndpoint& peer) {
    co_return co_await create_datagram_endpoint({.remote_addr = peer.getsockname()});
}

Coro<std::string> talk() {
    DatagramEndpoint served = co_await endpoint_of_its_own();
    DatagramEndpoint client = co_await endpoint_for(served);
    std::string heard;
    for (const char* word : {"one", "two"}) {
        const auto receiving = create_task(served.recvfrom());
        co_await spin(2);
        co_await client.sendto(word);
        const auto [data, from] = co_await receiving;
        co_await served.sendto(data + "!", from);
        heard += (co_await client.recvfrom()).first;
    }
    co_return heard;
}

TEST(DatagramsFaults, go_on_where_a_call_is_interrupted_or_not_ready_after_all) {
    for (const int error : {EINTR, EAGAIN}) {
        for (const Call call : {Call::send, Call::sendmsg, Call::recvfrom}) {
            for (int n = 1;; ++n) {
                int met = 0;
                run_clean([](int code, Call faulty, int first, int& count) -> Coro<void> {
                    SystemFaults faults;
                    faults.on(faulty, {.error = code, .first = first, .times = 2});
                    EXPECT_EQ(co_await talk(), "one!two!");
                    count = faults.met();
                }(error, call, n, met));
                if (met == 0) {
                    EXPECT_GT(n, 1) << "call " << static_cast<int>(call) << " is not made";
                    break;
                }
            }
        }
    }
}

TEST(DatagramsFaults, tell_that_one_was_not_sent_and_send_the_next) {
    for (const int error : {ENOBUFS, ENOMEM, EPERM, ENETUNREACH, EMSGSIZE}) {
        run_clean([](int code) -> Coro<void> {
            DatagramEndpoint served = co_await endpoint_of_its_own();
            DatagramEndpoint client = co_await endpoint_for(served);
            SystemFaults faults;
            faults.on(Call::send, {.error = code});
            faults.on(Call::sendmsg, {.error = code});
            const std::string number = "[Errno " + std::to_string(code) + "]";
            std::string told = co_await outcome(client.sendto("lost"));
            EXPECT_NE(told.find(number), std::string::npos) << told;
            told = co_await outcome(served.sendto("lost", served.getsockname()));
            EXPECT_NE(told.find(number), std::string::npos) << told;
            EXPECT_EQ(faults.met(), 2);
            co_await client.sendto("arrives");
            EXPECT_EQ((co_await served.recvfrom()).first, "arrives");
        }(error));
    }
}

TEST(DatagramsFaults, tell_what_receiving_failed_with_and_lose_none) {
    for (const int error : {ENOBUFS, ENOMEM, ECONNREFUSED, EHOSTUNREACH}) {
        for (const bool waits : {false, true}) {
            run_clean([](int code, bool later) -> Coro<void> {
                DatagramEndpoint served = co_await endpoint_of_its_own();
                DatagramEndpoint client = co_await endpoint_for(served);
                SystemFaults faults;
                faults.on(Call::recvfrom, {.error = code, .first = later ? 2 : 1});
                const auto receiving = create_task(outcome(served.recvfrom()));
                if (later) co_await spin(2);
                co_await client.sendto("arrives");
                const std::string told = co_await receiving;
                EXPECT_NE(told.find("[Errno " + std::to_string(code) + "]"), std::string::npos)
                    << told;
                EXPECT_EQ((co_await served.recvfrom()).first, "arrives");
            }(error, waits));
        }
    }
}

TEST(DatagramsFaults, tell_that_no_socket_is_left) {
    for (const int error : {EMFILE, ENFILE, ENOBUFS}) {
        run_clean([](int code) -> Coro<void> {
            SystemFaults faults;
            faults.on(Call::socket, {.error = code});
            const std::string told = co_await outcome(endpoint_of_its_own());
            EXPECT_NE(told.find("[Errno " + std::to_string(code) + "]"), std::string::npos) << told;
        }(error));
    }
}

}  // namespace
}  // namespace weft
