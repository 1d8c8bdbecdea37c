// SPDX-License-Identifier: Apache-2.0
// Goal:   a connection under TLS is whole or ends with an error, in time, wherever it is cut off,
//         reset or held up, in the handshake, in the text and at its end; nothing is left of it.
// Method: a relay between a client and a server that counts the bytes of both directions; system calls
//         that fail on demand.
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include <gtest/gtest.h>
#include <liburing.h>
#include <sys/socket.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/io/server.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/io/streams.hpp>
#include <weft/io/streams_test.hpp>
#include <weft/io/uring_faults_test.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/timeout.hpp>
#include <weft/testing/system_faults.hpp>
#include <weft/testing/trace.hpp>
#include <weft/tls/tls_test.hpp>

namespace weft::ssl {
namespace {

using namespace std::chrono_literals;
using testing::always;
using testing::Call;
using testing::spin;
using testing::SystemFaults;

// ---- a conversation: a request, an answer, and the end

constexpr std::size_t request_bytes = 900;
constexpr std::size_t answer_bytes = 2500;

// What the two sides were told.
struct Told {
    std::string client;
    std::string server = "nothing";  // where the handshake fails, the handler is not called
};

bool is_of_a_connection(const std::string& told) {
    for (const char* error :
         {"ConnectionResetError: ", "ConnectionAbortedError: ", "BrokenPipeError: ",
          "IncompleteReadError: ", "ssl::SSLEOFError: ", "TimeoutError"}) {
        if (told.starts_with(error)) return true;
    }
    return false;
}

Coro<void> answer_one(StreamReader reader, StreamWriter writer) {
    const Bytes request = co_await reader.readexactly(request_bytes);
    EXPECT_TRUE(request == some_bytes(request_bytes));
    writer.write(some_bytes(answer_bytes));
    writer.close();
    co_await writer.wait_closed();
}

Coro<void> ask(int port, Nanoseconds patience) {
    auto [reader, writer] = co_await open_connection("127.0.0.1", port,
                                                     {.ssl = client_context(),
                                                      .server_hostname = "localhost",
                                                      .ssl_handshake_timeout = patience,
                                                      .ssl_shutdown_timeout = patience});
    writer.write(some_bytes(request_bytes));
    // Of an answer that was cut off nobody may believe that it was all.
    const Bytes answer = co_await wait_for(reader.read(), patience);
    EXPECT_EQ(answer.size(), answer_bytes);
    EXPECT_TRUE(answer == some_bytes(answer_bytes));
    writer.close();
    co_await writer.wait_closed();
}

Coro<Server> serve_answers(Told& told, Nanoseconds patience) {
    StartServerOptions options;
    options.ssl = server_context();
    options.ssl_handshake_timeout = patience;
    options.ssl_shutdown_timeout = patience;
    const auto handler = [&told](StreamReader reader, StreamWriter writer) -> Coro<void> {
        told.server = co_await outcome(answer_one(reader, writer));
    };
    co_return co_await start_server(handler, "127.0.0.1", 0, std::move(options));
}

Coro<void> end(Server server) {
    server.close();
    server.abort_clients();
    co_await server.wait_closed();
}

void run_to_the_end(Coro<void> coro) {
    run_clean([](Coro<void> whole) -> Coro<void> {
        co_await wait_for(std::move(whole), 100s);
        for (int i = 0; i < 100'000 && all_tasks().size() > 1; ++i) co_await spin();
        EXPECT_EQ(all_tasks().size(), 1U) << "tasks are left";
    }(std::move(coro)));
}

// ---- a connection that breaks after so many bytes

enum class Break : std::uint8_t { none, end, reset, stall };

constexpr std::size_t all_bytes = std::numeric_limits<std::size_t>::max();

// One direction of the relay.
struct Way {
    std::size_t most = all_bytes;  // bytes that it lets through
    std::size_t bytes = 0;         // that it has let through
    Bytes all;                     // what they were
};

// Its handlers own it, too: they may have something to do when the server has ended.
class Relay : public std::enable_shared_from_this<Relay> {
public:
    Relay(Break how, std::size_t to_client, std::size_t to_server) : how_(how) {
        to_client_.most = to_client;
        to_server_.most = to_server;
    }
    Coro<void> start(int port) {
        server_.emplace(co_await serve([self = shared_from_this(), port](
                                           StreamReader reader, StreamWriter writer) -> Coro<void> {
            co_await self->relay(std::move(reader), std::move(writer), port);
        }));
    }
    [[nodiscard]] int port() const { return port_of(*server_); }
    [[nodiscard]] const Way& to_client() const { return to_client_; }
    [[nodiscard]] const Way& to_server() const { return to_server_; }
    Coro<void> stop() { co_await end(*server_); }

private:
    Coro<void> relay(StreamReader reader, StreamWriter writer, int port) {
        const StreamPair there = co_await open_connection("127.0.0.1", port);
        const auto back = create_task(pass(there.first, writer, to_client_, there.second));
        co_await pass(reader, there.second, to_server_, writer);
        co_await back;
    }
    Coro<void> pass(StreamReader from, StreamWriter to, Way& way, StreamWriter back) {
        for (;;) {
            const auto read = co_await as_result(from.read(1 << 16));
            if (!read || read->empty()) break;
            const Bytes some = read->substr(0, way.most - way.bytes);
            way.bytes += some.size();
            way.all += some;
            to.write(some);
            static_cast<void>(co_await as_result(to.drain()));
            if (way.bytes == way.most && how_ != Break::none) {
                // What has gone through arrives before the break.
                co_await spin(5);
                break_off(to);
                break_off(back);
                if (how_ != Break::stall) co_return;
                way.most = 0;
                way.bytes = 0;
            }
        }
        to.close();
    }
    void break_off(const StreamWriter& writer) const {
        if (how_ == Break::end) writer.close();
        if (how_ != Break::reset) return;
        const linger at_once{.l_onoff = 1, .l_linger = 0};
        ::setsockopt(writer.fileno(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        writer.abort();
    }

    Break how_;
    Way to_client_;
    Way to_server_;
    std::optional<Server> server_;
};

struct Outcome {
    Told told;
    Way to_client;
    Way to_server;
};

Coro<void> converse(Break how, bool at_client, std::size_t bytes, Nanoseconds patience,
                    Outcome& outcome_of_it) {
    Told& told = outcome_of_it.told;
    const Server server = co_await serve_answers(told, patience);
    const auto relay =
        std::make_shared<Relay>(how, at_client ? bytes : all_bytes, at_client ? all_bytes : bytes);
    co_await relay->start(port_of(server));
    told.client = co_await outcome(ask(relay->port(), patience));
    co_await relay->stop();
    co_await end(server);
    outcome_of_it.to_client = relay->to_client();
    outcome_of_it.to_server = relay->to_server();
}

Outcome outcome_with(Break how, bool at_client, std::size_t bytes, Nanoseconds patience) {
    Outcome all;
    run_to_the_end(converse(how, at_client, bytes, patience, all));
    return all;
}

// Where records of TLS begin and end (RFC 8446, section 5.1), and what lies around.
std::set<std::size_t> places_in(const Bytes& stream, std::size_t step) {
    std::set<std::size_t> places;
    for (std::size_t at = 0; at + 5 <= stream.size();) {
        for (const std::size_t beside : {at, at + 1, at + 4, at + 5, at + 6}) places.insert(beside);
        at += 5U + static_cast<unsigned char>(stream[at + 3]) * 256U +
              static_cast<unsigned char>(stream[at + 4]);
        places.insert(at - 1);
    }
    for (std::size_t at = 0; at < stream.size(); at += step) places.insert(at);
    places.erase(0);  // the relay has nothing to break yet
    while (!places.empty() && *places.rbegin() >= stream.size()) places.erase(*places.rbegin());
    return places;
}

// Goal: no side waits for ever, none believes that half an answer is all, and both learn why.
void break_everywhere(Break how, std::size_t step, Nanoseconds patience) {
    const Outcome whole = outcome_with(Break::none, true, all_bytes, 10s);
    EXPECT_EQ(whole.told.client, "ok");
    EXPECT_EQ(whole.told.server, "ok");
    for (const bool at_client : {true, false}) {
        const Bytes& stream = at_client ? whole.to_client.all : whole.to_server.all;
        int handshakes = 0;
        int texts = 0;
        for (const std::size_t place : places_in(stream, step)) {
            const Outcome broken = outcome_with(how, at_client, place, patience);
            const auto& [client, server] = broken.told;
            const std::string where = std::string(at_client ? "to the client" : "to the server") +
                                      " after " + std::to_string(place) + " bytes";
            // The end of what the server says is all that a client needs.
            ASSERT_TRUE(client == "ok" || is_of_a_connection(client)) << client << where;
            ASSERT_TRUE(server == "ok" || server == "nothing" || is_of_a_connection(server))
                << server << where;
            handshakes += server == "nothing" ? 1 : 0;
            texts += server != "nothing" && client != "ok" ? 1 : 0;
        }
        EXPECT_GT(handshakes, 0) << "no handshake was broken";
        // A busy machine may need all its patience for the handshakes.
        if (how != Break::stall) EXPECT_GT(texts, 0) << "no text was broken";
    }
}

TEST(TLSFaults, a_connection_that_is_cut_off_anywhere_is_whole_or_an_error) {
    break_everywhere(Break::end, 97, 10s);
}

TEST(TLSFaults, a_connection_that_is_reset_anywhere_is_whole_or_an_error) {
    break_everywhere(Break::reset, 97, 10s);
}

TEST(TLSFaults, a_connection_that_is_held_up_anywhere_ends_when_its_time_is_up) {
    break_everywhere(Break::stall, 1000, 40ms);
}

// ---- system calls

Coro<void> converse_directly(Told& told) {
    const auto server = co_await as_result(serve_answers(told, 10s));
    if (!server) {
        told.client = describe(server.error());
        co_return;
    }
    told.client = co_await outcome(ask(port_of(*server), 10s));
    co_await end(*server);
}

TEST(TLSFaults, a_conversation_is_whole_however_little_each_call_takes_or_gives) {
    for (const std::size_t n : {1U, 2U, 3U, 5U, 16U, 100U}) {
        SystemFaults faults;
        for (const Call call : {Call::send, Call::sendmsg, Call::recv}) {
            faults.on(call, {.bytes_max = n, .times = always});
        }
        UringFaults ring;
        ring.on(IORING_OP_SEND, {.bytes_max = n, .times = always});
        Told told;
        run_to_the_end(converse_directly(told));
        EXPECT_EQ(told.client, "ok") << n;
        EXPECT_EQ(told.server, "ok") << n;
        EXPECT_GT(faults.met() + ring.met(), 100 / static_cast<int>(n));
    }
}

// As it should be whenever a call, or an operation of io_uring, fails so.
TEST(TLSFaults, a_conversation_goes_on_where_a_call_is_interrupted_or_not_ready_after_all) {
    for (const int error : {EINTR, EAGAIN}) {
        for (const Call call : {Call::send, Call::recv}) {
            for (int n = 1;; ++n) {
                SystemFaults faults;
                faults.on(call, {.error = error, .first = n, .times = 3});
                UringFaults ring;
                ring.on(call == Call::send ? IORING_OP_SEND : IORING_OP_RECV,
                        {.error = error, .first = n, .times = 3});
                Told told;
                run_to_the_end(converse_directly(told));
                ASSERT_EQ(told.client, "ok") << n;
                ASSERT_EQ(told.server, "ok") << n;
                if (faults.met() + ring.met() == 0) {
                    EXPECT_GT(n, 1);
                    break;
                }
            }
        }
    }
}

TEST(TLSFaults, a_conversation_ends_whichever_call_fails) {
    for (const int error : {ECONNRESET, EPIPE, ETIMEDOUT, ENOBUFS, ENOMEM}) {
        for (const Call call : {Call::send, Call::recv, Call::epoll_add}) {
            for (int n = 1;; ++n) {
                Told told;
                int met = 0;
                bool is_on_epoll = false;
                run_to_the_end([](Told& both, auto what, int& count, bool& epoll) -> Coro<void> {
                    epoll = get_running_loop().backend() == "epoll";
                    const auto [faulty, code, first] = what;
                    SystemFaults faults;
                    faults.on(faulty, {.error = code, .first = first});
                    UringFaults ring;
                    if (faulty == Call::send)
                        ring.on(IORING_OP_SEND, {.error = code, .first = first});
                    if (faulty == Call::recv && code != ENOBUFS) {  // where it is begun anew
                        ring.on(IORING_OP_RECV, {.error = code, .first = first});
                    }
                    get_running_loop().set_exception_handler(
                        [](EventLoop&, const ExceptionContext&) {});
                    co_await converse_directly(both);
                    count = faults.met() + ring.met();
                }(told, std::tuple(call, error, n), met, is_on_epoll));
                for (const std::string& side : {told.client, told.server}) {
                    const bool names_it =
                        side.find("[Errno " + std::to_string(error) + "]") != std::string::npos;
                    ASSERT_TRUE(side == "ok" || side == "nothing" || names_it ||
                                is_of_a_connection(side))
                        << side << ": call " << static_cast<int>(call) << ", the " << n
                        << ". time, error " << error;
                }
                if (met > 0) continue;
                EXPECT_TRUE(n > 1 || !is_on_epoll)
                    << "call " << static_cast<int>(call) << " is not made";
                break;
            }
        }
    }
}

}  // namespace
}  // namespace weft::ssl
