// SPDX-License-Identifier: Apache-2.0
// tests/conformance/extra/group_cases.cpp - XTG-2x, XTG-3x, XTG-4x of probes/groups.py.
#include "cases.hpp"
#include "steps.hpp"

namespace conformance {
namespace {

// The end of the text of the exception that is being handled: what comes before names an object.
std::string end_of_text(std::size_t length) {
    const std::string text = en().text();
    return text.size() > length ? text.substr(text.size() - length) : text;
}

const Case tg_20("XTG-20-body-fails-then-a-cancel-from-outside", []() -> Coro<Json> {
    Trace t;
    auto main = [&]() -> Coro<> {
        try {
            co_await TaskGroup::scope([&](TaskGroup& g) -> Coro<> {
                g.create_task(slow(t, "child"));
                co_await sleep(0s);
                throw ValueError("body");
            });
        } catch (...) {
            t(en(), count());
        }
        try {
            co_await sleep(50ms);
            t("slept");
        } catch (const CancelledError&) {
            t("next await", en());
            throw;
        }
    };
    Task<> k = create_task(main());
    co_await sleep(4ms);
    k.cancel("outside");
    t(co_await tr(k));
    t(k.cancelled(), k.cancelling());
    co_return t;
});

const Case tg_21("XTG-21-two-cancels-and-a-child-error-in-one-turn", []() -> Coro<Json> {
    Trace t;
    auto main = [&]() -> Coro<> {
        try {
            co_await TaskGroup::scope([&](TaskGroup& g) -> Coro<> {
                g.create_task(bad(4ms, "child"));
                g.create_task(slow(t, "slow"));
                co_await sleep(9s);
            });
        } catch (...) {
            t(en(), count());
            throw;
        }
    };
    Task<> k = create_task(main());
    co_await spin(2);
    k.cancel("one");
    k.cancel("two");
    t(co_await tr(k));
    t(k.cancelled(), k.cancelling());
    co_return t;
});

const Case tg_22("XTG-22-inner-group-fails-then-cancel-and-uncancel", []() -> Coro<Json> {
    Trace t;
    auto main = [&]() -> Coro<> {
        try {
            co_await TaskGroup::scope([&](TaskGroup& outer) -> Coro<> {
                outer.create_task(slow(t, "outer", 20ms));
                try {
                    co_await TaskGroup::scope([&](TaskGroup& inner) -> Coro<> {
                        inner.create_task(bad(2ms, "inner"));
                        inner.create_task(slow(t, "inner", 10ms));
                        co_await sleep(9s);
                    });
                } catch (const ExceptionGroup&) {
                    t("inner", en(), count());
                }
                co_await sleep(10ms);
                t("body ends");
                throw RuntimeError("body");
            });
        } catch (...) {
            t(en(), count());
            throw;
        }
    };
    Task<> k = create_task(main());
    co_await sleep(6ms);
    k.cancel("outside");
    k.uncancel();
    t(co_await tr(k));
    t(k.cancelled(), k.cancelling());
    co_return t;
});

const Case tg_23("XTG-23-inner-group-fails-and-cancel-from-outside", []() -> Coro<Json> {
    Trace t;
    auto main = [&]() -> Coro<> {
        try {
            co_await TaskGroup::scope([&](TaskGroup& outer) -> Coro<> {
                outer.create_task(slow(t, "outer", 20ms));
                try {
                    co_await TaskGroup::scope([&](TaskGroup& inner) -> Coro<> {
                        inner.create_task(bad(2ms, "inner"));
                        inner.create_task(slow(t, "inner", 10ms));
                        co_await sleep(9s);
                    });
                } catch (const ExceptionGroup&) {
                    t("inner", en(), count());
                }
                co_await sleep(10ms);
                t("body ends");
            });
        } catch (...) {
            t(en(), count());
            throw;
        }
    };
    Task<> k = create_task(main());
    co_await sleep(6ms);
    k.cancel("outside");
    t(co_await tr(k));
    t(k.cancelled(), k.cancelling());
    co_return t;
});

const Case tg_24("XTG-24-tasks-from-done-callbacks", []() -> Coro<Json> {
    Trace t;
    report_types_to(t);
    auto quick = [&](std::string name) -> Coro<> {
        t("ran", name);
        co_return;
    };
    TaskGroup g;
    co_await with_async(g, [&]() -> Coro<> {
        auto more = [&] {
            g.create_task(quick("late")).add_done_callback([t] { t("late is done"); });
        };
        Task<> a = g.create_task(quick("first"));
        a.add_done_callback(more);
        Task<> b = g.create_task(sleep(3ms));
        b.add_done_callback(more);
        t("body ends");
        co_return;
    });
    t("left");
    try {
        g.create_task(quick("too late"));
    } catch (const RuntimeError&) {
        t(end_of_text(11));
    }
    co_await spin(2);
    co_return t;
});

const Case tg_25("XTG-25-last-task-starts-another-in-its-callback", []() -> Coro<Json> {
    Trace t;
    report_types_to(t);
    auto quick = [&](std::string name) -> Coro<> {
        t("ran", name);
        co_return;
    };
    TaskGroup g;
    co_await with_async(g, [&] {
        Task<> k = g.create_task(sleep(3ms));
        k.add_done_callback([&] { g.create_task(quick("late")); });
    });
    t("left");
    co_await spin(2);
    co_return t;
});

const Case tg_26("XTG-26-a-child-cancels-the-parent", []() -> Coro<Json> {
    Trace t;
    auto main = [&]() -> Coro<> {
        const AnyTask me = current_task();
        auto child = [&]() -> Coro<> {
            t(me.cancel("by the child"));
            co_await sleep(0s);
            t("child goes on");
        };
        try {
            co_await TaskGroup::scope([&](TaskGroup& g) -> Coro<> {
                g.create_task(child());
                g.create_task(slow(t, "other"));
                co_await sleep(9s);
            });
        } catch (...) {
            t(en(), count());
            throw;
        }
    };
    Task<> k = create_task(main());
    t(co_await tr(k));
    t(k.cancelled(), k.cancelling());
    co_return t;
});

const Case tg_27("XTG-27-a-child-ends-with-a-cancelled-error-of-its-own", []() -> Coro<Json> {
    Trace t;
    auto child = []() -> Coro<> {
        throw CancelledError("by hand");
        co_return;
    };
    Task<> a;
    Task<std::string> b;
    co_await TaskGroup::scope([&](TaskGroup& g) -> Coro<> {
        a = g.create_task(child());
        b = g.create_task(sl(2ms, "b"));
        co_await sleep(0s);
        t(count());
    });
    t(a.cancelled(), a.cancelling(), b.result(), count());
    co_return t;
});

const Case tg_28("XTG-28-create-task-while-it-aborts", []() -> Coro<Json> {
    Trace t;
    auto late = [&](TaskGroup& g) -> Coro<> {
        try {
            co_await sleep(9s);
        } catch (const CancelledError&) {
            try {
                g.create_task(sleep(0s));
            } catch (const RuntimeError&) {
                t(end_of_text(16));
            }
            throw;
        }
    };
    auto main = [&]() -> Coro<> {
        co_await TaskGroup::scope([&](TaskGroup& g) {
            g.create_task(late(g));
            g.create_task(bad(0s, "x"));
        });
    };
    t(co_await tr(main()));
    co_return t;
});

const Case tg_29("XTG-29-cancelled-child-of-an-aborting-group", []() -> Coro<Json> {
    Trace t;
    Task<> a;
    auto main = [&]() -> Coro<> {
        co_await TaskGroup::scope([&](TaskGroup& g) {
            a = g.create_task(slow(t, "a"));
            g.create_task(bad(2ms, "x"));
        });
    };
    Task<> k = create_task(main());
    co_await sleep(6ms);
    t(a.cancelling(), a.cancel("again"));
    t(co_await tr(k));
    t(a.cancelled(), a.cancelling());
    co_return t;
});

const Case tg_30("XTG-30-inner-cleanup-fails-while-outer-is-cancelled", []() -> Coro<Json> {
    Trace t;
    auto failing = []() -> Coro<> {
        try {
            co_await sleep(9s);
        } catch (const CancelledError&) {
        }
        co_await sleep(5ms);
        throw ValueError("cleanup");
    };
    auto nested = [&]() -> Coro<> {
        co_await TaskGroup::scope([&](TaskGroup& g) {
            g.create_task(failing());
            g.create_task(slow(t, "sibling", 2ms));
        });
    };
    auto main = [&]() -> Coro<> {
        co_await TaskGroup::scope([&](TaskGroup& g) -> Coro<> {
            g.create_task(nested());
            g.create_task(slow(t, "outer"));
            co_await sleep(9s);
        });
    };
    Task<> k = create_task(main());
    co_await spin(4);
    k.cancel("outside");
    t(co_await tr(k));
    t(k.cancelled(), k.cancelling());
    co_return t;
});

const Case tg_31("XTG-31-body-swallows-a-cancel-from-outside", []() -> Coro<Json> {
    Trace t;
    auto main = [&]() -> Coro<std::string> {
        co_await TaskGroup::scope([&](TaskGroup& g) -> Coro<> {
            g.create_task(sleep(4ms));
            try {
                co_await sleep(9s);
            } catch (const CancelledError&) {
                t(en(), count());
            }
        });
        t("left", count());
        co_await sleep(2ms);
        co_return "went on";
    };
    Task<std::string> k = create_task(main());
    co_await spin(2);
    k.cancel("outside");
    t(co_await tr(k));
    co_return t;
});

const Case tg_32("XTG-32-body-swallows-the-groups-own-cancel", []() -> Coro<Json> {
    Trace t;
    auto main = [&]() -> Coro<> {
        co_await TaskGroup::scope([&](TaskGroup& g) -> Coro<> {
            g.create_task(bad(0s, "child"));
            try {
                co_await sleep(9s);
            } catch (const CancelledError&) {
                t(en(), count());
            }
            co_await sleep(2ms);
            t("body ends");
        });
    };
    try {
        co_await main();
    } catch (...) {
        t(en(), count());
    }
    co_return t;
});

const Case tg_33("XTG-33-body-replaces-the-groups-own-cancel", []() -> Coro<Json> {
    Trace t;
    auto main = [&]() -> Coro<> {
        co_await TaskGroup::scope([&](TaskGroup& g) -> Coro<> {
            g.create_task(bad(0s, "child"));
            try {
                co_await sleep(9s);
            } catch (const CancelledError&) {
                throw RuntimeError("body");
            }
        });
    };
    Task<> k = create_task(main());
    t(co_await tr(k));
    t(k.cancelled(), k.cancelling());
    co_return t;
});

const Case tg_34("XTG-34-cancel-and-uncancel-while-it-waits", []() -> Coro<Json> {
    Trace t;
    auto main = [&]() -> Coro<> {
        co_await TaskGroup::scope([&](TaskGroup& g) { g.create_task(slow(t, "child", 2ms)); });
        t("not reached");
    };
    Task<> k = create_task(main());
    co_await spin(3);
    k.cancel("outside");
    k.uncancel();
    t(co_await tr(k));
    t(k.cancelled(), k.cancelling());
    co_return t;
});

const Case tg_35("XTG-35-child-refuses-to-end", []() -> Coro<Json> {
    Trace t;
    auto child = [&]() -> Coro<std::string> {
        for (int i = 0; i < 2; ++i) {
            try {
                co_await sleep(4ms);
                t("child", i);
            } catch (const CancelledError&) {
                t("refuses");
            }
        }
        co_return "value";
    };
    Task<std::string> c;
    auto main = [&]() -> Coro<> {
        co_await TaskGroup::scope([&](TaskGroup& g) { c = g.create_task(child()); });
        t("not reached");
    };
    Task<> k = create_task(main());
    co_await spin(3);
    k.cancel("first");
    co_await spin();
    k.cancel("second");
    t(co_await tr(k));
    t(c.result(), c.cancelling(), k.cancelling());
    co_return t;
});

const Case tg_36("XTG-36-entered-twice", []() -> Coro<Json> {
    Trace t;
    TaskGroup g;
    try {
        g.create_task(sleep(0s));
    } catch (const RuntimeError&) {
        t(end_of_text(20));
    }
    co_await with_async(g, [] {});
    auto again = [&]() -> Coro<> { co_await with_async(g, [&] { t("inside"); }); };
    const Json r = co_await tr(again());
    const std::string text = r[1].text();
    t(r[0], text.substr(text.size() - 24));
    co_return t;
});

const Case tg_37("XTG-37-eager-child-fails", []() -> Coro<Json> {
    Trace t;
    auto fails = []() -> Coro<> {
        throw ValueError("at once");
        co_return;
    };
    auto main = [&]() -> Coro<> {
        co_await TaskGroup::scope([&](TaskGroup& g) -> Coro<> {
            Task<> k = g.create_task(fails(), {.eager_start = true});
            t("created", k.done(), count());
            try {
                g.create_task(sleep(0s));
            } catch (const RuntimeError&) {
                t(end_of_text(16));
            }
            co_await sleep(0s);
            t("not reached");
        });
    };
    try {
        co_await main();
    } catch (...) {
        t(en(), count());
    }
    co_return t;
});

const Case tg_38("XTG-38-eager-child-is-done-at-once", []() -> Coro<Json> {
    Trace t;
    auto quick = [](int i) -> Coro<int> { co_return i; };
    get_running_loop().call_soon(t, "tick");
    std::vector<Task<int>> k;
    co_await TaskGroup::scope([&](TaskGroup& g) {
        for (int i = 0; i < 3; ++i) k.push_back(g.create_task(quick(i), {.eager_start = true}));
    });
    Json::List results;
    for (const Task<int>& x : k) results.emplace_back(x.result());
    t(results);
    co_await spin();
    co_return t;
});

const Case tg_39("XTG-39-interrupt-in-the-body", []() -> Coro<Json> {
    Trace t;
    auto main = [&]() -> Coro<> {
        try {
            co_await TaskGroup::scope([&](TaskGroup& g) -> Coro<> {
                g.create_task(slow(t, "child", 2ms));
                g.create_task(bad(0s, "child"));
                co_await sleep(0s);
                throw KeyboardInterrupt("body");
            });
        } catch (const KeyboardInterrupt&) {
            t(en(), count());
        }
    };
    co_await create_task(main());
    co_return t;
});

const Case tg_40("XTG-40-timeout-while-the-group-waits", []() -> Coro<Json> {
    Trace t;
    auto main = [&]() -> Coro<> {
        co_await TaskGroup::scope([&](TaskGroup& outer) -> Coro<> {
            outer.create_task(sleep(1ms));
            try {
                co_await timeout(4ms, [&]() -> Coro<> {
                    co_await TaskGroup::scope(
                        [&](TaskGroup& g) { g.create_task(slow(t, "child", 2ms)); });
                    t("not reached");
                });
            } catch (const TimeoutError&) {
                t(en(), count());
            }
            co_await sleep(1ms);
            t("body ends");
        });
        t("left", count());
    };
    co_await main();
    co_return t;
});

const Case tg_41("XTG-41-child-of-two-errors-and-the-bodys", []() -> Coro<Json> {
    auto fails = [](int i) -> Coro<> {
        try {
            co_await sleep(9s);
        } catch (const CancelledError&) {
        }
        co_await sleep(2ms * i);
        throw ValueError("child " + std::to_string(i));
    };
    auto main = [&]() -> Coro<> {
        co_await TaskGroup::scope([&](TaskGroup& g) -> Coro<> {
            for (const int i : {3, 1, 2}) g.create_task(fails(i));
            co_await sleep(0s);
            throw RuntimeError("body");
        });
    };
    co_return co_await tr(main());
});

const Case tg_42("XTG-42-cancelled-before-it-has-started-anything", []() -> Coro<Json> {
    Trace t;
    auto child = [&]() -> Coro<> {
        t("child ran");
        co_return;
    };
    auto main = [&]() -> Coro<> {
        current_task().cancel("early");
        co_await TaskGroup::scope([&](TaskGroup& g) {
            g.create_task(child());
            t("body ends");
        });
        t("not reached");
    };
    Task<> k = create_task(main());
    t(co_await tr(k));
    t(k.cancelled(), k.cancelling());
    co_return t;
});

const Case tg_43("XTG-43-gather-inside-a-group-that-fails", []() -> Coro<Json> {
    Trace t;
    auto main = [&]() -> Coro<> {
        co_await TaskGroup::scope([&](TaskGroup& g) -> Coro<> {
            g.create_task(bad(2ms, "child"));
            co_await gather(return_exceptions, slow(t, 1, 1ms), slow(t, 2, 3ms));
            t("not reached");
        });
    };
    try {
        co_await main();
    } catch (...) {
        t(en(), count());
    }
    co_return t;
});

}  // namespace
}  // namespace conformance
