// SPDX-License-Identifier: Apache-2.0
// weft/http/client/client_test.hpp - what the tests of the client share.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/http/client/session.hpp>
#include <weft/io/run.hpp>
#include <weft/io/standing_clock_test.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/coro_function.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/testing/descriptors.hpp>
#include <weft/testing/scripted_peer.hpp>
#include <weft/testing/trace.hpp>

namespace weft::http {

using testing::PeerConnection;
using testing::response_of;
using testing::ScriptedPeer;

/// Runs on a real loop, and sees that no descriptor is left.
inline void run_clean(Coro<void> coro) {
    const std::size_t before = testing::open_descriptors();
    run(std::move(coro));
    EXPECT_EQ(testing::open_descriptors(), before);
}

/// Runs on epoll under a clock that only the test moves, and sees that no descriptor is left.
inline void run_under_clock(CoroFunction<Coro<void>(StandingClock&)> test) {
    const std::size_t before = testing::open_descriptors();
    {
        auto owned = std::make_unique<StandingClock>();
        StandingClock& clock = *owned;
        EventLoop loop(std::move(owned));
        loop.run_until_complete(test(clock));
    }
    EXPECT_EQ(testing::open_descriptors(), before);
}
/// Moves the clock, and lets what was due by then happen.
inline Coro<void> pass(StandingClock& clock, Nanoseconds time) {
    clock.advance(time);
    co_await testing::spin(200);  // the loop looks at the clock each 64 turns at least
}

/// What the server is sent comes back as the body of its response.
inline Coro<void> mirror(PeerConnection& client) {
    for (;;) {
        const testing::PeerRequest request = co_await client.request();
        client.send(response_of(request.head + request.body));
    }
}
/// The same without the head.
inline Coro<void> give_back(PeerConnection& client) {
    for (;;) client.send(response_of((co_await client.request()).body));
}

/// What became of it: the text, or "weft::http::ClientOSError: text" without the namespaces.
inline Coro<std::string> outcome_of(Coro<Bytes> request) {
    const auto body = co_await as_result(std::move(request));
    if (body) co_return *body;
    std::string text = weft::describe(body.error());
    if (text.starts_with("http::")) text.erase(0, 6);
    co_return text;
}

/// The same of a GET, with a session of its own.
inline Coro<std::string> fetch_outcome(std::string url, SessionOptions options = {}) {
    ClientSession session(std::move(options));
    auto text = co_await outcome_of(session.get(url).read());
    EXPECT_EQ(session.connector().in_use(), 0U);
    co_await session.close();
    co_return text;
}

}  // namespace weft::http
