// SPDX-License-Identifier: Apache-2.0
// tests/conformance/extra/generator_close_cases.cpp - XAGEN-2x of probes/blocks.py: how generators
// are closed.
#include "cases.hpp"

namespace conformance {
namespace {

const Case agen_20("XAGEN-20-cleanup-cancelled-while-it-closes", []() -> Coro<Json> {
    Trace t;
    auto g = [&]() -> AsyncGenerator<int> {
        std::exception_ptr error;
        try {
            co_yield 1;
        } catch (...) {
            error = std::current_exception();
        }
        t("cleans up");
        co_await sleep(1s);
        t("not reached");
        rethrow(error);
    };
    auto x = g();
    co_await x.next();
    Task<Json> k = create_task(tr(x.aclose()));
    co_await spin();
    k.cancel("while it closes");
    t(co_await tr(k));
    t(co_await tr(x.anext()));
    t(co_await tr(x.aclose()));
    co_return t;
});

const Case agen_21("XAGEN-21-two-that-close", []() -> Coro<Json> {
    Trace t;
    auto g = [&]() -> AsyncGenerator<int> {
        std::exception_ptr error;
        try {
            co_yield 1;
        } catch (...) {
            error = std::current_exception();
        }
        co_await sleep(0s);
        t("cleaned");
        rethrow(error);
    };
    auto x = g();
    co_await x.next();
    Task<Json> a = create_task(tr(x.aclose()));
    Task<Json> b = create_task(tr(x.aclose()));
    const Json first = co_await a;
    t(first[0], co_await b);
    t(co_await tr(x.aclose()));
    co_return t;
});

const Case agen_22("XAGEN-22-errors-of-body-and-cleanup", []() -> Coro<Json> {
    Trace t;
    auto g = []() -> AsyncGenerator<int> {
        try {
            co_yield 1;
            co_yield 2;
        } catch (...) {
            throw LookupError("cleanup");
        }
    };
    auto m = [&]() -> Coro<> {
        co_await aclosing(g(), [&](AsyncGenerator<int>& x) -> Coro<> {
            while (auto i = co_await x.next()) {
                t(*i);
                throw ValueError("body");
            }
        });
    };
    t(co_await tr(m()));
    co_return t;
});

const Case agen_23("XAGEN-23-two-consumers-in-turn", []() -> Coro<Json> {
    Trace t;
    auto g = []() -> AsyncGenerator<int> {
        for (int i = 0; i < 4; ++i) {
            co_await sleep(0s);
            co_yield i;
        }
    };
    auto x = g();
    auto c = [&](std::string name) -> Coro<> {
        for (int i = 0; i < 2; ++i) t(name, co_await x.anext());
    };
    Task<> a = create_task(c("a"));
    co_await a;
    Task<> b = create_task(c("b"));
    co_await b;
    t(co_await tr(x.anext()));
    co_return t;
});

const Case agen_24("XAGEN-24-one-inside-another", []() -> Coro<Json> {
    Trace t;
    auto inner = [&]() -> AsyncGenerator<int> {
        std::exception_ptr error;
        try {
            for (int i = 0; i < 3; ++i) {
                co_await sleep(0s);
                co_yield i;
            }
        } catch (...) {
            error = std::current_exception();
        }
        co_await sleep(0s);
        t("inner closed");
        rethrow(error);
    };
    auto outer = [&]() -> AsyncGenerator<int> {
        // aclosing() around a co_yield, which no function can take as its body
        auto x = inner();
        std::exception_ptr error;
        try {
            while (auto i = co_await x.next()) co_yield *i * 10;
        } catch (...) {
            error = std::current_exception();
        }
        co_await x.aclose();
        rethrow(error);
        t("outer ends");
    };
    co_await aclosing(outer(), [&](AsyncGenerator<int>& x) -> Coro<> {
        while (auto i = co_await x.next()) {
            t(*i);
            if (*i == 10) break;
        }
    });
    t("left");
    co_return t;
});

const Case agen_25("XAGEN-25-returns-in-the-middle", []() -> Coro<Json> {
    Trace t;
    auto g = [&]() -> AsyncGenerator<int> {
        co_yield 1;
        if (!t.items().empty()) co_return;
        co_yield 2;
    };
    auto x = g();
    t(co_await x.anext());
    t(co_await tr(x.anext()));
    t(co_await tr(x.anext()));
    t(co_await tr(x.aclose()));
    co_return t;
});

const Case agen_26("XAGEN-26-swallows-the-exit", []() -> Coro<Json> {
    Trace t;
    auto g = [&]() -> AsyncGenerator<int> {
        try {
            co_yield 1;
        } catch (const GeneratorExit&) {
            t("swallowed");
        }
        co_await sleep(0s);
        t("goes on");
    };
    auto x = g();
    co_await x.anext();
    t(co_await tr(x.aclose()));
    t(co_await tr(x.anext()));
    co_return t;
});

const Case agen_27("XAGEN-27-timeout-between-values", []() -> Coro<Json> {
    Trace t;
    auto g = [&]() -> AsyncGenerator<int> {
        std::exception_ptr error;
        try {
            for (int i = 0; i < 3; ++i) {
                co_yield i;
                co_await sleep(100ms * i);
            }
        } catch (...) {
            error = std::current_exception();
        }
        t("closed");
        rethrow(error);
    };
    auto x = g();
    try {
        co_await timeout(150ms, [&]() -> Coro<> {
            while (auto i = co_await x.next()) {
                t(*i);
                co_await sleep(20ms);
            }
        });
    } catch (const TimeoutError&) {
        t("timeout");
    }
    t(co_await tr(x.anext()));
    co_return t;
});

const Case agen_28("XAGEN-28-aclose-of-an-awaited-one-from-a-callback-task", []() -> Coro<Json> {
    Trace t;
    auto g = []() -> AsyncGenerator<int> {
        co_await sleep(100ms);
        co_yield 1;
    };
    auto x = g();
    Task<Json> k = create_task(tr(x.anext()));
    co_await spin();
    t(co_await tr(x.anext()));
    t(co_await tr(x.aclose()));
    t(co_await k);
    t(co_await tr(x.aclose()));
    co_return t;
});

const Case agen_29("XAGEN-29-not-started-is-not-shut-down", []() -> Coro<Json> {
    Trace t;
    auto g = [&](std::string name) -> AsyncGenerator<std::string> {
        std::exception_ptr error;
        try {
            co_yield name;
        } catch (...) {
            error = std::current_exception();
        }
        t("closed", name);
        rethrow(error);
    };
    auto a = g("a");
    auto b = g("b");
    co_await a.anext();
    co_await get_running_loop().shutdown_asyncgens();
    t(co_await tr(a.anext()));
    co_return t;
});

}  // namespace
}  // namespace conformance
