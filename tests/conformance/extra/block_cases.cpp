// SPDX-License-Identifier: Apache-2.0
// tests/conformance/extra/block_cases.cpp - XEXS-, XEG- of probes/blocks.py: exit stacks and
// exception groups.
#include "cases.hpp"

#include <weft/runtime/exit_stack.hpp>

namespace conformance {
namespace {

struct Ways {
    bool swallows = false;
    std::exception_ptr enter = nullptr;
    std::exception_ptr exit = nullptr;
};

class Resource {
public:
    Resource(Trace t, std::string name, Ways ways = {})
        : t_(std::move(t)), name_(std::move(name)), ways_(std::move(ways)) {}

    Coro<std::string> aenter() {
        co_await sleep(0s);
        rethrow(ways_.enter);
        t_("enter", name_);
        co_return name_;
    }
    Coro<bool> aexit(const ExitReason& reason) {
        t_("exit", name_, reason.error ? en(reason.error) : Json(nullptr));
        co_await sleep(0s);
        rethrow(ways_.exit);
        co_return ways_.swallows;
    }

private:
    Trace t_;
    std::string name_;
    Ways ways_;
};

template <class E>
std::exception_ptr make(const char* text) {
    return std::make_exception_ptr(E(text));
}

Json of(const std::shared_ptr<const ExceptionGroup>& group) {
    return group ? en(std::make_exception_ptr(*group)) : Json(nullptr);
}
Json of(const ExceptionGroup& group) { return en(std::make_exception_ptr(group)); }

const Case exs_01("XEXS-01-order", []() -> Coro<Json> {
    Trace t;
    AsyncExitStack s;
    co_await with_async(s, [&]() -> Coro<> {
        t(co_await s.enter_async_context(Resource(t, "a")));
        s.callback([t] { t("callback"); });
        s.push_async_callback([t]() -> Coro<> {
            co_await sleep(0s);
            t("async callback");
        });
        s.push_async_exit([t](const ExitReason& reason) -> Coro<bool> {
            t("pushed", reason.error ? en(reason.error) : Json(nullptr));
            co_return false;
        });
        co_await s.enter_async_context(Resource(t, "b"));
        t("body");
    });
    co_return t;
});

const Case exs_02("XEXS-02-error-swallowed-in-the-middle", []() -> Coro<Json> {
    Trace t;
    AsyncExitStack s;
    co_await with_async(s, [&]() -> Coro<> {
        co_await s.enter_async_context(Resource(t, "a"));
        co_await s.enter_async_context(Resource(t, "b", {.swallows = true}));
        co_await s.enter_async_context(Resource(t, "c"));
        throw ValueError("body");
    });
    t("after");
    co_return t;
});

const Case exs_03("XEXS-03-error-replaced", []() -> Coro<Json> {
    Trace t;
    auto m = [&]() -> Coro<> {
        AsyncExitStack s;
        co_await with_async(s, [&]() -> Coro<> {
            co_await s.enter_async_context(Resource(t, "a"));
            co_await s.enter_async_context(Resource(t, "b", {.exit = make<RuntimeError>("of b")}));
            co_await s.enter_async_context(Resource(t, "c", {.exit = make<LookupError>("of c")}));
            throw ValueError("body");
        });
    };
    t(co_await tr(m()));
    co_return t;
});

const Case exs_04("XEXS-04-enter-fails-half-way", []() -> Coro<Json> {
    Trace t;
    auto m = [&]() -> Coro<> {
        AsyncExitStack s;
        co_await with_async(s, [&]() -> Coro<> {
            co_await s.enter_async_context(Resource(t, "a"));
            co_await s.enter_async_context(
                Resource(t, "b", {.enter = make<ValueError>("enter b")}));
            t("not reached");
        });
    };
    t(co_await tr(m()));
    co_return t;
});

const Case exs_05("XEXS-05-pop-all", []() -> Coro<Json> {
    Trace t;
    AsyncExitStack s;
    AsyncExitStack kept;
    co_await with_async(s, [&]() -> Coro<> {
        co_await s.enter_async_context(Resource(t, "a"));
        kept = s.pop_all();
        co_await s.enter_async_context(Resource(t, "b"));
    });
    t("left");
    co_await kept.aclose();
    co_await kept.aclose();
    t("closed");
    co_return t;
});

const Case exs_06("XEXS-06-cancelled-in-the-body-and-in-a-cleanup", []() -> Coro<Json> {
    Trace t;
    auto m = [&]() -> Coro<> {
        AsyncExitStack s;
        co_await with_async(s, [&]() -> Coro<> {
            s.callback([t] { t("last"); });
            co_await s.enter_async_context(Resource(t, "a"));
            s.push_async_callback([]() -> Coro<> { co_await sleep(1s); });
            co_await s.enter_async_context(Resource(t, "b"));
            co_await sleep(1s);
        });
    };
    Task<> k = create_task(m());
    co_await spin(4);
    k.cancel("body");
    co_await spin(4);
    k.cancel("cleanup");
    t(co_await tr(k));
    t(k.cancelled(), k.cancelling());
    co_return t;
});

const Case exs_07("XEXS-07-callbacks-that-fail", []() -> Coro<Json> {
    Trace t;
    AsyncExitStack s;
    co_await with_async(s, [&] {
        s.push_async_exit([t](const ExitReason& reason) -> Coro<bool> {
            t("exit", reason.error ? en(reason.error) : Json(nullptr));
            co_return true;
        });
        s.callback([] { throw ValueError("one"); });
        s.callback([t] { t("between"); });
        s.callback([] { throw ValueError("two"); });
    });
    t("after");
    co_return t;
});

const Case exs_08("XEXS-08-pushed-by-a-cleanup", []() -> Coro<Json> {
    Trace t;
    AsyncExitStack s;
    co_await with_async(s, [&] {
        s.callback([t] { t("first"); });
        s.callback([t, &s] {
            t("more");
            s.callback([t] { t("late"); });
        });
    });
    co_return t;
});

const Case eg_01("XEG-01-split-and-subgroup", []() -> Coro<Json> {
    Trace t;
    const ExceptionGroup g(
        "outer", {make<ValueError>("1"),
                  std::make_exception_ptr(
                      ExceptionGroup("inner", {make<TypeError>("2"), make<ValueError>("3")})),
                  std::make_exception_ptr(ExceptionGroup("types", {make<TypeError>("4")})),
                  make<RuntimeError>("5")});
    auto show = [&](const auto& halves) { t(of(halves.first), of(halves.second)); };
    show(g.split<ValueError>());
    show(g.split<TypeError>());
    show(g.split<ValueError, TypeError>());
    show(g.split<LookupError>());
    show(g.split<ExceptionGroup>());
    const auto s = g.subgroup([](const std::exception_ptr& error) {
        return (holds<ValueError>(error) || holds<TypeError>(error)) &&
               std::stoi(message(error)) > 1;
    });
    const auto inner = [&] {
        try {
            std::rethrow_exception(s->exceptions()[0]);
        } catch (const ExceptionGroup& group) {
            return group.message();
        }
    }();
    t(of(s), s->message(), inner);
    t(g.what(), g.message(), g.exceptions().size());
    t(g.subgroup<TypeError>()->what());
    const ExceptionGroup d = g.derive({make<ValueError>("new")});
    t(d.message(), of(d));
    co_return t;
});

// `except* ValueError` and `except* TypeError`, which may throw something else.
void except_star(const Trace& t, std::vector<std::exception_ptr> errors,
                 const std::exception_ptr& on_value = nullptr,
                 const std::exception_ptr& on_type = nullptr) {
    try {
        try {
            throw ExceptionGroup("g", std::move(errors));
        } catch (const ExceptionGroup& group) {
            except_group(group, on<ValueError>([&](const ExceptionGroup& e) {
                             t("value", of(e));
                             rethrow(on_value);
                         }),
                         on<TypeError>([&](const ExceptionGroup& e) {
                             t("type", of(e));
                             rethrow(on_type);
                         }));
        }
        t("after");
    } catch (const ExceptionGroup& e) {
        t("out", of(e), e.message());
    } catch (const Exception&) {
        t("out", en(), nullptr);
    }
}

const Case eg_02("XEG-02-except-star", []() -> Coro<Json> {
    Trace t;
    except_star(t, {make<ValueError>("1"), make<TypeError>("2")});
    except_star(t, {make<ValueError>("1"), make<LookupError>("2")});
    except_star(t, {make<LookupError>("1")});
    except_star(t, {make<ValueError>("1"), make<TypeError>("2")}, make<RuntimeError>("new"));
    except_star(t, {make<ValueError>("1"), make<TypeError>("2")}, make<RuntimeError>("new"),
                make<LookupError>("too"));
    except_star(t, {make<ValueError>("1"), make<LookupError>("2")}, make<RuntimeError>("new"));
    co_return t;
});

const Case eg_03("XEG-03-except-star-raises-again", []() -> Coro<Json> {
    Trace t;
    const ExceptionGroup g("g", {make<ValueError>("1"),
                                 std::make_exception_ptr(ExceptionGroup(
                                     "inner", {make<ValueError>("2"), make<LookupError>("3")})),
                                 make<TypeError>("4")});
    try {
        except_group(g, on<ValueError>([&](const ExceptionGroup& e) {
                         t(of(e));
                         throw;
                     }),
                     on<TypeError>([&](const ExceptionGroup& e) { t(of(e)); }));
    } catch (const ExceptionGroup& e) {
        t(of(e), e.message());
    }
    try {
        except_group(g, on<ValueError>([](const ExceptionGroup&) { throw; }),
                     on<TypeError>([](const ExceptionGroup&) { throw RuntimeError("new"); }));
    } catch (const ExceptionGroup& e) {
        t(of(e), e.message());
    }
    co_return t;
});

const Case eg_04("XEG-04-except-star-of-one-error", []() -> Coro<Json> {
    Trace t;
    try {
        throw ValueError("naked");
    } catch (...) {
        except_group(std::current_exception(),
                     on<ValueError>([&](const ExceptionGroup& e) { t(of(e), e.message()); }));
    }
    try {
        try {
            throw ValueError("naked");
        } catch (...) {
            except_group(std::current_exception(),
                         on<TypeError>([&](const ExceptionGroup&) { t("not reached"); }));
        }
    } catch (...) {
        t(en());
    }
    co_return t;
});

}  // namespace
}  // namespace conformance
