// SPDX-License-Identifier: Apache-2.0
// tests/conformance/extra/wait_cases.cpp - XWAIT-2x, XASC-2x of probes/combinators.py.
#include <algorithm>

#include "cases.hpp"
#include "steps.hpp"

namespace conformance {
namespace {

Json names(const std::vector<Task<>>& tasks) {
    std::vector<std::string> all;
    for (const Task<>& task : tasks) all.push_back(task.get_name());
    std::ranges::sort(all);
    return all;
}

const Case wait_20("XWAIT-20-first-exception", []() -> Coro<Json> {
    Trace t;
    Task<> a = create_task(sleep(1s), {.name = "a"});
    Task<> b = create_task(bad(200ms, "b"), {.name = "b"});
    Task<> c = create_task(sleep(100ms), {.name = "c"});
    Task<> d = create_task(sleep(1s), {.name = "d"});
    get_running_loop().call_later(50ms, [d] { d.cancel(); });
    auto x = co_await wait(std::vector{a, b, c, d}, {.return_when = first_exception});
    t(names(x.done), names(x.pending));
    auto y = co_await wait(std::vector{c, a}, {.timeout = 300ms, .return_when = first_exception});
    t(names(y.done), names(y.pending));
    auto z = co_await wait(std::vector{b, d, a}, {.return_when = first_exception});
    t(names(z.done), names(z.pending));
    co_return t;
});

const Case wait_21("XWAIT-21-one-task-twice", []() -> Coro<Json> {
    Trace t;
    Task<> k = create_task(sleep(100ms));
    Task<> p = create_task(sleep(1s));
    auto x = co_await wait(std::vector{k, p, k, p}, {.return_when = first_completed});
    t(x.done.size(), x.pending.size());
    auto y = co_await wait(std::vector{k, k});
    t(y.done.size(), y.pending.size());
    co_return t;
});

const Case wait_22("XWAIT-22-no-time-and-nothing", []() -> Coro<Json> {
    Trace t;
    Task<> k = create_task(sleep(0s));
    get_running_loop().call_soon(t, "tick");
    auto x = co_await wait(std::vector{k}, {.timeout = 0s});
    t(x.done.size(), x.pending.size());
    t(co_await tr(wait(std::vector<Task<>>())));
    co_return t;
});

const Case wait_23("XWAIT-23-cancelled-in-the-turn-of-the-completion", []() -> Coro<Json> {
    Trace t;
    Future<int> f = get_running_loop().create_future<int>();
    auto m = [&]() -> Coro<int> {
        auto x = co_await wait(std::vector{f});
        co_return static_cast<int>(x.done.size());
    };
    Task<int> k = create_task(m());
    co_await spin();
    f.set_result(1);
    k.cancel("meets");
    t(co_await tr(k));
    k = create_task(m());
    co_await spin();
    k.cancel("done before");
    t(co_await tr(k));
    t(f.result());
    co_return t;
});

const Case wait_24("XWAIT-24-two-fail-in-one-turn", []() -> Coro<Json> {
    Trace t;
    reports_to(t);
    Task<> a = create_task(bad(0s, "a"));
    Task<> b = create_task(bad(0s, "b"));
    Task<> c = create_task(sleep(1s));
    {
        auto x = co_await wait(std::vector{a, b, c}, {.return_when = first_exception});
        t(x.done.size(), x.pending.size());
    }
    a = {};
    b = {};
    co_return t;
});

const Case wait_25("XWAIT-25-callbacks-are-removed", []() -> Coro<Json> {
    Trace t;
    Future<int> f = get_running_loop().create_future<int>();
    f.add_done_callback([t] { t("mine"); });
    co_await wait(std::vector{f}, {.timeout = 100ms});
    f.set_result(1);
    co_await spin(2);
    co_return t;
});

const Case asc_20("XASC-20-after-the-timeout", []() -> Coro<Json> {
    Trace t;
    std::vector<Task<int>> k;
    for (int i = 0; i < 4; ++i) k.push_back(create_task(sl(1s * i, i)));
    auto it = as_completed(k, 1500ms);
    co_await sleep(2500ms);
    for (int i = 0; i < 6; ++i) {
        try {
            auto x = co_await it.next();
            if (!x) throw StopAsyncIteration();  // its place in weft is nullopt
            t(x->result());
        } catch (const Exception&) {
            t(en());
        }
    }
    co_return t;
});

const Case asc_21("XASC-21-one-task-twice", []() -> Coro<Json> {
    Trace t;
    Task<std::string> k = create_task(sl(100ms, "value"));
    const std::vector twice{k, k};
    auto it = as_completed(twice);
    while (auto x = co_await it.next()) t(x->result());
    auto again = as_completed(twice);
    while (again.left() > 0) t(co_await again.next_result());
    t(k.result());
    co_return t;
});

const Case asc_22("XASC-22-errors-are-raised-one-by-one", []() -> Coro<Json> {
    Trace t;
    auto fails = [](int i) -> Coro<std::string> {
        co_await sleep(100ms * i);
        throw ValueError(std::to_string(i));
    };
    std::vector<Task<std::string>> k;
    for (const int i : {3, 1, 2}) k.push_back(create_task(fails(i)));
    k.push_back(create_task(sl(150ms, "good")));
    k[1].add_done_callback([&] { k[2].cancel("by callback"); });
    auto it = as_completed(k);
    while (it.left() > 0) t(co_await tr(it.next_result()));
    co_return t;
});

const Case asc_23("XASC-23-two-consumers", []() -> Coro<Json> {
    Trace t;
    std::vector<Task<int>> k;
    for (int i = 0; i < 4; ++i) k.push_back(create_task(sl(100ms * i, i)));
    auto it = as_completed(k);
    auto consumer = [&](std::string name) -> Coro<> {
        while (auto x = co_await it.next()) t(name, x->result());
        t(name, "ends");
    };
    co_await gather(consumer("a"), consumer("b"));
    co_return t;
});

const Case asc_24("XASC-24-nothing", []() -> Coro<Json> {
    Trace t;
    auto it = as_completed(std::vector<Task<int>>());
    while (co_await it.next()) t("not reached");
    auto timed = as_completed(std::vector<Task<int>>(), 0s);
    while (co_await timed.next()) t("not reached");
    auto last = as_completed(std::vector<Task<int>>());
    t(co_await tr(last.next_result()));
    co_return t;
});

const Case asc_25("XASC-25-done-ones-come-after-a-turn", []() -> Coro<Json> {
    Trace t;
    EventLoop& loop = get_running_loop();
    Future<std::string> f = loop.create_future<std::string>();
    f.set_result("f");
    loop.call_soon(t, "tick");
    auto it = as_completed(std::vector{f});
    while (auto x = co_await it.next()) t(x->result());
    co_return t;
});

}  // namespace
}  // namespace conformance
