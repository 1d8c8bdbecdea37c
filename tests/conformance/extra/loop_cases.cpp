// SPDX-License-Identifier: Apache-2.0
// tests/conformance/extra/loop_cases.cpp - XLOOP, XCTX, XTHR, XRUN of extra_probes.py.
#include "cases.hpp"
#include <signal.h>
#include <unistd.h>

namespace conformance {
namespace {

void reports_to(const Trace& t) {
    get_running_loop().set_exception_handler([t](EventLoop&, const ExceptionContext& c) {
        t("report", c.message.substr(0, 22), en(c.exception));
    });
}

// Counts the turns of the loop from 0 to `last` in `t`.
void tick(const Trace& t, int n, int last) {
    t(n);
    if (n < last) get_running_loop().call_soon([=] { tick(t, n + 1, last); });
}

const Case loop_01("XLOOP-01-sleepers-and-timers-of-one-deadline", []() -> Coro<Json> {
    Trace t;
    EventLoop& loop = get_running_loop();
    auto s = [&](int i) -> Coro<> {
        co_await sleep(10ms);
        t("sleeper", i);
    };
    const TimePoint w = loop.time() + 10ms;
    loop.call_at(w, t, "timer 1");
    std::vector<Task<>> k{create_task(s(1))};
    co_await spin();
    loop.call_later(10ms, t, "timer 2");
    k.push_back(create_task(s(2)));
    co_await sleep(30ms);
    co_return t;
});

const Case loop_02("XLOOP-02-due-timer-runs-in-the-next-turn", []() -> Coro<Json> {
    Trace t;
    EventLoop& loop = get_running_loop();
    loop.call_soon([t] { tick(t, 0, 2); });
    loop.call_later(0s, t, "timer");
    co_await spin(4);
    co_return t;
});

const Case loop_03("XLOOP-03-threadsafe-keeps-order-in-the-loops-thread", []() -> Coro<Json> {
    Trace t;
    EventLoop& loop = get_running_loop();
    loop.call_soon(t, 1);
    loop.call_soon_threadsafe(t, 2);
    loop.call_soon(t, 3);
    loop.call_soon_threadsafe(t, 4);
    co_await spin(2);
    co_return t;
});

const Case loop_04("XLOOP-04-stopped-before-it-runs", [] {
    const auto loop = new_virtual_loop();
    Trace t;
    loop->call_soon(t, "a");
    loop->call_soon([&] { loop->call_soon(t, "b"); });
    loop->stop();
    loop->run_forever();
    t("|");
    loop->stop();
    loop->run_forever();
    loop->close();
    return t;
});

const Case loop_05("XLOOP-05-run-until-complete-of-a-done-future", [] {
    const auto loop = new_virtual_loop();
    Trace t;
    Future<std::string> f = loop->create_future<std::string>();
    f.set_result("done before");
    loop->call_soon(t, "callback");
    t(loop->run_until_complete(f));
    loop->close();
    return t;
});

const Case loop_06("XLOOP-06-interrupt-in-a-callback-keeps-the-rest", [] {
    const auto loop = new_virtual_loop();
    Trace t;
    auto bad = [] { throw KeyboardInterrupt("in callback"); };
    loop->call_soon(t, "before");
    loop->call_soon(bad);
    loop->call_soon(t, "after");
    try {
        loop->run_forever();
    } catch (const KeyboardInterrupt&) {
        t(en());
    }
    loop->call_soon([&] { loop->stop(); });
    loop->run_forever();
    loop->close();
    return t;
});

const Case loop_07("XLOOP-07-cancelled-error-in-a-callback-is-an-error", []() -> Coro<Json> {
    Trace t;
    reports_to(t);
    auto bad = [] { throw CancelledError("from callback"); };
    get_running_loop().call_soon(bad);
    co_await spin(2);
    co_return t;
});

const Case loop_08("XLOOP-08-cancel-timers-around-their-time", []() -> Coro<Json> {
    Trace t;
    EventLoop& loop = get_running_loop();
    const TimePoint w = loop.time() + 5ms;
    TimerHandle h[3];
    h[0] = loop.call_at(w, [&] {
        t("first");
        h[1].cancel();
        h[0].cancel();
    });
    co_await sleep(0s);
    h[1] = loop.call_at(w + 1ns, t, "cancelled while due");
    h[2] = loop.call_at(w + 2ns, t, "last");
    co_await sleep(10ms);
    t(list(h[0].cancelled(), h[1].cancelled(), h[2].cancelled()));
    co_return t;
});

const Case loop_09("XLOOP-09-handler-asks-for-the-exit", [] {
    const auto loop = new_virtual_loop();
    Trace t;
    loop->set_exception_handler([t](EventLoop&, const ExceptionContext& context) {
        t(en(context.exception));
        throw SystemExit(3);
    });
    loop->call_soon([] { return divide(1, 0); });
    loop->call_soon(t, "next");
    try {
        loop->run_forever();
    } catch (const SystemExit&) {
        t(en());
    }
    loop->call_soon([&] { loop->stop(); });
    loop->run_forever();
    loop->close();
    return t;
});

const Case loop_10("XLOOP-10-signal-handler", real_time, []() -> Coro<Json> {
    Trace t;
    EventLoop& loop = get_running_loop();
    bool handled = false;
    loop.add_signal_handler(SIGUSR1, [t] { t("first handler"); });
    loop.add_signal_handler(SIGUSR1, [t, &handled] {
        t("second handler");
        handled = true;
    });
    kill(getpid(), SIGUSR1);
    t("sent");
    const auto was_handled = [&] { return handled; };
    co_await until(was_handled);
    t(loop.remove_signal_handler(SIGUSR1));
    t(loop.remove_signal_handler(SIGUSR1));
    co_return t;
});

const Case loop_11("XLOOP-11-keys-of-the-handlers-context", []() -> Coro<Json> {
    Trace t;
    EventLoop& loop = get_running_loop();
    loop.set_exception_handler([t](EventLoop&, const ExceptionContext& c) { t(keys_of(c)); });
    Future<> f = loop.create_future();
    f.set_exception(ValueError());
    f = {};
    auto c = []() -> Coro<> {
        throw ValueError();
        co_return;
    };
    Task<> k = create_task(c());
    co_await spin(2);
    k = {};
    co_return t;
});

const Case ctx_01("XCTX-01-in-callbacks", []() -> Coro<Json> {
    static ContextVar<int> v("v", 0);
    Trace t;
    EventLoop& loop = get_running_loop();
    Future<int> f = loop.create_future<int>();
    v.set(1);
    f.add_done_callback([t] {
        t("done", v.get());
        v.set(50);
    });
    v.set(2);
    f.add_done_callback([t] { t("done", v.get()); });
    loop.call_later(1ms, [t] { t("timer", v.get()); });
    v.set(3);
    f.set_result(1);
    co_await sleep(10ms);
    t(v.get());
    co_return t;
});

const Case ctx_02("XCTX-02-context-is-copied-when-the-task-is-made", []() -> Coro<Json> {
    static ContextVar<int> v("v", 0);
    Trace t;
    v.set(1);
    auto grandchild = [&]() -> Coro<> {
        t("grandchild", v.get());
        v.set(100);
        co_return;
    };
    auto child = [&]() -> Coro<> {
        t("child", v.get());
        v.set(5);
        Task<> k = create_task(grandchild());
        v.set(6);
        co_await k;
        t("child", v.get());
    };
    Task<> k = create_task(child());
    v.set(2);
    co_await k;
    t("main", v.get());
    co_return t;
});

const Case ctx_03("XCTX-03-tokens", []() -> Coro<Json> {
    static ContextVar<int> v("v", 0);
    static ContextVar<int> w("w", 0);
    static ContextVar<std::string> u("u");
    auto a = v.set(1);
    auto b = v.set(2);
    Trace r;
    r(v.get());
    v.reset(b);
    r(v.get());
    v.reset(a);
    r(v.get());
    try {
        v.reset(a);
    } catch (const RuntimeError&) {
        r(type_name());
    }
    auto of_w = w.set(1);
    // A token has the type of its variable's value, so one of another type does not compile.
    try {
        v.reset(of_w);
    } catch (const ValueError&) {
        r(type_name());
    }
    try {
        static_cast<void>(u.get());
    } catch (const LookupError&) {
        r(type_name());
    }
    r(u.get("given"));
    co_return r;
});

const Case ctx_04("XCTX-04-token-of-another-context", []() -> Coro<Json> {
    static ContextVar<int> v("v", 0);
    Context other = copy_context();
    auto token = other.run([] { return v.set(1); });
    try {
        v.reset(token);
    } catch (const ValueError&) {
        co_return type_name();
    }
    co_return "reset";
});

const Case ctx_05("XCTX-05-context-run", []() -> Coro<Json> {
    static ContextVar<int> v("v", 0);
    Context ctx = copy_context();
    Trace r;
    r(ctx.run([] {
        v.set(1);
        return v.get();
    }));
    r(v.get());
    r(v.get(ctx));
    try {
        ctx.run([&] { ctx.run([] {}); });
    } catch (const RuntimeError&) {
        r(type_name());
    }
    co_return r;
});

const Case thr_01("XTHR-01-context-of-to-thread", real_time, []() -> Coro<Json> {
    static ContextVar<int> v("v", 0);
    auto get = [] { return v.get(); };
    v.set(1);
    Coro<int> c = to_thread(get);
    v.set(2);
    Trace r;
    r(co_await std::move(c));
    r(co_await get_running_loop().run_in_executor(nullptr, get));
    co_return r;
});

const Case thr_02("XTHR-02-thread-awaits-the-loop", real_time, []() -> Coro<Json> {
    Trace t;
    EventLoop& loop = get_running_loop();
    auto back = [](int x) -> Coro<int> {
        co_await sleep(0s);
        co_return x + 1;
    };
    auto work = [&] { return int(run_coroutine_threadsafe(back(1), loop).result(1s)); };
    t(co_await to_thread(work));
    auto bad = []() -> Coro<> {
        throw KeyError("k");
        co_return;
    };
    auto work2 = [&]() -> Json {
        try {
            run_coroutine_threadsafe(bad(), loop).result(1s);
        } catch (const KeyError&) {
            return en();
        }
        return nullptr;
    };
    t(co_await to_thread(work2));
    auto cancelled = []() -> Coro<> {
        current_task().cancel();
        co_await sleep(9s);
    };
    auto work3 = [&]() -> Json {
        try {
            run_coroutine_threadsafe(cancelled(), loop).result(1s);
        } catch (const CancelledError&) {
            return type_name();
        }
        return nullptr;
    };
    t(co_await to_thread(work3));
    co_return t;
});

const Case thr_03("XTHR-03-executor-order-and-error", real_time, []() -> Coro<Json> {
    Trace t;
    EventLoop& loop = get_running_loop();
    ThreadPoolExecutor ex(1);
    ThreadEvent ev;
    Future<bool> a = loop.run_in_executor(&ex, [&] { return ev.wait(1s); });
    Future<> b = loop.run_in_executor(&ex, t, "b");
    Future<> c = loop.run_in_executor(&ex, t, "c");
    ev.set();
    const Json of_a = (co_await tr(a))[1];
    const Json of_b = (co_await tr(b))[1];
    const Json of_c = (co_await tr(c))[1];
    t(list(of_a, of_b, of_c));
    ex.shutdown(true);
    try {
        loop.run_in_executor(&ex, t, "d");
    } catch (const RuntimeError&) {
        t(en());
    }
    co_return t;
});

const Case run_01("XRUN-01-error-of-main-and-of-a-cleanup", [] {
    Trace t;
    auto h = []() -> Coro<> {
        try {
            co_await sleep(99s);
        } catch (...) {
            throw KeyError("cleanup");
        }
    };
    auto main = [&]() -> Coro<> {
        get_running_loop().set_exception_handler(
            [t](EventLoop&, const ExceptionContext& c) { t(en(c.exception)); });
        create_task(h());
        co_await spin();
        throw ValueError("main");
    };
    try {
        run(main(), in_virtual_time);
    } catch (const ValueError&) {
        t(en());
    }
    return t;
});

const Case run_02("XRUN-02-leftovers-that-start-others", [] {
    Trace t;
    auto late = [&]() -> Coro<> {
        t("late ran");
        co_return;
    };
    auto h = [&]() -> Coro<> {
        std::exception_ptr error;
        try {
            co_await sleep(99s);
        } catch (...) {
            error = std::current_exception();
        }
        create_task(late());
        co_await sleep(0s);
        t("h ends");
        rethrow(error);
    };
    auto main = [&]() -> Coro<> {
        create_task(h());
        co_await spin();
        t("main ends");
    };
    run(main(), in_virtual_time);
    return t;
});

const Case run_03("XRUN-03-a-leftover-that-refuses", [] {
    Trace t;
    Task<> main_k;
    auto h = [&]() -> Coro<> {
        for (int i = 0; i < 2; ++i) {
            try {
                co_await sleep(2ms);
                t("slept");
            } catch (const CancelledError&) {
                t("swallowed");
            }
        }
    };
    auto main = [&]() -> Coro<> {
        main_k = create_task(h());
        co_await spin();
    };
    run(main(), in_virtual_time);
    t(main_k.done());
    return t;
});

const Case run_04("XRUN-04-main-cancelled-by-another", [] {
    Trace t;
    auto killer = [](AnyTask k) -> Coro<> {
        k.cancel("by another");
        co_return;
    };
    auto main = [&]() -> Coro<> {
        create_task(killer(current_task()));
        co_await sleep(9s);
    };
    try {
        run(main(), in_virtual_time);
    } catch (const CancelledError&) {
        t(en());
    }
    return t;
});

const Case run_05("XRUN-05-sigint-swallowed-by-main", [] {
    Trace t;
    auto main = [&]() -> Coro<std::string> {
        get_running_loop().call_later(10ms, [] { kill(getpid(), SIGINT); });
        try {
            co_await sleep(5s);
        } catch (const CancelledError&) {
            t("swallowed", current_task().cancelling());
        }
        co_await sleep(1ms);
        co_return "ret";
    };
    t(run(main()));
    return t;
});

}  // namespace
}  // namespace conformance
