// SPDX-License-Identifier: Apache-2.0
// tests/conformance/wait_cases.cpp - WAIT: wait(); ASC: as_completed(); STA: staggered_race().
#include "cases.hpp"

namespace conformance {
namespace {

const Case wait_01("WAIT-01-timeout-no-raise", []() -> Coro<Json> {
    Task<> a = create_task(sl(9s));
    Task<> b = create_task(sl(0s));
    const std::vector ks{a, b};
    const auto [d, p] = co_await wait(ks, {.timeout = 10ms});
    const Json r = list(d.size(), p.size(), a.cancelled(), a.done());
    a.cancel();
    co_return r;
});

const Case wait_02("WAIT-02-first-completed", []() -> Coro<Json> {
    std::vector<Task<>> ks;
    for (const auto x : {0s, 0s, 9s}) ks.push_back(create_task(sl(x)));
    const auto [d, p] = co_await wait(ks, {.return_when = first_completed});
    for (const Task<>& x : p) x.cancel();
    co_return list(d.size(), p.size());
});

const Case wait_04("WAIT-04-cancelled-not-exception", []() -> Coro<Json> {
    Task<> a = create_task(sl(20ms));
    Task<> c = create_task(sl(9s));
    EventLoop& loop = get_running_loop();
    loop.call_later(2ms, [c] { c.cancel(); });
    const TimePoint t0 = loop.time();
    const std::vector ks{a, c};
    const auto [d, p] = co_await wait(ks, {.return_when = first_exception});
    co_return list(d.size(), p.size(), loop.time() - t0 > 15ms);
});

const Case wait_05("WAIT-05-cancel-wait-leaves-tasks", []() -> Coro<Json> {
    Task<std::string> a = create_task(sl(10ms, "v"));
    const std::vector ks{a};
    auto k = create_task(wait(ks));
    co_await spin(2);
    k.cancel();
    const Json r = co_await tr(k);
    co_return list(r, co_await tr(a));
});

template <class Range>
constexpr bool can_wait_for = requires(Range range) { wait(std::move(range)); };

const Case wait_06("WAIT-06-args", []() -> Coro<Json> {
    const Json r = co_await tr(wait(std::vector<Task<>>()));
    co_return list(r, can_wait_for<std::vector<Coro<>>>);
});

const Case wait_07("WAIT-07-already-done", []() -> Coro<Json> {
    EventLoop& loop = get_running_loop();
    Trace t;
    Future<int> f = loop.create_future<int>();
    f.set_result(1);
    loop.call_soon(t, "tick");
    const std::vector ks{f};
    co_await wait(ks);
    t("after");
    co_await spin();
    co_return t;
});

const Case asc_01("ASC-01-order", []() -> Coro<Json> {
    Trace r;
    std::vector<Coro<std::string>> all;
    all.push_back(sl(20ms, "c"));
    all.push_back(sl(1ms, "a"));
    all.push_back(sl(10ms, "b"));
    auto results = as_completed(std::move(all));
    while (results.left() > 0) r(co_await results.next_result());
    co_return r;
});

const Case asc_03("ASC-03-async-iter-identity", []() -> Coro<Json> {
    Task<std::string> a = create_task(sl(5ms, "a"));
    Task<std::string> b = create_task(sl(0s, "b"));
    Trace r;
    const std::vector ks{a, b};
    auto results = as_completed(ks);
    while (const auto k = co_await results.next()) r(*k == a, *k == b);
    co_return r;
});

const Case asc_04("ASC-04-abandoned", []() -> Coro<Json> {
    Trace t;
    auto c = [&]() -> Coro<> {
        co_await sleep(10ms);
        t("kept running");
    };
    {
        std::vector<Coro<>> all;
        all.push_back(c());
        all.push_back(sl(0s));
        auto results = as_completed(std::move(all));
        co_await results.next_result();
    }
    co_await sleep(30ms);
    co_return t;
});

const Case sta_01("STA-01-staggered", []() -> Coro<Json> {
    Trace t;
    std::vector<CoroFunction<Coro<std::string>()>> both;
    both.push_back([&t]() -> Coro<std::string> {
        t("a start");
        try {
            co_await sleep(9s);
        } catch (const CancelledError&) {
            t("a cancelled");
            throw;
        }
        co_return "";
    });
    both.push_back([&t]() -> Coro<std::string> {
        t("b start");
        co_return "b";
    });
    const auto r = co_await staggered_race(std::move(both), 10ms);
    co_return list(t, *r.winner_result, *r.winner_index);
});

}  // namespace
}  // namespace conformance
