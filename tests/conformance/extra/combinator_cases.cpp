// SPDX-License-Identifier: Apache-2.0
// tests/conformance/extra/combinator_cases.cpp - XTMO, XWF, XGAT, XSHD, XWAIT, XASC, XTG of
// extra_probes.py.
#include <thread>

#include "cases.hpp"

namespace conformance {
namespace {

// Counts the turns of the loop from 0 to `last` in `t`.
void tick(const Trace& t, int n, int last) {
    t(n);
    if (n < last) get_running_loop().call_soon([=] { tick(t, n + 1, last); });
}

Coro<> long_sleep() { co_await sleep(9s); }

const Case tmo_01("XTMO-01-uncancel-in-nested-timeouts", []() -> Coro<Json> {
    Trace t;
    auto m = [&]() -> Coro<> {
        co_await timeout(30ms, [&]() -> Coro<> {
            try {
                co_await timeout(10ms, long_sleep);
            } catch (const TimeoutError&) {
                t("inner", current_task().cancelling());
            }
            co_await sleep(9s);
        });
    };
    Task<> k = create_task(m());
    t(co_await tr(k));
    t(k.cancelling());
    co_return t;
});

const Case tmo_02("XTMO-02-outer-fires-first", []() -> Coro<Json> {
    Trace t;
    auto m = [&]() -> Coro<> {
        Timeout i = timeout(20ms);
        Timeout o = timeout(10ms);
        try {
            co_await with_async(o, [&]() -> Coro<> {
                try {
                    co_await with_async(i, long_sleep);
                } catch (...) {
                    t(en(), current_task().cancelling());
                    throw;
                }
            });
        } catch (...) {
            t(o.expired(), i.expired(), current_task().cancelling());
            throw;
        }
    };
    t(co_await tr(m()));
    co_return t;
});

const Case tmo_03("XTMO-03-timeout-and-cancel-in-one-turn", real_time, []() -> Coro<Json> {
    auto m = []() -> Coro<> { co_await timeout(10ms, long_sleep); };
    Task<> k = create_task(m());
    co_await spin();
    EventLoop& loop = get_running_loop();
    loop.call_later(11ms, [k] { k.cancel("outside"); });
    loop.call_soon([] { std::this_thread::sleep_for(30ms); });
    const Json r = co_await tr(k);
    co_return list(r, k.cancelled(), k.cancelling());
});

const Case tmo_04("XTMO-04-message-passes-through", []() -> Coro<Json> {
    auto m = []() -> Coro<> { co_await timeout(9s, long_sleep); };
    Task<> k = create_task(m());
    co_await spin();
    k.cancel("why");
    co_return co_await tr(k);
});

const Case tmo_05("XTMO-05-states", []() -> Coro<Json> {
    Trace r;
    EventLoop& loop = get_running_loop();
    Timeout cm = timeout(9s);
    try {
        cm.reschedule(loop.time());
    } catch (const RuntimeError&) {
        r(en());
    }
    co_await with_async(cm, []() -> Coro<> { co_return; });
    try {
        cm.reschedule(loop.time());
    } catch (const RuntimeError&) {
        r(en());
    }
    Timeout cm2 = timeout(9s);
    try {
        co_await with_async(cm2, [&]() -> Coro<> {
            cm2.reschedule(loop.time() - 1s);
            r(cm2.expired());
            co_await sleep(0s);
            r("after sleep0");
            co_await sleep(0s);
            r("after second sleep0");
        });
    } catch (const TimeoutError&) {
        r(en());
    }
    co_return r;
});

const Case tmo_06("XTMO-06-swallowed-by-the-body", []() -> Coro<Json> {
    Trace r;
    Timeout cm = timeout(5ms);
    co_await with_async(cm, [&]() -> Coro<> {
        try {
            co_await sleep(9s);
        } catch (const CancelledError&) {
        }
        r(cm.expired());
        r(current_task().cancelling());
    });
    r(cm.expired());
    r(current_task().cancelling());
    co_return r;
});

const Case wf_01("XWF-01-messages", []() -> Coro<Json> {
    Trace r;
    Task<> k = create_task(wait_for(sleep(9s), 9s));
    co_await spin();
    k.cancel("of the task");
    r(co_await tr(k));
    Future<> f = get_running_loop().create_future();
    k = create_task(wait_for(f, 9s));
    co_await spin();
    f.cancel("of the future");
    r(co_await tr(k));
    r(k.cancelled());
    r(k.cancelling());
    co_return r;
});

const Case wf_02("XWF-02-timeout-cancels-the-future", []() -> Coro<Json> {
    Trace r;
    Future<> f = get_running_loop().create_future();
    r(co_await tr(wait_for(f, 5ms)));
    r(f.cancelled());
    auto c = [&]() -> Coro<> {
        co_await try_finally(long_sleep, [&]() -> Coro<> {
            co_await sleep(5ms);
            r("cleaned");
        });
    };
    Task<> k = create_task(c());
    co_await spin();
    r(co_await tr(wait_for(k, 0s)));
    r(k.cancelled());
    r(k.cancelling());
    co_return r;
});

const Case wf_03("XWF-03-error-and-cancel-in-one-turn", []() -> Coro<Json> {
    Future<> f = get_running_loop().create_future();
    Task<> k = create_task(wait_for(f, 9s));
    co_await spin();
    f.set_exception(ValueError("lost"));
    k.cancel();
    const Json r = co_await tr(k);
    co_return list(r, k.cancelled());
});

const Case gat_01("XGAT-01-message-reaches-the-children", []() -> Coro<Json> {
    Trace t;
    auto c = [&]() -> Coro<> {
        try {
            co_await sleep(9s);
        } catch (const CancelledError&) {
            t(en());
            throw;
        }
    };
    auto m = [&]() -> Coro<> { co_await gather(c(), c()); };
    Task<> k = create_task(m());
    co_await spin(2);
    k.cancel("why");
    t(co_await tr(k));
    co_return t;
});

const Case gat_02("XGAT-02-one-future-twice", []() -> Coro<Json> {
    Future<int> f = get_running_loop().create_future<int>();
    auto g = gather(f, f);
    f.set_result(1);
    co_return co_await g;
});

const Case gat_03("XGAT-03-ticks", []() -> Coro<Json> {
    Trace t;
    EventLoop& loop = get_running_loop();
    auto c = [&](int i) -> Coro<> {
        t("child", i);
        co_return;
    };
    loop.call_soon([t] { tick(t, 0, 4); });
    co_await gather(c(0), c(1));
    t("gathered");
    Future<int> f = loop.create_future<int>();
    f.set_result(1);
    auto g = gather(f, f);
    t(g.done());
    co_await g;
    t("gathered");
    co_await spin(4);
    co_return t;
});

const Case gat_04("XGAT-04-cancelled-before-it-began", []() -> Coro<Json> {
    Trace t;
    auto c = [&](int i) -> Coro<> {
        t("ran", i);
        co_return;
    };
    auto g = gather(c(0), c(1));
    t(g.cancel());
    t(co_await tr(g));
    t(g.cancelled());
    co_return t;
});

const Case shd_01("XSHD-01-ticks-and-messages", []() -> Coro<Json> {
    Trace t;
    EventLoop& loop = get_running_loop();
    auto c = [&]() -> Coro<> {
        t("inner");
        co_return;
    };
    loop.call_soon([t] { tick(t, 0, 4); });
    co_await shield(c());
    t("outer");
    co_await spin(4);
    Task<> k = create_task(sleep(9s));
    auto m = [&]() -> Coro<> { co_await shield(k); };
    Task<> a = create_task(m());
    co_await spin(2);
    k.cancel("inner message");
    t(co_await tr(a));
    co_return t;
});

const Case wait_01("XWAIT-01-ticks", []() -> Coro<Json> {
    Trace t;
    EventLoop& loop = get_running_loop();
    Future<int> f = loop.create_future<int>();
    Future<int> g = loop.create_future<int>();
    auto m = [&]() -> Coro<> {
        const std::vector both{f, g};
        const auto [d, p] = co_await wait(both, {.return_when = first_completed});
        t("waited", d.size(), p.size());
    };
    Task<> k = create_task(m());
    co_await spin();
    loop.call_soon([t] { tick(t, 0, 5); });
    f.set_result(1);
    loop.call_soon([&] { loop.call_soon([&] { g.set_result(2); }); });
    co_await k;
    co_await spin(5);
    co_return t;
});

const Case asc_01("XASC-01-timeout", []() -> Coro<Json> {
    Trace r;
    const std::vector k{create_task(sl(1ms, "a")), create_task(sl(9s, "b"))};
    try {
        auto results = as_completed(k, 10ms);
        while (const auto x = co_await results.next()) r(x->result());
    } catch (const TimeoutError&) {
        r(en());
    }
    r(k[0].done(), k[1].done());
    co_return r;
});

const Case tg_01("XTG-01-groups-nest", []() -> Coro<Json> {
    auto fails = [](std::string m) -> Coro<> {
        throw ValueError(m);
        co_return;
    };
    auto inner = [&]() -> Coro<> {
        co_await TaskGroup::scope([&](TaskGroup& g) -> Coro<> {
            g.create_task(fails("inner 1"));
            g.create_task(fails("inner 2"));
            co_return;
        });
    };
    auto main = [&]() -> Coro<> {
        co_await TaskGroup::scope([&](TaskGroup& g) -> Coro<> {
            g.create_task(inner());
            g.create_task(fails("outer"));
            co_await sleep(9s);
        });
    };
    co_return co_await tr(main());
});

const Case tg_02("XTG-02-ticks", []() -> Coro<Json> {
    Trace t;
    EventLoop& loop = get_running_loop();
    auto c = [&]() -> Coro<> {
        t("child");
        co_return;
    };
    loop.call_soon([t] { tick(t, 0, 4); });
    co_await TaskGroup::scope([&](TaskGroup& g) -> Coro<> {
        g.create_task(c()).add_done_callback([t] { t("callback"); });
        t("body ends");
        co_return;
    });
    t("left");
    co_await spin(4);
    co_return t;
});

const Case tg_03("XTG-03-a-cancelled-child-is-no-error", []() -> Coro<Json> {
    Trace t;
    Task<> a;
    Task<std::string> b;
    co_await TaskGroup::scope([&](TaskGroup& g) -> Coro<> {
        a = g.create_task(sleep(9s));
        b = g.create_task(sl(5ms, "b"));
        co_await sleep(0s);
        a.cancel();
    });
    t(a.cancelled(), b.result());
    co_return t;
});

const Case tg_04("XTG-04-body-raises-a-cancelled-error", []() -> Coro<Json> {
    Task<> child;
    auto main = [&]() -> Coro<> {
        co_await TaskGroup::scope([&](TaskGroup& g) -> Coro<> {
            child = g.create_task(sleep(9s));
            throw CancelledError("by hand");
            co_return;
        });
    };
    Task<> k = create_task(main());
    const Json r = co_await tr(k);
    co_return list(r, k.cancelled(), k.cancelling(), child.cancelled());
});

const Case tg_05("XTG-05-cancelled-while-it-waits-for-the-tasks", []() -> Coro<Json> {
    Trace t;
    auto c = [&]() -> Coro<> {
        co_await try_finally(long_sleep, [&]() -> Coro<> {
            co_await sleep(5ms);
            t("cleaned");
        });
    };
    auto main = [&]() -> Coro<> {
        co_await TaskGroup::scope([&](TaskGroup& g) -> Coro<> {
            g.create_task(c());
            co_return;
        });
        t("not reached");
    };
    Task<> k = create_task(main());
    co_await spin(3);
    k.cancel("first");
    co_await spin();
    k.cancel("second");
    t(co_await tr(k));
    t(k.cancelling());
    co_return t;
});

const Case tg_06("XTG-06-error-while-an-outside-cancel-is-under-way", []() -> Coro<Json> {
    Trace t;
    auto c = []() -> Coro<> {
        co_await try_finally(long_sleep, []() -> Coro<> {
            co_await sleep(5ms);
            throw ValueError("cleanup");
        });
    };
    auto main = [&]() -> Coro<> {
        try {
            co_await TaskGroup::scope([&](TaskGroup& g) -> Coro<> {
                g.create_task(c());
                co_return;
            });
        } catch (...) {
            t(current_task().cancelling());
            throw;
        }
    };
    Task<> k = create_task(main());
    co_await spin(3);
    k.cancel("outside");
    t(co_await tr(k));
    t(k.cancelled(), k.cancelling());
    co_return t;
});

const Case tg_07("XTG-07-swallowed-before-the-group", []() -> Coro<Json> {
    // a count from before the group does not count as a cancellation of the group
    Trace t;
    auto main = [&]() -> Coro<> {
        try {
            co_await sleep(9s);
        } catch (const CancelledError&) {
        }
        co_await TaskGroup::scope([](TaskGroup& g) -> Coro<> {
            g.create_task(sleep(1ms));
            co_return;
        });
        t("left", current_task().cancelling());
        co_await timeout(5ms, []() -> Coro<> {
            co_await TaskGroup::scope([](TaskGroup& g) -> Coro<> {
                g.create_task(sleep(9s));
                co_return;
            });
        });
    };
    Task<> k = create_task(main());
    co_await spin();
    k.cancel();
    t(co_await tr(k));
    t(k.cancelling());
    co_return t;
});

}  // namespace
}  // namespace conformance
