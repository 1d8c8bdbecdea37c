// SPDX-License-Identifier: Apache-2.0
// tests/conformance/task_cases.cpp - TASK: start, names, contexts, latency; DBG: what debug mode
// adds.
#include <algorithm>
#include <atomic>
#include <limits>
#include <thread>

#include "cases.hpp"

namespace conformance {
namespace {

const Case task_01("TASK-01-start-next-iter", []() -> Coro<Json> {
    Trace t;
    auto c = [&](int i) -> Coro<> {
        t(i);
        co_return;
    };
    Task<> a = create_task(c(1));
    Task<> b = create_task(c(2));
    t("sync");
    co_await spin();
    co_return t;
});

const Case task_02("TASK-02-no-loop", []() -> Json {
    auto c = []() -> Coro<> { co_return; };
    try {
        create_task(c());
    } catch (const RuntimeError& e) {
        return e.what();
    }
    return nullptr;
});

const Case task_03("TASK-03-names", []() -> Coro<Json> {
    auto c = []() -> Coro<> { co_return; };
    Task<> a = create_task(c(), {.name = "n"});
    Task<> b = create_task(c());
    Json::List r{a.get_name(), b.get_name().starts_with("Task-")};
    a.set_name("m");
    r.emplace_back(a.get_name());
    co_await a;
    co_await b;
    co_return r;
});

const Case task_04("TASK-04-current", []() -> Coro<Json> {
    Trace t;
    EventLoop& loop = get_running_loop();
    loop.call_soon([t] { t(!current_task()); });
    t(bool(current_task()));
    co_await spin();
    co_return t;
});

const Case task_05("TASK-05-all-tasks", []() -> Coro<Json> {
    auto c = []() -> Coro<> { co_await sleep(1s); };
    Task<> k = create_task(c());
    Json::List r{all_tasks().size()};
    k.cancel();
    co_await tr(k);
    r.emplace_back(all_tasks().size());
    co_return r;
});

const Case task_07("TASK-07-destroyed-pending", []() -> Coro<Json> {
    EventLoop& loop = get_running_loop();
    Trace t;
    loop.set_exception_handler([t](EventLoop&, const ExceptionContext& c) { t(c.message); });
    auto c = []() -> Coro<> { co_await get_running_loop().create_future(); };
    Task<> k = create_task(c());
    co_await spin();
    k = {};
    co_await spin();
    co_return t;
});

const Case task_08("TASK-08-context-copy", []() -> Coro<Json> {
    static ContextVar<int> v("v", 0);
    v.set(1);
    Trace t;
    auto c = [&]() -> Coro<> {
        t(v.get());
        v.set(5);
        co_return;
    };
    Task<> k = create_task(c());
    v.set(2);
    co_await k;
    t(v.get());
    const Context ctx = copy_context();
    co_await create_task(c(), {.context = &ctx});
    t(v.get(ctx));
    t(v.get());
    co_return t;
});

const Case task_09("TASK-09-await-coro-shares-context", []() -> Coro<Json> {
    static ContextVar<int> v("v", 0);
    auto c = []() -> Coro<> {
        v.set(7);
        co_return;
    };
    co_await c();
    co_return v.get();
});

const Case task_11("TASK-11-sleep-edge", []() -> Coro<Json> {
    EventLoop& loop = get_running_loop();
    Trace t;
    loop.call_soon(t, "tick");
    const std::string r = co_await sleep(-5s, std::string("res"));
    t(r);
    auto nap = []() -> Coro<> {
        co_await sleep(std::chrono::duration<double>(std::numeric_limits<double>::quiet_NaN()));
    };
    t(co_await tr(nap()));
    co_return t;
});

const Case task_12("TASK-12-systemexit-task", [] {
    Trace t;
    auto bad = []() -> Coro<> {
        throw SystemExit(2);
        co_return;
    };
    auto main = [&]() -> Coro<> {
        Task<> k = create_task(bad());
        try {
            co_await sleep(1s);
        } catch (...) {
            t(en());
            throw;
        }
    };
    try {
        run(main(), in_virtual_time);
    } catch (...) {
        t(en());
    }
    return t;
});

const Case task_13("TASK-13-never-awaited", []() -> Coro<Json> {
    auto c = []() -> Coro<> { co_return; };
    const LogCapture w;
    static_cast<void>(c());
    Json::List r;
    for (const auto& x : w.entries()) {
        const std::string text = x.text.substr(0, x.text.find(';'));  // then follows where
        r.emplace_back(text.substr(text.size() - std::min<std::size_t>(text.size(), 20)) +
                       (x.level == LogLevel::warning ? "|warning" : "|?"));
    }
    co_return r;
});

const Case task_14("TASK-14-await-coro-no-yield", []() -> Coro<Json> {
    Trace t;
    get_running_loop().call_soon(t, "tick");
    auto c = [&]() -> Coro<> {
        t("c");
        co_return;
    };
    co_await c();
    t("after");
    co_await spin();
    co_return t;
});

const Case task_15("TASK-15-eager", []() -> Coro<Json> {
    Trace t;
    const AnyTask me = current_task();
    auto c = [&]() -> Coro<int> {
        t(current_task() != me);
        co_return 1;
    };
    Task<int> k = create_task(c(), {.eager_start = true});
    t("sync");
    t(k.done());
    t(current_task() == me);
    auto d = [&]() -> Coro<> {
        t("d0");
        co_await sleep(0s);
        t("d1");
    };
    Task<> k2 = create_task(d(), {.eager_start = true});
    t(k2.done());
    co_await k2;
    co_return t;
});

const Case task_16("TASK-16-threadsafe-coro", real_time, []() -> Coro<Json> {
    EventLoop& loop = get_running_loop();
    Trace r;
    auto c = [](int x) -> Coro<int> {
        if (x != 0) throw ValueError("v");
        co_return 3;
    };
    std::atomic<bool> alive = true;
    auto th = [&] {
        r(run_coroutine_threadsafe(c(0), loop).result(1s));
        try {
            run_coroutine_threadsafe(c(1), loop).result(1s);
        } catch (const ValueError&) {
            r(en());
        }
        alive = false;
    };
    const std::jthread x(th);
    while (alive) co_await sleep(5ms);
    co_return r;
});

const Case task_17("TASK-17-threadsafe-cancel", real_time, []() -> Coro<Json> {
    EventLoop& loop = get_running_loop();
    Trace t;
    bool began = false;
    bool over = false;
    auto c = [&]() -> Coro<> {
        began = true;
        try {
            co_await sleep(1h);
        } catch (const CancelledError&) {
            t("cancelled");
            over = true;
            throw;
        }
    };
    const concurrent::Future<> f = run_coroutine_threadsafe(c(), loop);
    const auto has_begun = [&] { return began; };
    co_await until(has_begun);
    f.cancel();
    const auto is_over = [&] { return over; };
    co_await until(is_over);
    co_return t;
});

const Case task_18("TASK-18-result-latency", []() -> Coro<Json> {
    // how many turns of the loop between the child's end and the parent's resumption
    EventLoop& loop = get_running_loop();
    Trace t;
    auto c = [&]() -> Coro<> {
        t("child");
        co_return;
    };
    std::function<void(int)> tick = [&](int n) {
        t(n);
        if (n < 3) loop.call_soon([&tick, n] { tick(n + 1); });
    };
    Task<> k = create_task(c());
    loop.call_soon([&tick] { tick(0); });
    co_await k;
    t("parent");
    co_await spin(4);
    co_return t;
});

const Case dbg_01("DBG-01-source-traceback", debug, []() -> Coro<Json> {
    EventLoop& loop = get_running_loop();
    Trace t;
    loop.set_exception_handler(
        [t](EventLoop&, const ExceptionContext& c) { t(c.source.has_value(), c.message); });
    Future<> f = loop.create_future();
    f.set_exception(ValueError());
    f = {};
    co_return t;
});

const Case dbg_02("DBG-02-never-awaited-origin", debug, []() -> Coro<Json> {
    auto c = []() -> Coro<> { co_return; };
    const LogCapture w;
    static_cast<void>(c());
    Json::List r;
    for (const auto& x : w.entries()) r.emplace_back(x.text.contains("task_cases.cpp"));
    co_return r;
});

}  // namespace
}  // namespace conformance
