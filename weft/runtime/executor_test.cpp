// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/executor.hpp>

#include <atomic>
#include <barrier>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <pthread.h>

#include <weft/base/exceptions.hpp>
#include <weft/runtime/capacity_limiter.hpp>
#include <weft/runtime/concurrent_future.hpp>
#include <weft/runtime/context.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/testing/attack.hpp>
#include <weft/testing/virtual_loop.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;
using testing::VirtualLoop;

TEST(ConcurrentFuture, refuses_what_its_state_does_not_allow) {
    const concurrent::Future<int> future;
    EXPECT_THROW(static_cast<void>(future.result(0s)), TimeoutError);
    EXPECT_TRUE(future.set_running_or_notify_cancel());
    EXPECT_TRUE(future.running());
    EXPECT_FALSE(future.cancel());
    EXPECT_THROW(static_cast<void>(future.set_running_or_notify_cancel()), InvalidStateError);
    future.set_result(3);
    EXPECT_TRUE(future.done());
    EXPECT_EQ(future.result(), 3);
    EXPECT_THROW(future.set_result(4), InvalidStateError);
    const concurrent::Future<> failed;
    EXPECT_THROW(failed.set_exception(std::exception_ptr()), TypeError);
    failed.set_exception(ValueError("from another thread"));
    EXPECT_THROW(failed.result(), ValueError);
    const concurrent::Future<> cancelled;
    EXPECT_TRUE(cancelled.cancel());
    EXPECT_TRUE(cancelled.cancel());
    EXPECT_FALSE(cancelled.set_running_or_notify_cancel());
    EXPECT_THROW(cancelled.result(), CancelledError);
}

TEST(ConcurrentFuture, is_ended_once_however_many_try) {
    for (int round = 0; round < 100; ++round) {
        const concurrent::Future<int> future;
        std::atomic<int> called{0};
        std::atomic<int> ended{0};
        future.add_done_callback([&] { ++called; });
        std::vector<std::thread> threads;
        for (int i = 0; i < 3; ++i) {
            threads.emplace_back([&, i] {
                try {
                    future.set_result(i);
                    ++ended;
                } catch (const InvalidStateError&) {
                }
            });
        }
        threads.emplace_back([&] {
            if (future.cancel()) ++ended;
        });
        for (auto& thread : threads) thread.join();
        EXPECT_EQ(called, 1);
        EXPECT_EQ(ended, 1);
    }
}

// No thread can have so large a stack.
class NoThreadCanStart {
public:
    NoThreadCanStart() {
        pthread_getattr_default_np(&before_);
        pthread_attr_t large;
        pthread_attr_init(&large);
        pthread_attr_setstacksize(&large, std::size_t{1} << 50);
        pthread_setattr_default_np(&large);
        pthread_attr_destroy(&large);
    }
    ~NoThreadCanStart() {
        pthread_setattr_default_np(&before_);
        pthread_attr_destroy(&before_);
    }

private:
    pthread_attr_t before_{};
};

TEST(ThreadPoolExecutor, that_cannot_start_a_thread_refuses_the_job_or_leaves_it_to_another) {
    ThreadPoolExecutor pool(2);
    std::atomic<int> done = 0;
    {
        const NoThreadCanStart none;
        EXPECT_THROW(static_cast<void>(pool.submit([&] { ++done; })), RuntimeError);
    }
    std::barrier both(2);
    const auto first = pool.submit([&] {
        both.arrive_and_wait();
        both.arrive_and_wait();
        ++done;
    });
    both.arrive_and_wait();
    concurrent::Future<> second;
    {
        const NoThreadCanStart none;
        second = pool.submit([&] { ++done; });
    }
    both.arrive_and_wait();
    first.result();
    second.result();
    EXPECT_EQ(done, 2);
}

TEST(ThreadPoolExecutor, starts_no_more_threads_than_it_may_and_names_them) {
    EXPECT_THROW(ThreadPoolExecutor(0), ValueError);
    ThreadPoolExecutor pool(2, "carder");
    std::mutex mutex;
    std::set<std::string> names;
    std::vector<concurrent::Future<void>> all;
    for (int i = 0; i < 200; ++i) {
        all.push_back(pool.submit([&] {
            char name[16];
            pthread_getname_np(pthread_self(), name, sizeof name);
            const std::lock_guard lock(mutex);
            names.insert(name);
        }));
    }
    for (const auto& future : all) future.result();
    EXPECT_LE(names.size(), 2u);
    for (const auto& name : names)
        EXPECT_TRUE(name.starts_with("carder_") || name == "executor_test");
}

TEST(ThreadPoolExecutor, cancels_a_call_that_waits_for_a_thread) {
    ThreadPoolExecutor pool(1);
    std::barrier gate(2);
    const auto first = pool.submit([&] { gate.arrive_and_wait(); });
    bool ran = false;
    const auto second = pool.submit([&] { ran = true; });
    EXPECT_TRUE(second.cancel());
    gate.arrive_and_wait();
    first.result();
    pool.shutdown(true);
    EXPECT_FALSE(ran);
    EXPECT_THROW(pool.submit([] {}), RuntimeError);
}

TEST(ThreadPoolExecutor, runs_what_was_queued_before_it_was_shut_down) {
    std::atomic<int> ran{0};
    ThreadPoolExecutor pool(1);
    std::barrier gate(2);
    pool.submit([&] { gate.arrive_and_wait(); });
    for (int i = 0; i < 10; ++i) pool.submit([&] { ++ran; });
    pool.shutdown(false);
    EXPECT_FALSE(pool.shutdown_within(1ms));
    gate.arrive_and_wait();
    EXPECT_TRUE(pool.shutdown_within(60s));
    EXPECT_EQ(ran, 10);
    pool.shutdown(true);
}

TEST(ThreadPoolExecutor, takes_jobs_from_many_threads) {
    ThreadPoolExecutor pool(4);
    std::atomic<int> ran{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int j = 0; j < 2000; ++j) pool.submit([&] { ++ran; });
        });
    }
    for (auto& thread : threads) thread.join();
    pool.shutdown(true);
    EXPECT_EQ(ran, 8000);
}

TEST(ToThread, gives_results_errors_and_the_callers_context) {
    static ContextVar<int> number("number");
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        number.set(5);
        const auto read = [] {
            const int seen = number.get();
            number.set(6);
            return seen;
        };
        EXPECT_EQ(co_await to_thread(read), 5);
        EXPECT_EQ(number.get(), 5);
        const auto box = co_await to_thread([] { return std::make_unique<int>(2); });
        EXPECT_EQ(*box, 2);
        const auto failing = [] { throw ValueError("in the thread"); };
        const auto failed = co_await as_result(to_thread(failing));
        EXPECT_TRUE(!failed && holds<ValueError>(failed.error()));
    }());
}

// Tells which thread destroyed it.
struct Traced : RuntimeError {
    explicit Traced(std::atomic<std::thread::id>* destroyed_by)
        : RuntimeError("traced"), destroyed_by(destroyed_by) {}
    Traced(const Traced&) = default;
    ~Traced() override { *destroyed_by = std::this_thread::get_id(); }
    std::atomic<std::thread::id>* destroyed_by;
};

Coro<> drop_error_of_thread(std::atomic<std::thread::id>& destroyed_by) {
    try {
        co_await to_thread([&] { throw Traced(&destroyed_by); });
    } catch (const Traced& error) {
        EXPECT_STREQ(error.what(), "traced");
    }
}

std::string name_of_thread() {
    char name[16];
    pthread_getname_np(pthread_self(), name, sizeof name);
    return name;
}

TEST(ToThread, runs_on_the_default_executor_that_was_set) {
    const auto pool = std::make_shared<ThreadPoolExecutor>(1, "carder");
    VirtualLoop loop;
    loop.loop().set_default_executor(pool);
    loop.run([]() -> Coro<void> {
        EventLoop& loop = get_running_loop();
        EXPECT_EQ(co_await to_thread(name_of_thread), "carder_0");
        const auto future = loop.run_in_executor(nullptr, name_of_thread);
        EXPECT_EQ(co_await future, "carder_0");
        co_await loop.shutdown_default_executor();
    }());
    EXPECT_THROW(static_cast<void>(pool->submit(name_of_thread)), RuntimeError);
}

TEST(ToThread, leaves_the_error_to_its_reader) {
    VirtualLoop loop;
    for (int round = 0; round < 100; ++round) {
        std::atomic<std::thread::id> destroyed_by;
        loop.run(drop_error_of_thread(destroyed_by));
        ASSERT_EQ(destroyed_by.load(), std::this_thread::get_id()) << "round " << round;
    }
}

TEST(ToThread, tells_the_call_that_the_task_was_cancelled) {
    std::atomic<bool> stopped{false};
    std::atomic<bool> began{false};
    {
        VirtualLoop loop;
        const auto task = loop.loop().create_task(
            [](std::atomic<bool>& began, std::atomic<bool>& stopped) -> Coro<void> {
                const auto wait = [&](std::stop_token token) {
                    began = true;
                    while (!token.stop_requested()) std::this_thread::yield();
                    stopped = true;
                };
                co_await to_thread(wait);
            }(began, stopped));
        loop.loop().run_one_turn();
        while (!began) std::this_thread::yield();
        task.cancel();
        loop.loop().run_until_done(task);
        EXPECT_TRUE(task.cancelled());
    }
    EXPECT_TRUE(stopped);
}

TEST(ToThread, with_a_limiter_runs_no_more_at_once_even_when_awaits_are_cancelled) {
    std::atomic<int> running{0};
    std::atomic<int> most{0};
    std::atomic<bool> go{false};
    const auto job = [&] {
        const int now = ++running;
        for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
        }
        while (!go) std::this_thread::yield();
        --running;
        return now;
    };
    VirtualLoop loop;
    CapacityLimiter limiter(2);
    loop.run([&]() -> Coro<void> {
        std::vector<Task<int>> calls;
        for (int i = 0; i < 6; ++i) calls.push_back(create_task(to_thread(limiter, job)));
        while (running < 2) co_await sleep(0s);
        calls[0].cancel();
        co_await sleep(0s);
        co_await sleep(0s);
        EXPECT_TRUE(calls[0].done());
        EXPECT_EQ(limiter.borrowed_tokens(), 2);  // the call goes on
        go = true;
        for (std::size_t i = 1; i < calls.size(); ++i) co_await calls[i];
        EXPECT_EQ(co_await to_thread(limiter, [](std::stop_token, int x) { return x; }, 5), 5);
        EXPECT_FALSE(co_await as_result(to_thread(limiter, [] { throw ValueError("in it"); })));
        while (limiter.borrowed_tokens() > 0) co_await sleep(0s);
    }());
    EXPECT_LE(most, 2);
    EXPECT_EQ(limiter.available_tokens(), 2);
}

// Ends its shutdown when it is told to, and tells when it is gone.
class GatedExecutor final : public Executor {
public:
    GatedExecutor(std::atomic<bool>& gate, std::atomic<bool>& gone) : gate_(gate), gone_(gone) {}
    GatedExecutor(const GatedExecutor&) = delete;
    GatedExecutor& operator=(const GatedExecutor&) = delete;
    ~GatedExecutor() override { gone_ = true; }
    void submit_job(std::move_only_function<void()> job) override { job(); }
    void shutdown(bool wait) override {
        while (wait && !gate_) std::this_thread::yield();
    }
    bool shutdown_within(Nanoseconds) override {
        shutdown(true);
        return true;
    }

private:
    std::atomic<bool>& gate_;
    std::atomic<bool>& gone_;
};

TEST(DefaultExecutor, goes_on_shutting_down_when_the_wait_for_it_is_cancelled) {
    std::atomic<bool> gate{false};
    std::atomic<bool> gone{false};
    VirtualLoop loop;
    loop.loop().set_default_executor(std::make_shared<GatedExecutor>(gate, gone));
    loop.run([](std::atomic<bool>& gate, const std::atomic<bool>& gone) -> Coro<void> {
        const auto shutdown = create_task(get_running_loop().shutdown_default_executor());
        co_await sleep(0s);
        shutdown.cancel();
        while (!shutdown.done()) co_await sleep(0s);
        EXPECT_TRUE(shutdown.cancelled());
        gate = true;
        while (!gone) co_await sleep(0s);
    }(gate, gone));
}

Coro<void> pause() { co_await sleep(1h); }

// Seen by an object of its done callback, which lives as long as the task.
TEST(RunCoroutineThreadsafe, leaves_no_task_behind_when_the_loop_is_closed) {
    const int alive = testing::Counted::alive;
    concurrent::Future<> future;
    {
        VirtualLoop loop;
        std::thread([&] {
            future = run_coroutine_threadsafe(
                []() -> Coro<void> {
                    current_task().add_done_callback([seen = testing::Counted()] {});
                    co_await sleep(1h);
                }(),
                loop.loop());
        }).join();
        loop.run([]() -> Coro<void> {
            co_await sleep(0s);
            co_await sleep(0s);
        }());
        EXPECT_EQ(testing::Counted::alive, alive + 1);
    }
    EXPECT_EQ(testing::Counted::alive, alive);
    EXPECT_TRUE(future.cancelled());
}

// One turn makes the task, which never gets to its first step.
TEST(RunCoroutineThreadsafe, is_cancelled_when_the_loop_is_closed_before_it_begins) {
    for (const int turns : {0, 1}) {
        concurrent::Future<> future;
        {
            VirtualLoop loop;
            std::thread([&] { future = run_coroutine_threadsafe(pause(), loop.loop()); }).join();
            loop.run_turns(turns);
        }
        EXPECT_TRUE(future.cancelled()) << turns;
    }
}

TEST(RunCoroutineThreadsafe, that_exits_ends_the_loop) {
    VirtualLoop loop;
    concurrent::Future<> future;
    std::thread([&] {
        future = run_coroutine_threadsafe(
            []() -> Coro<void> {
                throw SystemExit(3);
                co_return;
            }(),
            loop.loop());
    }).join();
    EXPECT_THROW(loop.loop().run_forever(), SystemExit);
    EXPECT_THROW(future.result(), SystemExit);
}

TEST(RunCoroutineThreadsafe, gives_results_errors_and_takes_cancellations) {
    VirtualLoop loop;
    loop.loop().system().outside_work(1);  // another thread is at work: no deadlock
    std::thread other([&] {
        const auto sum = run_coroutine_threadsafe(
            []() -> Coro<int> {
                co_await sleep(0s);
                co_return 3;
            }(),
            loop.loop());
        EXPECT_EQ(sum.result(), 3);
        const auto failed = run_coroutine_threadsafe(
            []() -> Coro<void> {
                co_await sleep(0s);
                throw ValueError("there");
            }(),
            loop.loop());
        EXPECT_THROW(failed.result(), ValueError);
        const auto waiting = run_coroutine_threadsafe(
            []() -> Coro<void> { co_await create_future(); }(), loop.loop());
        EXPECT_TRUE(waiting.cancel());
        EXPECT_THROW(waiting.result(), CancelledError);
        loop.loop().call_soon_threadsafe([&] { loop.loop().stop(); });
    });
    loop.loop().run_forever();
    other.join();
    loop.loop().system().outside_work(-1);
    loop.settle();
    EXPECT_EQ(loop.task_count(), 0u);
}

}  // namespace
}  // namespace weft
