// SPDX-License-Identifier: Apache-2.0
// tests/conformance/extra/generator_cases.cpp - XAGEN of extra_probes.py.
#include <algorithm>

#include "cases.hpp"

namespace conformance {
namespace {

const Case agen_01("XAGEN-01-cancelled-in-the-middle", []() -> Coro<Json> {
    Trace t;
    auto g = [&]() -> AsyncGenerator<int> {
        std::exception_ptr error;
        try {
            co_yield 1;
            co_await sleep(9s);
            co_yield 2;
        } catch (...) {
            error = std::current_exception();
        }
        t("finally");
        co_await sleep(0s);
        t("cleaned");
        rethrow(error);
    };
    AsyncGenerator<int> x = g();
    auto c = [&]() -> Coro<> {
        while (const auto i = co_await x.next()) t(*i);
    };
    Task<> k = create_task(c());
    co_await spin(2);
    k.cancel("why");
    t(co_await tr(k));
    t(co_await tr(x.anext()));
    co_return t;
});

const Case agen_02("XAGEN-02-swallows-and-yields", []() -> Coro<Json> {
    Trace t;
    auto g = []() -> AsyncGenerator<std::string> {
        bool cancelled = false;
        try {
            co_await sleep(9s);
        } catch (const CancelledError&) {
            cancelled = true;
        }
        if (cancelled) co_yield "instead";
        co_yield "next";
    };
    AsyncGenerator<std::string> x = g();
    auto c = [&]() -> Coro<Json> {
        const std::string first = co_await x.anext();
        const std::string second = co_await x.anext();
        co_return list(first, second);
    };
    Task<Json> k = create_task(c());
    co_await spin();
    k.cancel();
    t(co_await tr(k));
    t(k.cancelled(), k.cancelling());
    t(co_await tr(x.anext()));
    co_return t;
});

const Case agen_03("XAGEN-03-ends-with-an-error", []() -> Coro<Json> {
    auto g = []() -> AsyncGenerator<int> {
        co_yield 1;
        throw ValueError("in generator");
    };
    AsyncGenerator<int> x = g();
    Trace r;
    for (int i = 0; i < 3; ++i) r(co_await tr(x.anext()));
    r(co_await tr(x.aclose()));
    co_return r;
});

const Case agen_04("XAGEN-04-closed-before-its-start", []() -> Coro<Json> {
    Trace t;
    auto g = [&]() -> AsyncGenerator<int> {
        t("ran");
        co_yield 1;
    };
    AsyncGenerator<int> x = g();
    t(co_await tr(x.aclose()));
    t(co_await tr(x.anext()));
    t(co_await tr(x.aclose()));
    co_return t;
});

const Case agen_05("XAGEN-05-closed-while-it-runs", []() -> Coro<Json> {
    auto g = []() -> AsyncGenerator<int> {
        co_await sleep(10ms);
        co_yield 1;
        co_yield 2;
    };
    AsyncGenerator<int> x = g();
    Task<Json> k = create_task(tr(x.anext()));
    co_await spin();
    Trace r;
    r(co_await tr(x.aclose()));
    r(co_await k);
    r(co_await tr(x.anext()));
    r(co_await tr(x.aclose()));
    r(co_await tr(x.anext()));
    co_return r;
});

const Case agen_06("XAGEN-06-consumer-cancelled-at-its-own-await", []() -> Coro<Json> {
    // the generator waits at its yield and does not notice
    Trace t;
    auto g = [&]() -> AsyncGenerator<int> {
        struct Finally {
            ~Finally() { t("finally"); }
            Trace t;
        } const finally{t};
        co_yield 1;
        co_yield 2;
    };
    AsyncGenerator<int> x = g();
    auto c = [&]() -> Coro<> {
        while (const auto i = co_await x.next()) {
            t(*i);
            co_await sleep(9s);
        }
    };
    Task<> k = create_task(c());
    co_await spin();
    k.cancel();
    t(co_await tr(k));
    t(co_await tr(x.anext()));
    co_await x.aclose();
    co_return t;
});

const Case agen_07("XAGEN-07-shutdown-closes-all", []() -> Coro<Json> {
    Trace t;
    EventLoop& loop = get_running_loop();
    auto g = [&](int i) -> AsyncGenerator<int> {
        std::exception_ptr error;
        try {
            co_yield i;
        } catch (...) {
            error = std::current_exception();
        }
        co_await sleep(0s);
        t("closed", i);
        rethrow(error);
    };
    std::vector<AsyncGenerator<int>> xs;
    for (int i = 0; i < 3; ++i) xs.push_back(g(i));
    for (int i = 0; i < 2; ++i) t(co_await xs[i].anext());
    co_await loop.shutdown_asyncgens();
    Json::List r = t.items();  // they are closed in no order
    std::ranges::sort(r, {}, &Json::to_string);
    for (int i = 0; i < 2; ++i) r.push_back(co_await tr(xs[i].anext()));
    co_return r;
});

const Case agen_08("XAGEN-08-error-while-shutdown-closes", []() -> Coro<Json> {
    Trace t;
    EventLoop& loop = get_running_loop();
    loop.set_exception_handler([t](EventLoop&, const ExceptionContext& c) {
        // up to the name, where Python has "<a", the beginning of a repr
        t(c.message.substr(0, c.message.find('\'')) + "<a", en(c.exception));
    });
    auto g = [&](int i) -> AsyncGenerator<int> {
        try {
            co_yield i;
        } catch (...) {
            if (i == 0) throw ValueError("in closing");
            t("closed", i);
            throw;
        }
    };
    std::vector<AsyncGenerator<int>> xs;
    for (int i = 0; i < 2; ++i) xs.push_back(g(i));
    for (AsyncGenerator<int>& x : xs) co_await x.anext();
    co_await loop.shutdown_asyncgens();
    Json::List r = t.items();
    std::ranges::sort(r, {}, &Json::to_string);
    co_return r;
});

const Case agen_09("XAGEN-09-awaits-a-cancelled-future", []() -> Coro<Json> {
    Trace t;
    Future<> f = get_running_loop().create_future();
    auto g = [&]() -> AsyncGenerator<int> {
        co_await transparent;  // a generator that catches nothing may say so
        co_yield 1;
        co_await f;
        co_yield 2;
    };
    AsyncGenerator<int> x = g();
    auto c = [&]() -> Coro<> {
        while (const auto i = co_await x.next()) t(*i);
    };
    Task<> k = create_task(c());
    co_await spin();
    f.cancel("future gone");
    t(co_await tr(k));
    t(k.cancelled(), k.cancelling());
    t(co_await tr(x.anext()));
    co_return t;
});

const Case agen_10("XAGEN-10-context-is-the-consumers", []() -> Coro<Json> {
    static ContextVar<int> v("v", 0);
    Trace t;
    auto g = [&]() -> AsyncGenerator<int> {
        for (int i = 0; i < 2; ++i) {
            t(v.get());
            v.set(v.get() + 1);
            co_yield i;
        }
    };
    AsyncGenerator<int> x = g();
    v.set(10);
    co_await x.anext();
    t(v.get());
    auto c = [&]() -> Coro<> {
        v.set(20);
        co_await x.anext();
        t(v.get());
    };
    co_await create_task(c());
    t(v.get());
    co_await x.aclose();
    co_return t;
});

}  // namespace
}  // namespace conformance
