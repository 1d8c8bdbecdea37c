// SPDX-License-Identifier: Apache-2.0
// tests/conformance/queue_cases.cpp - QUE: queues of all kinds.
#include "cases.hpp"

namespace conformance {
namespace {

const Case que_01("QUE-01-block", []() -> Coro<Json> {
    Queue<int> q(1);
    Trace t;
    auto p = [&]() -> Coro<> {
        for (int i = 0; i < 3; ++i) {
            co_await q.put(i);
            t("put" + std::to_string(i));
        }
    };
    Task<> k = create_task(p());
    co_await spin(2);
    t("|");
    for (int i = 0; i < 3; ++i) t("got" + std::to_string(co_await q.get()));
    co_await k;
    co_return t;
});

const Case que_02("QUE-02-getters-fifo", []() -> Coro<Json> {
    Queue<std::string> q;
    Trace t;
    auto g = [&](int i) -> Coro<> {
        const std::string x = co_await q.get();
        t(i, x);
    };
    std::vector<Task<>> ks;
    for (int i = 0; i < 3; ++i) ks.push_back(create_task(g(i)));
    co_await spin();
    for (const char* x : {"a", "b", "c"}) q.put_nowait(x);
    co_await gather(ks);
    co_return t;
});

const Case que_03("QUE-03-barging", []() -> Coro<Json> {
    Queue<int> q;
    Trace t;
    auto g = [&](std::string i) -> Coro<> {
        const int x = co_await q.get();
        t(i, x);
    };
    Task<> a = create_task(g("A"));
    Task<> b = create_task(g("B"));
    co_await spin();
    q.put_nowait(1);
    t("thief", q.get_nowait());
    co_await spin(2);
    q.put_nowait(2);
    q.put_nowait(3);
    co_await gather(a, b);
    co_return t;
});

const Case que_04("QUE-04-cancel-woken-getter", []() -> Coro<Json> {
    Queue<int> q;
    Trace t;
    auto g = [&](std::string i) -> Coro<> {
        const int x = co_await q.get();
        t(i, x);
    };
    Task<> a = create_task(g("A"));
    Task<> b = create_task(g("B"));
    co_await spin();
    q.put_nowait(1);
    a.cancel();
    co_await tr(a);
    co_await tr(wait_for(b, 20ms));
    co_return t;
});

const Case que_06("QUE-06-join", []() -> Coro<Json> {
    Queue<int> q;
    Trace t;
    q.put_nowait(1);
    q.put_nowait(2);
    auto j = [&]() -> Coro<> {
        co_await q.join();
        t("joined");
    };
    Task<> k = create_task(j());
    co_await spin();
    q.get_nowait();
    q.task_done();
    co_await spin(2);
    t("one left");
    q.get_nowait();
    q.task_done();
    co_await k;
    try {
        q.task_done();
    } catch (const ValueError& e) {
        t(e.what());
    }
    co_return t;
});

const Case que_07("QUE-07-nowait-errors", []() -> Coro<Json> {
    Queue<int> q(1);
    Trace r;
    try {
        q.get_nowait();
    } catch (const QueueEmpty&) {
        r("QueueEmpty");
    }
    q.put_nowait(1);
    try {
        q.put_nowait(1);
    } catch (const QueueFull&) {
        r("QueueFull");
    }
    r(Queue<int>(-5).full());
    co_return r;
});

const Case que_08("QUE-08-shutdown", []() -> Coro<Json> {
    Queue<int> q(2);
    q.put_nowait(1);
    q.put_nowait(2);
    auto pk = create_task(q.put(3));
    co_await spin();
    q.shutdown();
    Trace r;
    r(co_await tr(pk));
    r(co_await tr(q.put(4)));
    r(co_await tr(q.get()));
    r(co_await tr(q.get()));
    r(co_await tr(q.get()));
    try {
        q.get_nowait();
    } catch (...) {
        r(en());
    }
    auto jk = create_task(q.join());
    co_await spin(2);
    r(jk.done());
    q.task_done();
    q.task_done();
    co_await jk;
    co_return r;
});

const Case que_10("QUE-10-priority-lifo", []() -> Coro<Json> {
    PriorityQueue<int> p;
    LifoQueue<int> l;
    for (const int x : {3, 1, 2}) {
        p.put_nowait(x);
        l.put_nowait(x);
    }
    Json::List of_p;
    for (int i = 0; i < 3; ++i) of_p.emplace_back(p.get_nowait());
    Json::List of_l;
    for (int i = 0; i < 3; ++i) of_l.emplace_back(l.get_nowait());
    co_return list(of_p, of_l);
});

const Case que_11("QUE-11-uncontended-no-suspend", []() -> Coro<Json> {
    Queue<int> q;
    Trace t;
    get_running_loop().call_soon(t, "tick");
    for (int i = 0; i < 3; ++i) {
        co_await q.put(i);
        co_await q.get();
    }
    t("after");
    co_await spin();
    co_return t;
});

}  // namespace
}  // namespace conformance
