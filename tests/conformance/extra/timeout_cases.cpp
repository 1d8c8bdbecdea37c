// SPDX-License-Identifier: Apache-2.0
// tests/conformance/extra/timeout_cases.cpp - XTMO-2x, XWF-2x of probes/timeouts.py.
#include "cases.hpp"
#include "steps.hpp"

namespace conformance {
namespace {

Coro<std::string> refuses() {
    bool cancelled = false;
    try {
        co_await sleep(1s);
    } catch (const CancelledError&) {
        cancelled = true;
    }
    if (cancelled) co_await sleep(100ms);
    co_return "refused";
}

Coro<std::string> fails_in_cleanup() {
    try {
        co_await sleep(1s);
    } catch (const CancelledError&) {
        throw ValueError("cleanup");
    }
    co_return "";
}

// The present deadline in milliseconds after `start`; null for none.
Json after(TimePoint start, std::optional<TimePoint> when) {
    if (!when) return nullptr;
    return std::chrono::duration_cast<std::chrono::milliseconds>(*when - start).count();
}

const Case tmo_20("XTMO-20-reschedule-while-it-expires", []() -> Coro<Json> {
    Trace t;
    auto m = [&]() -> Coro<> {
        co_await timeout(500ms, [&]() -> Coro<> {
            co_await timeout(200ms, [&]() -> Coro<> {
                co_await timeout(100ms, [&](Timeout& c) -> Coro<> {
                    try {
                        co_await sleep(1s);
                    } catch (const CancelledError&) {
                        t(en(), c.expired(), count());
                        try {
                            c.reschedule(get_running_loop().time() + 1s);
                        } catch (const RuntimeError&) {
                            t(en());
                        }
                        throw;
                    }
                });
            });
        });
    };
    try {
        co_await m();
    } catch (const TimeoutError& e) {
        t(en(), count(), type_name(e.cause()));
    }
    co_return t;
});

const Case tmo_21("XTMO-21-reschedule-to-and-fro", []() -> Coro<Json> {
    Trace t;
    EventLoop& loop = get_running_loop();
    const TimePoint start = loop.time();
    auto m = [&]() -> Coro<> {
        co_await timeout(100ms, [&](Timeout& c) -> Coro<> {
            c.reschedule(std::nullopt);
            t(!c.when());
            co_await sleep(200ms);
            c.reschedule(start + 300ms);
            loop.call_at(start + 250ms, [&] { c.reschedule(start + 400ms); });
            try {
                co_await sleep(1s);
            } catch (...) {
                t(after(start, loop.time()), c.expired());
                throw;
            }
        });
    };
    t(co_await tr(m()));
    co_return t;
});

const Case tmo_22("XTMO-22-reschedule-to-the-past-and-leave-at-once", []() -> Coro<Json> {
    Trace t;
    EventLoop& loop = get_running_loop();
    Timeout c(9s);
    co_await with_async(c, [&] { c.reschedule(loop.time() - 1s); });
    t(c.expired(), count());
    Timeout d(0s);
    co_await with_async(d, [&] { t("inside"); });
    t(d.expired(), count());
    co_await spin(2);
    t(count());
    co_return t;
});

const Case tmo_23("XTMO-23-deadline-then-cancel-before-the-task-runs", []() -> Coro<Json> {
    Trace t;
    EventLoop& loop = get_running_loop();
    auto m = [&]() -> Coro<> {
        Timeout c = timeout_at(loop.time() + 100ms);
        try {
            co_await with_async(c, sleep(1s));
        } catch (...) {
            t(c.expired(), count());
            throw;
        }
    };
    for (const bool taken_back : {false, true}) {
        const TimePoint when = loop.time() + 100ms;
        Task<> k = create_task(m());
        co_await spin();
        loop.call_at(when, [&] {
            k.cancel("outside");
            if (taken_back) k.uncancel();
        });
        t(co_await tr(k));
        t(k.cancelled(), k.cancelling());
    }
    co_return t;
});

const Case tmo_24("XTMO-24-body-takes-the-request-back", []() -> Coro<Json> {
    Trace t;
    Timeout c(100ms);
    co_await with_async(c, [&]() -> Coro<> {
        try {
            co_await sleep(1s);
        } catch (const CancelledError&) {
            t(current_task().uncancel());
        }
    });
    t(c.expired(), count());
    auto m = []() -> Coro<> {
        co_await timeout(100ms, []() -> Coro<> {
            try {
                co_await sleep(1s);
            } catch (const CancelledError&) {
                current_task().uncancel();
                throw;
            }
        });
    };
    t(co_await tr(m()));
    t(count());
    co_return t;
});

const Case tmo_25("XTMO-25-when", []() -> Coro<Json> {
    const TimePoint start = get_running_loop().time();
    Trace r;
    Timeout c(1s);
    Timeout d = timeout_at(start + 2s);
    Timeout n(std::nullopt);
    r(d.when() == start + 2s, n.when() == std::nullopt);
    auto body = [&] {
        r(c.when() == start + 1s, d.when() == start + 2s, n.when() == std::nullopt);
        n.reschedule(start + 3s);
        r(n.when() == start + 3s);
        r(c.expired(), d.expired(), n.expired());
    };
    co_await with_async(c, [&]() -> Coro<> {
        co_await with_async(d, [&]() -> Coro<> { co_await with_async(n, body); });
    });
    r(c.when() == start + 1s, n.when() == start + 3s);
    co_return r;
});

const Case tmo_26("XTMO-26-three-deadlines-at-once", []() -> Coro<Json> {
    Trace t;
    const TimePoint when = get_running_loop().time() + 100ms;
    auto m = [&]() -> Coro<> {
        Timeout a = timeout_at(when);
        Timeout b = timeout_at(when);
        Timeout c = timeout_at(when);
        auto inmost = [&]() -> Coro<> {
            try {
                co_await with_async(c, sleep(1s));
            } catch (...) {
                t(c.expired(), count());
                throw;
            }
        };
        auto middle = [&]() -> Coro<> {
            try {
                co_await with_async(b, inmost);
            } catch (...) {
                t(b.expired(), count());
                throw;
            }
        };
        try {
            co_await with_async(a, middle);
        } catch (...) {
            t(a.expired(), count());
            throw;
        }
    };
    t(co_await tr(m()));
    t(count());
    co_return t;
});

const Case tmo_27("XTMO-27-cancelled-in-the-cleanup-of-a-timeout", []() -> Coro<Json> {
    Trace t;
    auto m = [&]() -> Coro<> {
        co_await timeout(100ms, [&]() -> Coro<> {
            std::exception_ptr error;
            try {
                co_await sleep(1s);
            } catch (...) {
                error = std::current_exception();
            }
            t(count());
            co_await sleep(200ms);
            t("cleaned");
            rethrow(error);
        });
    };
    Task<> k = create_task(m());
    co_await sleep(200ms);
    k.cancel("outside");
    t(co_await tr(k));
    t(k.cancelled(), k.cancelling());
    co_return t;
});

const Case tmo_28("XTMO-28-group-error-carries-the-timeout", []() -> Coro<Json> {
    Trace t;
    auto child = []() -> Coro<> { co_await fails_in_cleanup(); };
    auto m = [&]() -> Coro<> {
        co_await timeout(100ms, [&]() -> Coro<> {
            co_await TaskGroup::scope([&](TaskGroup& g) { g.create_task(child()); });
        });
    };
    try {
        co_await m();
    } catch (...) {
        t(list(en(), count()));
    }
    co_return t;
});

const Case tmo_29("XTMO-29-timer-loop", []() -> Coro<Json> {
    Trace t;
    for (int i = 0; i < 3; ++i) {
        try {
            co_await timeout(i != 1 ? 100ms : 300ms, [&]() -> Coro<> {
                co_await sleep(200ms);
                t("slept", i);
            });
        } catch (const TimeoutError&) {
            t("timeout", i, count());
        }
    }
    co_return t;
});

const Case wf_20("XWF-20-nothing-to-wait-for", []() -> Coro<Json> {
    Trace t;
    EventLoop& loop = get_running_loop();
    Future<std::string> done = loop.create_future<std::string>();
    done.set_result("done");
    Future<std::string> failed = loop.create_future<std::string>();
    failed.set_exception(ValueError("failed"));
    Future<std::string> cancelled = loop.create_future<std::string>();
    cancelled.cancel("cancelled");
    loop.call_soon(t, "tick");
    for (const std::optional<Delay> limit : {std::optional<Delay>(), std::optional<Delay>(0s),
                                             std::optional<Delay>(-1s), std::optional<Delay>(1s)}) {
        for (const auto& f : {done, failed, cancelled}) t(co_await tr(wait_for(f, limit)));
    }
    Future<> pending = loop.create_future();
    t(co_await tr(wait_for(pending, -1s)));
    t(pending.cancelled());
    auto c = [&]() -> Coro<> {
        t("ran");
        co_return;
    };
    t(co_await tr(wait_for(c(), -1s)));
    t(co_await tr(wait_for(c(), std::nullopt)));
    co_return t;
});

const Case wf_21("XWF-21-task-refuses-at-zero", []() -> Coro<Json> {
    Trace t;
    Task<std::string> a = create_task(refuses());
    Task<std::string> b = create_task(fails_in_cleanup());
    co_await spin();
    t(co_await tr(wait_for(a, 0s)));
    t(co_await tr(wait_for(b, 0s)));
    t(a.cancelling(), b.cancelling(), count());
    co_return t;
});

const Case wf_22("XWF-22-task-refuses-at-the-deadline", []() -> Coro<Json> {
    Trace t;
    Task<std::string> k = create_task(refuses());
    t(co_await tr(wait_for(k, 100ms)));
    t(k.cancelling(), count());
    t(co_await tr(wait_for(refuses(), 100ms)));
    t(count());
    co_return t;
});

const Case wf_23("XWF-23-cancelled-while-the-inner-cleans-up", []() -> Coro<Json> {
    Trace t;
    auto inner = [&]() -> Coro<> {
        std::exception_ptr error;
        try {
            co_await sleep(1s);
        } catch (...) {
            error = std::current_exception();
        }
        t("cleans up");
        co_await sleep(100ms);
        t("cleaned");
        rethrow(error);
    };
    for (const Delay limit : {Delay(100ms), Delay(0s)}) {
        Task<> i = create_task(inner());
        co_await spin();
        Task<> k = create_task(wait_for(i, limit));
        co_await sleep(150ms);
        if (limit.get() == 0s) {
            i = create_task(inner());
            co_await spin();
            k = create_task(wait_for(i, limit));
            co_await sleep(50ms);
        }
        k.cancel("outside");
        t(co_await tr(k));
        t(k.cancelled(), k.cancelling(), i.done(), i.cancelling());
        co_await sleep(300ms);
        t(i.cancelled());
    }
    co_return t;
});

const Case wf_24("XWF-24-inner-raises-a-timeout-of-its-own", []() -> Coro<Json> {
    Trace t;
    t(co_await tr(wait_for(bad<TimeoutError>(100ms, "own"), 1s)));
    t(co_await tr(wait_for(create_task(bad<TimeoutError>(100ms, "own")), 1s)));
    co_return t;
});

const Case wf_25("XWF-25-of-shield", []() -> Coro<Json> {
    Trace t;
    auto c = [&]() -> Coro<std::string> {
        co_await sleep(200ms);
        t("inner ends");
        co_return "value";
    };
    Task<std::string> k = create_task(c());
    t(co_await tr(wait_for(shield(k), 100ms)));
    t(k.done(), k.cancelling());
    t(co_await tr(wait_for(shield(k), 200ms)));
    co_return t;
});

const Case wf_26("XWF-26-of-gather", []() -> Coro<Json> {
    Trace t;
    auto c = [&](int i) -> Coro<int> {
        try {
            co_await sleep(1s * i);
            co_return i;
        } catch (const CancelledError&) {
            t("cancelled", i);
            throw;
        }
    };
    t(co_await tr(wait_for(gather(c(0), c(1), c(2)), 500ms)));
    t(co_await tr(wait_for(gather(return_exceptions, c(0), c(1), c(2)), 500ms)));
    t(co_await tr(wait_for(gather(c(0), c(0)), 500ms)));
    t(count());
    co_return t;
});

const Case wf_27("XWF-27-in-a-cancelled-task", []() -> Coro<Json> {
    Trace t;
    auto m = [&]() -> Coro<> {
        std::exception_ptr error;
        try {
            co_await sleep(1s);
        } catch (...) {
            error = std::current_exception();
        }
        t(co_await tr(wait_for(sl(100ms, "short"), 1s)));
        t(co_await tr(wait_for(sleep(1s), 100ms)));
        t(count());
        rethrow(error);
    };
    Task<> k = create_task(m());
    co_await spin();
    k.cancel("why");
    t(co_await tr(k));
    t(k.cancelling());
    co_return t;
});

const Case wf_28("XWF-28-inner-cancelled-by-another", []() -> Coro<Json> {
    Trace t;
    Task<> inner = create_task(sleep(1s));
    Task<> k = create_task(wait_for(inner, 1s));
    co_await spin(2);
    inner.cancel("by another");
    t(co_await tr(k));
    t(k.cancelled(), k.cancelling(), inner.cancelling());
    co_return t;
});

const Case wf_29("XWF-29-self-cancel-inside", []() -> Coro<Json> {
    Trace t;
    auto c = []() -> Coro<> {
        current_task().cancel("itself");
        co_await sleep(1s);
    };
    Task<> k = create_task(wait_for(c(), 100ms));
    t(co_await tr(k));
    t(k.cancelled(), k.cancelling());
    co_return t;
});

const Case wf_30("XWF-30-nested", []() -> Coro<Json> {
    Trace t;
    auto c = [&]() -> Coro<> {
        try {
            co_await sleep(1s);
        } catch (const CancelledError&) {
            t(count());
            throw;
        }
    };
    t(co_await tr(wait_for(wait_for(c(), 300ms), 100ms)));
    t(co_await tr(wait_for(wait_for(c(), 100ms), 300ms)));
    auto catches = [&]() -> Coro<> {
        try {
            co_await wait_for(c(), 100ms);
        } catch (const TimeoutError&) {
            t("caught", count());
        }
        co_await sleep(1s);
    };
    t(co_await tr(wait_for(catches(), 300ms)));
    t(count());
    co_return t;
});

}  // namespace
}  // namespace conformance
