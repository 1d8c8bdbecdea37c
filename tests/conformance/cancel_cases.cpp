// SPDX-License-Identifier: Apache-2.0
// tests/conformance/cancel_cases.cpp - CAN: what cancel() does to a task, wherever it is.
#include <typeinfo>

#include "cases.hpp"

namespace conformance {
namespace {

const Case can_01("CAN-01-at-await", []() -> Coro<Json> {
    Trace t;
    auto c = [&]() -> Coro<> {
        try {
            co_await sleep(10s);
        } catch (const CancelledError&) {
            t("delivered");
            throw;
        }
    };
    Task<> k = create_task(c());
    co_await spin();
    t(k.cancel());
    t(k.cancelled());
    t(k.done());
    t(co_await tr(k));
    t(k.cancelled());
    t(k.cancel());
    co_return t;
});

const Case can_02("CAN-02-before-start", []() -> Coro<Json> {
    Trace t;
    auto c = [&]() -> Coro<> {
        struct Finally {
            ~Finally() { t("finally"); }
            Trace t;
        } const finally{t};
        t("ran");
        co_return;
    };
    Task<> k = create_task(c());
    k.cancel();
    t(co_await tr(k));
    t(k.cancelled());
    co_return t;
});

const Case can_03("CAN-03-self-cancel-next-suspend", []() -> Coro<Json> {
    Trace t;
    auto c = [&]() -> Coro<> {
        Future<int> f = get_running_loop().create_future<int>();
        f.set_result(1);
        current_task().cancel();
        t("no raise");
        co_await f;
        t("done-future no raise");
        try {
            co_await sleep(0s);
        } catch (const CancelledError&) {
            t("raised at sleep0");
            throw;
        }
    };
    t(co_await tr(create_task(c())));
    co_return t;
});

const Case can_04("CAN-04-cancel-at-end", []() -> Coro<Json> {
    auto c = []() -> Coro<int> {
        current_task().cancel();
        co_return 12;
    };
    auto d = []() -> Coro<int> {
        current_task().cancel();
        throw ValueError("v");
        co_return 0;
    };
    Task<int> k = create_task(c());
    Trace r;
    r(co_await tr(k));
    r(k.cancelled());
    k = create_task(d());
    r(co_await tr(k));
    r(k.cancelled());
    co_return r;
});

const Case can_05("CAN-05-result-lost-race", []() -> Coro<Json> {
    Future<std::string> f = get_running_loop().create_future<std::string>();
    auto c = [&]() -> Coro<std::string> { co_return co_await f; };
    Task<std::string> k = create_task(c());
    co_await spin();
    f.set_result("R");
    k.cancel();
    const Json r = co_await tr(k);
    co_return list(r, f.result());
});

const Case can_06("CAN-06-swallow", []() -> Coro<Json> {
    auto c = []() -> Coro<int> {
        try {
            co_await sleep(9s);
        } catch (const CancelledError&) {
        }
        co_return 42;
    };
    Task<int> k = create_task(c());
    co_await spin();
    k.cancel();
    const Json r = co_await tr(k);
    co_return list(r, k.cancelled(), k.cancelling());
});

const Case can_09("CAN-09-propagates-to-awaited-task", []() -> Coro<Json> {
    Trace t;
    auto inner = [&]() -> Coro<> {
        try {
            co_await sleep(9s);
        } catch (const CancelledError&) {
            t("inner");
            throw;
        }
    };
    Task<> ik = create_task(inner());
    auto outer = [&]() -> Coro<> {
        try {
            co_await ik;
        } catch (const CancelledError&) {
            t("outer");
            throw;
        }
    };
    Task<> k = create_task(outer());
    co_await spin(2);
    k.cancel();
    t(co_await tr(k));
    t(ik.cancelled());
    co_return t;
});

const Case can_10("CAN-10-inner-swallows-outer-lives", []() -> Coro<Json> {
    auto inner = []() -> Coro<int> {
        try {
            co_await sleep(9s);
        } catch (const CancelledError&) {
            co_return 7;
        }
        co_return 0;
    };
    Task<int> ik = create_task(inner());
    auto outer = [&]() -> Coro<int> { co_return co_await ik; };
    Task<int> k = create_task(outer());
    co_await spin(2);
    k.cancel();
    const Json r = co_await tr(k);
    co_return list(r, k.cancelled(), k.cancelling(), ik.cancelling());
});

const Case can_12("CAN-12-msg", []() -> Coro<Json> {
    auto c = []() -> Coro<> { co_await sleep(9s); };
    Task<> k = create_task(c());
    co_await spin();
    k.cancel("why");
    co_return co_await tr(k);
});

const Case can_13("CAN-13-uncancel", []() -> Coro<Json> {
    auto c = []() -> Coro<> { co_await sleep(9s); };
    Task<> k = create_task(c());
    co_await spin();
    Trace r;
    r(k.uncancel());
    k.cancel();
    k.cancel();
    r(k.cancelling());
    r(k.uncancel());
    r(k.uncancel());
    r(k.uncancel());
    r(co_await tr(k));
    co_return r;
});

const Case can_14("CAN-14-uncancel-resets-must-cancel", []() -> Coro<Json> {
    auto c = []() -> Coro<std::string> {
        const AnyTask t = current_task();
        t.cancel();
        t.uncancel();
        co_await sleep(0s);
        co_return "ok";
    };
    co_return co_await tr(create_task(c()));
});

const Case can_16("CAN-16-await-in-finally", []() -> Coro<Json> {
    Trace t;
    auto c = [&]() -> Coro<> {
        const auto body = []() -> Coro<> { co_await sleep(9s); };
        co_await try_finally(body, [&]() -> Coro<> {
            co_await sleep(10ms);
            t("cleanup done");
        });
    };
    Task<> k = create_task(c());
    co_await spin();
    k.cancel();
    t(co_await tr(k));
    co_return t;
});

const Case can_17("CAN-17-not-Exception", [] {
    // `except Exception` is catch (const std::exception&), `except BaseException` catch (...).
    Trace r;
    const auto throw_it = [] { throw CancelledError(); };
    bool as_exception = false;
    bool as_anything = false;
    try {
        try {
            throw_it();
        } catch (const std::exception&) {
            as_exception = true;
        }
    } catch (...) {
        as_anything = true;
    }
    r(as_exception);
    r(as_anything);
    // There is one TimeoutError, also for what waits in threads.
    try {
        concurrent::Future<>().result(0s);
    } catch (const OSError& e) {
        r(typeid(e) == typeid(TimeoutError));
    }
    return r;
});

const Case can_18("CAN-18-manual-raise", []() -> Coro<Json> {
    auto c = []() -> Coro<> {
        throw CancelledError("m");
        co_return;
    };
    Task<> k = create_task(c());
    const Json r = co_await tr(k);
    co_return list(r, k.cancelled(), k.cancelling());
});

const Case can_19("CAN-19-sleep-cancel-frees-timer", []() -> Coro<Json> {
    EventLoop& loop = get_running_loop();
    const std::size_t n0 = loop.timers().size();
    Task<> k = create_task(sleep(99s));
    co_await spin();
    const std::size_t n1 = loop.timers().size();
    k.cancel();
    co_await tr(k);
    co_return list(n1 - n0, loop.timers().size() - n0);
});

const Case can_20("CAN-20-done-callback-after-cleanup", []() -> Coro<Json> {
    Trace t;
    auto c = [&]() -> Coro<> {
        const auto body = []() -> Coro<> { co_await sleep(9s); };
        co_await try_finally(body, [&]() -> Coro<> {
            co_await sleep(5ms);
            t("cleanup");
        });
    };
    Task<> k = create_task(c());
    k.add_done_callback([t] { t("cb"); });
    co_await spin();
    k.cancel();
    co_await tr(k);
    co_await spin();
    co_return t;
});

const Case can_21("CAN-21-not-preemptive", []() -> Coro<Json> {
    Trace t;
    auto c = [&]() -> Coro<std::string> {
        for (int i = 0; i < 3; ++i) t(i);
        co_return "end";
    };
    Task<std::string> k = create_task(c());
    co_await spin();
    t(k.cancel());
    co_return t;
});

const Case can_22("CAN-22-to-thread", real_time, []() -> Coro<Json> {
    Trace t;
    // The thread may outlive this frame.
    const auto began = std::make_shared<ThreadEvent>();
    const auto ev = std::make_shared<ThreadEvent>();
    const auto ended = std::make_shared<ThreadEvent>();
    auto work = [t, began, ev, ended] {
        began->set();
        ev->wait(too_long);
        t("thread done");
        ended->set();
    };
    Task<> k = create_task(to_thread(work));
    const auto has_begun = [&] { return began->is_set(); };
    co_await until(has_begun);
    k.cancel();
    t(co_await tr(k));
    t(!ended->is_set());
    ev->set();
    const auto has_ended = [&] { return ended->is_set(); };
    co_await until(has_ended);
    co_return t;
});

const Case can_23("CAN-23-executor-not-started", real_time, []() -> Coro<Json> {
    Trace t;
    ThreadPoolExecutor ex(1);
    ThreadEvent ev;
    EventLoop& loop = get_running_loop();
    Future<bool> a = loop.run_in_executor(&ex, [&] { return ev.wait(too_long); });
    Future<> b = loop.run_in_executor(&ex, t, "b ran");
    co_await spin();
    b.cancel();
    co_await spin(2);
    ev.set();
    co_await a;
    ex.shutdown(true);
    co_return list(t, b.cancelled());
});

const Case can_25("CAN-25-cancelled-error-chain", []() -> Coro<Json> {
    auto inner = []() -> Coro<> { co_await sleep(9s); };
    Task<> k = create_task(inner());
    co_await spin();
    k.cancel("m1");
    try {
        co_await k;
    } catch (const CancelledError& e) {
        co_return list(e.message());
    }
    co_return nullptr;
});

const Case can_26("CAN-26-except-Exception-does-not-swallow", []() -> Coro<Json> {
    auto c = []() -> Coro<std::string> {
        try {
            co_await sleep(9s);
        } catch (const std::exception&) {
            co_return "swallowed";
        }
        co_return "slept";
    };
    Task<std::string> k = create_task(c());
    co_await spin();
    k.cancel();
    co_return co_await tr(k);
});

const Case can_27("CAN-27-shared-future-footgun", []() -> Coro<Json> {
    Future<> f = get_running_loop().create_future();
    Task<> a = create_task(aw(f));
    Task<> b = create_task(aw(f));
    co_await spin();
    a.cancel();
    const Json of_a = co_await tr(a);
    const Json of_b = co_await tr(b);
    co_return list(of_a, of_b, f.cancelled(), b.cancelling());
});

const Case can_29("CAN-29-cancel-two-waiting-on-task", []() -> Coro<Json> {
    Task<> ik = create_task(sl(9s));
    Task<> a = create_task(aw<void>(ik));
    Task<> b = create_task(aw<void>(ik));
    co_await spin(2);
    a.cancel();
    const Json of_a = co_await tr(a);
    const Json of_b = co_await tr(b);
    co_return list(of_a, of_b, ik.cancelled());
});

}  // namespace
}  // namespace conformance
