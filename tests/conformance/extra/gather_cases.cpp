// SPDX-License-Identifier: Apache-2.0
// tests/conformance/extra/gather_cases.cpp - XGAT-2x, XSHD-2x of probes/combinators.py.
#include "cases.hpp"
#include "steps.hpp"

namespace conformance {
namespace {

const Case gat_20("XGAT-20-one-future-twice-that-fails", []() -> Coro<Json> {
    Trace t;
    reports_to(t);
    Future<> f = get_running_loop().create_future();
    auto g = gather(f, f);
    f.set_exception(ValueError("once"));
    t(co_await tr(g));
    co_await spin(2);
    Task<> k = create_task(bad(0s, "task"));
    auto [x, y] = co_await gather(return_exceptions, k, k);
    t(x.error() == k.exception() && y.error() == k.exception());
    k = create_task(bad(0s, "task"));
    t(co_await tr(gather(k, sleep(0s), k)));
    co_await spin(3);
    co_return t;
});

const Case gat_21("XGAT-21-one-task-twice-that-is-cancelled", []() -> Coro<Json> {
    Trace t;
    Task<> k = create_task(sleep(1s));
    auto g = gather(k, k);
    co_await spin();
    t(g.cancel("why"));
    t(co_await tr(g));
    t(k.cancelled(), k.cancelling(), g.cancelled(), g.done());
    co_return t;
});

const Case gat_22("XGAT-22-nested-and-cancelled", []() -> Coro<Json> {
    Trace t;
    auto c = [&](int i) -> Coro<> {
        try {
            co_await sleep(1s);
        } catch (const CancelledError&) {
            t(i, en());
            throw;
        }
    };
    auto m = [&]() -> Coro<> {
        try {
            co_await gather(gather(c(1), c(2)), c(3));
        } catch (const CancelledError&) {
            t(en(), count());
            throw;
        }
    };
    Task<> k = create_task(m());
    co_await spin(2);
    k.cancel("why");
    t(co_await tr(k));
    t(k.cancelled(), k.cancelling());
    co_return t;
});

const Case gat_23("XGAT-23-cancelled-children-refuse", []() -> Coro<Json> {
    Trace t;
    auto refuses = [](int i) -> Coro<int> {
        try {
            co_await sleep(1s);
        } catch (const CancelledError&) {
        }
        co_return i;
    };
    auto g = gather(refuses(1), refuses(2));
    co_await spin();
    t(g.cancel("why"));
    t(co_await tr(g));
    t(g.cancelled(), count());
    auto h = gather(return_exceptions, refuses(1), refuses(2));
    co_await spin();
    t(h.cancel("why"));
    t(co_await tr(h));
    t(h.cancelled(), count());
    co_return t;
});

const Case gat_24("XGAT-24-children-cancelled-one-by-one", []() -> Coro<Json> {
    Trace t;
    std::vector<Task<int>> k;
    for (int i = 0; i < 3; ++i) k.push_back(create_task(sl(1s, i)));
    auto g = gather(return_exceptions, k);
    co_await spin();
    k[0].cancel("zero");
    k[2].cancel();
    Json::List names;
    for (const auto& x : co_await g) names.push_back(x ? Json(*x) : Json(type_name(x.error())));
    t(names);
    k.clear();
    for (int i = 0; i < 3; ++i) k.push_back(create_task(sl(1s, i)));
    auto h = gather(k);
    co_await spin();
    k[1].cancel("one");
    t(co_await tr(h));
    t(h.cancelled(), list(k[0].done(), k[1].done(), k[2].done()));
    for (const Task<int>& x : k) x.cancel();
    co_return t;
});

const Case gat_25("XGAT-25-cancel-when-all-are-done-but-not-counted", []() -> Coro<Json> {
    Trace t;
    EventLoop& loop = get_running_loop();
    Future<int> f[] = {loop.create_future<int>(), loop.create_future<int>()};
    auto g = gather(f[0], f[1]);
    f[0].set_result(0);
    f[1].set_result(1);
    t(g.done(), g.cancel());
    t(co_await tr(g));
    t(g.cancel(), g.cancelled());
    co_return t;
});

const Case gat_26("XGAT-26-waiter-cancelled-when-all-are-done-but-not-counted", []() -> Coro<Json> {
    Trace t;
    EventLoop& loop = get_running_loop();
    Future<int> f[] = {loop.create_future<int>(), loop.create_future<int>()};
    auto g = gather(f[0], f[1]);
    auto m = [&]() -> Coro<> { co_await g; };
    Task<> k = create_task(m());
    co_await spin();
    f[0].set_result(0);
    f[1].set_result(1);
    k.cancel("why");
    t(co_await tr(k));
    t(k.cancelled(), g.done(), g.cancelled());
    co_return t;
});

const Case gat_27("XGAT-27-nothing-to-gather", []() -> Coro<Json> {
    Trace t;
    get_running_loop().call_soon(t, "tick");
    t(co_await gather());
    auto g = gather(return_exceptions, std::vector<Coro<int>>());
    const bool done = g.done();
    const bool cancelled = g.cancel();
    t(done, cancelled, Json(co_await tr(g))[1]);
    co_await spin();
    co_return t;
});

const Case gat_28("XGAT-28-cancelled-after-a-child-failed", []() -> Coro<Json> {
    Trace t;
    Future<> f = get_running_loop().create_future();
    auto g = gather(f, sl(1s, "late"));
    f.set_exception(ValueError("first"));
    co_await spin();
    t(g.done(), g.cancel("why"));
    t(co_await tr(g));
    co_return t;
});

const Case gat_29("XGAT-29-waiter-refuses-and-asks-again", []() -> Coro<Json> {
    Trace t;
    auto m = [&]() -> Coro<std::string> {
        auto g = gather(sl(1s, 1), shield(sl(2s, 2)));
        try {
            co_await g;
        } catch (const CancelledError&) {
            t(en(), g.done(), g.cancelled());
        }
        t(co_await tr(g));
        t(count());
        co_return "went on";
    };
    Task<std::string> k = create_task(m());
    co_await sleep(500ms);
    k.cancel("why");
    t(co_await tr(k));
    co_return t;
});

const Case gat_30("XGAT-30-done-callbacks", []() -> Coro<Json> {
    Trace t;
    auto g = gather(sl(0s, 1), sl(0s, 2));
    g.add_done_callback([t, &g](const AnyFuture& x) { t("called", x == g, Json(g.result())); });
    co_await g;
    t("awaited");
    co_await spin();
    co_return t;
});

const Case shd_20("XSHD-20-inner-fails-later-and-somebody-asks", []() -> Coro<Json> {
    Trace t;
    reports_to(t);
    Task<> k = create_task(bad(200ms, "late"));
    t(co_await tr(wait_for(shield(k), 100ms)));
    t(co_await tr(k));
    co_await spin(2);
    k = {};
    co_return t;
});

const Case shd_21("XSHD-21-inner-fails-later-and-nobody-asks", []() -> Coro<Json> {
    Trace t;
    get_running_loop().set_exception_handler(
        [t](EventLoop&, const ExceptionContext& c) { t("report", en(c.exception)); });
    t(co_await tr(wait_for(shield(bad(200ms, "late")), 100ms)));
    co_await sleep(200ms);
    co_return t;
});

const Case shd_22("XSHD-22-of-shield", []() -> Coro<Json> {
    Trace t;
    Task<std::string> k = create_task(sl(200ms, "value"));
    Future<std::string> s = shield(k);
    Task<std::string> w = create_task(aw(shield(s)));
    co_await spin();
    w.cancel("outer");
    t(co_await tr(w));
    t(s.done(), k.done(), k.cancelling());
    t(co_await tr(s));
    s = shield(k);
    const bool same = s == k;
    t(same, co_await s);
    co_return t;
});

const Case shd_23("XSHD-23-inner-done-and-outer-cancelled-in-one-turn", []() -> Coro<Json> {
    Trace t;
    reports_to(t);
    EventLoop& loop = get_running_loop();
    Future<std::string> f = loop.create_future<std::string>();
    Task<std::string> w = create_task(aw(shield(f)));
    co_await spin();
    f.set_result("value");
    w.cancel("outer");
    t(co_await tr(w));
    t(w.cancelled(), f.result());
    f = loop.create_future<std::string>();
    w = create_task(aw(shield(f)));
    co_await spin();
    f.set_exception(ValueError("inner"));
    w.cancel("outer");
    t(co_await tr(w));
    co_await spin();
    f = {};
    w = {};
    co_return t;
});

const Case shd_24("XSHD-24-inner-cancelled", []() -> Coro<Json> {
    Trace t;
    Task<> k = create_task(sleep(1s));
    Future<> s = shield(k);
    Task<> w = create_task(aw(s));
    co_await spin();
    k.cancel();
    t(co_await tr(w));
    t(s.cancelled(), w.cancelled(), w.cancelling(), k.cancelling());
    co_return t;
});

const Case shd_25("XSHD-25-two-shields-of-one", []() -> Coro<Json> {
    Trace t;
    Task<> k = create_task(bad(100ms, "both"));
    Task<> a = create_task(aw(shield(k)));
    Task<> b = create_task(aw(shield(k)));
    co_await spin();
    a.cancel();
    t(co_await tr(a));
    t(co_await tr(b));
    co_return t;
});

}  // namespace
}  // namespace conformance
