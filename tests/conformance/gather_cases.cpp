// SPDX-License-Identifier: Apache-2.0
// tests/conformance/gather_cases.cpp - SHD: shield(); GAT: gather().
#include "cases.hpp"

namespace conformance {
namespace {

const Case shd_01("SHD-01-outer-cancel", []() -> Coro<Json> {
    Trace t;
    auto inner = [&]() -> Coro<int> {
        co_await sleep(10ms);
        t("inner finished");
        co_return 1;
    };
    Task<int> ik = create_task(inner());
    auto outer = [&]() -> Coro<> { co_await shield(ik); };
    Task<> k = create_task(outer());
    co_await spin(2);
    k.cancel();
    t(co_await tr(k));
    t(ik.done());
    t(co_await tr(ik));
    co_return t;
});

const Case shd_02("SHD-02-inner-cancel", []() -> Coro<Json> {
    Task<> ik = create_task(sleep(9s));
    auto outer = [&]() -> Coro<> { co_await shield(ik); };
    Task<> k = create_task(outer());
    co_await spin(2);
    ik.cancel();
    const Json r = co_await tr(k);
    co_return list(r, k.cancelled(), k.cancelling());
});

const Case shd_03("SHD-03-done-shortcut", []() -> Coro<Json> {
    Future<int> f = get_running_loop().create_future<int>();
    f.set_result(1);
    co_return shield(f) == f;
});

const Case shd_05("SHD-05-shield-timeout", []() -> Coro<Json> {
    Trace t;
    auto inner = []() -> Coro<std::string> {
        co_await sleep(20ms);
        co_return "v";
    };
    Task<std::string> ik = create_task(inner());
    t(co_await tr(wait_for(shield(ik), 5ms)));
    t(co_await ik);
    co_return t;
});

const Case shd_06("SHD-06-run-exit-cancels-shielded", [] {
    Trace t;
    auto inner = [&]() -> Coro<> {
        try {
            co_await sleep(9s);
        } catch (const CancelledError&) {
            t("inner cancelled by run() exit");
            throw;
        }
    };
    auto main = [&]() -> Coro<> {
        Task<> ik = create_task(inner());
        Future<> s = shield(ik);
        co_await spin();
        s.cancel();
    };
    run(main(), in_virtual_time);
    return t;
});

const Case gat_01("GAT-01-empty", []() -> Coro<Json> {
    auto f = gather();
    co_return list(f.done(), f.result());
});

const Case gat_02("GAT-02-order", []() -> Coro<Json> {
    auto c = [](int i) -> Coro<int> {
        co_await sleep(10ms * (3 - i));
        co_return i;
    };
    std::vector<Coro<int>> all;
    for (int i = 0; i < 3; ++i) all.push_back(c(i));
    co_return co_await gather(std::move(all));
});

const Case gat_03("GAT-03-first-exc-siblings-run", []() -> Coro<Json> {
    Trace t;
    auto fails = []() -> Coro<> {
        throw ValueError("1");
        co_return;
    };
    auto slow = [&]() -> Coro<> {
        co_await sleep(10ms);
        t("sibling finished");
    };
    t(co_await tr(gather(fails(), slow())));
    co_await sleep(20ms);
    co_return t;
});

const Case gat_04("GAT-04-return-exceptions", []() -> Coro<Json> {
    auto fails = []() -> Coro<> {
        throw ValueError("1");
        co_return;
    };
    auto ok = []() -> Coro<int> { co_return 2; };
    Task<> ck = create_task(sleep(9s));
    get_running_loop().call_soon([ck] { ck.cancel(); });
    co_return co_await gather(return_exceptions, fails(), ok(), ck);
});

const Case gat_05("GAT-05-child-cancelled", []() -> Coro<Json> {
    Task<> ck = create_task(sleep(9s));
    auto g = gather(ck, sleep(10ms));
    co_await spin();
    ck.cancel();
    const Json r = co_await tr(g);
    co_return list(r, g.cancelled(), current_task().cancelling());
});

const Case gat_06("GAT-06-cancel-cancels-children", []() -> Coro<Json> {
    Task<> a = create_task(sleep(9s));
    Task<> b = create_task(sleep(9s));
    auto m = [&]() -> Coro<> { co_await gather(return_exceptions, a, b); };
    Task<> k = create_task(m());
    co_await spin(2);
    k.cancel();
    const Json r = co_await tr(k);
    co_return list(r, a.cancelled(), b.cancelled());
});

const Case gat_07("GAT-07-cancel-waits", []() -> Coro<Json> {
    Json::Object res;
    for (const bool re : {false, true}) {
        Trace t;
        auto slow = [&]() -> Coro<> {
            const auto body = []() -> Coro<> { co_await sleep(9s); };
            co_await try_finally(body, [&]() -> Coro<> {
                co_await sleep(20ms);
                t("slow cleaned");
            });
        };
        auto m = [&]() -> Coro<> {
            try {
                if (re) {
                    co_await gather(return_exceptions, slow(), sleep(9s));
                } else {
                    co_await gather(slow(), sleep(9s));
                }
            } catch (const CancelledError&) {
                t("gather raised");
                throw;
            }
        };
        Task<> k = create_task(m());
        co_await sleep(5ms);
        k.cancel();
        co_await tr(k);
        co_await sleep(30ms);
        res.emplace_back(re ? "True" : "False", t);
    }
    co_return res;
});

const Case gat_09("GAT-09-cancel-after-exc", []() -> Coro<Json> {
    auto fails = []() -> Coro<> {
        throw ValueError("1");
        co_return;
    };
    Task<> k = create_task(sleep(10ms));
    auto g = gather(fails(), k);
    co_await tr(g);
    Trace r;
    r(g.cancel());
    r(k.done());
    r(co_await tr(k));
    co_return r;
});

const Case gat_10("GAT-10-second-exc-silent", []() -> Coro<Json> {
    EventLoop& loop = get_running_loop();
    Trace t;
    loop.set_exception_handler([t](EventLoop&, const ExceptionContext& c) { t(c.message); });
    t(co_await tr(gather(bad(0s, "0"), bad(5ms, "0.005"))));
    co_await sleep(20ms);
    co_return t;
});

const Case gat_12("GAT-12-foreign-loop", []() -> Coro<Json> {
    const auto l2 = new_event_loop();
    Future<> f = l2->create_future();
    Future<> g = get_running_loop().create_future();
    try {
        gather(g, f);
    } catch (const ValueError& e) {
        co_return std::string(e.what()).substr(0, 60);
    }
    co_return nullptr;
});

}  // namespace
}  // namespace conformance
