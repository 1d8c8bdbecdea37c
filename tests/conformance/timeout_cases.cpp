// SPDX-License-Identifier: Apache-2.0
// tests/conformance/timeout_cases.cpp - TMO: timeout(); WF: wait_for().
#include <thread>

#include "cases.hpp"

namespace conformance {
namespace {

const Case tmo_01("TMO-01-basic", []() -> Coro<Json> {
    Timeout cm = timeout(5ms);
    try {
        co_await with_async(cm, []() -> Coro<> { co_await sleep(9s); });
    } catch (const TimeoutError& e) {
        co_return list(cm.expired(), type_name(e.cause()), current_task().cancelling());
    }
    co_return nullptr;
});

const Case tmo_02("TMO-02-not-expired", []() -> Coro<Json> {
    Timeout cm = timeout(9s);
    co_await with_async(cm, []() -> Coro<> { co_await sleep(0s); });
    co_return list(cm.expired(), cm.when().has_value());
});

const Case tmo_03("TMO-03-none", []() -> Coro<Json> {
    Timeout cm = timeout(std::nullopt);
    co_await with_async(cm, []() -> Coro<> { co_await sleep(5ms); });
    co_return list(cm.expired(), cm.when() ? Json("some time") : Json());
});

const Case tmo_04("TMO-04-zero", []() -> Coro<Json> {
    Trace r;
    Timeout cm = timeout(0s);
    try {
        co_await with_async(cm, [&]() -> Coro<> {
            r("body runs");
            co_return;
        });
    } catch (const TimeoutError&) {
        r("T");
    }
    r(cm.expired());
    try {
        co_await timeout(0s, []() -> Coro<> { co_await sleep(9s); });
    } catch (const TimeoutError&) {
        r("T at first suspend");
    }
    auto sleep0 = [&]() -> Coro<> {
        co_await sleep(0s);
        r("after sleep0");
    };
    Timeout cm2 = timeout(0s);
    try {
        co_await with_async(cm2, sleep0);
    } catch (const TimeoutError&) {
        r("T at sleep0");
    }
    r(cm2.expired());
    try {
        co_await timeout(-1s, sleep0);
    } catch (const TimeoutError&) {
        r("T at sleep0");
    }
    co_return r;
});

const Case tmo_06("TMO-06-nested-inner-first", []() -> Coro<Json> {
    Trace r;
    Timeout o = timeout(50ms);
    Timeout i = timeout(5ms);
    try {
        co_await with_async(o, [&]() -> Coro<> {
            try {
                co_await with_async(i, []() -> Coro<> { co_await sleep(9s); });
            } catch (const TimeoutError&) {
                r("inner Timeout");
                throw;
            }
        });
    } catch (const TimeoutError&) {
        r("propagated");
    }
    r(o.expired());
    r(i.expired());
    co_return r;
});

const Case tmo_07("TMO-07-both-expired-busy", real_time, []() -> Coro<Json> {
    Trace r;
    Timeout o = timeout(10ms);
    Timeout i = timeout(5ms);
    try {
        co_await with_async(o, [&]() -> Coro<> {
            try {
                co_await with_async(i, []() -> Coro<> {
                    co_await sleep(0s);
                    std::this_thread::sleep_for(30ms);
                    co_await sleep(9s);
                });
            } catch (const CancelledError&) {
                r("inner saw Cancelled");
                throw;
            } catch (const TimeoutError&) {
                r("inner saw Timeout");
                throw;
            }
        });
    } catch (const TimeoutError&) {
        r("outer Timeout");
    }
    r(o.expired());
    r(i.expired());
    r(current_task().cancelling());
    co_return r;
});

const Case tmo_08("TMO-08-external-cancel-first", []() -> Coro<Json> {
    auto m = []() -> Coro<> { co_await timeout(9s, []() -> Coro<> { co_await sleep(9s); }); };
    Task<> k = create_task(m());
    co_await spin();
    k.cancel();
    const Json r = co_await tr(k);
    co_return list(r, k.cancelled());
});

const Case tmo_10("TMO-10-foreign-exc-on-timeout", []() -> Coro<Json> {
    Timeout cm = timeout(5ms);
    try {
        co_await with_async(cm, []() -> Coro<> {
            try {
                co_await sleep(9s);
            } catch (...) {
                throw ValueError("x");
            }
        });
    } catch (const ValueError& e) {
        co_return list(en(), type_name(e.context()), cm.expired(), current_task().cancelling());
    }
    co_return nullptr;
});

const Case tmo_11("TMO-11-in-cancelling-task", []() -> Coro<Json> {
    auto m = []() -> Coro<Json> {
        bool cancelled = false;
        try {
            co_await sleep(9s);
        } catch (const CancelledError&) {
            cancelled = true;
        }
        if (!cancelled) co_return nullptr;
        try {
            co_await timeout(5ms, []() -> Coro<> { co_await sleep(9s); });
        } catch (const TimeoutError&) {
            co_return list("cleanup timed out", current_task().cancelling());
        }
        co_return nullptr;
    };
    Task<Json> k = create_task(m());
    co_await spin();
    k.cancel();
    co_return co_await tr(k);
});

const Case tmo_12("TMO-12-reschedule", []() -> Coro<Json> {
    Trace r;
    EventLoop& loop = get_running_loop();
    Timeout cm = timeout(9s);
    try {
        co_await with_async(cm, [&]() -> Coro<> {
            cm.reschedule(loop.time() + 5ms);
            co_await sleep(9s);
        });
    } catch (const TimeoutError&) {
        r("T");
    }
    try {
        cm.reschedule(loop.time() + 1s);
    } catch (const RuntimeError& e) {
        r(e.what());
    }
    Timeout cm2 = timeout(5ms);
    co_await with_async(cm2, [&]() -> Coro<> {
        cm2.reschedule(std::nullopt);
        co_await sleep(20ms);
        r("disabled");
    });
    co_return r;
});

const Case tmo_14("TMO-14-misuse", []() -> Coro<Json> {
    Trace r;
    const auto pass = []() -> Coro<> { co_return; };
    Timeout cm = timeout(1s);
    co_await with_async(cm, [&]() -> Coro<> {
        try {
            co_await with_async(cm, pass);
        } catch (const RuntimeError& e) {
            r(e.what());
        }
    });
    try {
        co_await with_async(cm, pass);
    } catch (const RuntimeError& e) {
        r(e.what());
    }
    EventLoop& loop = get_running_loop();
    Future<std::string> f = loop.create_future<std::string>();
    auto cb = [&] {
        // with_async() can only be awaited in a task; this is what it does first.
        try {
            timeout(1s).enter(loop.current());
        } catch (const RuntimeError& e) {
            f.set_result(e.what());
        }
    };
    loop.call_soon(cb);
    r(co_await f);
    co_return r;
});

const Case tmo_15("TMO-15-chain-timeout-in-group", []() -> Coro<Json> {
    try {
        co_await timeout(5ms, []() -> Coro<> {
            co_await TaskGroup::scope([]() -> Coro<> { co_await sleep(9s); });
        });
    } catch (const TimeoutError&) {
        co_return en();
    }
    co_return nullptr;
});

const Case wf_01("WF-01-basic", []() -> Coro<Json> {
    Trace r;
    r(co_await wait_for(sl(1ms, 1), 1s));
    r(co_await tr(wait_for(sl(9s), 5ms)));
    r(co_await wait_for(sl(0s, 2), std::nullopt));
    co_return r;
});

const Case wf_02("WF-02-waits-cleanup", []() -> Coro<Json> {
    Trace t;
    auto c = [&]() -> Coro<> {
        const auto body = []() -> Coro<> { co_await sleep(9s); };
        co_await try_finally(body, [&]() -> Coro<> {
            co_await sleep(20ms);
            t("cleaned");
        });
    };
    t(co_await tr(wait_for(c(), 5ms)));
    co_return t;
});

const Case wf_03("WF-03-zero", []() -> Coro<Json> {
    Trace t;
    Future<std::string> f = get_running_loop().create_future<std::string>();
    f.set_result("r");
    auto c = [&]() -> Coro<> {
        t("started");
        co_return;
    };
    Trace r;
    r(co_await tr(wait_for(f, 0s)));
    r(co_await tr(wait_for(c(), 0s)));
    r(co_await tr(wait_for(c(), -1s)));
    r(t);
    co_return r;
});

const Case wf_04("WF-04-cancel", []() -> Coro<Json> {
    Task<> ik = create_task(sl(9s));
    Task<> k = create_task(wait_for(ik, 9s));
    co_await spin(2);
    k.cancel();
    const Json r = co_await tr(k);
    co_return list(r, ik.cancelled());
});

const Case wf_06("WF-06-inner-raises-on-cancel", []() -> Coro<Json> {
    auto c = []() -> Coro<> {
        try {
            co_await sleep(9s);
        } catch (const CancelledError&) {
            throw KeyError("other");
        }
    };
    co_return co_await tr(wait_for(c(), 5ms));
});

const Case wf_07("WF-07-done-and-cancel-race", []() -> Coro<Json> {
    Future<std::string> f = get_running_loop().create_future<std::string>();
    Task<std::string> k = create_task(wait_for(f, 9s));
    co_await spin(2);
    f.set_result("r");
    k.cancel();
    const Json r = co_await tr(k);
    co_return list(r, k.cancelled());
});

const Case wf_08("WF-08-same-task", []() -> Coro<Json> {
    auto c = []() -> Coro<AnyTask> { co_return current_task(); };
    co_return (co_await wait_for(c(), 1s)) == current_task();
});

const Case wf_09("WF-09-coro-finishes-at-deadline", real_time, []() -> Coro<Json> {
    // the future gets its result in the turn in which the timeout fires
    EventLoop& loop = get_running_loop();
    Future<std::string> f = loop.create_future<std::string>();
    loop.call_later(10ms, [&] {
        if (!f.done()) f.set_result("r");
    });
    Task<std::string> k = create_task(wait_for(f, 20ms));
    co_await spin(2);
    auto busy = [] { std::this_thread::sleep_for(40ms); };
    loop.call_soon(busy);
    co_return co_await tr(k);
});

}  // namespace
}  // namespace conformance
