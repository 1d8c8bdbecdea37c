// SPDX-License-Identifier: Apache-2.0
// tests/conformance/extra/semaphore_cases.cpp - XSEM-2x, XBAR-2x of probes/primitives.py.
#include "cases.hpp"
#include "steps.hpp"

namespace conformance {
namespace {

Coro<> acquire(Trace t, Semaphore& s, Json name) {
    co_await s.acquire();
    t("has it", name);
}

Coro<> come(Trace t, Barrier& b, Json name) { t(name, co_await tr(b.wait())); }

const Case sem_20("XSEM-20-releases-while-the-woken-have-not-run", []() -> Coro<Json> {
    Trace t;
    Semaphore s(0);
    Task<> a = create_task(acquire(t, s, "a"));
    co_await spin();
    s.release();
    s.release();
    Task<> b = create_task(acquire(t, s, "b"));
    Task<> c = create_task(acquire(t, s, "c"));
    EventLoop& loop = get_running_loop();
    loop.call_soon([&] { s.release(); });
    loop.call_soon([t] { tick(t, 0, 4); });
    co_await gather(a, b, c);
    co_await spin(4);
    t(s.locked());
    co_return t;
});

const Case sem_21("XSEM-21-newcomers-queue-behind-the-woken", []() -> Coro<Json> {
    Trace t;
    Semaphore s(0);
    std::vector<Task<>> k;
    k.push_back(create_task(acquire(t, s, "a")));
    co_await spin();
    s.release();
    s.release();
    s.release();
    t(s.locked());
    for (const char* name : {"b", "c", "d"}) {
        k.push_back(create_task(acquire(t, s, name), {.eager_start = true}));
    }
    t(all_done(k));
    get_running_loop().call_soon([t] { tick(t, 0, 4); });
    s.release();
    get_running_loop().call_soon(t, "after the release");
    for (const Task<>& x : k) co_await x;
    co_await spin(2);
    t(s.locked());
    co_await spin(2);
    co_return t;
});

const Case sem_22("XSEM-22-woken-waiters-cancelled-in-each-order", []() -> Coro<Json> {
    Trace t;
    for (const std::vector<int>& order :
         {std::vector{0}, std::vector{1}, std::vector{0, 1}, std::vector{1, 0}, std::vector{2, 0},
          std::vector{0, 2}}) {
        Semaphore s(0);
        std::vector<Task<>> k;
        for (int i = 0; i < 4; ++i) k.push_back(create_task(acquire(t, s, i)));
        co_await spin();
        s.release();
        s.release();
        for (const int i : order) k[static_cast<std::size_t>(i)].cancel();
        co_await spin(4);
        t(list(order, all_done(k), s.locked()));
        for (int i = 0; i < 4; ++i) s.release();
        for (const Task<>& x : k) co_await tr(x);
    }
    co_return t;
});

const Case sem_23("XSEM-23-bounded", []() -> Coro<Json> {
    Trace t;
    BoundedSemaphore s(2);
    {
        const auto one = co_await s.scoped();
        const auto two = co_await s.scoped();
        t(s.locked(), co_await tr(wait_for(s.acquire(), 0s)));
    }
    for (int n = 1; n <= 2; ++n) {
        try {
            co_await s.acquire();
            s.release();
            if (n == 2) s.release();
        } catch (const ValueError&) {
            t(en());
        }
    }
    try {
        BoundedSemaphore negative(-1);
    } catch (const ValueError&) {
        t(en());
    }
    BoundedSemaphore z(0);
    t(z.locked());
    try {
        z.release();
    } catch (const ValueError&) {
        t(en());
    }
    co_return t;
});

const Case sem_24("XSEM-24-timeouts-of-waiters", []() -> Coro<Json> {
    Trace t;
    Semaphore s(1);
    co_await s.acquire();
    auto w = [&](int i, Delay limit) -> Coro<> {
        try {
            co_await wait_for(s.acquire(), limit);
            t("has it", i);
        } catch (const TimeoutError&) {
            t("timeout", i);
        }
    };
    std::vector<Task<>> k;
    for (int i = 0; i < 3; ++i) k.push_back(create_task(w(i, 100ms * (3 - i))));
    co_await sleep(250ms);
    s.release();
    for (const Task<>& x : k) co_await x;
    t(s.locked());
    co_return t;
});

const Case bar_20("XBAR-20-five-come-to-a-barrier-of-two", []() -> Coro<Json> {
    Trace t;
    Barrier b(2);
    auto w = [&](std::string name) -> Coro<> {
        const std::size_t i = co_await b.wait();
        t(name, i, b.n_waiting());
    };
    get_running_loop().call_soon([t] { tick(t, 0, 9); });
    std::vector<Task<>> k;
    for (const char* name : {"a", "b", "c", "d", "e"}) k.push_back(create_task(w(name)));
    co_await spin(12);
    t(all_done(k), b.n_waiting(), b.broken());
    co_await b.wait();
    for (const Task<>& x : k) co_await x;
    co_return t;
});

const Case bar_21("XBAR-21-reset-while-some-wait-and-others-come", []() -> Coro<Json> {
    Trace t;
    Barrier b(3);
    std::vector<Task<>> k;
    for (const char* name : {"a", "b"}) k.push_back(create_task(come(t, b, name)));
    co_await spin(2);
    k.push_back(create_task(b.reset()));
    for (const char* name : {"c", "d", "e"}) k.push_back(create_task(come(t, b, name)));
    co_await spin(10);
    t(all_done(k), b.n_waiting(), b.broken());
    for (const Task<>& x : k) x.cancel();
    co_return t;
});

const Case bar_22("XBAR-22-abort-and-reset", []() -> Coro<Json> {
    Trace t;
    Barrier b(3);
    std::vector<Task<>> k;
    for (const char* name : {"a", "b"}) k.push_back(create_task(come(t, b, name)));
    co_await spin(2);
    t(b.n_waiting());
    co_await b.abort();
    t(b.n_waiting(), b.broken());
    co_await spin(3);
    t(co_await tr(b.wait()));
    co_await b.reset();
    t(b.n_waiting(), b.broken());
    k.clear();
    for (const char* name : {"c", "d", "e"}) k.push_back(create_task(come(t, b, name)));
    for (const Task<>& x : k) co_await x;
    co_return t;
});

const Case bar_23("XBAR-23-reset-in-the-turn-of-the-abort", []() -> Coro<Json> {
    Trace t;
    Barrier b(2);
    std::vector<Task<>> k;
    k.push_back(create_task(come(t, b, "a")));
    co_await spin(2);
    k.push_back(create_task(b.abort()));
    k.push_back(create_task(b.reset()));
    k.push_back(create_task(come(t, b, "b")));
    co_await spin(8);
    t(all_done(k), b.n_waiting(), b.broken());
    for (const Task<>& x : k) x.cancel();
    co_await spin(2);
    co_return t;
});

const Case bar_24("XBAR-24-cancelled-while-it-drains", []() -> Coro<Json> {
    Trace t;
    Barrier b(3);
    std::vector<Task<>> k;
    for (const char* name : {"a", "b", "c", "d"}) k.push_back(create_task(come(t, b, name)));
    co_await spin(2);
    t(all_done(k), b.n_waiting());
    k[0].cancel();
    co_await spin(8);
    t(all_done(k), b.n_waiting(), b.broken());
    k[3].cancel();
    co_await spin(3);
    t(b.n_waiting(), b.broken());
    co_return t;
});

const Case bar_25("XBAR-25-of-one-and-of-none", []() -> Coro<Json> {
    Trace t;
    Barrier b(1);
    get_running_loop().call_soon(t, "tick");
    const std::size_t first = co_await b.wait();
    t(first, co_await b.wait(), b.parties());
    t(co_await b.wait());
    co_await b.abort();
    t(co_await tr(b.wait()));
    for (const int n : {0, -1}) {
        try {
            Barrier wrong(n);
        } catch (const ValueError&) {
            t(en());
        }
    }
    co_await spin();
    co_return t;
});

const Case bar_26("XBAR-26-last-one-cancelled-at-its-coming", []() -> Coro<Json> {
    Trace t;
    Barrier b(2);
    Task<> a = create_task(come(t, b, "a"));
    co_await spin(2);
    auto last = [&]() -> Coro<> {
        current_task().cancel("at its coming");
        t("last", co_await b.wait());
        co_await sleep(0s);
        t("not reached");
    };
    Task<> k = create_task(last());
    t(co_await tr(k));
    co_await a;
    co_return t;
});

}  // namespace
}  // namespace conformance
