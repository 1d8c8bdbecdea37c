// SPDX-License-Identifier: Apache-2.0
// The Asio side of the runtime benchmarks; see bench/README.md for the contract.
//
// Asio has no lock, semaphore, event or task group; those measures are absent.
// usage: asio_bench [MEASURE ...]

#include <boost/asio.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/experimental/channel.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <unistd.h>

namespace asio = boost::asio;
using asio::awaitable;
using asio::use_awaitable;

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

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

// One io_context for one thread: the hint lets Asio drop wake-ups, keeps it correct.
template <class Body>
void run_coroutine(Body body, std::size_t n) {
    asio::io_context context(1);
    bool finished = false;
    asio::co_spawn(context, body(n), [&](std::exception_ptr error) {
        if (error) std::rethrow_exception(error);
        finished = true;
    });
    context.run();
    require(finished, "the coroutine ended");
}

// Runs body(n) to warm up, then with an n that takes 100 ms.
template <class Body>
double ns_per_op(Body body, std::size_t n = 200) {
    auto timed = [&] {
        const auto start = Clock::now();
        run_coroutine(body, n);
        return ns_since(start);
    };
    double elapsed = timed();
    for (;;) {
        n = std::max(n, static_cast<std::size_t>(static_cast<double>(n) * 100e6 * scale / elapsed));
        elapsed = timed();
        if (elapsed >= 50e6 * scale) return elapsed / static_cast<double>(n);
    }
}

// Deadlines over an hour; the same sequence in every peer.
class Spread {
public:
    Clock::duration next() {
        state_ = state_ * 1664525u + 1013904223u;
        const double seconds = 1.0 + (state_ >> 8) * (3600.0 / (1 << 24));
        return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
    }

private:
    std::uint32_t state_ = 12345;
};

[[gnu::noinline]] awaitable<int> child() { co_return 1; }

double await_ready() {
    return ns_per_op([](std::size_t n) -> awaitable<void> {
        std::size_t total = 0;
        for (std::size_t i = 0; i < n; ++i) total += co_await child();
        require(total == n, "await_ready");
    });
}

double create_task_await() {
    return ns_per_op([](std::size_t n) -> awaitable<void> {
        auto executor = co_await asio::this_coro::executor;
        std::size_t total = 0;
        for (std::size_t i = 0; i < n; ++i) {
            total += co_await asio::co_spawn(executor, child(), use_awaitable);
        }
        require(total == n, "create_task_await");
    });
}

double sleep0() {
    return ns_per_op([](std::size_t n) -> awaitable<void> {
        auto executor = co_await asio::this_coro::executor;
        for (std::size_t i = 0; i < n; ++i) co_await asio::post(executor, use_awaitable);
    });
}

double gather_child() {
    auto body = [](std::size_t n) -> awaitable<void> {
        auto executor = co_await asio::this_coro::executor;
        using Operation = decltype(asio::co_spawn(executor, child(), asio::deferred));
        std::size_t total = 0;
        for (std::size_t i = 0; i < n; ++i) {
            std::vector<Operation> operations;
            operations.reserve(children);
            for (std::size_t c = 0; c < children; ++c) {
                operations.push_back(asio::co_spawn(executor, child(), asio::deferred));
            }
            auto group = asio::experimental::make_parallel_group(std::move(operations));
            auto [order, errors, values] =
                co_await group.async_wait(asio::experimental::wait_for_all(), use_awaitable);
            for (std::size_t c = 0; c < children; ++c) {
                require(!errors[c], "gather_child");
                total += values[c];
            }
        }
        require(total == n * children, "gather_child");
    };
    return ns_per_op(body, 5) / children;
}

[[gnu::noinline]] awaitable<void> sleep_an_hour() {
    asio::steady_timer timer(co_await asio::this_coro::executor, 1h);
    co_await timer.async_wait(use_awaitable);
}

[[gnu::noinline]] awaitable<void> sleep_below(int depth) {
    if (depth == 1) {
        asio::steady_timer timer(co_await asio::this_coro::executor, 1h);
        co_await timer.async_wait(use_awaitable);
    } else {
        co_await sleep_below(depth - 1);
    }
}

[[gnu::noinline]] awaitable<void> sleep_below_catching(int depth) {
    try {
        if (depth == 1) {
            asio::steady_timer timer(co_await asio::this_coro::executor, 1h);
            co_await timer.async_wait(use_awaitable);
        } else {
            co_await sleep_below_catching(depth - 1);
        }
    } catch (const boost::system::system_error&) {
        throw;
    }
}

template <class Make>
double cancel_cycle(Make make) {
    return ns_per_op([make](std::size_t n) -> awaitable<void> {
        auto executor = co_await asio::this_coro::executor;
        std::size_t cancelled = 0;
        for (std::size_t i = 0; i < n; ++i) {
            asio::cancellation_signal signal;
            bool ended = false;
            auto on_end = [&](std::exception_ptr error) {
                ended = true;
                if (error) ++cancelled;
            };
            asio::co_spawn(executor, make(), asio::bind_cancellation_slot(signal.slot(), on_end));
            co_await asio::post(executor, use_awaitable);
            signal.emit(asio::cancellation_type::terminal);
            while (!ended) co_await asio::post(executor, use_awaitable);
        }
        require(cancelled == n, "cancel_sleeping");
    });
}

double cancel_sleeping_0() {
    return cancel_cycle([] { return sleep_an_hour(); });
}

double cancel_sleeping_8() {
    return cancel_cycle([] { return sleep_below(8); });
}

double cancel_sleeping_8_catching() {
    return cancel_cycle([] { return sleep_below_catching(8); });
}

using Channel = asio::experimental::channel<void(boost::system::error_code, std::size_t)>;

awaitable<void> produce(Channel& channel, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
        co_await channel.async_send(boost::system::error_code{}, i, use_awaitable);
    }
}

awaitable<void> consume(Channel& channel, std::size_t n) {
    std::size_t total = 0;
    for (std::size_t i = 0; i < n; ++i) total += co_await channel.async_receive(use_awaitable);
    require(total == n * (n - 1) / 2, "queue_put_get");
}

double queue_put_get() {
    auto body = [](std::size_t n) -> awaitable<void> {
        auto executor = co_await asio::this_coro::executor;
        Channel channel(executor, 128);
        auto group = asio::experimental::make_parallel_group(
            asio::co_spawn(executor, produce(channel, n), asio::deferred),
            asio::co_spawn(executor, consume(channel, n), asio::deferred));
        auto [order, put, got] =
            co_await group.async_wait(asio::experimental::wait_for_all(), use_awaitable);
        require(!put && !got, "queue_put_get");
    };
    return ns_per_op(body, scaled(100'000));
}

double timer_add_cancel_1m() {
    asio::io_context context(1);
    Spread spread;
    std::size_t cancelled = 0;
    auto on_end = [&cancelled](boost::system::error_code error) {
        if (error == asio::error::operation_aborted) ++cancelled;
    };
    std::vector<asio::steady_timer> outstanding;
    outstanding.reserve(1'000'000);
    for (std::size_t i = 0; i < 1'000'000; ++i) {
        outstanding.emplace_back(context, spread.next()).async_wait(on_end);
    }
    // The timer objects are kept and armed again, the cheapest way that Asio has.
    std::vector<asio::steady_timer> reused;
    for (std::size_t i = 0; i < 1000; ++i) reused.emplace_back(context);
    auto pairs = [&](std::size_t n) {
        for (std::size_t i = 0; i < n; i += reused.size()) {
            for (auto& timer : reused) {
                timer.expires_after(spread.next());
                timer.async_wait(on_end);
                timer.cancel();
            }
            context.poll();
        }
    };
    pairs(20'000);
    cancelled = 0;
    const std::size_t n = scaled(1'050'000) / 1000 * 1000;
    const auto start = Clock::now();
    pairs(n);
    const double elapsed = ns_since(start);
    require(cancelled == n, "timer_add_cancel_1m");
    return elapsed / static_cast<double>(n);
}

double post_from_a_thread(std::size_t n) {
    asio::io_context context(1);
    auto guard = asio::make_work_guard(context);
    Clock::time_point start;
    Clock::time_point end;
    std::size_t total = 0;
    std::thread poster([&] {
        start = Clock::now();
        for (std::size_t i = 0; i < n; ++i) {
            asio::post(context, [&, i] {
                total += i;
                if (i != n - 1) return;
                end = Clock::now();
                guard.reset();
            });
        }
    });
    context.run();
    poster.join();
    require(total == n * (n - 1) / 2, "threadsafe_post");
    return std::chrono::duration<double, std::nano>(end - start).count() / static_cast<double>(n);
}

double threadsafe_post() {
    post_from_a_thread(scaled(20'000));
    return post_from_a_thread(scaled(1'000'000));
}

double rss_bytes() {
    std::size_t total = 0;
    std::size_t resident = 0;
    std::ifstream("/proc/self/statm") >> total >> resident;
    return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

double task_memory() {
    asio::io_context context(1);
    std::size_t started = 0;
    auto sleeper = [&started]() -> awaitable<void> {
        ++started;
        asio::steady_timer timer(co_await asio::this_coro::executor, 1h);
        co_await timer.async_wait(use_awaitable);
    };
    auto spawn = [&](std::size_t n) {
        for (std::size_t i = 0; i < n; ++i) asio::co_spawn(context, sleeper, asio::detached);
        context.poll();
    };
    spawn(100);
    const double before = rss_bytes();
    const std::size_t n = scaled(1'000'000);
    spawn(n);
    require(started == n + 100, "task_memory");
    return (rss_bytes() - before) / static_cast<double>(n);
}

struct Measure {
    std::string_view name;
    double (*run)();
    const char* unit = "ns";
};

// task_memory comes first: what others have freed would hide its growth.
constexpr Measure measures[] = {
    {"task_memory", task_memory, "bytes"},
    {"await_ready", await_ready},
    {"create_task_await", create_task_await},
    {"sleep0", sleep0},
    {"gather_child", gather_child},
    {"cancel_sleeping_0", cancel_sleeping_0},
    {"cancel_sleeping_8", cancel_sleeping_8},
    {"cancel_sleeping_8_catching", cancel_sleeping_8_catching},
    {"queue_put_get", queue_put_get},
    {"threadsafe_post", threadsafe_post},
    {"timer_add_cancel_1m", timer_add_cancel_1m},
};

}  // namespace

int main(int argc, char** argv) {
    if (const char* text = std::getenv("WEFT_BENCH_SCALE")) scale = std::atof(text);
    const std::vector<std::string_view> wanted(argv + 1, argv + argc);
    std::fprintf(stderr, "Asio %d.%d.%d\n", BOOST_ASIO_VERSION / 100000,
                 BOOST_ASIO_VERSION / 100 % 1000, BOOST_ASIO_VERSION % 100);
    for (const auto& [name, run, unit] : measures) {
        if (!wanted.empty() && std::ranges::find(wanted, name) == wanted.end()) continue;
        std::printf("%s %.2f %s\n", name.data(), run(), unit);
        std::fflush(stdout);
    }
}
