// SPDX-License-Identifier: Apache-2.0
// tests/conformance/thread_cases.cpp - THR: to_thread(); EXE: the default executor.
#include <algorithm>
#include <thread>

#include "cases.hpp"

namespace conformance {
namespace {

const Case thr_01("THR-01-context", real_time, []() -> Coro<Json> {
    static ContextVar<int> v("v", 0);
    v.set(3);
    auto w = [] {
        const int r = v.get();
        v.set(9);
        return r;
    };
    Trace r;
    r(co_await to_thread(w));
    r(v.get());
    r(co_await tr(to_thread([] { return divide(1, 0); })));
    co_return r;
});

const Case thr_02("THR-02-run-exit-waits-thread", [] {
    Trace t;
    ThreadEvent began;
    auto main = [&]() -> Coro<> {
        auto work = [t, &began] {
            began.set();
            std::this_thread::sleep_for(50ms);
            t("thread done");
        };
        Task<> k = create_task(to_thread(work));
        const auto has_begun = [&] { return began.is_set(); };
        co_await until(has_begun);
    };
    run(main());
    t("run returned");
    return t;
});

const Case exe_01("EXE-01-after-shutdown", real_time, []() -> Coro<Json> {
    EventLoop& loop = get_running_loop();
    co_await loop.shutdown_default_executor();
    try {
        loop.run_in_executor(nullptr, [] {});
    } catch (const RuntimeError& e) {
        co_return e.what();
    }
    co_return nullptr;
});

// The loop keeps its executor to itself; the size is that of a ThreadPoolExecutor made without one.
const Case exe_02("EXE-02-default-size", [] {
    const ThreadPoolExecutor made_by_default;
    return made_by_default.max_workers() ==
           std::min(32u, std::max(1u, std::thread::hardware_concurrency()) + 4);
});

}  // namespace
}  // namespace conformance
