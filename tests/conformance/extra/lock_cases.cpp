// SPDX-License-Identifier: Apache-2.0
// tests/conformance/extra/lock_cases.cpp - XLCK-2x, XEVT-2x, XCND-2x of probes/primitives.py.
#include "cases.hpp"
#include "steps.hpp"

namespace conformance {
namespace {

Coro<> has(Trace t, Lock& lock, Json name, int turns = 1) {
    {
        const auto held = co_await lock.scoped();
        t("has it", name);
        co_await spin(turns);
    }
    t("left", name);
}

const Case lck_20("XLCK-20-newcomer-in-the-turn-of-the-release", []() -> Coro<Json> {
    Trace t;
    Lock lock;
    co_await lock.acquire();
    Task<> a = create_task(has(t, lock, "a"));
    co_await spin();
    lock.release();
    t(lock.locked());
    Task<> b = create_task(has(t, lock, "b"));
    get_running_loop().call_soon([t] { tick(t, 0, 6); });
    t(co_await tr(wait_for(lock.acquire(), 0s)));
    co_await a;
    co_await b;
    co_await spin(4);
    co_return t;
});

const Case lck_21("XLCK-21-all-waiters-cancelled-in-the-turn-of-an-acquire", []() -> Coro<Json> {
    Trace t;
    Lock lock;
    co_await lock.acquire();
    std::vector<Task<>> k;
    for (int i = 0; i < 3; ++i) k.push_back(create_task(has(t, lock, i)));
    co_await spin();
    for (const Task<>& x : k) x.cancel();
    lock.release();
    get_running_loop().call_soon(t, "tick");
    t(co_await lock.acquire());
    for (const Task<>& x : k) t(Json(co_await tr(x))[0]);
    t(lock.locked());
    lock.release();
    co_return t;
});

const Case lck_22("XLCK-22-first-woken-is-cancelled-and-its-place-taken", []() -> Coro<Json> {
    Trace t;
    Lock lock;
    co_await lock.acquire();
    std::vector<Task<>> k;
    for (int i = 0; i < 4; ++i) k.push_back(create_task(has(t, lock, i, 2)));
    co_await spin();
    lock.release();
    k[0].cancel();
    get_running_loop().call_soon([&] { k[1].cancel(); });
    get_running_loop().call_soon([t] { tick(t, 0, 8); });
    for (const Task<>& x : k) t(Json(co_await tr(x))[0]);
    t(lock.locked());
    co_await spin(2);
    co_return t;
});

const Case lck_23("XLCK-23-released-by-another-while-one-is-woken", []() -> Coro<Json> {
    Trace t;
    Lock lock;
    co_await lock.acquire();
    std::vector<Task<>> k;
    for (int i = 0; i < 2; ++i) k.push_back(create_task(has(t, lock, i)));
    co_await spin();
    lock.release();
    try {
        lock.release();
    } catch (const RuntimeError&) {
        t(en());
    }
    for (const Task<>& x : k) co_await x;
    co_return t;
});

const Case evt_20("XEVT-20-set-and-clear-with-late-waiters", []() -> Coro<Json> {
    Trace t;
    Event ev;
    auto w = [&](std::string name) -> Coro<> {
        const bool woken = co_await ev.wait();
        t(name, woken, ev.is_set());
    };
    Task<> a = create_task(w("a"));
    co_await spin();
    ev.set();
    ev.clear();
    Task<> b = create_task(w("b"));
    co_await spin(2);
    t(a.done(), b.done());
    ev.set();
    Task<> c = create_task(w("c"));
    co_await spin();
    t(b.done(), c.done());
    co_await b;
    co_return t;
});

const Case evt_21("XEVT-21-cancelled-in-the-turn-of-the-set", []() -> Coro<Json> {
    Trace t;
    Event ev;
    std::vector<Task<bool>> k;
    for (int i = 0; i < 3; ++i) k.push_back(create_task(ev.wait()));
    co_await spin();
    k[0].cancel();
    ev.set();
    k[1].cancel();
    for (const Task<bool>& x : k) t(co_await tr(x));
    co_return t;
});

const Case cnd_20("XCND-20-predicate-fails", []() -> Coro<Json> {
    Trace t;
    Condition c;
    Trace calls;
    auto predicate = [&] {
        calls(c.locked());
        if (calls.items().size() == 3) throw ValueError("predicate");
        return false;
    };
    auto w = [&]() -> Coro<> {
        const auto held = co_await c.scoped();
        co_await c.wait_for(predicate);
    };
    Task<> k = create_task(w());
    co_await spin();
    for (int i = 0; i < 2; ++i) {
        {
            const auto held = co_await c.scoped();
            c.notify();
        }
        co_await spin(3);
    }
    t(co_await tr(k));
    t(calls, c.locked());
    co_return t;
});

const Case cnd_21("XCND-21-one-of-the-notified-is-cancelled", []() -> Coro<Json> {
    Trace t;
    Condition c;
    auto w = [&](int i) -> Coro<> {
        const auto held = co_await c.scoped();
        co_await c.wait();
        t("woken", i);
    };
    std::vector<Task<>> k;
    for (int i = 0; i < 5; ++i) k.push_back(create_task(w(i)));
    co_await spin();
    {
        const auto held = co_await c.scoped();
        c.notify(2);
        k[0].cancel();
        k[3].cancel();
    }
    co_await spin(6);
    t(all_done(k));
    {
        const auto held = co_await c.scoped();
        c.notify_all();
    }
    for (const Task<>& x : k) t(Json(co_await tr(x))[0]);
    co_return t;
});

const Case cnd_22("XCND-22-cancelled-while-it-takes-the-lock-again", []() -> Coro<Json> {
    Trace t;
    Condition c;
    auto w = [&](int i) -> Coro<> {
        const auto held = co_await c.scoped();
        try {
            co_await c.wait();
            t("woken", i);
        } catch (const CancelledError&) {
            t(i, en(), c.locked());
            throw;
        }
    };
    std::vector<Task<>> k;
    for (int i = 0; i < 3; ++i) k.push_back(create_task(w(i)));
    co_await spin();
    co_await c.acquire();
    c.notify(1);
    co_await spin(2);
    k[0].cancel("while it takes the lock");
    co_await spin(2);
    t(all_done(k));
    c.release();
    co_await spin(4);
    t(all_done(k));
    {
        const auto held = co_await c.scoped();
        c.notify_all();
    }
    for (const Task<>& x : k) t(Json(co_await tr(x))[0]);
    t(c.locked());
    co_return t;
});

const Case cnd_23("XCND-23-cancelled-waiter-that-has-not-run-is-not-notified", []() -> Coro<Json> {
    Trace t;
    Condition c;
    auto w = [&](int i) -> Coro<> {
        const auto held = co_await c.scoped();
        co_await c.wait();
        t("woken", i);
    };
    std::vector<Task<>> k;
    for (int i = 0; i < 3; ++i) k.push_back(create_task(w(i)));
    co_await spin();
    {
        const auto held = co_await c.scoped();
        k[0].cancel();
        c.notify(1);
    }
    co_await spin(5);
    t(all_done(k));
    k[2].cancel();
    t(Json(co_await tr(k[2]))[0]);
    co_return t;
});

const Case cnd_24("XCND-24-misuse", []() -> Coro<Json> {
    Trace t;
    Condition c;
    const std::function<void()> misuses[] = {[&] { c.notify(); }, [&] { c.notify_all(); },
                                             [&] { c.release(); }, [&] { c.notify(0); }};
    for (const auto& misuse : misuses) {
        try {
            misuse();
            t("fine");
        } catch (const RuntimeError&) {
            t(en());
        }
    }
    t(co_await tr(c.wait()));
    t(co_await tr(c.wait_for([] { return 5; })));
    t(co_await tr(c.wait_for([] { return false; })));
    const auto held = co_await c.scoped();
    c.notify(0);
    t(c.locked(), co_await c.wait_for([] { return 7; }));
    co_return t;
});

const Case cnd_25("XCND-25-two-conditions-of-one-lock", []() -> Coro<Json> {
    Trace t;
    Lock lock;
    Condition a(lock);
    Condition b(lock);
    auto w = [&](Condition& c, std::string name) -> Coro<> {
        const auto held = co_await c.scoped();
        co_await c.wait();
        t("woken", name, lock.locked());
        b.notify_all();
    };
    std::vector<Task<>> k;
    k.push_back(create_task(w(a, "a")));
    k.push_back(create_task(w(b, "b")));
    co_await spin();
    {
        const auto held = co_await lock.scoped();
        a.notify();
    }
    for (const Task<>& x : k) co_await x;
    t(lock.locked());
    co_return t;
});

}  // namespace
}  // namespace conformance
