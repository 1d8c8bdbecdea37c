// SPDX-License-Identifier: Apache-2.0
// The examples of timeouts, scopes, task groups and cleanup.
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/runtime/cancel_scope.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/exit_stack.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task_group.hpp>
#include <weft/runtime/timeout.hpp>
#include <weft/runtime/with_async.hpp>
#include <weft/testing/trace.hpp>
#include <weft/testing/virtual_loop.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;
using testing::outcome;
using testing::Trace;
using testing::VirtualLoop;

// ---- timeouts

Coro<std::string> fetch(std::string url) {
    co_await sleep(1s);
    co_return "page of " + url;
}
Coro<void> pause(Delay time) { co_await sleep(time); }
Coro<void> fail() {
    throw TimeoutError("of the body");
    co_return;
}

Coro<void> use_timeouts(std::string url, Coro<void> step, Trace& trace) {
    EventLoop& loop = get_running_loop();
    auto page = co_await timeout(10s, fetch(url));
    co_await timeout(10s, [&]() -> Coro<void> {
        co_await sleep(9s);
        trace(page);
    });

    Timeout limit(10s);
    try {
        co_await with_async(limit, [&]() -> Coro<void> {
            limit.reschedule(loop.time() + 5s);
            co_await std::move(step);
            trace("in time");
        });
    } catch (const TimeoutError&) {
        if (!limit.expired()) throw;
    }
    trace(limit.expired() ? "expired" : "not expired");
}
std::string with_timeouts(Coro<void> step) {
    Trace trace;
    const std::string end = VirtualLoop().run(outcome(use_timeouts("x", std::move(step), trace)));
    return trace.text() + ", " + end;
}
TEST(Timeout, tells_its_own_error_from_one_of_its_body) {
    EXPECT_EQ(with_timeouts(pause(4s)), "page of x, in time, not expired, ok");
    EXPECT_EQ(with_timeouts(pause(6s)), "page of x, expired, ok");
    EXPECT_EQ(with_timeouts(fail()), "page of x, TimeoutError: of the body");
}

Coro<void> use_timeout(Trace& trace) {
    Timeout t(1s);
    co_await with_async(t, [&]() -> Coro<void> {
        co_await sleep(2s);
        trace("never");
    });
}
TEST(Timeout, may_be_entered_as_an_object) {
    Trace trace;
    EXPECT_EQ(VirtualLoop().run(outcome(use_timeout(trace))), "TimeoutError");
    EXPECT_EQ(trace.text(), "");
}

// ---- scopes and groups

Coro<void> leave_early(Trace& trace) {
    CancelScope scope;
    co_await with_async(scope, [&]() -> Coro<void> {
        trace("inside");
        scope.cancel();
        co_await sleep(1s);
        trace("never");
    });
    if (scope.cancelled_caught()) trace("caught");
}
TEST(CancelScope, ends_where_its_cancellation_ends) {
    Trace trace;
    VirtualLoop().run(leave_early(trace));
    EXPECT_EQ(trace.text(), "inside, caught");
}

Coro<void> visit_all(std::vector<std::string> urls, Trace& trace) {
    const auto visit = [&](std::string url) -> Coro<void> { trace(co_await fetch(url)); };
    const auto last_words = [&]() -> Coro<void> {
        trace("all are on their way");
        co_return;
    };
    co_await TaskGroup::scope([&](TaskGroup& group) -> Coro<void> {
        for (auto& url : urls) group.create_task(visit(url));
        co_await last_words();
    });
    trace("all were visited");
}
TEST(TaskGroup, is_left_when_all_its_tasks_have_ended) {
    Trace trace;
    VirtualLoop().run(visit_all({"a", "b"}, trace));
    EXPECT_EQ(trace.text(), "all are on their way, page of a, page of b, all were visited");
}

// ---- cleanup

struct Connection {
    Coro<std::string> aenter() {
        (*trace)("connect to", name);
        co_return name;
    }
    Coro<bool> aexit(const ExitReason&) {
        (*trace)("leave", name);
        co_return false;
    }
    std::string name;
    Trace* trace;
};

Coro<void> connect_all(std::vector<std::string> names, Trace& trace) {
    const auto connect = [&](std::string name) { return Connection{name, &trace}; };
    std::vector<std::string> connections;
    AsyncExitStack stack;
    co_await with_async(stack, [&]() -> Coro<void> {
        for (auto& name : names) {
            connections.push_back(co_await stack.enter_async_context(connect(name)));
        }
        trace("use", connections.size());
    });
}
TEST(AsyncExitStack, leaves_in_reverse_what_was_entered) {
    Trace trace;
    VirtualLoop().run(connect_all({"a", "b"}, trace));
    EXPECT_EQ(trace.text(), "connect to a, connect to b, use 2, leave b, leave a");
}

Coro<void> use_one(Trace& trace) {
    Connection resource{"a", &trace};
    co_await with_async(resource, [&](auto& x) -> Coro<void> {
        trace("use", x);
        co_return;
    });
}
TEST(WithAsync, gives_the_body_what_was_entered) {
    Trace trace;
    VirtualLoop().run(use_one(trace));
    EXPECT_EQ(trace.text(), "connect to a, use a, leave a");
}

Coro<void> clean_up(Trace& trace) {
    const auto body = []() -> Coro<void> { co_await timeout(1s, pause(2s)); };
    const auto cleanup = [&]() -> Coro<void> {
        co_await sleep(1s);
        trace("cleaned up");
    };
    co_await try_finally(body, cleanup);
}
TEST(TryFinally, waits_for_the_cleanup_whatever_happened) {
    Trace trace;
    EXPECT_EQ(VirtualLoop().run(outcome(clean_up(trace))), "TimeoutError");
    EXPECT_EQ(trace.text(), "cleaned up");
}

}  // namespace
}  // namespace weft
