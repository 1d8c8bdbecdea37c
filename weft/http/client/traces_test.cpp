// SPDX-License-Identifier: Apache-2.0
// What is told of requests: TraceConfig and Timings.
#include <any>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/log.hpp>
#include <weft/base/time.hpp>
#include <weft/http/client/client_test.hpp>
#include <weft/http/client/connector.hpp>
#include <weft/http/client/response.hpp>
#include <weft/http/client/session.hpp>
#include <weft/http/client/timings.hpp>
#include <weft/http/client/trace_config.hpp>
#include <weft/http/url.hpp>
#include <weft/io/resolver.hpp>
#include <weft/runtime/async_generator.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/gather.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/testing/scripted_peer.hpp>
#include <weft/testing/trace.hpp>

namespace weft::http {
namespace {

using namespace std::chrono_literals;
using testing::spin;

using Notes = std::vector<std::string>;

// Notes each signal by its name, and what is particular about it.
TraceConfig noting(Notes& notes) {
    TraceConfig trace;
    const auto note = [&notes](const char* name) {
        return [&notes, name](TraceContext&, const auto&) { notes.emplace_back(name); };
    };
    const auto path = [&notes](const char* name) {
        return [&notes, name](TraceContext&, const auto& told) {
            notes.push_back(name + std::string(told.url.raw_path_qs()));
        };
    };
    const auto chunk = [&notes](const char* name) {
        return [&notes, name](TraceContext&, const auto& told) {
            notes.push_back(name + std::string(told.chunk));
        };
    };
    trace.on_request_start = path("start ");
    trace.on_request_headers_sent = path("headers ");
    trace.on_request_chunk_sent = chunk("sent ");
    trace.on_request_redirect = [&notes](TraceContext&, const TraceRequestRedirectParams& told) {
        notes.push_back("redirect " + std::to_string(told.response.status()));
    };
    trace.on_request_end = [&notes](TraceContext&, const TraceRequestEndParams& told) {
        notes.push_back("end " + std::to_string(told.response.status()));
    };
    trace.on_request_exception = [&notes](TraceContext&, const TraceRequestExceptionParams& told) {
        notes.push_back("exception " + weft::describe(told.exception));
    };
    trace.on_response_chunk_received = chunk("received ");
    trace.on_connection_queued_start = note("queued");
    trace.on_connection_queued_end = note("queued end");
    trace.on_connection_create_start = note("create");
    trace.on_connection_create_end = note("create end");
    trace.on_connection_reuseconn = note("reuse");
    trace.on_dns_resolvehost_start = note("resolve");
    trace.on_dns_resolvehost_end = note("resolve end");
    trace.on_dns_cache_hit = note("hit");
    trace.on_dns_cache_miss = note("miss");
    return trace;
}

// Answers each request with its own target; but "/to/…" sends there.
Coro<void> tell_target(PeerConnection& client) {
    for (;;) {
        const Bytes target(testing::target_of(co_await client.request()));
        client.send(target.starts_with("/to/")
                        ? "HTTP/1.1 302 Found\r\nLocation: " + target.substr(3) +
                              "\r\nContent-Length: 0\r\n\r\n"
                        : response_of(target));
    }
}

TEST(Traces, tell_each_step_of_a_request) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(tell_target);
        Notes notes;
        ClientSession session({.trace_configs = {noting(notes)}});
        co_await session.get(peer.url("/to/a")).read();
        EXPECT_EQ(notes, (Notes{"start /to/a", "create", "create end", "headers /to/a",
                                "redirect 302", "reuse", "headers /a", "received /a", "end 200"}));
        notes.clear();
        co_await session.put(peer.url("/b")).data("body").read();
        EXPECT_EQ(notes, (Notes{"start /b", "reuse", "headers /b", "sent body", "received /b",
                                "end 200"}));
        co_await session.close();
        co_await peer.stop();
    }());
}

// What aiohttp does without a word.
TEST(Traces, show_that_a_request_was_sent_again_where_its_connection_was_dead) {
    run_clean([]() -> Coro<void> {
        const auto dies = [](PeerConnection& client) -> Coro<void> {
            co_await client.request();
            client.send(response_of("hi"));
            co_await client.request();
        };
        const auto peer = co_await ScriptedPeer::start(dies, tell_target);
        Notes notes;
        ClientSession session({.trace_configs = {noting(notes)}});
        co_await session.get(peer.url()).read();
        notes.clear();
        co_await session.get(peer.url("/a")).read();
        EXPECT_EQ(notes, (Notes{"start /a", "reuse", "headers /a", "create", "create end",
                                "headers /a", "received /a", "end 200"}));
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(Traces, tell_of_bodies_in_pieces) {
    run_clean([]() -> Coro<void> {
        Notes notes;
        const auto peer = co_await ScriptedPeer::start([&](PeerConnection& client) -> Coro<void> {
            co_await client.request();
            client.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n");
            while (notes.back() != "end 200") co_await spin();
            client.send("ab");
            while (notes.back() != "received ab") co_await spin();
            client.send("cd");
            co_await client.stall();
        });
        ClientSession session({.trace_configs = {noting(notes)}});
        const auto body = []() -> AsyncGenerator<Bytes> {
            co_yield "12";
            co_yield "34";
        };
        EXPECT_EQ(co_await session.put(peer.url("/")).data(body()).read(), "abcd");
        EXPECT_EQ(notes, (Notes{"start /", "create", "create end", "headers /", "sent 12",
                                "sent 34", "end 200", "received ab", "received cd"}));
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(Traces, tell_of_names_of_waiting_and_of_errors) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(tell_target);
        Notes notes;
        ClientSession session(
            {.connector = TCPConnector({{.limit = 1}}), .trace_configs = {noting(notes)}});
        const std::string url = "http://localhost:" + std::to_string(peer.port()) + "/a";
        co_await session.get(url).read();
        EXPECT_EQ(notes, (Notes{"start /a", "create", "hit", "create end", "headers /a",
                                "received /a", "end 200"}))
            << "localhost is known";
        notes.clear();
        co_await gather(session.get(url).read(), session.get(url).read());
        EXPECT_EQ(notes, (Notes{"start /a", "reuse", "headers /a", "start /a", "queued",
                                "received /a", "end 200", "queued end", "reuse", "headers /a",
                                "received /a", "end 200"}));
        notes.clear();
        const Bytes told = co_await outcome_of(session.get("http://127.0.0.1:1/x").read());
        EXPECT_EQ(notes, (Notes{"start /x", "create", "exception http::" + told}));
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(Traces, tell_of_a_name_that_has_to_be_asked_for) {
    run_clean([]() -> Coro<void> {
        // Nobody answers at that port.
        const Resolver resolver(
            {.nameservers = {{"127.0.0.1", 1}}, .timeout = 50ms, .attempts = 1});
        Notes notes;
        ClientSession session(
            {.connector = TCPConnector({.resolver = resolver}), .trace_configs = {noting(notes)}});
        EXPECT_FALSE(co_await as_result(session.get("http://no-such-name.invalid/").read()));
        notes.resize(4);
        EXPECT_EQ(notes, (Notes{"start /", "create", "miss", "resolve"}));
        co_await session.close();
    }());
}

TEST(Traces, keep_what_is_the_requests_own) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(tell_target);
        std::vector<std::uint64_t> ids;
        std::vector<int> counts;
        TraceConfig trace;
        trace.on_request_start = [](TraceContext& context, const auto&) { context.data = 7; };
        trace.on_request_end = [&](TraceContext& context, const auto&) {
            ids.push_back(context.request_id);
            counts.push_back(std::any_cast<int>(context.data));
        };
        ClientSession session({.trace_configs = {trace, trace}});
        co_await session.get(peer.url("/a")).read();
        co_await session.get(peer.url("/b")).read();
        EXPECT_EQ(counts, (std::vector{7, 7, 7, 7}));
        EXPECT_EQ(ids[0], ids[1]);
        EXPECT_NE(ids[0], ids[2]);
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(Traces, tell_no_secrets) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(tell_target);
        std::string told;
        TraceConfig trace;
        const auto write = [&](TraceContext&, const auto& params) {
            told += params.url.to_string();
            for (const auto& [name, value] : params.headers) told.append(name).append(value);
        };
        trace.on_request_start = write;
        trace.on_request_headers_sent = write;
        trace.on_request_end = write;
        ClientSession session(
            {.redirects = {.sensitive_headers = {"X-Key"}}, .trace_configs = {trace}});
        const URL url = URL(peer.url("/a")).with_user("ada").with_password("secret");
        co_await session.get(url).header("Cookie", "secret").header("X-Key", "secret").read();
        EXPECT_TRUE(told.contains("X-Key***")) << told;
        EXPECT_FALSE(told.contains("secret")) << told;
        EXPECT_FALSE(told.contains("Basic")) << told;
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(Traces, what_one_throws_ends_the_request) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(tell_target);
        TraceConfig trace;
        trace.on_request_headers_sent = [](TraceContext&, const auto&) { throw KeyError("no"); };
        ClientSession session({.trace_configs = {trace}});
        EXPECT_EQ(co_await outcome_of(session.get(peer.url("/a")).read()), "KeyError: no");
        EXPECT_EQ(session.connector().in_use() + session.connector().idle(), 0U);
        co_await session.close();
        co_await peer.stop();
    }());
}

TEST(Timings, tell_how_long_the_parts_took) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start([](PeerConnection& client) -> Coro<void> {
            for (;;) {
                co_await client.request();
                co_await sleep(20ms);
                client.send(response_of("hi"));
            }
        });
        ClientSession session({.connector = TCPConnector({{.limit = 1}})});
        auto first = co_await session.get(peer.url("/a"));
        EXPECT_FALSE(first.timings().is_reused);
        EXPECT_EQ(first.timings().queued, 0ns);
        EXPECT_GT(first.timings().connected, 0ns);
        EXPECT_GE(first.timings().answered, 15ms);
        EXPECT_GE(first.timings().total, first.timings().answered + first.timings().connected);
        const auto fetch = [&]() -> Coro<Timings> {
            auto response = co_await session.get(peer.url("/a"));
            co_return response.timings();
        };
        const auto [one, two] = co_await gather(fetch(), fetch());
        EXPECT_TRUE(one.is_reused);
        EXPECT_EQ(one.connected, 0ns);
        EXPECT_GE(two.queued, 15ms);
        EXPECT_GE(two.total, two.queued + two.answered);
        co_await session.close();
        co_await peer.stop();
    }());
}

// The example of trace_config.hpp.
TEST(Traces, example) {
    run_clean([]() -> Coro<void> {
        const auto peer = co_await ScriptedPeer::start(tell_target);
        TraceConfig trace;
        trace.on_request_end = [](TraceContext&, const TraceRequestEndParams& told) {
            log(LogLevel::info, told.url.human_repr());
        };
        ClientSession session({.trace_configs = {trace}});
        EXPECT_EQ(co_await session.get(peer.url("/a")).read(), "/a");
        co_await session.close();
        co_await peer.stop();
    }());
}

}  // namespace
}  // namespace weft::http
