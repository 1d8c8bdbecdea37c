// SPDX-License-Identifier: Apache-2.0
// tests/conformance/loop_cases.cpp - LOOP: callbacks, timers, running and stopping.
#include <thread>

#include "cases.hpp"
#include <sys/socket.h>
#include <unistd.h>

namespace conformance {
namespace {

const Case loop_01("LOOP-01", []() -> Coro<Json> {
    Trace t;
    EventLoop& loop = get_running_loop();
    for (int i = 0; i < 3; ++i) loop.call_soon(t, i);
    t("sync");
    co_await spin();
    co_return t;
});

const Case loop_02("LOOP-02", []() -> Coro<Json> {
    Trace t;
    EventLoop& loop = get_running_loop();
    auto a = [&] {
        t("a");
        loop.call_soon(t, "a-child");
    };
    loop.call_soon(a);
    loop.call_soon(t, "b");
    co_await spin(3);
    co_return t;
});

const Case loop_03("LOOP-03", []() -> Coro<Json> {
    Trace t;
    EventLoop& loop = get_running_loop();
    loop.call_later(30ms, t, 3);
    loop.call_later(10ms, t, 1);
    loop.call_later(20ms, t, 2);
    co_await sleep(50ms);
    co_return t;
});

const Case loop_04("LOOP-04-equal-deadline", []() -> Coro<Json> {
    Trace t;
    EventLoop& loop = get_running_loop();
    const TimePoint w = loop.time() + 10ms;
    for (int i = 0; i < 7; ++i) loop.call_at(w, t, i);
    co_await sleep(30ms);
    co_return t;
});

const Case loop_05("LOOP-05-negative-delay", []() -> Coro<Json> {
    Trace t;
    EventLoop& loop = get_running_loop();
    loop.call_later(-1s, t, "later");
    loop.call_soon(t, "soon");
    co_await spin(3);
    co_return t;
});

const Case loop_06("LOOP-06-cancel-handle", []() -> Coro<Json> {
    Trace t;
    EventLoop& loop = get_running_loop();
    Handle h = loop.call_soon(t, "x");
    h.cancel();
    h.cancel();
    TimerHandle h2 = loop.call_later(0s, t, "y");
    h2.cancel();
    Handle h4;
    auto killer = [&] { h4.cancel(); };
    loop.call_soon(killer);
    h4 = loop.call_soon(t, "z");
    co_await spin(3);
    co_return list(t, h.cancelled());
});

const Case loop_07("LOOP-07-timer-vs-io-order", real_time, []() -> Coro<Json> {
    Trace t;
    EventLoop& loop = get_running_loop();
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) != 0) co_return "no sockets";
    const auto [a, b] = ends;
    loop.add_reader(a, [&, a] {
        t("io");
        loop.remove_reader(a);
    });
    auto block = [&, b] {
        loop.call_later(10ms, t, "timer");
        if (write(b, "x", 1) != 1) throw RuntimeError("the socket takes no byte");
        std::this_thread::sleep_for(30ms);
    };
    loop.call_soon(block);
    co_await sleep(50ms);
    close(a);
    close(b);
    co_return t;
});

const Case loop_08("LOOP-08-stop", [] {
    const auto loop = new_virtual_loop();
    Trace t;
    auto a = [&] {
        t("a");
        loop->stop();
        loop->call_soon(t, "next-run");
    };
    loop->call_soon(a);
    loop->call_soon(t, "b");
    loop->run_forever();
    t("|");
    loop->call_soon([&] { loop->stop(); });
    loop->run_forever();
    loop->close();
    return t;
});

const Case loop_09("LOOP-09-stop-before-complete", []() -> Json {
    const auto loop = new_virtual_loop();
    Future<> f = loop->create_future();
    loop->call_soon([&] { loop->stop(); });
    try {
        loop->run_until_complete(f);
    } catch (const RuntimeError&) {
        return en();
    }
    return nullptr;
});

const Case loop_10("LOOP-10-callback-exception", []() -> Coro<Json> {
    Trace t;
    EventLoop& loop = get_running_loop();
    loop.set_exception_handler([t](EventLoop&, const ExceptionContext& c) {
        t(c.message.substr(0, 22), en(c.exception), keys_of(c));
    });
    loop.call_soon([] { return divide(1, 0); });
    loop.call_soon(t, "after");
    co_await spin(2);
    co_return t;
});

const Case loop_11("LOOP-11-handler-raises", []() -> Coro<Json> {
    Trace t;
    EventLoop& loop = get_running_loop();
    const LogCapture s;
    auto bad = [](EventLoop&, const ExceptionContext&) { throw ValueError("bad handler"); };
    loop.set_exception_handler(bad);
    loop.call_soon([] { return divide(1, 0); });
    loop.call_soon(t, "still alive");
    co_await spin(2);
    const std::string text = s.entries().at(0).text;
    co_return list(t, text.substr(0, text.find('\n')));
});

const Case loop_13("LOOP-13-threadsafe-wakes", real_time, []() -> Coro<Json> {
    EventLoop& loop = get_running_loop();
    Future<int> f = loop.create_future<int>();
    const auto t0 = std::chrono::steady_clock::now();
    const std::jthread timer([&] {
        std::this_thread::sleep_for(20ms);
        loop.call_soon_threadsafe([&f] { f.set_result(1); });
    });
    co_await f;
    co_return std::chrono::steady_clock::now() - t0 < too_long;
});

const Case loop_14("LOOP-14-closed", []() -> Json {
    const auto loop = new_event_loop();
    loop->close();
    loop->close();
    Json::List r;
    const auto print = [] {};
    const std::function<void()> calls[] = {[&] { loop->call_soon(print); },
                                           [&] { loop->run_forever(); },
                                           [&] { loop->call_soon_threadsafe(print); }};
    for (const auto& f : calls) {
        try {
            f();
        } catch (const RuntimeError& e) {
            r.emplace_back(e.what());
        }
    }
    return r;
});

const Case loop_16("LOOP-16-debug-wrong-thread", debug_in_real_time, []() -> Coro<Json> {
    EventLoop& loop = get_running_loop();
    Json::List r;
    auto th = [&] {
        try {
            loop.call_soon([] {});
        } catch (const RuntimeError& e) {
            r.emplace_back(e.what());
        }
    };
    std::thread x(th);
    x.join();
    co_return r;
});

const Case loop_17("LOOP-17-slow-callback", debug_in_real_time, []() -> Coro<Json> {
    EventLoop& loop = get_running_loop();
    const double d = std::chrono::duration<double>(loop.slow_callback_duration).count();
    loop.slow_callback_duration = 10ms;
    const LogCapture s;
    loop.call_soon([] { std::this_thread::sleep_for(30ms); });
    co_await spin(2);
    co_return list(d, s.entries().at(0).text.substr(0, 30));
});

const Case loop_18("LOOP-18-context-capture", []() -> Coro<Json> {
    static ContextVar<int> v("v", 0);
    EventLoop& loop = get_running_loop();
    Trace t;
    v.set(1);
    loop.call_soon([&] { t(v.get()); });
    v.set(2);
    loop.call_soon([&] {
        t(v.get());
        v.set(99);
    });
    co_await spin(2);
    t(v.get());
    co_return t;
});

const Case loop_19("LOOP-19-no-running-loop", []() -> Json {
    try {
        static_cast<void>(get_running_loop());
    } catch (const RuntimeError& e) {
        return e.what();
    }
    return nullptr;
});

const Case loop_20("LOOP-20-executor", real_time, []() -> Coro<Json> {
    EventLoop& loop = get_running_loop();
    const Json good = co_await tr(loop.run_in_executor(nullptr, [] { return 5; }));
    const Json bad = co_await tr(loop.run_in_executor(nullptr, [] { return divide(1, 0); }));
    co_return list(good, bad);
});

const Case loop_21("LOOP-21-timer-resolution", real_time, []() -> Coro<Json> {
    // sleep never wakes early by more than the clock's resolution, which is a nanosecond
    EventLoop& loop = get_running_loop();
    int bad = 0;
    for (int i = 0; i < 20; ++i) {
        const TimePoint t0 = loop.time();
        co_await sleep(2ms);
        if (loop.time() - t0 < 2ms - 2ns) bad += 1;
    }
    co_return bad;
});

const Case loop_23("LOOP-23-timer-cancel-compaction", []() -> Coro<Json> {
    EventLoop& loop = get_running_loop();
    std::vector<TimerHandle> hs;
    for (int i = 0; i < 1000; ++i) hs.push_back(loop.call_later(1000s, [] {}));
    for (TimerHandle& h : hs) h.cancel();
    co_await spin(2);
    co_return loop.timers().size() < 50;
});

}  // namespace
}  // namespace conformance
