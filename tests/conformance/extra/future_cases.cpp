// SPDX-License-Identifier: Apache-2.0
// tests/conformance/extra/future_cases.cpp - XFUT-0x, XFUT-1x of extra_probes.py.
#include "cases.hpp"
#include "steps.hpp"

namespace conformance {
namespace {

const Case fut_01("XFUT-01-callback-that-fails-leaves-the-others", []() -> Coro<Json> {
    Trace t;
    reports_to(t);
    Future<int> f = get_running_loop().create_future<int>();
    auto bad = [] { throw ValueError("in callback"); };
    f.add_done_callback([t] { t("first"); });
    f.add_done_callback(bad);
    f.add_done_callback([t] { t("last"); });
    f.set_result(1);
    co_await spin(2);
    co_return t;
});

const Case fut_02("XFUT-02-result-set-in-a-callback", []() -> Coro<Json> {
    Trace t;
    EventLoop& loop = get_running_loop();
    Future<int> f = loop.create_future<int>();
    Future<int> g = loop.create_future<int>();
    auto w = [&]() -> Coro<> {
        co_await g;
        t("resumed");
    };
    Task<> k = create_task(w());
    co_await spin();
    f.add_done_callback([t, g] {
        t("f is done");
        g.set_result(1);
    });
    g.add_done_callback([t] { t("g is done"); });
    loop.call_soon([t] { tick(t, 0, 4); });
    f.set_result(1);
    co_await k;
    co_await spin(3);
    co_return t;
});

const Case fut_03("XFUT-03-callback-added-and-removed-by-a-callback", []() -> Coro<Json> {
    Trace t;
    Future<int> f = get_running_loop().create_future<int>();
    const DoneCallback late([t] { t("late"); });
    const DoneCallback b([t] { t("b"); });
    auto a = [&] {
        t("a");
        t(f.remove_done_callback(b));
        f.add_done_callback(late);
    };
    f.add_done_callback(a);
    f.add_done_callback(b);
    f.set_result(1);
    co_await spin(3);
    co_return t;
});

const Case fut_04("XFUT-04-waiters-and-callbacks-in-order-of-adding", []() -> Coro<Json> {
    Trace t;
    Future<int> f = get_running_loop().create_future<int>();
    auto w = [&](int i) -> Coro<> {
        co_await f;
        t("waiter", i);
    };
    f.add_done_callback([t] { t("callback 1"); });
    Task<> a = create_task(w(1));
    co_await spin();
    f.add_done_callback([t] { t("callback 2"); });
    Task<> b = create_task(w(2));
    co_await spin();
    f.set_result(1);
    co_await a;
    co_await b;
    co_return t;
});

const Case fut_05("XFUT-05-cancel-runs-callbacks-in-order", []() -> Coro<Json> {
    Trace t;
    Future<int> f = get_running_loop().create_future<int>();
    f.add_done_callback([t](const AnyFuture& x) { t("a", x.cancelled()); });
    f.add_done_callback([t, &f](const AnyFuture& x) { t("b", x == f); });
    t(f.cancel("why"));
    t("sync");
    co_await spin();
    t(co_await tr(f));
    co_return t;
});

const Case fut_06("XFUT-06-error-and-cancel-in-one-turn", []() -> Coro<Json> {
    // the awaiting task is cancelled, and the error counts as retrieved
    Trace t;
    reports_to(t);
    Future<> f = get_running_loop().create_future();
    Task<> k = create_task(aw(f));
    co_await spin();
    f.set_exception(ValueError("lost"));
    k.cancel();
    t(co_await tr(k));
    t(k.cancelled());
    f = {};
    k = {};
    co_return t;
});

const Case fut_07("XFUT-07-error-and-cancel-in-one-turn-of-a-bare-await", []() -> Coro<Json> {
    Trace t;
    reports_to(t);
    Future<> f = get_running_loop().create_future();
    auto bare = [&]() -> Coro<> {
        co_await transparent;  // a coroutine that catches nothing may say so
        co_await f;
    };
    Task<> k = create_task(bare());
    co_await spin();
    f.set_exception(ValueError("lost"));
    k.cancel("why");
    t(co_await tr(k));
    t(k.cancelled());
    co_return t;
});

const Case fut_08("XFUT-08-message-of-a-cancelled-future", []() -> Coro<Json> {
    Trace t;
    EventLoop& loop = get_running_loop();
    Future<> f = loop.create_future();
    Task<> k = create_task(f);  // what it runs in is transparent
    Task<> b = create_task(aw<void>(k));
    co_await spin(2);
    f.cancel("from the future");
    t(co_await tr(b));
    t(list(k.cancelled(), k.cancelling(), b.cancelled(), b.cancelling()));
    co_return t;
});

const Case fut_09("XFUT-09-a-cancelled-error-as-exception", []() -> Coro<Json> {
    Trace t;
    Future<> f = get_running_loop().create_future();
    Task<> k = create_task(f);
    co_await spin();
    f.set_exception(CancelledError("as an error"));
    t(f.cancelled());
    t(co_await tr(k));
    t(list(k.cancelled(), f.cancelled()));
    co_return t;
});

const Case fut_10("XFUT-10-foreign-loop-fails-after-a-turn", []() -> Coro<Json> {
    Trace t;
    EventLoop& loop = get_running_loop();
    const auto l2 = new_event_loop();
    Future<> f = l2->create_future();
    loop.call_soon(t, "tick");
    const Json r = co_await tr(f);
    t(r[0]);
    l2->close();
    co_await spin();
    co_return t;
});

const Case fut_11("XFUT-11-concurrent-future", []() -> Coro<Json> {
    Trace t;
    concurrent::Future<int> c;
    Future<int> f = wrap_future(c);
    t(c.set_running_or_notify_cancel());
    t(f.cancel());
    co_await spin(2);
    t(list(c.cancelled(), c.running()));
    c.set_result(1);
    co_await spin(2);
    t(f.cancelled());
    concurrent::Future<int> d;
    Future<int> g = wrap_future(d);
    d.set_exception(std::make_exception_ptr(ValueError("from afar")));
    t(g.done());
    t(co_await tr(g));
    co_return t;
});

}  // namespace
}  // namespace conformance
