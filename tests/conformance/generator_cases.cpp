// SPDX-License-Identifier: Apache-2.0
// tests/conformance/generator_cases.cpp - AGEN: asynchronous generators and how they end.
#include "cases.hpp"

namespace conformance {
namespace {

const Case agen_01("AGEN-01-break-finalises-later", []() -> Coro<Json> {
    Trace t;
    auto g = [&]() -> AsyncGenerator<int> {
        std::exception_ptr error;
        try {
            while (true) co_yield 1;
        } catch (...) {
            error = std::current_exception();
        }
        co_await sleep(0s);
        t("closed");
        rethrow(error);
    };
    {
        AsyncGenerator<int> values = g();
        while (co_await values.next()) break;
    }
    t("after break");
    co_await spin(4);
    co_return t;
});

const Case agen_02("AGEN-02-aclose", []() -> Coro<Json> {
    Trace t;
    auto g = [&]() -> AsyncGenerator<int> {
        std::exception_ptr error;
        try {
            co_yield 1;
        } catch (...) {
            error = std::current_exception();
        }
        co_await sleep(0s);
        t("fin");
        rethrow(error);
    };
    AsyncGenerator<int> x = g();
    t(co_await x.anext());
    co_await x.aclose();
    t("aclosed");
    t(co_await tr(x.anext()));
    co_return t;
});

const Case agen_03("AGEN-03-concurrent-anext", []() -> Coro<Json> {
    auto g = []() -> AsyncGenerator<int> {
        co_await sleep(10ms);
        co_yield 1;
    };
    AsyncGenerator<int> x = g();
    Task<Json> k = create_task(tr(x.anext()));
    co_await spin();
    const Json r = co_await tr(x.anext());
    co_return list(r, co_await k);
});

const Case agen_04("AGEN-04-yield-in-finally", []() -> Coro<Json> {
    auto g = []() -> AsyncGenerator<int> {
        std::exception_ptr error;
        try {
            co_yield 1;
        } catch (...) {
            error = std::current_exception();
        }
        co_yield 2;
        rethrow(error);
    };
    AsyncGenerator<int> x = g();
    co_await x.anext();
    co_return co_await tr(x.aclose());
});

}  // namespace
}  // namespace conformance
