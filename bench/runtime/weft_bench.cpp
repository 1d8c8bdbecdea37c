// SPDX-License-Identifier: Apache-2.0
// The weft side of the runtime benchmarks; see bench/README.md for the contract.
// usage: runtime_bench [MEASURE ...]

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <ratio>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <unistd.h>

#include <weft/base/exceptions.hpp>
#include <weft/io/run.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/future.hpp>
#include <weft/runtime/gather.hpp>
#include <weft/runtime/handle.hpp>
#include <weft/runtime/lock.hpp>
#include <weft/runtime/queue.hpp>
#include <weft/runtime/semaphore.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/task_group.hpp>

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using weft::Coro;

double scale = 1;
constexpr std::size_t children = 100;

std::size_t scaled(double n) {
    return std::max<std::size_t>(1, static_cast<std::size_t>(n * scale));
}

double ns_since(Clock::time_point start) {
    return std::chrono::duration<double, std::nano>(Clock::now() - start).count();
}

void require(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "wrong result: %s\n", what);
    std::abort();
}

// Runs body(n) to warm up, then with an n that takes 100 ms.
template <class Body>
double ns_per_op(Body body, std::size_t n = 200) {
    const auto timed = [&] {
        const auto start = Clock::now();
        weft::run(body(n));
        return ns_since(start);
    };
    double elapsed = timed();
    for (;;) {
        n = std::max(n, static_cast<std::size_t>(static_cast<double>(n) * 100e6 * scale / elapsed));
        elapsed = timed();
        if (elapsed >= 50e6 * scale) return elapsed / static_cast<double>(n);
    }
}

// Deadlines spread over an hour, the same sequence in every program.
class Spread {
public:
    std::chrono::duration<double> next() {
        state_ = state_ * 1664525 + 1013904223;
        return std::chrono::duration<double>(1 + (state_ >> 8) * (3600.0 / (1 << 24)));
    }

private:
    std::uint32_t state_ = 12345;
};

[[gnu::noinline]] Coro<int> child() { co_return 1; }

double await_ready() {
    return ns_per_op([](std::size_t n) -> Coro<void> {
        std::size_t total = 0;
        for (std::size_t i = 0; i < n; ++i) total += static_cast<std::size_t>(co_await child());
        require(total == n, "await_ready");
    });
}

double create_task_await() {
    return ns_per_op([](std::size_t n) -> Coro<void> {
        std::size_t total = 0;
        for (std::size_t i = 0; i < n; ++i) {
            total += static_cast<std::size_t>(co_await weft::create_task(child()));
        }
        require(total == n, "create_task_await");
    });
}

double sleep0() {
    return ns_per_op([](std::size_t n) -> Coro<void> {
        for (std::size_t i = 0; i < n; ++i) co_await weft::sleep(0s);
    });
}

double gather_child() {
    const double per_gather = ns_per_op([](std::size_t n) -> Coro<void> {
        std::size_t total = 0;
        for (std::size_t i = 0; i < n; ++i) {
            std::vector<Coro<int>> coros;
            coros.reserve(children);
            for (std::size_t k = 0; k < children; ++k) coros.push_back(child());
            const std::vector<int> values = co_await weft::gather(std::move(coros));
            for (const int value : values) total += static_cast<std::size_t>(value);
        }
        require(total == n * children, "gather_child");
    });
    return per_gather / children;
}

double taskgroup_child() {
    const double per_group = ns_per_op([](std::size_t n) -> Coro<void> {
        std::size_t total = 0;
        for (std::size_t i = 0; i < n; ++i) {
            std::vector<weft::Task<int>> tasks;
            tasks.reserve(children);
            co_await weft::TaskGroup::scope([&](weft::TaskGroup& group) -> Coro<void> {
                for (std::size_t k = 0; k < children; ++k) {
                    tasks.push_back(group.create_task(child()));
                }
                co_return;
            });
            for (const auto& task : tasks) total += static_cast<std::size_t>(task.result());
        }
        require(total == n * children, "taskgroup_child");
    });
    return per_group / children;
}

Coro<void> sleep_below(int depth) {
    co_await weft::transparent;
    if (depth == 1) {
        co_await weft::sleep(1h);
    } else {
        co_await sleep_below(depth - 1);
    }
}

Coro<void> sleep_below_catching(int depth) {
    try {
        if (depth == 1) {
            co_await weft::sleep(1h);
        } else {
            co_await sleep_below_catching(depth - 1);
        }
    } catch (const weft::CancelledError&) {
        throw;
    }
}

// One cycle: create, let it start, cancel, await its end.
template <class Make>
double cancel_cycle(Make make) {
    return ns_per_op([=](std::size_t n) -> Coro<void> {
        std::size_t cancelled = 0;
        for (std::size_t i = 0; i < n; ++i) {
            const weft::Task<> task = weft::create_task(make());
            co_await weft::sleep(0s);
            task.cancel();
            const auto ended = co_await weft::as_result(task);
            cancelled += !ended && task.cancelled();
        }
        require(cancelled == n, "cancel_sleeping");
    });
}

double cancel_sleeping_0() {
    return cancel_cycle([] { return weft::sleep(1h); });
}
double cancel_sleeping_8() {
    return cancel_cycle([] [[clang::coro_wrapper]] () { return sleep_below(8); });
}
double cancel_sleeping_8_catching() {
    return cancel_cycle([] [[clang::coro_wrapper]] () { return sleep_below_catching(8); });
}

double lock_uncontended() {
    return ns_per_op([](std::size_t n) -> Coro<void> {
        weft::Lock lock;
        for (std::size_t i = 0; i < n; ++i) {
            co_await lock.acquire();
            lock.release();
        }
        require(!lock.locked(), "lock_uncontended");
    });
}

double semaphore_uncontended() {
    return ns_per_op([](std::size_t n) -> Coro<void> {
        weft::Semaphore semaphore(1);
        for (std::size_t i = 0; i < n; ++i) {
            co_await semaphore.acquire();
            semaphore.release();
        }
        require(!semaphore.locked(), "semaphore_uncontended");
    });
}

double event_wait_set() {
    return ns_per_op([](std::size_t n) -> Coro<void> {
        weft::Event event;
        event.set();
        for (std::size_t i = 0; i < n; ++i) {
            co_await event.wait();
            asm volatile("" : : "r"(&event) : "memory");  // each wait looks anew
        }
    });
}

Coro<void> produce(weft::Queue<std::size_t>& queue, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) co_await queue.put(i);
}

Coro<std::size_t> consume(weft::Queue<std::size_t>& queue, std::size_t n) {
    std::size_t total = 0;
    for (std::size_t i = 0; i < n; ++i) total += co_await queue.get();
    co_return total;
}

double queue_put_get() {
    return ns_per_op(
        [](std::size_t n) -> Coro<void> {
            weft::Queue<std::size_t> queue(128);
            const auto [none, total] = co_await weft::gather(produce(queue, n), consume(queue, n));
            require(total == n * (n - 1) / 2, "queue_put_get");
        },
        scaled(100'000));
}

double timer_add_cancel_1m() {
    double elapsed = 0;
    const std::size_t n = scaled(1'050'000) / 1000 * 1000;
    const auto body = [&]() -> Coro<void> {
        weft::EventLoop& loop = weft::get_running_loop();
        Spread spread;
        std::size_t fired = 0;
        std::vector<weft::TimerHandle> outstanding;
        outstanding.reserve(1'000'000);
        for (std::size_t i = 0; i < 1'000'000; ++i) {
            outstanding.push_back(loop.call_later(spread.next(), [&fired] { ++fired; }));
        }
        const auto pairs = [&](std::size_t count) -> Coro<void> {
            for (std::size_t i = 0; i < count; i += 1000) {
                for (int k = 0; k < 1000; ++k) {
                    loop.call_later(spread.next(), [&fired] { ++fired; }).cancel();
                }
                co_await weft::sleep(0s);
            }
        };
        co_await pairs(20'000);
        const auto start = Clock::now();
        co_await pairs(n);
        elapsed = ns_since(start);
        for (auto& handle : outstanding) handle.cancel();
    };
    weft::run(body());
    return elapsed / static_cast<double>(n);
}

double post_from_a_thread(std::size_t n) {
    double elapsed = 0;
    const auto body = [&]() -> Coro<void> {
        weft::EventLoop& loop = weft::get_running_loop();
        const weft::Future<> done = loop.create_future();
        std::size_t total = 0;
        Clock::time_point start;
        std::thread poster([&] {
            start = Clock::now();
            for (std::size_t i = 0; i < n; ++i) {
                loop.call_soon_threadsafe([&, i] {
                    total += i;
                    if (i == n - 1) {
                        elapsed = ns_since(start);
                        done.set_result();
                    }
                });
            }
        });
        co_await done;
        poster.join();
        require(total == n * (n - 1) / 2, "threadsafe_post");
    };
    weft::run(body());
    return elapsed / static_cast<double>(n);
}

double threadsafe_post() {
    post_from_a_thread(scaled(20'000));
    return post_from_a_thread(scaled(1'000'000));
}

double rss_bytes() {
    std::size_t pages = 0;
    std::size_t resident = 0;
    std::ifstream("/proc/self/statm") >> pages >> resident;
    return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

Coro<void> sleeper(std::size_t& started) {
    ++started;
    co_await weft::sleep(1h);
}

double task_memory() {
    const std::size_t n = scaled(1'000'000);
    double bytes = 0;
    const auto body = [&]() -> Coro<void> {
        std::size_t started = 0;
        std::vector<weft::Task<>> tasks;
        tasks.reserve(n + 100);
        for (std::size_t i = 0; i < 100; ++i) tasks.push_back(weft::create_task(sleeper(started)));
        co_await weft::sleep(0s);
        const double before = rss_bytes();
        for (std::size_t i = 0; i < n; ++i) tasks.push_back(weft::create_task(sleeper(started)));
        while (started < n + 100) co_await weft::sleep(0s);
        bytes = rss_bytes() - before;
        for (const auto& task : tasks) task.cancel();
    };
    weft::run(body());
    return bytes / static_cast<double>(n);
}

constexpr std::pair<std::string_view, double (*)()> measures[] = {
    {"task_memory", task_memory},
    {"await_ready", await_ready},
    {"create_task_await", create_task_await},
    {"sleep0", sleep0},
    {"gather_child", gather_child},
    {"taskgroup_child", taskgroup_child},
    {"cancel_sleeping_0", cancel_sleeping_0},
    {"cancel_sleeping_8", cancel_sleeping_8},
    {"cancel_sleeping_8_catching", cancel_sleeping_8_catching},
    {"lock_uncontended", lock_uncontended},
    {"semaphore_uncontended", semaphore_uncontended},
    {"event_wait_set", event_wait_set},
    {"queue_put_get", queue_put_get},
    {"threadsafe_post", threadsafe_post},
    {"timer_add_cancel_1m", timer_add_cancel_1m},
};

}  // namespace

int main(int argc, char** argv) {
    if (const char* setting = std::getenv("WEFT_BENCH_SCALE")) scale = std::atof(setting);
    const std::vector<std::string_view> wanted(argv + 1, argv + argc);
    for (const auto& [name, measure] : measures) {
        if (!wanted.empty() && std::ranges::find(wanted, name) == wanted.end()) continue;
        std::printf("%.*s %.2f %s\n", static_cast<int>(name.size()), name.data(), measure(),
                    name == "task_memory" ? "bytes" : "ns");
        std::fflush(stdout);
    }
}
