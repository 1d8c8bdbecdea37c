// SPDX-License-Identifier: Apache-2.0
// tests/conformance/lock_cases.cpp - LCK, EVT, CND, SEM, BAR: what tasks wait for in line.
#include <algorithm>

#include "cases.hpp"

namespace conformance {
namespace {

template <class Range>
Json sorted(Range values) {
    std::ranges::sort(values);
    return Json(values);
}
template <class... T>
Json sorted(std::tuple<T...> values) {
    return std::apply([](auto... each) { return sorted(std::vector{each...}); }, values);
}

const Case lck_01("LCK-01-fifo", []() -> Coro<Json> {
    Lock l;
    Trace t;
    auto c = [&](int i) -> Coro<> {
        const auto held = co_await l.scoped();
        t(i);
        co_await sleep(0s);
    };
    std::vector<Coro<>> all;
    for (int i = 0; i < 4; ++i) all.push_back(c(i));
    co_await gather(std::move(all));
    co_return t;
});

const Case lck_02("LCK-02-no-barging", []() -> Coro<Json> {
    Lock l;
    Trace t;
    co_await l.acquire();
    auto w = [&]() -> Coro<> {
        co_await l.acquire();
        t("waiter");
        l.release();
    };
    Task<> k = create_task(w());
    co_await spin();
    l.release();
    t("locked?", l.locked());
    co_await l.acquire();
    t("me");
    l.release();
    co_await k;
    co_return t;
});

const Case lck_03("LCK-03-misuse", []() -> Coro<Json> {
    Lock l;
    Trace r;
    try {
        l.release();
    } catch (const RuntimeError& e) {
        r(e.what());
    }
    co_await l.acquire();
    auto rel = [&]() -> Coro<> {
        l.release();
        co_return;
    };
    co_await create_task(rel());
    r("other task may release", l.locked());
    co_return r;
});

const Case lck_04("LCK-04-cancel-waiter", []() -> Coro<Json> {
    Lock l;
    Trace t;
    co_await l.acquire();
    auto w = [&](int i) -> Coro<> {
        co_await l.acquire();
        t(i);
        l.release();
    };
    std::vector<Task<>> ks;
    for (int i = 0; i < 3; ++i) ks.push_back(create_task(w(i)));
    co_await spin();
    ks[0].cancel();
    l.release();
    co_await gather(return_exceptions, ks);
    co_return list(t, l.locked());
});

const Case lck_06("LCK-06-uncontended-no-suspend", []() -> Coro<Json> {
    Trace t;
    Lock l;
    get_running_loop().call_soon(t, "tick");
    {
        const auto held = co_await l.scoped();
        t("in");
    }
    t("out");
    co_await spin();
    co_return t;
});

const Case lck_07("LCK-07-not-reentrant", []() -> Coro<Json> {
    Lock l;
    co_await l.acquire();
    co_return co_await tr(wait_for(l.acquire(), 5ms));
});

const Case evt_01("EVT-01", []() -> Coro<Json> {
    Event e;
    Trace t;
    auto w = [&](int i) -> Coro<> {
        const bool r = co_await e.wait();
        t(i, r);
    };
    std::vector<Task<>> ks;
    for (int i = 0; i < 3; ++i) ks.push_back(create_task(w(i)));
    co_await spin();
    e.set();
    e.clear();
    co_await gather(ks);
    co_return list(t, e.is_set());
});

const Case evt_02("EVT-02-set-immediate", []() -> Coro<Json> {
    Event e;
    e.set();
    Trace t;
    get_running_loop().call_soon(t, "tick");
    co_await e.wait();
    t("after");
    co_await spin();
    co_return t;
});

const Case cnd_01("CND-01-notify-n", []() -> Coro<Json> {
    Condition c;
    Trace t;
    auto w = [&](int i) -> Coro<> {
        const auto held = co_await c.scoped();
        co_await c.wait();
        t(i);
    };
    std::vector<Task<>> ks;
    for (int i = 0; i < 3; ++i) ks.push_back(create_task(w(i)));
    co_await spin(2);
    {
        const auto held = co_await c.scoped();
        c.notify(2);
        t("notified, lock still held");
    }
    co_await sleep(5ms);
    const std::size_t n = t.items().size();
    {
        const auto held = co_await c.scoped();
        c.notify_all();
    }
    co_await gather(ks);
    co_return list(t, n);
});

const Case cnd_02("CND-02-unlocked", []() -> Coro<Json> {
    Condition c;
    Trace r;
    r(co_await tr(c.wait()));
    try {
        c.notify();
    } catch (const RuntimeError& e) {
        r(e.what());
    }
    co_return r;
});

const Case cnd_03("CND-03-cancel-reacquires", []() -> Coro<Json> {
    Condition c;
    Trace t;
    auto w = [&]() -> Coro<> {
        const auto held = co_await c.scoped();
        try {
            co_await c.wait();
        } catch (const CancelledError&) {
            t("locked in handler", c.locked());
            throw;
        }
    };
    Task<> k = create_task(w());
    co_await spin(2);
    k.cancel();
    t(co_await tr(k));
    t(c.locked());
    co_return t;
});

const Case cnd_04("CND-04-cancel-after-notify-not-lost", []() -> Coro<Json> {
    Condition c;
    Trace t;
    auto w = [&](std::string i) -> Coro<> {
        const auto held = co_await c.scoped();
        co_await c.wait();
        t(i);
    };
    Task<> a = create_task(w("a"));
    Task<> b = create_task(w("b"));
    co_await spin(2);
    {
        const auto held = co_await c.scoped();
        c.notify(1);
    }
    a.cancel();
    co_await tr(a);
    const Json r = co_await tr(wait_for(b, 20ms));
    co_return list(t, r);
});

const Case cnd_06("CND-06-wait-for", []() -> Coro<Json> {
    Condition c;
    int st = 0;
    auto w = [&]() -> Coro<int> {
        const auto held = co_await c.scoped();
        co_return co_await c.wait_for([&] { return st >= 2 ? st : 0; });
    };
    Task<int> k = create_task(w());
    co_await spin(2);
    for (int i = 0; i < 2; ++i) {
        {
            const auto held = co_await c.scoped();
            st += 1;
            c.notify_all();
        }
        co_await spin(3);
    }
    co_return co_await k;
});

const Case sem_01("SEM-01-fifo-no-barging", []() -> Coro<Json> {
    Semaphore s(1);
    Trace t;
    co_await s.acquire();
    auto w = [&](std::string i) -> Coro<> {
        co_await s.acquire();
        t(i);
    };
    Task<> a = create_task(w("w"));
    co_await spin();
    s.release();
    t("locked", s.locked());
    Task<> k = create_task(w("late"));
    co_await spin(3);
    s.release();
    co_await gather(a, k);
    co_return t;
});

const Case sem_02("SEM-02-starvation-3.11-bug", []() -> Coro<Json> {
    // gh-90155: a cancelled waiter must not lose the permit
    Semaphore s(1);
    Trace t;
    co_await s.acquire();
    auto w = [&](std::string i) -> Coro<> {
        co_await s.acquire();
        t(i);
        s.release();
    };
    Task<> a = create_task(w("a"));
    Task<> b = create_task(w("b"));
    co_await spin();
    s.release();
    a.cancel();
    co_await spin(4);
    const Json r = co_await tr(wait_for(b, 20ms));
    co_return list(t, r, s.value());
});

const Case sem_03("SEM-03-bounded", []() -> Coro<Json> {
    Trace r;
    BoundedSemaphore s(1);
    try {
        s.release();
    } catch (const ValueError& e) {
        r(e.what());
    }
    try {
        Semaphore negative(-1);
    } catch (const ValueError& e) {
        r(e.what());
    }
    co_return r;
});

const Case sem_05("SEM-05-locked-with-waiters", []() -> Coro<Json> {
    Semaphore s(0);
    auto k = create_task(s.acquire());
    co_await spin();
    s.release();
    Trace r;
    r(s.locked());
    r(s.value());
    co_await k;
    r(s.locked());
    co_return r;
});

const Case bar_01("BAR-01", []() -> Coro<Json> {
    Barrier b(3);
    const auto r = co_await gather(b.wait(), b.wait(), b.wait());
    const auto r2 = co_await gather(b.wait(), b.wait(), b.wait());
    co_return list(sorted(r), sorted(r2), b.n_waiting());
});

const Case bar_02("BAR-02-abort", []() -> Coro<Json> {
    Barrier b(2);
    auto k = create_task(b.wait());
    co_await spin(2);
    co_await b.abort();
    Trace r;
    r(co_await tr(k));
    r(b.broken());
    r(co_await tr(b.wait()));
    co_await b.reset();
    r(b.broken());
    co_return r;
});

const Case bar_03("BAR-03-cancel-one", []() -> Coro<Json> {
    Barrier b(2);
    auto k = create_task(b.wait());
    co_await spin(2);
    const std::size_t n = b.n_waiting();
    k.cancel();
    co_await tr(k);
    Trace r;
    r(n);
    r(b.n_waiting());
    r(b.broken());
    r(sorted(co_await gather(b.wait(), b.wait())));
    co_return r;
});

}  // namespace
}  // namespace conformance
