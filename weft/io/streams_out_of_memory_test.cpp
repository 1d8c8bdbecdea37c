// SPDX-License-Identifier: Apache-2.0
// Goal:   without memory a stream ends with an error, instead of a hole in what it carries; nobody
//         waits for ever, and a server goes on.
// Method: operator new fails at the n-th call, for each n until none is left to fail.
#include <cstddef>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/io/server.hpp>
#include <weft/io/sock.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/stream.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/io/streams.hpp>
#include <weft/io/streams_test.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/timeout.hpp>
#include <weft/testing/scarce_memory.hpp>
#include <weft/testing/system_faults.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;
using testing::allocations_until_failure;
using testing::always;
using testing::Call;
using testing::fails_at;
using testing::SystemFaults;

constexpr const char* no_memory = "OSError: [Errno 12] ";

Coro<Bytes> receive_all(Socket& sock) {
    Bytes all;
    while (true) {
        const std::string data = co_await sock_recv(sock, 1 << 20);
        if (data.empty()) co_return all;
        all += data;
    }
}

TEST(OutOfMemory, a_write_that_cannot_be_kept_ends_the_stream) {
    run_clean([]() -> Coro<void> {
        auto [a, b] = Socket::socketpair();
        b.setblocking(false);
        auto [reader, writer] = co_await open_connection(std::move(a));
        writer.write("kept");
        const Bytes more = some_bytes(4 << 20);
        const StreamWriter& same = writer;
        EXPECT_TRUE(fails_at(0, [&] { same.write(more); }));
        EXPECT_TRUE(writer.is_closing());
        writer.write("after the hole");
        EXPECT_TRUE((co_await outcome(reader.read(1))).starts_with(no_memory));
        EXPECT_TRUE((co_await outcome(writer.drain())).starts_with(no_memory));
        EXPECT_TRUE((co_await outcome(writer.wait_closed())).starts_with(no_memory));
        const Bytes got = co_await receive_all(b);
        EXPECT_TRUE(("kept" + more).starts_with(got));
        EXPECT_LT(got.size(), more.size());
    }());
}

// The second of three pieces finds no memory, while the third has come already.
TEST(OutOfMemory, what_was_received_and_cannot_be_kept_ends_the_stream) {
    run_clean([]() -> Coro<void> {
        auto [a, b] = Socket::socketpair();
        b.setblocking(false);
        auto [reader, writer] = co_await open_connection(std::move(a));
        SystemFaults faults;
        faults.on(Call::recv, {.bytes_max = 3000, .times = always, .fd = writer.fileno()});
        faults.on(Call::recv, {.first = 2, .fd = writer.fileno(), .meanwhile = [] {
                                   allocations_until_failure = 0;
                               }});
        const Bytes first(3000, '1');
        co_await sock_sendall(b, first + Bytes(3000, '2') + Bytes(3000, '3'));
        const std::string told = co_await outcome(wait_for(reader.readexactly(9000), 10s));
        EXPECT_TRUE(told.starts_with(no_memory)) << told;
        EXPECT_TRUE(reader.buffered() == first) << reader.buffered().size() << " bytes";
        EXPECT_TRUE((co_await outcome(writer.wait_closed())).starts_with(no_memory));
    }());
}

// Written while more is being sent, in turns, and read in pieces: whatever held it is let go.
TEST(MemoryInUse, a_stream_keeps_none_of_what_it_has_carried) {
    run_clean([]() -> Coro<void> {
        auto [a, b] = Socket::socketpair();
        const Stream here = co_await open_connection(std::move(a));
        const Stream there = co_await open_connection(std::move(b));
        const std::ptrdiff_t before = testing::bytes_in_use;
        const Bytes piece(1 << 20, 'p');
        for (int i = 0; i < 8; ++i) {
            here.write(piece);
            EXPECT_EQ((co_await there.readexactly(1 << 19)).size(), 1U << 19);
        }
        EXPECT_EQ((co_await there.readexactly(8 << 19)).size(), 8U << 19);
        co_await here.drain();
        EXPECT_LT(testing::bytes_in_use - before, (1 << 20) + (128 << 10))
            << "beside the piece, and what all streams receive into";
    }());
}

TEST(OutOfMemory, a_stream_that_was_not_made_leaves_no_connection) {
    bool failed = true;
    for (int n = 0; failed; ++n) {
        run_clean([](int at, bool& result) -> Coro<void> {
            auto [a, b] = Socket::socketpair();
            b.setblocking(false);
            std::optional<StreamPair> stream;
            allocations_until_failure = at;
            try {
                stream = co_await open_connection(std::move(a));
            } catch (const std::bad_alloc&) {
            }
            allocations_until_failure = -1;
            result = !stream;
            if (stream) co_return;
            EXPECT_EQ(co_await outcome(wait_for(receive_all(b), 1s)), "ok") << "allocation " << at;
        }(n, failed));
        ASSERT_TRUE(failed || n > 0) << "nothing was allocated";
    }
}

// Goal:   a client that the server has no memory for is sent away; the next one is served.
// Method: allocations fail between the accept(2) that brings it and the one that brings nobody.
TEST(OutOfMemory, a_connection_that_cannot_be_served_is_closed) {
    bool failed = true;
    for (int n = 0; failed; ++n) {
        run_clean([](int at, bool& result) -> Coro<void> {
            std::vector<std::string> reports;
            get_running_loop().set_exception_handler(
                [&reports](EventLoop&, const ExceptionContext& context) {
                    reports.push_back(describe(context.exception));
                });
            const Server server = co_await serve(echo);
            Socket client = connected_to(server);
            bool left = false;
            SystemFaults faults;
            faults.on(Call::accept4, {.meanwhile = [at] { allocations_until_failure = at; }});
            faults.on(Call::accept4, {.first = 2, .meanwhile = [&left] {
                                          left = allocations_until_failure >= 0;
                                          allocations_until_failure = -1;
                                      }});
            co_await sock_sendall(client, "x");
            const auto told = co_await as_result(wait_for(sock_recv(client, 1), 1s));
            result = !left;
            if (left) {
                EXPECT_TRUE(told && *told == "x");
            } else {
                EXPECT_EQ(reports.size(), 1u);
                const bool sent_away =
                    told ? told->empty() : holds<ConnectionResetError>(told.error());
                EXPECT_TRUE(sent_away) << "allocation " << at;
                Socket another = connected_to(server);
                co_await sock_sendall(another, "y");
                EXPECT_EQ(co_await sock_recv(another, 1), "y");
                another.close();
            }
            client.close();
            server.close();
            EXPECT_EQ(co_await outcome(wait_for(server.wait_closed(), 1s)), "ok")
                << "allocation " << at;
        }(n, failed));
        ASSERT_TRUE(failed || n > 0) << "nothing was allocated";
    }
}

}  // namespace
}  // namespace weft
