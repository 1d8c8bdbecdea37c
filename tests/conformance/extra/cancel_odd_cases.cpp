// SPDX-License-Identifier: Apache-2.0
// tests/conformance/extra/cancel_odd_cases.cpp - XCAN-2x, XCAN-3x of probes/cancels.py: requests
// from odd places and at odd times.
#include "cases.hpp"
#include "steps.hpp"

namespace conformance {
namespace {

const Case can_20("XCAN-20-through-gather-shield-and-wait-for", []() -> Coro<Json> {
    Trace t;
    auto inner = [&]() -> Coro<std::string> {
        try {
            co_await wait_for(sleep(1s), 2s);
            t("inner ends");
            co_return "value";
        } catch (const CancelledError&) {
            t("inner cancelled");
            throw;
        }
    };
    Task<std::string> i = create_task(inner());
    auto plain = [&]() -> Coro<> {
        try {
            co_await sleep(5s);
        } catch (const CancelledError&) {
            t(en());
            throw;
        }
    };
    auto m = [&]() -> Coro<> { co_await gather(shield(i), plain()); };
    Task<> k = create_task(m());
    co_await spin(3);
    k.cancel("why");
    t(co_await tr(k));
    t(k.cancelled(), k.cancelling(), i.done(), i.cancelling());
    t(co_await i);
    co_return t;
});

const Case can_21("XCAN-21-by-a-callback-of-what-it-waits-for", []() -> Coro<Json> {
    Trace t;
    for (const bool early : {true, false}) {
        Future<std::string> f = get_running_loop().create_future<std::string>();
        Task<std::string> k;
        auto cancel = [&] { t(k.cancel("by callback")); };
        if (early) f.add_done_callback(cancel);
        k = create_task(aw(f));
        co_await spin();
        if (!early) f.add_done_callback(cancel);
        f.set_result("value");
        t(co_await tr(k));
        t(k.cancelled(), k.cancelling());
    }
    co_return t;
});

const Case can_22("XCAN-22-take-back-and-ask-again-before-it-runs", []() -> Coro<Json> {
    Trace t;
    Future<std::string> f = get_running_loop().create_future<std::string>();
    Task<std::string> k = create_task(aw(f));
    co_await spin();
    f.set_result("value");
    k.cancel("one");
    k.uncancel();
    k.cancel("two");
    t(co_await tr(k));
    t(k.cancelled(), k.cancelling());
    f = get_running_loop().create_future<std::string>();
    k = create_task(aw(f));
    co_await spin();
    f.set_result("value");
    k.cancel("one");
    k.cancel("two");
    k.uncancel();
    t(co_await tr(k));
    t(k.cancelled(), k.cancelling());
    co_return t;
});

const Case can_23("XCAN-23-message-of-the-last-request-before-a-suspension", []() -> Coro<Json> {
    Trace t;
    auto m = []() -> Coro<> {
        const AnyTask me = current_task();
        me.cancel("one");
        me.cancel("two");
        me.uncancel();
        co_await sleep(0s);
    };
    Task<> k = create_task(m());
    t(co_await tr(k));
    t(k.cancelled(), k.cancelling());
    co_return t;
});

const Case can_24("XCAN-24-counts-of-a-done-task", []() -> Coro<Json> {
    Trace t;
    auto m = []() -> Coro<std::string> {
        try {
            co_await sleep(1s);
        } catch (const CancelledError&) {
            co_return "refused";
        }
        co_return "";
    };
    Task<std::string> k = create_task(m());
    co_await spin();
    const bool first = k.cancel();
    const bool second = k.cancel();
    const bool third = k.cancel();
    t(first, second, third, k.cancelling());
    t(co_await k);
    Json::List counts;
    counts.emplace_back(k.cancel());
    counts.emplace_back(k.cancelling());
    for (int i = 0; i < 4; ++i) counts.emplace_back(k.uncancel());
    t(counts);
    t(k.cancelled(), k.result());
    co_return t;
});

const Case can_25("XCAN-25-in-a-bare-yield", []() -> Coro<Json> {
    Trace t;
    auto m = [&]() -> Coro<> {
        std::exception_ptr error;
        try {
            co_await sleep(0s);
            t("not reached");
        } catch (...) {
            error = std::current_exception();
            t(en(), count());
        }
        if (!error) co_return;
        co_await sleep(0s);
        t("yields on");
        rethrow(error);
    };
    Task<> k = create_task(m());
    co_await spin();
    k.cancel("why");
    t(co_await tr(k));
    k = create_task(m());
    co_await spin();
    k.cancel("why");
    k.uncancel();
    t(co_await tr(k));
    co_return t;
});

const Case can_26("XCAN-26-awaits-what-was-cancelled-before", []() -> Coro<Json> {
    Trace t;
    Future<> f = get_running_loop().create_future();
    f.cancel("early");
    auto m = [&]() -> Coro<std::string> {
        for (int i = 0; i < 2; ++i) {
            try {
                co_await f;
            } catch (const CancelledError&) {
                t(en(), count());
            }
        }
        co_await sleep(0s);
        co_return "went on";
    };
    Task<std::string> k = create_task(m());
    t(co_await tr(k));
    co_return t;
});

const Case can_27("XCAN-27-meets-the-error-of-an-awaited-task", []() -> Coro<Json> {
    Trace t;
    reports_to(t);
    Task<> i = create_task(bad(0s, "inner"));
    Task<> k = create_task(aw_task(i));
    co_await spin(2);
    t(i.done(), k.done());
    k.cancel("meets");
    t(co_await tr(k));
    t(k.cancelled(), en(i.exception()));
    co_return t;
});

const Case can_28("XCAN-28-swallowed-in-the-middle-of-a-chain", []() -> Coro<Json> {
    Trace t;
    auto low = [&]() -> Coro<> {
        try {
            co_await sleep(1s);
        } catch (...) {
            t("low");
            throw;
        }
    };
    auto middle = [&]() -> Coro<std::string> {
        try {
            co_await low();
        } catch (const CancelledError&) {
            t("middle swallows");
        }
        co_await sleep(100ms);
        co_return "middle";
    };
    auto high = [&]() -> Coro<std::string> {
        const std::string r = co_await middle();
        t(count());
        co_await sleep(100ms);
        co_return r + " and high";
    };
    Task<std::string> k = create_task(high());
    co_await spin();
    k.cancel();
    co_await sleep(150ms);
    k.cancel("again");
    t(co_await tr(k));
    t(k.cancelling());
    co_return t;
});

const Case can_29("XCAN-29-itself-in-its-cleanup", []() -> Coro<Json> {
    Trace t;
    auto m = [&]() -> Coro<> {
        std::exception_ptr error;
        try {
            throw ValueError("first");
        } catch (...) {
            error = std::current_exception();
        }
        current_task().cancel("itself");
        try {
            co_await sleep(0s);
        } catch (const CancelledError&) {
            t(en());
        }
        rethrow(error);
    };
    Task<> k = create_task(m());
    t(co_await tr(k));
    t(k.cancelled(), k.cancelling());
    co_return t;
});

const Case can_30("XCAN-30-at-its-end-with-requests-taken-back", []() -> Coro<Json> {
    Trace t;
    auto m = [](int back) -> Coro<std::string> {
        const AnyTask me = current_task();
        me.cancel("at its end");
        me.cancel("twice");
        for (int i = 0; i < back; ++i) me.uncancel();
        co_return "value";
    };
    for (int back = 0; back < 4; ++back) {
        Task<std::string> k = create_task(m(back));
        t(co_await tr(k));
        t(k.cancelled(), k.cancelling());
    }
    co_return t;
});

const Case can_31("XCAN-31-self-cancel-then-gather", []() -> Coro<Json> {
    Trace t;
    auto child = [&](int i) -> Coro<> {
        t("ran", i);
        co_return;
    };
    auto m = [&]() -> Coro<> {
        current_task().cancel("passed on");
        try {
            co_await gather(child(1), child(2));
        } catch (...) {
            t(count());
            throw;
        }
    };
    Task<> k = create_task(m());
    t(co_await tr(k));
    t(k.cancelled());
    co_return t;
});

const Case can_32("XCAN-32-a-waiter-of-a-refusing-task-and-a-second-request", []() -> Coro<Json> {
    Trace t;
    auto inner = [&]() -> Coro<std::string> {
        for (int i = 0; i < 2; ++i) {
            try {
                co_await sleep(1s);
            } catch (const CancelledError&) {
                t("refuses", en());
            }
        }
        co_return "inner";
    };
    Task<std::string> i = create_task(inner());
    Task<std::string> k = create_task(aw_task(i));
    co_await spin(2);
    k.cancel("one");
    co_await spin(3);
    t(i.done(), k.done());
    k.cancel("two");
    t(co_await tr(k));
    t(k.cancelling(), i.cancelling(), k.cancelled());
    co_return t;
});

const Case can_33("XCAN-33-three-waiters-of-one-task", []() -> Coro<Json> {
    Trace t;
    auto inner = []() -> Coro<> {
        std::exception_ptr error;
        try {
            co_await sleep(1s);
        } catch (...) {
            error = std::current_exception();
        }
        co_await sleep(100ms);
        rethrow(error);
    };
    Task<> i = create_task(inner());
    std::vector<Task<>> k;
    for (int n = 0; n < 3; ++n) k.push_back(create_task(aw_task(i)));
    co_await spin(2);
    k[1].cancel("the second");
    k[2].cancel("the third");
    for (const Task<>& x : k) t(co_await tr(x));
    t(k[0].cancelling(), k[1].cancelling(), k[2].cancelling(), i.cancelling());
    co_return t;
});

const Case can_34("XCAN-34-from-a-timer-in-the-turn-of-its-start", []() -> Coro<Json> {
    Trace t;
    EventLoop& loop = get_running_loop();
    auto m = [&]() -> Coro<> {
        t("started");
        co_await sleep(0s);
        t("not reached");
    };
    Task<> k = create_task(m());
    loop.call_soon([&] { k.cancel("in the turn of its start"); });
    t(co_await tr(k));
    loop.call_soon([&] { t(k.cancel("before its start")); });
    k = create_task(m());
    t(co_await tr(k));
    co_return t;
});

const Case can_35("XCAN-35-a-cancelled-tasks-callback-cancels-its-waiter", []() -> Coro<Json> {
    Trace t;
    Task<> inner = create_task(sleep(1s));
    Task<Json> k = create_task(tr(inner));
    inner.add_done_callback([&] { t(k.cancel("by callback")); });
    co_await spin(2);
    inner.cancel("inner");
    t(co_await tr(k));
    t(k.cancelled(), k.cancelling());
    co_return t;
});

const Case can_36("XCAN-36-error-replaced-in-nested-handlers", []() -> Coro<Json> {
    Trace t;
    auto m = [&]() -> Coro<> {
        bool failed = false;
        try {
            try {
                co_await sleep(1s);
            } catch (const CancelledError&) {
                throw ValueError("one");
            }
        } catch (const ValueError&) {
            failed = true;
        }
        if (!failed) co_return;
        co_await sleep(0s);
        t(count());
        throw CancelledError("back again");
    };
    Task<> k = create_task(m());
    co_await spin();
    k.cancel("why");
    t(co_await tr(k));
    t(k.cancelled(), k.cancelling());
    co_return t;
});

}  // namespace
}  // namespace conformance
