// SPDX-License-Identifier: Apache-2.0
// tests/conformance/future_cases.cpp - FUT: results, callbacks, errors that nobody retrieved.
#include "cases.hpp"

namespace conformance {
namespace {

const Case fut_01("FUT-01", []() -> Coro<Json> {
    Future<int> f = get_running_loop().create_future<int>();
    Json::List r{f.done()};
    const std::function<void()> reads[] = {[&] { static_cast<void>(f.result()); },
                                           [&] { static_cast<void>(f.exception()); }};
    for (const auto& g : reads) {
        try {
            g();
        } catch (const std::exception&) {
            r.push_back(en());
        }
    }
    f.set_result(1);
    r.emplace_back(f.done());
    r.emplace_back(f.result());
    r.push_back(f.exception() ? en(f.exception()) : Json());
    const std::function<void()> writes[] = {[&] { f.set_result(2); },
                                            [&] { f.set_exception(ValueError()); }};
    for (const auto& g : writes) {
        try {
            g();
        } catch (const std::exception&) {
            r.emplace_back(type_name());
        }
    }
    co_return r;
});

const Case fut_02("FUT-02-cancel", []() -> Coro<Json> {
    Future<int> f = get_running_loop().create_future<int>();
    Json::List r{f.cancel(), f.cancel(), f.cancelled(), f.done()};
    const std::function<void()> reads[] = {[&] { static_cast<void>(f.result()); },
                                           [&] { static_cast<void>(f.exception()); }};
    for (const auto& g : reads) {
        try {
            g();
        } catch (...) {
            r.push_back(en());
        }
    }
    Future<int> g = get_running_loop().create_future<int>();
    g.set_result(1);
    r.emplace_back(g.cancel());
    co_return r;
});

const Case fut_03("FUT-03-callbacks-async-order", []() -> Coro<Json> {
    Future<int> f = get_running_loop().create_future<int>();
    Trace t;
    f.add_done_callback([t] { t("a"); });
    f.add_done_callback([t] { t("b"); });
    f.set_result(1);
    t("sync");
    co_await spin();
    f.add_done_callback([t] { t("late"); });
    t("sync2");
    co_await spin();
    co_return t;
});

const Case fut_04("FUT-04-remove", []() -> Coro<Json> {
    Future<int> f = get_running_loop().create_future<int>();
    Trace t;
    const DoneCallback cb([t] { t("x"); });
    f.add_done_callback(cb);
    f.add_done_callback(cb);
    const std::size_t n = f.remove_done_callback(cb);
    f.set_result(1);
    co_await spin();
    co_return list(n, t);
});

const Case fut_05("FUT-05-never-retrieved", []() -> Coro<Json> {
    EventLoop& loop = get_running_loop();
    Trace t;
    loop.set_exception_handler([t](EventLoop&, const ExceptionContext& c) { t(c.message); });
    Future<> f = loop.create_future();
    f.set_exception(ValueError());
    f = {};
    t("|");
    f = loop.create_future();
    f.set_exception(ValueError());
    static_cast<void>(f.exception());
    f = {};
    t("|");
    f = loop.create_future();
    f.set_exception(ValueError());
    f.cancel();
    f = {};
    t("|");
    f = loop.create_future();
    f = {};
    t("|");
    auto c = []() -> Coro<> {
        throw ValueError();
        co_return;
    };
    Task<> k = create_task(c());
    co_await spin(2);
    k = {};
    t("|");
    co_return t;
});

const Case fut_07("FUT-07-await-done-no-suspend", []() -> Coro<Json> {
    EventLoop& loop = get_running_loop();
    Trace t;
    Future<int> f = loop.create_future<int>();
    f.set_result(1);
    loop.call_soon(t, "tick");
    co_await f;
    t("after");
    co_await spin();
    co_return t;
});

const Case fut_09("FUT-09-other-loop", []() -> Coro<Json> {
    const auto l2 = new_event_loop();
    Future<> f = l2->create_future();
    const Json r = co_await tr(create_task(aw(f)));
    l2->close();
    co_return r[0] == Json("raise") ? Json(r[1].text().substr(0, 40)) : r;
});

const Case fut_10("FUT-10-wrap-concurrent-cancel", real_time, []() -> Coro<Json> {
    concurrent::Future<> c;
    Future<> f = wrap_future(c);
    f.cancel();
    co_await spin(2);
    Json::List r{c.cancelled()};
    c = concurrent::Future<>();
    f = wrap_future(c);
    c.cancel();
    const auto has_arrived = [&] { return f.done(); };
    co_await until(has_arrived);
    r.emplace_back(f.cancelled());
    co_return r;
});

const Case fut_11("FUT-11-same-exception-object", []() -> Coro<Json> {
    auto c = []() -> Coro<> {
        throw ValueError("x");
        co_return;
    };
    Task<> k = create_task(c());
    std::vector<const ValueError*> r;
    for (int i = 0; i < 2; ++i) {
        try {
            co_await k;
        } catch (const ValueError& e) {
            r.push_back(&e);
        }
    }
    co_return r.at(0) == r.at(1);
});

const Case fut_13("FUT-13-concurrent-running-uncancellable", real_time, []() -> Coro<Json> {
    EventLoop& loop = get_running_loop();
    // The thread may outlive this frame.
    const auto began = std::make_shared<ThreadEvent>();
    const auto ev = std::make_shared<ThreadEvent>();
    Future<bool> f = loop.run_in_executor(nullptr, [began, ev] {
        began->set();
        return ev->wait(too_long);
    });
    const auto has_begun = [&] { return began->is_set(); };
    co_await until(has_begun);
    const bool r = f.cancel();
    co_await spin();
    ev->set();
    co_return list(r, f.cancelled());
});

}  // namespace
}  // namespace conformance
