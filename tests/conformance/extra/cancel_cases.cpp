// SPDX-License-Identifier: Apache-2.0
// tests/conformance/extra/cancel_cases.cpp - XCAN-0x, XCAN-1x of extra_probes.py.
#include "cases.hpp"

namespace conformance {
namespace {

const Case can_01("XCAN-01-ticks-through-a-chain", []() -> Coro<Json> {
    Trace t;
    Future<> f = get_running_loop().create_future();
    Task<> inner = create_task(aw(f));
    Task<> outer = create_task(aw<void>(inner));
    co_await spin(2);
    outer.cancel("why");
    for (int i = 0; i < 3; ++i) {
        t(f.cancelled(), inner.done(), outer.done());
        co_await spin();
    }
    t(f.cancelled(), inner.done(), outer.done());
    t(inner.cancelling(), outer.cancelling());
    t(co_await tr(outer));
    co_return t;
});

const Case can_02("XCAN-02-twice-before-it-runs", []() -> Coro<Json> {
    auto c = []() -> Coro<> { co_return; };
    Task<> k = create_task(c());
    Trace r;
    r(k.cancel("one"));
    r(k.cancel("two"));
    r(k.cancelling());
    r(co_await tr(k));
    r(k.cancelled());
    r(k.cancelling());
    r(k.cancel());
    co_return r;
});

const Case can_03("XCAN-03-before-it-runs-and-taken-back", []() -> Coro<Json> {
    auto c = []() -> Coro<std::string> { co_return "ran"; };
    Task<std::string> k = create_task(c());
    k.cancel();
    k.uncancel();
    const Json r = co_await tr(k);
    co_return list(r, k.cancelled());
});

const Case can_04("XCAN-04-twice-while-it-waits", []() -> Coro<Json> {
    // the message of the first; one CancelledError only
    Trace t;
    auto c = [&]() -> Coro<std::string> {
        try {
            co_await sleep(9s);
        } catch (const CancelledError&) {
            t(en());
        }
        co_await sleep(0s);
        co_return "went on";
    };
    Task<std::string> k = create_task(c());
    co_await spin();
    k.cancel("one");
    k.cancel("two");
    t(co_await tr(k));
    t(k.cancelling());
    co_return t;
});

const Case can_05("XCAN-05-again-in-the-cleanup", []() -> Coro<Json> {
    Trace t;
    auto c = [&]() -> Coro<> {
        bool cancelled = false;
        try {
            co_await sleep(9s);
        } catch (const CancelledError&) {
            t(en());
            cancelled = true;
        }
        if (!cancelled) co_return;
        try {
            co_await sleep(9s);
        } catch (const CancelledError&) {
            t(en());
            throw;
        }
    };
    Task<> k = create_task(c());
    co_await spin();
    k.cancel("first");
    co_await spin();
    k.cancel("second");
    t(co_await tr(k));
    t(k.cancelling());
    co_return t;
});

const Case can_06("XCAN-06-woken-then-cancelled-then-taken-back", []() -> Coro<Json> {
    Future<std::string> f = get_running_loop().create_future<std::string>();
    Task<std::string> k = create_task(aw(f));
    co_await spin();
    f.set_result("kept");
    k.cancel();
    k.uncancel();
    const Json r = co_await tr(k);
    co_return list(r, k.cancelled(), k.cancelling());
});

const Case can_07("XCAN-07-taken-back-while-it-waits", []() -> Coro<Json> {
    // what it waits for is cancelled already
    Task<> k = create_task(sleep(9s));
    co_await spin();
    k.cancel();
    k.uncancel();
    const Json r = co_await tr(k);
    co_return list(r, k.cancelled(), k.cancelling());
});

const Case can_08("XCAN-08-self-cancel-reaches-the-child", []() -> Coro<Json> {
    Trace t;
    auto child = [&]() -> Coro<> {
        t("child ran");
        co_return;
    };
    auto c = [&]() -> Coro<> {
        Task<> k = create_task(child());
        current_task().cancel("passed on");
        try {
            co_await k;
        } catch (...) {
            t(k.cancelled(), k.cancelling());
            throw;
        }
    };
    t(co_await tr(create_task(c())));
    co_return t;
});

const Case can_09("XCAN-09-done-callbacks-of-a-chain", []() -> Coro<Json> {
    Trace t;
    auto inner = [&]() -> Coro<> {
        try {
            co_await sleep(9s);
        } catch (...) {
            t("inner ends");
            throw;
        }
    };
    Task<> ik = create_task(inner());
    ik.add_done_callback([t] { t("inner callback 1"); });
    auto outer = [&]() -> Coro<> {
        try {
            co_await ik;
        } catch (...) {
            t("outer ends");
            throw;
        }
    };
    Task<> k = create_task(outer());
    k.add_done_callback([t] { t("outer callback"); });
    co_await spin(2);
    ik.add_done_callback([t] { t("inner callback 2"); });
    k.cancel();
    co_await tr(k);
    co_await spin();
    co_return t;
});

const Case can_10("XCAN-10-cancel-from-its-own-done-callback", []() -> Coro<Json> {
    Trace t;
    auto c = []() -> Coro<int> { co_return 1; };
    Task<int> k = create_task(c());
    k.add_done_callback([t](const AnyFuture& x) { t(x.cancel()); });
    t(co_await tr(k));
    co_return t;
});

const Case can_11("XCAN-11-a-sleeper-whose-time-is-up", []() -> Coro<Json> {
    // cancelled in the turn in which its timer fires, before and after
    Trace t;
    EventLoop& loop = get_running_loop();
    auto c = []() -> Coro<std::string> {
        co_await sleep(10ms);
        co_return "slept";
    };
    Task<std::string> k = create_task(c());
    co_await spin();
    loop.call_later(10ms, [k] { k.cancel(); });
    t(co_await tr(k));
    const TimePoint w = loop.time() + 10ms;
    k = create_task(c());
    loop.call_at(w, [&] { k.cancel(); });
    co_await spin();
    t(co_await tr(k));
    co_return t;
});

const Case can_12("XCAN-12-two-tasks-that-cancel-each-other", []() -> Coro<Json> {
    Trace t;
    Task<> k[2];
    auto c = [&](int i) -> Coro<> {
        bool cancelled = false;
        try {
            co_await sleep(9s);
        } catch (const CancelledError&) {
            t(i, k[1 - i].cancel());
            cancelled = true;
        }
        if (!cancelled) co_return;
        co_await sleep(0s);
        t(i, "went on");
    };
    k[0] = create_task(c(0));
    k[1] = create_task(c(1));
    co_await spin();
    k[0].cancel();
    t(co_await tr(k[0]));
    t(co_await tr(k[1]));
    t(k[0].cancelling(), k[1].cancelling());
    co_return t;
});

const Case can_13("XCAN-13-cancelled-while-a-done-task-is-awaited", []() -> Coro<Json> {
    Trace t;
    auto child = []() -> Coro<std::string> { co_return "value"; };
    Task<std::string> ck = create_task(child());
    Task<std::string> k = create_task(aw<std::string>(ck));
    co_await spin(2);
    t(ck.done(), k.done());
    k.cancel();
    t(co_await tr(k));
    const Json of_ck = co_await tr(ck);
    t(ck.cancelled(), ck.cancelling(), of_ck);
    co_return t;
});

const Case can_14("XCAN-14-a-swallowed-cancel-does-not-come-back", []() -> Coro<Json> {
    Trace t;
    auto c = [&]() -> Coro<int> {
        for (int i = 0; i < 3; ++i) {
            try {
                co_await sleep(1ms);
                t(i);
            } catch (const CancelledError&) {
                t("swallowed");
            }
        }
        co_return static_cast<int>(current_task().cancelling());
    };
    Task<int> k = create_task(c());
    co_await spin();
    k.cancel();
    t(co_await tr(k));
    co_return t;
});

const Case can_15("XCAN-15-replaced-by-an-error", []() -> Coro<Json> {
    auto c = []() -> Coro<> {
        try {
            co_await sleep(9s);
        } catch (...) {
            throw ValueError("instead");
        }
    };
    Task<> k = create_task(c());
    co_await spin();
    k.cancel();
    const Json r = co_await tr(k);
    co_return list(r, k.cancelled(), k.cancelling());
});

const Case can_16("XCAN-16-raised-by-hand-after-a-request", []() -> Coro<Json> {
    auto c = []() -> Coro<> {
        try {
            co_await sleep(9s);
        } catch (const CancelledError&) {
            throw CancelledError("by hand");
        }
    };
    Task<> k = create_task(c());
    co_await spin();
    k.cancel("asked");
    Trace r;
    r(co_await tr(k));
    r(k.cancelled());
    r(co_await tr(k));
    co_return r;
});

}  // namespace
}  // namespace conformance
