// SPDX-License-Identifier: Apache-2.0
// tests/conformance/extra/loop_odd_cases.cpp - XLOOP-2x, XFUT-2x of probes/loops.py: loops that are
// stopped, interrupted and closed, and futures in odd states.
#include "cases.hpp"
#include "steps.hpp"

namespace conformance {
namespace {

void attempt(const Trace& t, std::invocable auto function) {
    try {
        if constexpr (std::is_void_v<decltype(function())>) {
            function();
            t("ok", nullptr);
        } else {
            t("ok", Json(function()));
        }
    } catch (...) {
        t("raise", type_name());
    }
}

const Case loop_20("XLOOP-20-timers-of-the-past", []() -> Coro<Json> {
    Trace t;
    EventLoop& loop = get_running_loop();
    const TimePoint now = loop.time();
    loop.call_soon(t, "soon 1");
    loop.call_at(now - 1s, t, "past");
    loop.call_at(now - 2s, t, "further past");
    loop.call_later(0s, t, "zero");
    loop.call_soon([&] {
        t("soon 2");
        loop.call_soon(t, "soon 3");
    });
    co_await spin(3);
    TimerHandle h = loop.call_later(1s, t, "late");
    t(h.when() == loop.time() + 1s, h.cancelled());
    h.cancel();
    h.cancel();
    t(h.cancelled());
    co_return t;
});

const Case loop_21("XLOOP-21-stopped-and-run-again", [] {
    Trace t;
    const auto loop = new_virtual_loop();
    std::function<void(int)> again = [&](int n) {
        t(n);
        if (n < 3) {
            loop->call_soon(again, n + 1);
            loop->stop();
            loop->stop();
        }
    };
    loop->call_soon(again, 0);
    for (int i = 0; i < 3; ++i) {
        loop->run_forever();
        t("|");
    }
    loop->call_later(1s, [&] {
        t("timer");
        loop->stop();
        loop->call_soon(t, "next run");
    });
    loop->run_forever();
    t(loop->is_running(), loop->is_closed());
    loop->call_soon([&] { loop->stop(); });
    loop->run_forever();
    loop->close();
    loop->close();
    t(loop->is_running(), loop->is_closed());
    return t;
});

const Case loop_22("XLOOP-22-until-complete", [] {
    Trace t;
    const auto loop = new_virtual_loop();
    t(loop->run_until_complete(sl(100ms, "value")));
    try {
        loop->run_until_complete(bad(100ms, "error"));
    } catch (const ValueError&) {
        t(en());
    }
    Task<std::string> k = loop->create_task(sl(100ms, "task"));
    t(loop->run_until_complete(k));
    t(loop->run_until_complete(k));
    t(k.result());
    Future<std::string> f = loop->create_future<std::string>();
    f.cancel("cancelled");
    try {
        loop->run_until_complete(f);
    } catch (const CancelledError&) {
        t(en());
    }
    f = loop->create_future<std::string>();
    loop->call_later(100ms, [&] { loop->stop(); });
    try {
        loop->run_until_complete(f);
    } catch (const RuntimeError&) {
        t(en());
    }
    f.set_result("later");
    t(loop->run_until_complete(f));
    loop->close();
    return t;
});

const Case loop_23("XLOOP-23-exit-out-of-a-task-and-go-on", [] {
    Trace t;
    const auto loop = new_virtual_loop();
    auto exits = []() -> Coro<> {
        co_await sleep(0s);
        throw SystemExit(7);
    };
    auto other = [&]() -> Coro<> {
        for (int i = 0; i < 4; ++i) {
            t("other", i);
            co_await sleep(0s);
        }
    };
    Task<> o = loop->create_task(other());
    Task<> k = loop->create_task(exits());
    try {
        loop->run_until_complete(o);
    } catch (const SystemExit& e) {
        t("out", e.code());
    }
    t(k.done(), k.cancelled(), type_name(k.exception()));
    loop->run_until_complete(o);
    loop->close();
    return t;
});

const Case loop_24("XLOOP-24-interrupts-from-timers-and-done-callbacks", [] {
    Trace t;
    const auto loop = new_virtual_loop();
    auto interrupt = [] { throw KeyboardInterrupt("now"); };
    loop->call_later(100ms, interrupt);
    loop->call_later(100ms, t, "timer after");
    Future<> f = loop->create_future();
    try {
        loop->run_until_complete(f);
    } catch (const KeyboardInterrupt&) {
        t(en());
    }
    f.add_done_callback(interrupt);
    f.add_done_callback([t] { t("callback after"); });
    f.set_result();
    try {
        loop->run_until_complete(f);
    } catch (const KeyboardInterrupt&) {
        t(en());
    }
    loop->call_soon([&] { loop->stop(); });
    loop->run_forever();
    loop->close();
    return t;
});

const Case loop_25("XLOOP-25-keys-of-contexts", []() -> Coro<Json> {
    Trace t;
    EventLoop& loop = get_running_loop();
    loop.set_exception_handler(
        [t](EventLoop&, const ExceptionContext& c) { t(keys_of(c), en(c.exception)); });
    auto bad_call = [] { throw ValueError("bad"); };
    loop.call_soon(bad_call);
    loop.call_later(0s, bad_call);
    Future<> f = loop.create_future();
    f.add_done_callback(bad_call);
    f.set_result();
    loop.call_soon_threadsafe(bad_call);
    co_await spin(3);
    ExceptionContext mine;
    mine.message = "mine";
    mine.exception = std::make_exception_ptr(ValueError("given"));
    loop.call_exception_handler(mine);
    loop.set_exception_handler(nullptr);
    t(loop.get_exception_handler() == nullptr);
    co_return t;
});

const Case loop_26("XLOOP-26-handles-in-their-own-call", []() -> Coro<Json> {
    Trace t;
    EventLoop& loop = get_running_loop();
    Handle h[2];
    h[0] = loop.call_soon([&] {
        h[0].cancel();
        t("itself", h[0].cancelled());
    });
    h[1] = loop.call_soon(t, "done");
    co_await spin();
    t(h[0].cancelled(), h[1].cancelled());
    h[1].cancel();
    t(h[1].cancelled());
    co_return t;
});

const Case loop_27("XLOOP-27-closed", [] {
    Trace t;
    const auto loop = new_virtual_loop();
    Future<> f = loop->create_future();
    f.add_done_callback([t] { t("never"); });
    loop->close();
    const std::function<void()> attempts[] = {
        [&] { loop->call_soon([] {}); },
        [&] { loop->call_later(1s, [] {}); },
        [&] { loop->call_at(TimePoint(1s), [] {}); },
        [&] { loop->call_soon_threadsafe([] {}); },
        [&] { loop->run_until_complete(f); },
        [&] { loop->run_forever(); },
        [&] { loop->run_in_executor(nullptr, [] {}); },
        [&] { loop->stop(); },
    };
    for (const auto& function : attempts) {
        try {
            function();
            t("fine");
        } catch (const Exception&) {
            t(en());
        }
    }
    t(f.done(), loop->is_closed());
    return t;
});

const Case fut_20("XFUT-20-removing-callbacks", []() -> Coro<Json> {
    Trace t;
    Future<> f = get_running_loop().create_future();
    const DoneCallback a([t] { t("a"); });
    const DoneCallback b([t] { t("b"); });
    t(f.remove_done_callback(a));
    f.add_done_callback(a);
    f.add_done_callback(b);
    f.add_done_callback(a);
    t(f.remove_done_callback(a));
    f.add_done_callback(a);
    f.set_result();
    t(f.remove_done_callback(a));
    f.add_done_callback(b);
    co_await spin();
    co_return t;
});

const Case fut_21("XFUT-21-misuse-of-states", []() -> Coro<Json> {
    Trace t;
    EventLoop& loop = get_running_loop();
    Future<std::string> f = loop.create_future<std::string>();
    attempt(t, [&] { return f.result(); });
    attempt(t, [&] { static_cast<void>(f.exception()); });
    f.cancel("why");
    attempt(t, [&] { f.set_result("1"); });
    attempt(t, [&] { f.set_exception(ValueError()); });
    attempt(t, [&] { return f.result(); });
    attempt(t, [&] { static_cast<void>(f.exception()); });
    attempt(t, [&] { return f.cancel(); });
    Future<std::string> g = loop.create_future<std::string>();
    g.set_exception(ValueError("g"));
    attempt(t, [&] { g.set_result("1"); });
    attempt(t, [&] { return g.result(); });
    t(en(g.exception()));
    attempt(t, [&] { return g.cancel(); });
    Future<> h = loop.create_future();
    attempt(t, [&] { h.set_exception(std::exception_ptr()); });
    t(h.done());
    auto c = []() -> Coro<std::string> {
        co_await sleep(0s);
        co_return "value";
    };
    Task<std::string> k = create_task(c());
    const Future<std::string> as_future = k;
    attempt(t, [&] { as_future.set_result("1"); });
    attempt(t, [&] { as_future.set_exception(ValueError()); });
    attempt(t, [&] { return k.result(); });
    attempt(t, [&] { static_cast<void>(k.exception()); });
    t(co_await k);
    attempt(t, [&] { as_future.set_result("1"); });
    t(&k.get_loop() == &loop);
    co_return t;
});

const Case fut_22("XFUT-22-cancelled-by-one-of-its-callbacks", []() -> Coro<Json> {
    Trace t;
    Future<> f = get_running_loop().create_future();
    Future<> g = get_running_loop().create_future();
    f.add_done_callback([&] {
        const bool itself = f.cancel();
        t("a", itself, g.cancel("by a"));
    });
    f.add_done_callback([&] { t("b", g.cancelled(), g.done()); });
    g.add_done_callback([t](const AnyFuture& x) { t("g", x.cancelled()); });
    f.set_result();
    t(list(g.done()));
    co_await spin(3);
    co_return t;
});

const Case fut_23("XFUT-23-one-waiter-of-three-is-cancelled", []() -> Coro<Json> {
    Trace t;
    Future<int> f = get_running_loop().create_future<int>();
    auto w = [&](int i) -> Coro<std::string> {
        try {
            t("value", i, co_await f);
        } catch (const CancelledError&) {
            t(i, en(), count());
            if (i == 2) co_return "kept alive";
            throw;
        }
        co_return "";
    };
    std::vector<Task<std::string>> k;
    for (int i = 0; i < 3; ++i) k.push_back(create_task(w(i)));
    co_await spin();
    k[1].cancel();
    for (const auto& x : k) t(co_await tr(x));
    co_return t;
});

const Case fut_24("XFUT-24-error-seen-through-one-of-two-handles", []() -> Coro<Json> {
    Trace t;
    reports_to(t);
    EventLoop& loop = get_running_loop();
    Future<> f = loop.create_future();
    f.set_exception(ValueError("f"));
    t(co_await tr(f));
    t(co_await tr(f));
    Future<> g = loop.create_future();
    g.set_exception(ValueError("g"));
    g.cancel();
    Future<> h = loop.create_future();
    h.set_exception(ValueError("h"));
    h.add_done_callback([t] { t("callback"); });
    co_await spin();
    f = {};
    g = {};
    h = {};
    co_return t;
});

}  // namespace
}  // namespace conformance
