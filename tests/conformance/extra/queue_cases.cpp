// SPDX-License-Identifier: Apache-2.0
// tests/conformance/extra/queue_cases.cpp - XQUE-2x, XQUE-3x of probes/queues.py.
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
            t("ok", function());
        }
    } catch (const Exception&) {
        t("raise", en());
    }
}

const Case que_20("XQUE-20-shutdown-in-each-state", []() -> Coro<Json> {
    Trace t;
    for (const int items : {0, 1, 2}) {
        for (const bool immediate : {false, true}) {
            Queue<int> q(2);
            for (int i = 0; i < items; ++i) q.put_nowait(i);
            std::vector<Task<int>> getters;
            std::vector<Task<>> putters;
            for (int i = 0; i < 2; ++i) {
                if (items == 0) getters.push_back(create_task(q.get()));
                if (items == 2) putters.push_back(create_task(q.put(9)));
            }
            Task<> j = create_task(q.join());
            co_await spin();
            q.shutdown(immediate);
            t(items, immediate, q.qsize(), q.empty(), q.full());
            attempt(t, [&] { q.put_nowait(5); });
            attempt(t, [&] { return q.get_nowait(); });
            t(co_await tr(q.put(5)));
            for (const Task<int>& x : getters) t(co_await tr(x));
            for (const Task<>& x : putters) t(co_await tr(x));
            co_await spin(2);
            t(j.done());
            q.shutdown(true);
            co_await spin(2);
            t(j.done(), q.qsize());
            j.cancel();
            co_await spin();
        }
    }
    co_return t;
});

const Case que_21("XQUE-21-drained-after-a-shutdown", []() -> Coro<Json> {
    Trace t;
    Queue<int> q;
    for (int i = 0; i < 3; ++i) q.put_nowait(i);
    q.shutdown();
    Task<> j = create_task(q.join());
    while (true) {
        try {
            t(co_await q.get());
            q.task_done();
        } catch (const QueueShutDown&) {
            t(en());
            break;
        }
    }
    co_await j;
    attempt(t, [&] { q.task_done(); });
    co_return t;
});

const Case que_22("XQUE-22-work-in-hand-at-an-immediate-shutdown", []() -> Coro<Json> {
    Trace t;
    Queue<int> q;
    for (int i = 0; i < 3; ++i) q.put_nowait(i);
    t(co_await q.get());
    Task<> j = create_task(q.join());
    co_await spin();
    q.shutdown(true);
    co_await spin(2);
    t(j.done());
    attempt(t, [&] { q.task_done(); });
    co_await spin(2);
    t(j.done());
    attempt(t, [&] { q.task_done(); });
    co_return t;
});

const Case que_23("XQUE-23-woken-then-cancelled-then-shut-down", []() -> Coro<Json> {
    Trace t;
    Queue<std::string> q(1);
    std::vector<Task<std::string>> g;
    for (int i = 0; i < 2; ++i) g.push_back(create_task(q.get()));
    co_await spin();
    q.put_nowait("x");
    g[0].cancel();
    q.shutdown();
    for (const auto& x : g) t(co_await tr(x));
    Queue<std::string> r(1);
    r.put_nowait("full");
    std::vector<Task<>> p;
    for (int i = 0; i < 2; ++i) p.push_back(create_task(r.put(std::to_string(i))));
    co_await spin();
    t(r.get_nowait());
    p[0].cancel();
    r.shutdown();
    for (const Task<>& x : p) t(co_await tr(x));
    t(r.qsize());
    co_return t;
});

const Case que_24("XQUE-24-ties-of-a-priority-queue", []() -> Coro<Json> {
    Trace t;
    using Item = std::pair<int, std::string>;
    PriorityQueue<Item> q;
    for (const Item& item :
         {Item(2, "a"), Item(1, "z"), Item(2, "b"), Item(1, "a"), Item(0, "m"), Item(1, "m")}) {
        co_await q.put(item);
    }
    while (!q.empty()) {
        const Item item = q.get_nowait();
        t(list(item.first, item.second));
    }
    PriorityQueue<int> n(2);
    n.put_nowait(5);
    n.put_nowait(7);
    std::vector<Task<>> p;
    for (const int i : {1, 9}) p.push_back(create_task(n.put(i)));
    co_await spin();
    t(n.get_nowait());
    co_await spin(2);
    t(n.get_nowait());
    co_await spin(2);
    const int third = n.get_nowait();
    t(third, n.get_nowait(), all_done(p));
    co_return t;
});

const Case que_25("XQUE-25-last-in-first-out-with-waiters", []() -> Coro<Json> {
    Trace t;
    LifoQueue<int> q(2);
    auto c = [&](std::string name) -> Coro<> {
        const int item = co_await q.get();
        t(name, item);
    };
    std::vector<Task<>> k;
    for (const char* n : {"a", "b"}) k.push_back(create_task(c(n)));
    co_await spin();
    q.put_nowait(1);
    q.put_nowait(2);
    attempt(t, [&] { q.put_nowait(3); });
    for (const Task<>& x : k) co_await x;
    co_return t;
});

const Case que_26("XQUE-26-several-gets-in-one-turn", []() -> Coro<Json> {
    Trace t;
    Queue<int> q(2);
    q.put_nowait(1);
    q.put_nowait(2);
    auto p = [&](int i) -> Coro<> {
        co_await q.put(i);
        t("put", i);
    };
    std::vector<Task<>> k;
    for (const int i : {3, 4, 5}) k.push_back(create_task(p(i)));
    co_await spin();
    int first = q.get_nowait();
    t(first, q.get_nowait());
    attempt(t, [&] { return q.get_nowait(); });
    co_await spin();
    t(q.qsize(), q.full());
    first = q.get_nowait();
    t(first, q.get_nowait());
    co_await spin(2);
    t(q.get_nowait());
    for (const Task<>& x : k) co_await x;
    co_return t;
});

const Case que_27("XQUE-27-two-woken-getters-are-cancelled", []() -> Coro<Json> {
    Trace t;
    Queue<std::string> q;
    std::vector<Task<std::string>> k;
    for (int i = 0; i < 4; ++i) k.push_back(create_task(q.get()));
    co_await spin();
    q.put_nowait("a");
    q.put_nowait("b");
    k[1].cancel();
    k[0].cancel();
    for (int i = 0; i < 2; ++i) t(Json(co_await tr(k[static_cast<std::size_t>(i)]))[0]);
    co_await spin(2);
    t(k[2].result(), k[3].result(), q.qsize());
    co_return t;
});

const Case que_28("XQUE-28-cancelled-getter-before-the-put", []() -> Coro<Json> {
    Trace t;
    Queue<std::string> q;
    std::vector<Task<std::string>> k;
    for (int i = 0; i < 2; ++i) k.push_back(create_task(q.get()));
    co_await spin();
    k[0].cancel();
    q.put_nowait("a");
    for (const auto& x : k) t(co_await tr(x));
    co_return t;
});

const Case que_29("XQUE-29-join-with-several-waiters-and-more-work", []() -> Coro<Json> {
    Trace t;
    Queue<int> q;
    q.put_nowait(1);
    auto j = [&](std::string name) -> Coro<> {
        co_await q.join();
        t("joined", name, q.qsize());
    };
    std::vector<Task<>> k;
    for (const char* n : {"a", "b"}) k.push_back(create_task(j(n)));
    co_await spin();
    q.get_nowait();
    q.task_done();
    q.put_nowait(2);
    k.push_back(create_task(j("c")));
    co_await spin(3);
    t(all_done(k));
    q.get_nowait();
    q.task_done();
    for (const Task<>& x : k) co_await x;
    co_return t;
});

const Case que_30("XQUE-30-limits", []() -> Coro<Json> {
    Trace t;
    for (const int n : {-1, 0, 1}) {
        Queue<int> q(n);
        t(q.maxsize(), q.full(), q.empty(), q.qsize());
        q.put_nowait(1);
        t(q.full(), q.empty(), q.qsize());
    }
    co_return t;
});

const Case que_31("XQUE-31-timeouts-of-get-and-put", []() -> Coro<Json> {
    Trace t;
    Queue<std::string> q(1);
    t(co_await tr(wait_for(q.get(), 100ms)));
    q.put_nowait("1");
    t(co_await tr(wait_for(q.put("2"), 100ms)));
    const std::size_t size = q.qsize();
    t(size, co_await q.get());
    auto feed = [&]() -> Coro<> {
        co_await sleep(50ms);
        co_await q.put("late");
    };
    Task<> k = create_task(feed());
    t(co_await tr(wait_for(q.get(), 100ms)));
    co_await k;
    co_return t;
});

const Case que_32("XQUE-32-putters-and-shutdown-keep-the-items", []() -> Coro<Json> {
    Trace t;
    Queue<std::string> q(1);
    q.put_nowait("first");
    std::vector<Task<>> p;
    for (int i = 0; i < 2; ++i) p.push_back(create_task(q.put(std::to_string(i))));
    Task<> g = create_task(q.join());
    co_await spin();
    q.shutdown();
    for (const Task<>& x : p) t(co_await tr(x));
    t(co_await tr(q.get()));
    t(co_await tr(q.get()));
    q.task_done();
    t(co_await tr(g));
    co_return t;
});

}  // namespace
}  // namespace conformance
