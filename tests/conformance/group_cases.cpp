// SPDX-License-Identifier: Apache-2.0
// tests/conformance/group_cases.cpp - TG: TaskGroup.
#include "cases.hpp"

namespace conformance {
namespace {

// Python's str[-n:].
std::string last(const std::string& text, std::size_t n) {
    return text.size() > n ? text.substr(text.size() - n) : text;
}

// Sleeps until it is cancelled, and fails then.
Coro<> fails_in_cleanup(std::string message) {
    try {
        co_await sleep(9s);
    } catch (const CancelledError&) {
        throw ValueError(message);
    }
}

const Case tg_01("TG-01-waits-all", []() -> Coro<Json> {
    Task<int> a;
    Task<int> b;
    co_await TaskGroup::scope([&](TaskGroup& g) -> Coro<> {
        a = g.create_task(sl(10ms, 1));
        b = g.create_task(sl(5ms, 2));
        co_return;
    });
    co_return list(a.result(), b.result(), a.done());
});

const Case tg_02("TG-02-error-cancels-siblings", []() -> Coro<Json> {
    Task<> a;
    auto main = [&]() -> Coro<> {
        co_await TaskGroup::scope([&](TaskGroup& g) -> Coro<> {
            a = g.create_task(sl(9s));
            g.create_task(bad());
            co_return;
        });
    };
    const Json r = co_await tr(main());
    co_return list(r, a.cancelled());
});

const Case tg_03("TG-03-body-and-child-error", []() -> Coro<Json> {
    auto main = []() -> Coro<> {
        co_await TaskGroup::scope([](TaskGroup& g) -> Coro<> {
            g.create_task(bad());
            co_await spin();
            co_await spin();
            throw KeyError("body");
        });
    };
    auto main2 = []() -> Coro<> {
        co_await TaskGroup::scope([](TaskGroup& g) -> Coro<> {
            g.create_task(sl(9s));
            throw KeyError("body");
            co_return;
        });
    };
    auto main3 = []() -> Coro<> {
        co_await TaskGroup::scope([](TaskGroup& g) -> Coro<> {
            g.create_task(fails_in_cleanup("child cleanup"));
            co_await spin();
            throw KeyError("body");
        });
    };
    Trace r;
    r(co_await tr(main()));
    r(co_await tr(main2()));
    r(co_await tr(main3()));
    co_return r;
});

const Case tg_04("TG-04-parent-uncancelled", []() -> Coro<Json> {
    Trace t;
    auto main = [&]() -> Coro<std::string> {
        try {
            co_await TaskGroup::scope([&](TaskGroup& g) -> Coro<> {
                g.create_task(bad());
                try {
                    co_await sleep(9s);
                } catch (const CancelledError&) {
                    t("body cancelled", current_task().cancelling());
                    throw;
                }
            });
        } catch (const ExceptionGroup& errors) {
            except_group(errors, on<ValueError>([&](const ExceptionGroup&) {
                             t(current_task().cancelling());
                         }));
        }
        co_await sleep(0s);
        co_return "continues";
    };
    t(co_await tr(create_task(main())));
    co_return t;
});

const Case tg_05("TG-05-external-cancel", []() -> Coro<Json> {
    Task<> child;
    auto main = [&]() -> Coro<> {
        co_await TaskGroup::scope([&](TaskGroup& g) -> Coro<> {
            child = g.create_task(sl(9s));
            co_await sleep(9s);
        });
    };
    Task<> k = create_task(main());
    co_await spin(2);
    k.cancel();
    const Json r = co_await tr(k);
    co_return list(r, k.cancelled(), k.cancelling(), child.cancelled());
});

const Case tg_06("TG-06-external-cancel-plus-child-error", []() -> Coro<Json> {
    Trace t;
    auto main = [&]() -> Coro<> {
        try {
            co_await TaskGroup::scope([](TaskGroup& g) -> Coro<> {
                g.create_task(fails_in_cleanup("cleanup"));
                co_await sleep(9s);
            });
        } catch (...) {
            t(en(), current_task().cancelling());
        }
        try {
            co_await sleep(0s);
            t("next await ok");
        } catch (const CancelledError&) {
            t("next await cancelled");
            throw;
        }
    };
    Task<> k = create_task(main());
    co_await spin(2);
    k.cancel();
    t(co_await tr(k));
    co_return t;
});

const Case tg_08("TG-08-nested-both-cancel", []() -> Coro<Json> {
    auto main = []() -> Coro<> {
        co_await TaskGroup::scope([](TaskGroup& g) -> Coro<> {
            co_await TaskGroup::scope([&](TaskGroup& h) -> Coro<> {
                h.create_task(sl(9s));
                g.create_task(sl(9s));
                co_await sleep(9s);
            });
        });
    };
    Task<> k = create_task(main());
    co_await spin(2);
    k.cancel();
    const Json r = co_await tr(k);
    co_return list(r, k.cancelling());
});

const Case tg_09("TG-09-create-errors", []() -> Coro<Json> {
    Json::List r;
    const LogCapture w;
    const auto pass = []() -> Coro<> { co_return; };
    TaskGroup g;
    try {
        g.create_task(sl(0s));
    } catch (const RuntimeError& e) {
        r.emplace_back(last(e.what(), 25));
    }
    co_await with_async(g, pass);
    try {
        g.create_task(sl(0s));
    } catch (const RuntimeError& e) {
        r.emplace_back(last(e.what(), 25));
    }
    try {
        co_await with_async(g, pass);
    } catch (const RuntimeError& e) {
        r.emplace_back(last(e.what(), 25));
    }
    auto late = [&](TaskGroup& of) -> Coro<> {
        try {
            co_await sleep(9s);
        } catch (...) {
            try {
                of.create_task(sl(0s));
            } catch (const RuntimeError& e) {
                r.emplace_back(last(e.what(), 25));
            }
            throw;
        }
    };
    try {
        co_await TaskGroup::scope([&](TaskGroup& g2) -> Coro<> {
            g2.create_task(late(g2));
            g2.create_task(bad());
            co_return;
        });
    } catch (const ExceptionGroup& errors) {
        except_group(errors, on<ValueError>([](const ExceptionGroup&) {}));
    }
    Json::List warnings;
    for (const auto& x : w.entries()) warnings.emplace_back(x.text.substr(0, 30));
    co_return list(r, warnings);
});

const Case tg_10("TG-10-child-spawns-during-exit", []() -> Coro<Json> {
    Trace t;
    auto c = [&](TaskGroup& g) -> Coro<> {
        co_await sleep(5ms);
        g.create_task(sl(5ms)).add_done_callback([t] { t("grandchild"); });
    };
    co_await TaskGroup::scope([&](TaskGroup& g) -> Coro<> {
        g.create_task(c(g));
        co_return;
    });
    t("exited");
    co_return t;
});

const Case tg_11("TG-11-base-error", []() -> Json {
    auto main = []() -> Coro<> {
        co_await TaskGroup::scope([](TaskGroup& g) -> Coro<> {
            g.create_task(sl(9s));
            g.create_task(bad<KeyboardInterrupt>(0s, "k"));
            co_return;
        });
    };
    try {
        run(main(), in_virtual_time);
    } catch (...) {
        return en();
    }
    return nullptr;
});

const Case tg_13("TG-13-external-cancel-while-aborting", []() -> Coro<Json> {
    Trace t;
    auto slowclean = [&]() -> Coro<> {
        const auto body = []() -> Coro<> { co_await sleep(9s); };
        co_await try_finally(body, [&]() -> Coro<> {
            co_await sleep(20ms);
            t("clean");
        });
    };
    auto main = [&]() -> Coro<> {
        try {
            co_await TaskGroup::scope([&](TaskGroup& g) -> Coro<> {
                g.create_task(slowclean());
                g.create_task(bad(1ms));
                co_return;
            });
        } catch (...) {
            t(en(), current_task().cancelling());
        }
        try {
            co_await sleep(0s);
            t("next await ok");
        } catch (const CancelledError&) {
            t("next await cancelled");
            throw;
        }
    };
    Task<> k = create_task(main());
    co_await sleep(8ms);
    k.cancel();
    t(co_await tr(k));
    co_return t;
});

const Case tg_14("TG-14-empty-no-suspend", []() -> Coro<Json> {
    Trace t;
    get_running_loop().call_soon(t, "tick");
    co_await TaskGroup::scope([]() -> Coro<> { co_return; });
    t("after");
    co_await spin();
    co_return t;
});

const Case tg_16("TG-16-child-swallow-cancel", []() -> Coro<Json> {
    auto sw = []() -> Coro<std::string> {
        try {
            co_await sleep(9s);
        } catch (const CancelledError&) {
        }
        co_return "sw";
    };
    auto main = [&]() -> Coro<> {
        co_await TaskGroup::scope([&](TaskGroup& g) -> Coro<> {
            g.create_task(sw());
            g.create_task(bad());
            co_return;
        });
    };
    co_return co_await tr(main());
});

const Case tg_17("TG-17-exit-when-cancel-in-body-handled", []() -> Coro<Json> {
    // the body swallows the CancelledError that the child's failure caused: the group still raises
    auto main = []() -> Coro<> {
        co_await TaskGroup::scope([](TaskGroup& g) -> Coro<> {
            g.create_task(bad());
            try {
                co_await sleep(9s);
            } catch (const CancelledError&) {
            }
        });
    };
    Task<> k = create_task(main());
    const Json r = co_await tr(k);
    co_return list(r, k.cancelling());
});

const Case tg_18("TG-18-timeout-outside", []() -> Coro<Json> {
    Task<> child;
    auto main = [&]() -> Coro<> {
        co_await timeout(10ms, [&]() -> Coro<> {
            co_await TaskGroup::scope([&](TaskGroup& g) -> Coro<> {
                child = g.create_task(sl(9s));
                co_return;
            });
        });
    };
    Task<> k = create_task(main());
    const Json r = co_await tr(k);
    co_return list(r, child.cancelled(), k.cancelling());
});

const Case tg_19("TG-19-timeout-outside-child-cleanup-error", []() -> Coro<Json> {
    auto main = []() -> Coro<> {
        co_await timeout(10ms, []() -> Coro<> {
            co_await TaskGroup::scope([](TaskGroup& g) -> Coro<> {
                g.create_task(fails_in_cleanup("cleanup"));
                co_return;
            });
        });
    };
    Task<> k = create_task(main());
    const Json r = co_await tr(k);
    co_return list(r, k.cancelling());
});

const Case tg_20("TG-20-completed-before-failure-kept", []() -> Coro<Json> {
    Task<std::string> child;
    auto main = [&]() -> Coro<> {
        co_await TaskGroup::scope([&](TaskGroup& g) -> Coro<> {
            child = g.create_task(sl(1ms, "kept"));
            g.create_task(bad(10ms));
            co_return;
        });
    };
    const Json r = co_await tr(main());
    co_return list(r, child.result());
});

const Case tg_21("TG-21-sibling-keeps-running-during-cleanup", []() -> Coro<Json> {
    Trace t;
    auto slow = [&]() -> Coro<> {
        const auto body = []() -> Coro<> { co_await sleep(9s); };
        co_await try_finally(body, [&]() -> Coro<> {
            co_await sleep(10ms);
            t("slow cleanup done");
        });
    };
    auto main = [&]() -> Coro<> {
        co_await TaskGroup::scope([&](TaskGroup& g) -> Coro<> {
            g.create_task(slow());
            g.create_task(bad(1ms));
            co_return;
        });
    };
    const Json r = co_await tr(main());
    t("group raised");
    co_return list(t, r);
});

const Case tg_23("TG-23-error-order-is-completion-order", []() -> Coro<Json> {
    auto e1 = []() -> Coro<> {
        const auto body = []() -> Coro<> { co_await sleep(9s); };
        co_await try_finally(body, []() -> Coro<> {
            co_await sleep(5ms);
            throw ValueError("second");
        });
    };
    auto main = [&]() -> Coro<> {
        co_await TaskGroup::scope([&](TaskGroup& g) -> Coro<> {
            g.create_task(e1());
            g.create_task(bad<KeyError>(1ms, "first"));
            co_return;
        });
    };
    co_return co_await tr(main());
});

const Case tg_24("TG-24-cancel-before-first-step", []() -> Coro<Json> {
    Trace t;
    auto c = [&]() -> Coro<> {
        t("ran");
        co_return;
    };
    auto main = [&]() -> Coro<> {
        co_await TaskGroup::scope([&](TaskGroup& g) -> Coro<> {
            g.create_task(c());
            throw ValueError("body");
            co_return;
        });
    };
    const Json r = co_await tr(main());
    co_return list(r, t);
});

}  // namespace
}  // namespace conformance
