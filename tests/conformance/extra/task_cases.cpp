// SPDX-License-Identifier: Apache-2.0
// tests/conformance/extra/task_cases.cpp - XTASK-0x, XTASK-1x of extra_probes.py.
#include "cases.hpp"
#include "steps.hpp"

namespace conformance {
namespace {

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

}  // namespace
}  // namespace conformance
