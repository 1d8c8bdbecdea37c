// SPDX-License-Identifier: Apache-2.0
// tests/conformance/extra/task_cases.cpp - XFUT, XTASK, XCAN of extra_probes.py.
#include "cases.hpp"

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

template <class T>
Coro<T> aw_task(Task<T> task) {
    co_return co_await task;
}

const Case fut_01("XFUT-01-callback-that-fails-leaves-the-others", []() -> Coro<Json> {
    Trace t;
    reports_to(t);
    Future<int> f = get_running_loop().create_future<int>();
    auto bad = [] { throw ValueError("in callback"); };
    f.add_done_callback([t] { t("first"); });
    f.add_done_callback(bad);
    f.add_done_callback([t] { t("last"); });
    f.set_result(1);
    co_await spin(2);
    co_return t;
});

const Case fut_02("XFUT-02-result-set-in-a-callback", []() -> Coro<Json> {
    Trace t;
    EventLoop& loop = get_running_loop();
    Future<int> f = loop.create_future<int>();
    Future<int> g = loop.create_future<int>();
    auto w = [&]() -> Coro<> {
        co_await g;
        t("resumed");
    };
    Task<> k = create_task(w());
    co_await spin();
    f.add_done_callback([t, g] {
        t("f is done");
        g.set_result(1);
    });
    g.add_done_callback([t] { t("g is done"); });
    loop.call_soon([t] { tick(t, 0, 4); });
    f.set_result(1);
    co_await k;
    co_await spin(3);
    co_return t;
});

const Case fut_03("XFUT-03-callback-added-and-removed-by-a-callback", []() -> Coro<Json> {
    Trace t;
    Future<int> f = get_running_loop().create_future<int>();
    const DoneCallback late([t] { t("late"); });
    const DoneCallback b([t] { t("b"); });
    auto a = [&] {
        t("a");
        t(f.remove_done_callback(b));
        f.add_done_callback(late);
    };
    f.add_done_callback(a);
    f.add_done_callback(b);
    f.set_result(1);
    co_await spin(3);
    co_return t;
});

const Case fut_04("XFUT-04-waiters-and-callbacks-in-order-of-adding", []() -> Coro<Json> {
    Trace t;
    Future<int> f = get_running_loop().create_future<int>();
    auto w = [&](int i) -> Coro<> {
        co_await f;
        t("waiter", i);
    };
    f.add_done_callback([t] { t("callback 1"); });
    Task<> a = create_task(w(1));
    co_await spin();
    f.add_done_callback([t] { t("callback 2"); });
    Task<> b = create_task(w(2));
    co_await spin();
    f.set_result(1);
    co_await a;
    co_await b;
    co_return t;
});

const Case fut_05("XFUT-05-cancel-runs-callbacks-in-order", []() -> Coro<Json> {
    Trace t;
    Future<int> f = get_running_loop().create_future<int>();
    f.add_done_callback([t](const AnyFuture& x) { t("a", x.cancelled()); });
    f.add_done_callback([t, &f](const AnyFuture& x) { t("b", x == f); });
    t(f.cancel("why"));
    t("sync");
    co_await spin();
    t(co_await tr(f));
    co_return t;
});

const Case fut_06("XFUT-06-error-and-cancel-in-one-turn", []() -> Coro<Json> {
    // the awaiting task is cancelled, and the error counts as retrieved
    Trace t;
    reports_to(t);
    Future<> f = get_running_loop().create_future();
    Task<> k = create_task(aw(f));
    co_await spin();
    f.set_exception(ValueError("lost"));
    k.cancel();
    t(co_await tr(k));
    t(k.cancelled());
    f = {};
    k = {};
    co_return t;
});

const Case fut_07("XFUT-07-error-and-cancel-in-one-turn-of-a-bare-await", []() -> Coro<Json> {
    Trace t;
    reports_to(t);
    Future<> f = get_running_loop().create_future();
    auto bare = [&]() -> Coro<> {
        co_await transparent;  // a coroutine that catches nothing may say so
        co_await f;
    };
    Task<> k = create_task(bare());
    co_await spin();
    f.set_exception(ValueError("lost"));
    k.cancel("why");
    t(co_await tr(k));
    t(k.cancelled());
    co_return t;
});

const Case fut_08("XFUT-08-message-of-a-cancelled-future", []() -> Coro<Json> {
    Trace t;
    EventLoop& loop = get_running_loop();
    Future<> f = loop.create_future();
    Task<> k = create_task(f);  // what it runs in is transparent
    Task<> b = create_task(aw<void>(k));
    co_await spin(2);
    f.cancel("from the future");
    t(co_await tr(b));
    t(list(k.cancelled(), k.cancelling(), b.cancelled(), b.cancelling()));
    co_return t;
});

const Case fut_09("XFUT-09-a-cancelled-error-as-exception", []() -> Coro<Json> {
    Trace t;
    Future<> f = get_running_loop().create_future();
    Task<> k = create_task(f);
    co_await spin();
    f.set_exception(CancelledError("as an error"));
    t(f.cancelled());
    t(co_await tr(k));
    t(list(k.cancelled(), f.cancelled()));
    co_return t;
});

const Case fut_10("XFUT-10-foreign-loop-fails-after-a-turn", []() -> Coro<Json> {
    Trace t;
    EventLoop& loop = get_running_loop();
    const auto l2 = new_event_loop();
    Future<> f = l2->create_future();
    loop.call_soon(t, "tick");
    const Json r = co_await tr(f);
    t(r[0]);
    l2->close();
    co_await spin();
    co_return t;
});

const Case fut_11("XFUT-11-concurrent-future", []() -> Coro<Json> {
    Trace t;
    concurrent::Future<int> c;
    Future<int> f = wrap_future(c);
    t(c.set_running_or_notify_cancel());
    t(f.cancel());
    co_await spin(2);
    t(list(c.cancelled(), c.running()));
    c.set_result(1);
    co_await spin(2);
    t(f.cancelled());
    concurrent::Future<int> d;
    Future<int> g = wrap_future(d);
    d.set_exception(std::make_exception_ptr(ValueError("from afar")));
    t(g.done());
    t(co_await tr(g));
    co_return t;
});

const Case task_01("XTASK-01-sleep-zero-is-fair", []() -> Coro<Json> {
    Trace t;
    auto c = [&](std::string name) -> Coro<> {
        for (int i = 0; i < 3; ++i) {
            t(name + std::to_string(i));
            co_await sleep(0s);
        }
    };
    Task<> a = create_task(c("a"));
    Task<> b = create_task(c("b"));
    co_await a;
    co_await b;
    co_return t;
});

const Case task_02("XTASK-02-coroutine-awaited-twice", []() -> Coro<Json> {
    auto c = []() -> Coro<int> { co_return 1; };
    Coro<int> x = c();
    auto await_it = [&]() -> Coro<int> { co_return co_await std::move(x); };
    Trace r;
    r(co_await tr(await_it()));
    r(co_await tr(await_it()));
    auto start = [&]() -> Coro<int> { co_return co_await create_task(std::move(x)); };
    r(co_await tr(start()));
    co_return r;
});

const Case task_03("XTASK-03-awaits-itself", []() -> Coro<Json> {
    Task<> k;
    auto c = [&]() -> Coro<> { co_await k; };
    k = create_task(c());
    const Json r = co_await tr(k);
    co_return list(r[0], r[1].text().substr(0, 42));
});

const Case task_04("XTASK-04-eager-error", []() -> Coro<Json> {
    Trace t;
    reports_to(t);
    auto bad = []() -> Coro<> {
        throw ValueError("at once");
        co_return;
    };
    Task<> k = create_task(bad(), {.eager_start = true});
    t(list(k.done(), k.cancelled()));
    t(co_await tr(k));
    k = create_task(bad(), {.eager_start = true});
    k = {};
    co_return t;
});

const Case task_05("XTASK-05-eager-cancelled-at-its-first-suspension", []() -> Coro<Json> {
    Trace t;
    auto c = [&]() -> Coro<> {
        t("start");
        try {
            co_await sleep(9s);
        } catch (const CancelledError&) {
            t("cancelled");
            throw;
        }
    };
    Task<> k = create_task(c(), {.eager_start = true});
    t(k.cancel());
    t(k.done());
    t(co_await tr(k));
    auto self_cancel = [&]() -> Coro<> {
        current_task().cancel("by itself");
        t("still runs");
        co_await sleep(9s);
    };
    k = create_task(self_cancel(), {.eager_start = true});
    t(k.done());
    t(co_await tr(k));
    auto self_cancel_at_end = []() -> Coro<int> {
        current_task().cancel("at its end");
        co_return 1;
    };
    Task<int> k2 = create_task(self_cancel_at_end(), {.eager_start = true});
    t(list(k2.done(), k2.cancelled()));
    t(co_await tr(k2));
    co_return t;
});

const Case task_06("XTASK-06-eager-tasks-nest", []() -> Coro<Json> {
    Trace t;
    const AnyTask me = current_task();
    auto inner = [&]() -> Coro<> {
        t("inner", current_task() == me);
        co_await sleep(0s);
        t("inner resumed");
    };
    auto outer = [&]() -> Coro<> {
        const AnyTask o = current_task();
        Task<> k = create_task(inner(), {.eager_start = true});
        t("outer", current_task() == o);
        co_await k;
        t("outer resumed");
    };
    Task<> k = create_task(outer(), {.eager_start = true});
    t("main", current_task() == me);
    co_await k;
    co_return t;
});

const Case task_07("XTASK-07-eager-context", []() -> Coro<Json> {
    static ContextVar<int> v("v", 0);
    Trace t;
    v.set(1);
    auto c = [&]() -> Coro<> {
        t(v.get());
        v.set(2);
        co_await sleep(0s);
        t(v.get());
    };
    Task<> k = create_task(c(), {.eager_start = true});
    t(v.get());
    co_await k;
    t(v.get());
    co_return t;
});

const Case task_08("XTASK-08-eager-exit", [] {
    Trace t;
    auto bad = []() -> Coro<> {
        throw SystemExit(4);
        co_return;
    };
    auto main = [&]() -> Coro<> {
        try {
            create_task(bad(), {.eager_start = true});
            t("created");
        } catch (const SystemExit&) {
            t("in main", en());
            throw;
        }
        co_return;
    };
    try {
        run(main(), in_virtual_time);
    } catch (const SystemExit&) {
        t(en());
    }
    return t;
});

const Case task_09("XTASK-09-exception-is-retrieved-by-a-callback", []() -> Coro<Json> {
    Trace t;
    reports_to(t);
    auto bad = []() -> Coro<> {
        throw ValueError("seen");
        co_return;
    };
    Task<> k = create_task(bad());
    k.add_done_callback([t](const AnyFuture& x) { t(en(x.exception())); });
    co_await spin(3);
    k = {};
    k = create_task(bad());
    k.add_done_callback([t](const AnyFuture& x) { t(x.done()); });
    co_await spin(3);
    k = {};
    co_return t;
});

const Case task_10("XTASK-10-three-waiters-of-one-task", []() -> Coro<Json> {
    Trace t;
    auto c = []() -> Coro<std::string> {
        co_await sleep(0s);
        co_return "r";
    };
    Task<std::string> k = create_task(c());
    auto w = [&](int i) -> Coro<> {
        const std::string& r = co_await k;
        t(i, r);
    };
    std::vector<Task<>> a;
    for (int i = 0; i < 3; ++i) a.push_back(create_task(w(i)));
    for (const Task<>& x : a) co_await x;
    co_return t;
});

const Case can_01("XCAN-01-ticks-through-a-chain", []() -> Coro<Json> {
    Trace t;
    Future<> f = get_running_loop().create_future();
    Task<> inner = create_task(aw(f));
    Task<> outer = create_task(aw<void>(inner));
    co_await spin(2);
    outer.cancel("why");
    for (int i = 0; i < 3; ++i) {
        t(f.cancelled(), inner.done(), outer.done());
        co_await spin();
    }
    t(f.cancelled(), inner.done(), outer.done());
    t(inner.cancelling(), outer.cancelling());
    t(co_await tr(outer));
    co_return t;
});

const Case can_02("XCAN-02-twice-before-it-runs", []() -> Coro<Json> {
    auto c = []() -> Coro<> { co_return; };
    Task<> k = create_task(c());
    Trace r;
    r(k.cancel("one"));
    r(k.cancel("two"));
    r(k.cancelling());
    r(co_await tr(k));
    r(k.cancelled());
    r(k.cancelling());
    r(k.cancel());
    co_return r;
});

const Case can_03("XCAN-03-before-it-runs-and-taken-back", []() -> Coro<Json> {
    auto c = []() -> Coro<std::string> { co_return "ran"; };
    Task<std::string> k = create_task(c());
    k.cancel();
    k.uncancel();
    const Json r = co_await tr(k);
    co_return list(r, k.cancelled());
});

const Case can_04("XCAN-04-twice-while-it-waits", []() -> Coro<Json> {
    // the message of the first; one CancelledError only
    Trace t;
    auto c = [&]() -> Coro<std::string> {
        try {
            co_await sleep(9s);
        } catch (const CancelledError&) {
            t(en());
        }
        co_await sleep(0s);
        co_return "went on";
    };
    Task<std::string> k = create_task(c());
    co_await spin();
    k.cancel("one");
    k.cancel("two");
    t(co_await tr(k));
    t(k.cancelling());
    co_return t;
});

const Case can_05("XCAN-05-again-in-the-cleanup", []() -> Coro<Json> {
    Trace t;
    auto c = [&]() -> Coro<> {
        bool cancelled = false;
        try {
            co_await sleep(9s);
        } catch (const CancelledError&) {
            t(en());
            cancelled = true;
        }
        if (!cancelled) co_return;
        try {
            co_await sleep(9s);
        } catch (const CancelledError&) {
            t(en());
            throw;
        }
    };
    Task<> k = create_task(c());
    co_await spin();
    k.cancel("first");
    co_await spin();
    k.cancel("second");
    t(co_await tr(k));
    t(k.cancelling());
    co_return t;
});

const Case can_06("XCAN-06-woken-then-cancelled-then-taken-back", []() -> Coro<Json> {
    Future<std::string> f = get_running_loop().create_future<std::string>();
    Task<std::string> k = create_task(aw(f));
    co_await spin();
    f.set_result("kept");
    k.cancel();
    k.uncancel();
    const Json r = co_await tr(k);
    co_return list(r, k.cancelled(), k.cancelling());
});

const Case can_07("XCAN-07-taken-back-while-it-waits", []() -> Coro<Json> {
    // what it waits for is cancelled already
    Task<> k = create_task(sleep(9s));
    co_await spin();
    k.cancel();
    k.uncancel();
    const Json r = co_await tr(k);
    co_return list(r, k.cancelled(), k.cancelling());
});

const Case can_08("XCAN-08-self-cancel-reaches-the-child", []() -> Coro<Json> {
    Trace t;
    auto child = [&]() -> Coro<> {
        t("child ran");
        co_return;
    };
    auto c = [&]() -> Coro<> {
        Task<> k = create_task(child());
        current_task().cancel("passed on");
        try {
            co_await k;
        } catch (...) {
            t(k.cancelled(), k.cancelling());
            throw;
        }
    };
    t(co_await tr(create_task(c())));
    co_return t;
});

const Case can_09("XCAN-09-done-callbacks-of-a-chain", []() -> Coro<Json> {
    Trace t;
    auto inner = [&]() -> Coro<> {
        try {
            co_await sleep(9s);
        } catch (...) {
            t("inner ends");
            throw;
        }
    };
    Task<> ik = create_task(inner());
    ik.add_done_callback([t] { t("inner callback 1"); });
    auto outer = [&]() -> Coro<> {
        try {
            co_await ik;
        } catch (...) {
            t("outer ends");
            throw;
        }
    };
    Task<> k = create_task(outer());
    k.add_done_callback([t] { t("outer callback"); });
    co_await spin(2);
    ik.add_done_callback([t] { t("inner callback 2"); });
    k.cancel();
    co_await tr(k);
    co_await spin();
    co_return t;
});

const Case can_10("XCAN-10-cancel-from-its-own-done-callback", []() -> Coro<Json> {
    Trace t;
    auto c = []() -> Coro<int> { co_return 1; };
    Task<int> k = create_task(c());
    k.add_done_callback([t](const AnyFuture& x) { t(x.cancel()); });
    t(co_await tr(k));
    co_return t;
});

const Case can_11("XCAN-11-a-sleeper-whose-time-is-up", []() -> Coro<Json> {
    // cancelled in the turn in which its timer fires, before and after
    Trace t;
    EventLoop& loop = get_running_loop();
    auto c = []() -> Coro<std::string> {
        co_await sleep(10ms);
        co_return "slept";
    };
    Task<std::string> k = create_task(c());
    co_await spin();
    loop.call_later(10ms, [k] { k.cancel(); });
    t(co_await tr(k));
    const TimePoint w = loop.time() + 10ms;
    k = create_task(c());
    loop.call_at(w, [&] { k.cancel(); });
    co_await spin();
    t(co_await tr(k));
    co_return t;
});

const Case can_12("XCAN-12-two-tasks-that-cancel-each-other", []() -> Coro<Json> {
    Trace t;
    Task<> k[2];
    auto c = [&](int i) -> Coro<> {
        bool cancelled = false;
        try {
            co_await sleep(9s);
        } catch (const CancelledError&) {
            t(i, k[1 - i].cancel());
            cancelled = true;
        }
        if (!cancelled) co_return;
        co_await sleep(0s);
        t(i, "went on");
    };
    k[0] = create_task(c(0));
    k[1] = create_task(c(1));
    co_await spin();
    k[0].cancel();
    t(co_await tr(k[0]));
    t(co_await tr(k[1]));
    t(k[0].cancelling(), k[1].cancelling());
    co_return t;
});

const Case can_13("XCAN-13-cancelled-while-a-done-task-is-awaited", []() -> Coro<Json> {
    Trace t;
    auto child = []() -> Coro<std::string> { co_return "value"; };
    Task<std::string> ck = create_task(child());
    Task<std::string> k = create_task(aw<std::string>(ck));
    co_await spin(2);
    t(ck.done(), k.done());
    k.cancel();
    t(co_await tr(k));
    const Json of_ck = co_await tr(ck);
    t(ck.cancelled(), ck.cancelling(), of_ck);
    co_return t;
});

const Case can_14("XCAN-14-a-swallowed-cancel-does-not-come-back", []() -> Coro<Json> {
    Trace t;
    auto c = [&]() -> Coro<int> {
        for (int i = 0; i < 3; ++i) {
            try {
                co_await sleep(1ms);
                t(i);
            } catch (const CancelledError&) {
                t("swallowed");
            }
        }
        co_return static_cast<int>(current_task().cancelling());
    };
    Task<int> k = create_task(c());
    co_await spin();
    k.cancel();
    t(co_await tr(k));
    co_return t;
});

const Case can_15("XCAN-15-replaced-by-an-error", []() -> Coro<Json> {
    auto c = []() -> Coro<> {
        try {
            co_await sleep(9s);
        } catch (...) {
            throw ValueError("instead");
        }
    };
    Task<> k = create_task(c());
    co_await spin();
    k.cancel();
    const Json r = co_await tr(k);
    co_return list(r, k.cancelled(), k.cancelling());
});

const Case can_16("XCAN-16-raised-by-hand-after-a-request", []() -> Coro<Json> {
    auto c = []() -> Coro<> {
        try {
            co_await sleep(9s);
        } catch (const CancelledError&) {
            throw CancelledError("by hand");
        }
    };
    Task<> k = create_task(c());
    co_await spin();
    k.cancel("asked");
    Trace r;
    r(co_await tr(k));
    r(k.cancelled());
    r(co_await tr(k));
    co_return r;
});

}  // namespace
}  // namespace conformance
