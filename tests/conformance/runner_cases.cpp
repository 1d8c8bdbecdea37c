// SPDX-License-Identifier: Apache-2.0
// tests/conformance/runner_cases.cpp - RUN: run(), Runner and what SIGINT does.
#include "cases.hpp"
#include <signal.h>
#include <unistd.h>

namespace conformance {
namespace {

void send_sigint() { kill(getpid(), SIGINT); }

const Case run_01("RUN-01", []() -> Json {
    auto c = []() -> Coro<int> { co_return 5; };
    auto d = []() -> Coro<> {
        throw ValueError("x");
        co_return;
    };
    Json::List r{run(c())};
    try {
        run(d());
    } catch (const ValueError&) {
        r.push_back(en());
    }
    return r;
});

const Case run_02("RUN-02-nested", []() -> Coro<Json> {
    Coro<> c = sl(0s);
    try {
        run(std::move(c));
    } catch (const RuntimeError& e) {
        co_return e.what();
    }
    co_return nullptr;
});

const Case run_03("RUN-03-hanging-tasks", [] {
    Trace t;
    auto h = [&]() -> Coro<> {
        const auto body = []() -> Coro<> { co_await sleep(99s); };
        co_await try_finally(body, [&]() -> Coro<> {
            co_await sleep(5ms);
            t("cleaned");
        });
    };
    auto h2 = []() -> Coro<> {
        try {
            co_await sleep(99s);
        } catch (const CancelledError&) {
            throw ValueError("in cleanup");
        }
    };
    auto main = [&]() -> Coro<std::string> {
        get_running_loop().set_exception_handler(
            [t](EventLoop&, const ExceptionContext& c) { t(c.message, en(c.exception)); });
        create_task(h());
        create_task(h2());
        co_await spin();
        co_return "ret";
    };
    t(run(main(), in_virtual_time));
    return t;
});

const Case run_04("RUN-04-asyncgen-finalised", [] {
    Trace t;
    auto g = [&]() -> AsyncGenerator<int> {
        std::exception_ptr error;
        try {
            co_yield 1;
            co_yield 2;
        } catch (...) {
            error = std::current_exception();
        }
        co_await sleep(1ms);
        t("agen closed");
        rethrow(error);
    };
    AsyncGenerator<int> main_g = g();
    auto main = [&]() -> Coro<> { t(co_await main_g.anext()); };
    run(main(), in_virtual_time);
    return t;
});

const Case run_05("RUN-05-sigint", [] {
    Trace t;
    auto main = [&]() -> Coro<> {
        get_running_loop().call_soon(send_sigint);
        std::exception_ptr error;
        try {
            co_await sleep(1h);
        } catch (const CancelledError&) {
            t("main cancelled", current_task().cancelling());
            error = std::current_exception();
        }
        co_await sleep(5ms);
        t("cleanup ok");
        rethrow(error);
    };
    try {
        run(main());
    } catch (...) {
        t(en());
    }
    return t;
});

const Case run_07("RUN-07-sigint-twice", [] {
    Trace t;
    auto main = [&]() -> Coro<> {
        EventLoop& loop = get_running_loop();
        loop.call_soon(send_sigint);
        std::exception_ptr error;
        try {
            co_await sleep(1h);
        } catch (...) {
            error = std::current_exception();
        }
        t("cleanup start");
        loop.call_soon(send_sigint);
        co_await sleep(too_long);
        t("cleanup end");
        rethrow(error);
    };
    const auto t0 = std::chrono::steady_clock::now();
    try {
        run(main());
    } catch (...) {
        t(en());
    }
    t(std::chrono::steady_clock::now() - t0 < too_long);
    return t;
});

const Case run_08("RUN-08-runner-reuse", [] {
    static ContextVar<int> v("v", 0);
    Trace r;
    auto s = []() -> Coro<int> {
        v.set(v.get() + 1);
        co_return v.get();
    };
    Runner runner;
    r(runner.run(s()));
    r(runner.run(s()));
    runner.close();
    Coro<int> c = s();
    try {
        runner.run(std::move(c));
    } catch (const RuntimeError& e) {
        c.close();
        r(e.what());
    }
    r(v.get());
    return r;
});

const Case run_09("RUN-09-custom-sigint-handler-kept", [] {
    Trace t;
    auto main = [&]() -> Coro<std::string> {
        Event ev;
        get_running_loop().add_signal_handler(SIGINT, [&] {
            t("handler");
            ev.set();
        });
        send_sigint();
        co_await ev.wait();
        co_return "no KI";
    };
    t(run(main()));
    return t;
});

const Case run_11("RUN-11-sigint-during-sync-callback", [] {
    Trace t;
    auto main = [&]() -> Coro<> {
        get_running_loop().call_soon([&] {
            send_sigint();
            t("cb continues");
        });
        try {
            co_await sleep(5s);
        } catch (const CancelledError&) {
            t("cancelled");
            throw;
        }
    };
    try {
        run(main());
    } catch (...) {
        t(en());
    }
    return t;
});

const Case run_13("RUN-13-sigint-plus-own-cancel", []() -> Json {
    auto sub = [](AnyTask task) -> Coro<> {
        co_await sleep(0s);
        task.cancel();
        send_sigint();
    };
    auto main = [&]() -> Coro<> {
        create_task(sub(current_task()));
        co_await sleep(5s);
    };
    try {
        run(main());
    } catch (...) {
        return en();
    }
    return nullptr;
});

}  // namespace
}  // namespace conformance
