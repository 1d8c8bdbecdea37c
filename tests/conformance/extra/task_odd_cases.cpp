// SPDX-License-Identifier: Apache-2.0
// tests/conformance/extra/task_odd_cases.cpp - XTASK-2x, XCTX-2x of probes/loops.py: tasks at odd
// times, and their context variables.
#include <algorithm>

#include "cases.hpp"
#include "steps.hpp"

namespace conformance {
namespace {

Json names() {
    std::vector<std::string> all;
    for (const AnyTask& task : all_tasks()) all.push_back(task.get_name());
    std::ranges::sort(all);
    return all;
}

const Case task_20("XTASK-20-all-tasks-at-odd-times", []() -> Coro<Json> {
    Trace t;
    current_task().set_name("main");
    auto c = [&]() -> Coro<> {
        t("inside", names());
        co_await sleep(0s);
        t("resumed", names());
    };
    Task<> k = create_task(c(), {.name = "k"});
    t("made", names());
    k.add_done_callback(
        [t] { t("callback", names(), current_task() ? Json("a task") : Json(nullptr)); });
    Task<> x = create_task(c(), {.name = "x"});
    x.cancel();
    t("cancelled", names());
    co_await spin();
    t("once", names());
    co_await k;
    Task<> e = create_task(c(), {.name = "eager", .eager_start = true});
    t("eager", names(), e.done());
    co_await e;
    t("end", names());
    co_return t;
});

const Case task_21("XTASK-21-eager-and-done-at-once", []() -> Coro<Json> {
    Trace t;
    EventLoop& loop = get_running_loop();
    const AnyTask me = current_task();
    auto c = [&]() -> Coro<std::string> {
        t(all_tasks().size(), current_task() == me, current_task().get_name());
        co_return "value";
    };
    loop.call_soon(t, "tick");
    Task<std::string> k = create_task(c(), {.name = "eager", .eager_start = true});
    k.add_done_callback([t] { t("callback"); });
    t(k.done(), k.result(), k.cancel(), k.get_name());
    t(co_await k);
    co_await spin();
    co_return t;
});

const Case task_22("XTASK-22-eager-that-cancels-itself-by-error", []() -> Coro<Json> {
    Trace t;
    auto c = []() -> Coro<> {
        throw CancelledError("by hand");
        co_return;
    };
    Task<> k = create_task(c(), {.eager_start = true});
    t(k.done(), k.cancelled(), k.cancelling());
    t(co_await tr(k));
    co_return t;
});

const Case task_23("XTASK-23-eager-tasks-that-wake-each-other", []() -> Coro<Json> {
    Trace t;
    Future<std::string> f = get_running_loop().create_future<std::string>();
    auto waits = [&](int i) -> Coro<> {
        t("waits", i);
        t(i, co_await f);
    };
    auto sets = [&]() -> Coro<> {
        t("sets");
        f.set_result("value");
        co_await sleep(0s);
        t("set");
    };
    std::vector<Task<>> k;
    for (int i = 0; i < 2; ++i) k.push_back(create_task(waits(i), {.eager_start = true}));
    k.push_back(create_task(sets(), {.eager_start = true}));
    k.push_back(create_task(waits(2), {.eager_start = true}));
    t(all_done(k));
    for (const Task<>& x : k) co_await x;
    co_return t;
});

const Case task_24("XTASK-24-names", []() -> Coro<Json> {
    Trace t;
    auto c = [&]() -> Coro<> {
        t(current_task().get_name());
        co_return;
    };
    Task<> k = create_task(c(), {.name = "given"});
    t(k.get_name());
    k.set_name("renamed");
    co_await k;
    k.set_name("after its end");
    t(k.get_name());
    Task<> x;
    co_await TaskGroup::scope(
        [&](TaskGroup& g) { x = g.create_task(c(), {.name = "in a group"}); });
    t(x.get_name());
    Task<> a = create_task(c());
    Task<> b = create_task(c());
    t(std::stoi(b.get_name().substr(5)) - std::stoi(a.get_name().substr(5)));
    a.cancel();
    b.cancel();
    co_await spin();
    co_return t;
});

const Case task_25("XTASK-25-made-in-callbacks", []() -> Coro<Json> {
    Trace t;
    EventLoop& loop = get_running_loop();
    Future<> f = loop.create_future();
    std::vector<Task<>> k;
    auto c = [&](std::string name) -> Coro<> {
        t(name, k.size());
        co_await sleep(0s);
        t(name, "resumed");
    };
    f.add_done_callback([&] { k.push_back(create_task(c("of done"))); });
    loop.call_soon([&] { k.push_back(create_task(c("of soon"))); });
    loop.call_later(0s, [&] { k.push_back(create_task(c("of later"))); });
    f.set_result();
    co_await spin(5);
    t(all_done(k));
    co_return t;
});

const Case task_26("XTASK-26-error-that-is-never-asked-for", []() -> Coro<Json> {
    Trace t;
    reports_to(t);
    create_task(bad_at_once("dropped at once"));
    co_await spin(2);
    t("|");
    Task<> k = create_task(bad_at_once("cancelled in vain"));
    co_await spin(2);
    t(k.cancel());
    k = {};
    t("|");
    k = create_task(bad_at_once("asked"));
    co_await wait(std::vector{k});
    t(k.exception() != nullptr);
    k = {};
    t("|");
    k = create_task(bad_at_once("waited for only"));
    co_await wait(std::vector{k});
    k = {};
    co_return t;
});

const Case task_27("XTASK-27-awaited-in-several-ways-at-once", []() -> Coro<Json> {
    Trace t;
    Task<std::string> k = create_task(sl(100ms, "value"));
    auto log = [&](std::string name, Coro<Json> a) -> Coro<> {
        const Json result = co_await std::move(a);
        t(name, result);
    };
    co_await gather(log("plain", tr(k)), log("shield", tr(shield(k))),
                    log("timeout", tr(wait_for(shield(k), 50ms))), log("gather", tr(gather(k, k))));
    t(k.result());
    co_return t;
});

const Case ctx_20("XCTX-20-through-combinators", []() -> Coro<Json> {
    static ContextVar<int> v("v", 0);
    Trace t;
    v.set(1);
    auto c = [&](int x) -> Coro<> {
        t(v.get());
        v.set(x);
        co_await sleep(0s);
        t(v.get());
    };
    co_await gather(c(10), c(20));
    t("gather", v.get());
    co_await wait_for(c(30), 1s);
    t("wait_for", v.get());
    co_await timeout(1s, c(40));
    t("timeout", v.get());
    co_await shield(c(50));
    t("shield", v.get());
    co_await TaskGroup::scope([&](TaskGroup& g) {
        g.create_task(c(60));
        v.set(70);
    });
    t("group", v.get());
    co_return t;
});

const Case ctx_21("XCTX-21-of-callbacks-made-in-tasks", []() -> Coro<Json> {
    static ContextVar<int> v("v", 0);
    Trace t;
    EventLoop& loop = get_running_loop();
    Future<> f = loop.create_future();
    auto c = [&](int x) -> Coro<> {
        v.set(x);
        f.add_done_callback([t] { t("done", v.get()); });
        loop.call_soon([t] { t("soon", v.get()); });
        v.set(x + 1);
        loop.call_later(0s, [t] {
            t("later", v.get());
            v.set(99);
        });
        loop.call_later(0s, [t] { t("again", v.get()); });
        co_return;
    };
    co_await c(10);
    co_await create_task(c(20));
    f.set_result();
    co_await spin(3);
    t(v.get());
    co_return t;
});

const Case ctx_22("XCTX-22-context-of-a-task", []() -> Coro<Json> {
    static ContextVar<int> v("v", 0);
    Trace t;
    v.set(1);
    auto c = []() -> Coro<> {
        v.set(2);
        co_await sleep(0s);
        v.set(3);
    };
    Task<> k = create_task(c());
    t(v.get(k.get_context()));
    co_await spin();
    t(v.get(k.get_context()), v.get());
    co_await k;
    t(v.get(k.get_context()), v.get());
    const Context ctx = copy_context();
    Task<> a = create_task(c(), {.context = &ctx});
    Task<> b = create_task(aw_task(a), {.context = &ctx});
    co_await b;
    t(v.get(ctx), v.get());
    co_return t;
});

}  // namespace
}  // namespace conformance
