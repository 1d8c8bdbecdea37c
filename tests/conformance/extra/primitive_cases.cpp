// SPDX-License-Identifier: Apache-2.0
// tests/conformance/extra/primitive_cases.cpp - XLCK, XEVT, XCND, XSEM, XBAR, XQUE of
// extra_probes.py.
#include "cases.hpp"

namespace conformance {
namespace {

// Counts the turns of the loop from 0 to `last` in `t`.
void tick(const Trace& t, int n, int last) {
    t(n);
    if (n < last) get_running_loop().call_soon([=] { tick(t, n + 1, last); });
}

const Case lck_01("XLCK-01-ticks-of-a-hand-over", []() -> Coro<Json> {
    Trace t;
    EventLoop& loop = get_running_loop();
    Lock lock;
    auto w = [&](int i) -> Coro<> {
        const auto held = co_await lock.scoped();
        t("has it", i);
    };
    co_await lock.acquire();
    Task<> a = create_task(w(1));
    Task<> b = create_task(w(2));
    co_await spin();
    loop.call_soon([t] { tick(t, 0, 4); });
    lock.release();
    t("released");
    co_await a;
    co_await b;
    co_await spin(3);
    co_return t;
});

const Case lck_02("XLCK-02-cancelled-in-the-turn-of-the-release", []() -> Coro<Json> {
    Trace t;
    Lock lock;
    auto w = [&](int i) -> Coro<> {
        const auto held = co_await lock.scoped();
        t("has it", i);
        co_await sleep(0s);
    };
    co_await lock.acquire();
    std::vector<Task<>> k;
    for (int i = 0; i < 3; ++i) k.push_back(create_task(w(i)));
    co_await spin();
    lock.release();
    k[0].cancel();
    k[1].cancel();
    for (const Task<>& x : k) t(co_await tr(x));
    t(lock.locked());
    co_return t;
});

const Case evt_01("XEVT-01-order-and-ticks", []() -> Coro<Json> {
    Trace t;
    EventLoop& loop = get_running_loop();
    Event ev;
    auto w = [&](int i) -> Coro<> {
        co_await ev.wait();
        t("woken", i);
    };
    std::vector<Task<>> k;
    for (int i = 0; i < 3; ++i) k.push_back(create_task(w(i)));
    co_await spin();
    loop.call_soon(t, "before");
    ev.set();
    loop.call_soon(t, "after");
    k[1].cancel();
    t("set");
    for (const Task<>& x : k) t(co_await tr(x));
    co_return t;
});

const Case cnd_01("XCND-01-notified-wait-for-the-lock-in-turn", []() -> Coro<Json> {
    Trace t;
    Condition c;
    auto w = [&](int i) -> Coro<> {
        const auto held = co_await c.scoped();
        co_await c.wait();
        t("woken", i);
        co_await sleep(0s);
    };
    auto late = [&]() -> Coro<> {
        const auto held = co_await c.scoped();
        t("late");
    };
    std::vector<Task<>> k;
    for (int i = 0; i < 3; ++i) k.push_back(create_task(w(i)));
    co_await spin(2);
    {
        const auto held = co_await c.scoped();
        c.notify_all();
        k.push_back(create_task(late()));
        co_await spin(2);
        t("leaves");
    }
    for (const Task<>& x : k) co_await x;
    co_return t;
});

const Case cnd_02("XCND-02-cancelled-twice-while-it-takes-the-lock-again", []() -> Coro<Json> {
    Trace t;
    Condition c;
    auto w = [&]() -> Coro<> {
        const auto held = co_await c.scoped();
        try {
            co_await c.wait();
        } catch (const CancelledError&) {
            t(en(), c.locked());
            throw;
        }
    };
    Task<> k = create_task(w());
    co_await spin();
    co_await c.acquire();
    k.cancel("first");
    co_await spin();
    k.cancel("second");
    co_await spin(2);
    t(k.done() ? "done" : "still waits");
    c.release();
    const Json r = co_await tr(k);
    t(r[0], k.cancelling(), c.locked());
    co_return t;
});

const Case sem_01("XSEM-01-permits-and-cancelled-waiters", []() -> Coro<Json> {
    Trace t;
    Semaphore s(0);
    auto w = [&](int i) -> Coro<> {
        co_await s.acquire();
        t("has it", i);
    };
    std::vector<Task<>> k;
    for (int i = 0; i < 4; ++i) k.push_back(create_task(w(i)));
    co_await spin();
    s.release();
    s.release();
    k[0].cancel();
    k[2].cancel();
    co_await spin(3);
    Json::List done;
    for (const Task<>& x : k) done.emplace_back(x.done());
    t(done);
    s.release();
    for (const Task<>& x : k) {
        const Json r = co_await tr(x);
        t(r[0]);
    }
    t(s.locked());
    co_return t;
});

const Case bar_01("XBAR-01-indexes-by-arrival", []() -> Coro<Json> {
    Trace t;
    Barrier b(3);
    auto w = [&](std::string name) -> Coro<> {
        const std::size_t index = co_await b.wait();
        t(name, index);
    };
    std::vector<Task<>> k;
    for (const char* name : {"a", "b", "c"}) k.push_back(create_task(w(name)));
    for (const Task<>& x : k) co_await x;
    t(b.n_waiting(), b.broken());
    co_return t;
});

const Case que_01("XQUE-01-producers-and-consumers", []() -> Coro<Json> {
    Trace t;
    Queue<std::string> q(1);
    auto p = [&](std::string name) -> Coro<> {
        for (int i = 0; i < 2; ++i) {
            co_await q.put(name + std::to_string(i));
            t("put", name + std::to_string(i));
        }
    };
    auto c = [&](std::string name) -> Coro<> {
        for (int i = 0; i < 2; ++i) {
            const std::string item = co_await q.get();
            t(name, item);
        }
    };
    const std::vector k{create_task(p("a")), create_task(c("x")), create_task(p("b")),
                        create_task(c("y"))};
    for (const Task<>& x : k) co_await x;
    co_return t;
});

const Case que_02("XQUE-02-cancelled-putter-in-the-turn-of-the-get", []() -> Coro<Json> {
    Trace t;
    Queue<int> q(1);
    q.put_nowait(0);
    auto p = [&](int i) -> Coro<> {
        co_await q.put(i);
        t("put", i);
    };
    const std::vector k{create_task(p(1)), create_task(p(2))};
    co_await spin();
    t(q.get_nowait());
    k[0].cancel();
    for (const Task<>& x : k) {
        const Json r = co_await tr(x);
        t(r[0]);
    }
    const std::size_t size = q.qsize();
    t(size, q.get_nowait());
    co_return t;
});

const Case que_03("XQUE-03-immediate-shutdown", []() -> Coro<Json> {
    Trace t;
    Queue<int> q;
    q.put_nowait(1);
    q.put_nowait(2);
    auto j = create_task(q.join());
    co_await spin();
    q.shutdown(true);
    t(co_await tr(j));
    t(co_await tr(q.get()));
    t(q.qsize());
    try {
        q.put_nowait(3);
    } catch (const QueueShutDown&) {
        t(en());
    }
    co_return t;
});

}  // namespace
}  // namespace conformance
