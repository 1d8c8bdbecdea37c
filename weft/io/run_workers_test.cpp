// SPDX-License-Identifier: Apache-2.0
#include <weft/io/run_workers.hpp>

#include <atomic>
#include <csignal>
#include <cstddef>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <weft/base/exception_group.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/io/server.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/io/streams.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/with_async.hpp>
#include <weft/testing/log_capture.hpp>
#include <weft/testing/trace.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;
using testing::thrown_by;

std::string outcome_of_workers(const WorkerFunction& function, RunWorkersOptions options = {}) {
    return thrown_by([&] {
        run_workers(function, options);
        return 0;
    });
}

TEST(RunWorkers, runs_each_on_a_thread_and_in_a_loop_of_its_own) {
    std::mutex mutex;
    std::set<std::size_t> numbers;
    std::set<std::thread::id> threads;
    std::set<EventLoop*> loops;
    std::atomic<int> running = 0;
    run_workers(
        [&](std::size_t number) -> Coro<void> {
            ++running;
            while (running < 4) co_await sleep(1ms);  // all at the same time
            const std::scoped_lock lock(mutex);
            numbers.insert(number);
            threads.insert(std::this_thread::get_id());
            loops.insert(&get_running_loop());
        },
        {.workers = 4});
    EXPECT_EQ(numbers, (std::set<std::size_t>{0, 1, 2, 3}));
    EXPECT_EQ(threads.size(), 4U);
    EXPECT_EQ(loops.size(), 4U);
}

TEST(RunWorkers, runs_one_for_each_core) {
    cpu_set_t set;
    CPU_ZERO(&set);
    ASSERT_EQ(::sched_getaffinity(0, sizeof set, &set), 0);
    std::atomic<int> count = 0;
    std::atomic<bool> pinned = true;
    run_workers(
        [&](std::size_t) -> Coro<void> {
            ++count;
            cpu_set_t own;
            CPU_ZERO(&own);
            if (::sched_getaffinity(0, sizeof own, &own) != 0 || CPU_COUNT(&own) != 1)
                pinned = false;
            co_return;
        },
        {.pin = true});
    EXPECT_EQ(count, CPU_COUNT(&set));
    EXPECT_TRUE(pinned);
}

TEST(RunWorkers, goes_on_without_a_worker_that_has_ended) {
    std::atomic<int> ended = 0;
    EXPECT_EQ(outcome_of_workers(
                  [&](std::size_t number) -> Coro<void> {
                      if (number == 0) {
                          while (ended < 2) co_await sleep(1ms);
                      }
                      ++ended;
                  },
                  {.workers = 3}),
              "nothing");
    EXPECT_EQ(ended, 3);
}

TEST(RunWorkers, ends_with_the_error_of_one_after_the_others_have_cleaned_up) {
    std::atomic<int> running = 0;
    std::atomic<int> cleaned_up = 0;
    const auto forever = [&]() -> Coro<void> {
        ++running;
        co_await sleep(3600s);
    };
    const auto clean_up = [&]() -> Coro<void> {
        co_await sleep(5ms);
        ++cleaned_up;
    };
    EXPECT_EQ(outcome_of_workers(
                  [&](std::size_t number) -> Coro<void> {
                      if (number == 1) {
                          while (running < 2) co_await sleep(1ms);
                          throw ValueError("worker 1 has had enough");
                      }
                      co_await try_finally(forever, clean_up);
                  },
                  {.workers = 3}),
              "ValueError: worker 1 has had enough");
    EXPECT_EQ(cleaned_up, 2);
}

TEST(RunWorkers, tells_all_errors) {
    std::atomic<int> running = 0;
    try {
        run_workers(
            [&](std::size_t number) -> Coro<void> {
                ++running;
                while (running < 3) std::this_thread::yield();  // no cancellation in between
                throw ValueError("worker " + std::to_string(number));
                co_return;
            },
            {.workers = 3});
        ADD_FAILURE() << "no error";
    } catch (const ExceptionGroup& group) {
        EXPECT_EQ(group.exceptions().size(), 3U);
    }
}

TEST(RunWorkers, takes_a_worker_that_cancels_itself_for_an_error) {
    EXPECT_EQ(outcome_of_workers(
                  [](std::size_t number) -> Coro<void> {
                      if (number == 0) throw CancelledError("by itself");
                      co_await sleep(3600s);
                  },
                  {.workers = 2})
                  .substr(0, 14),
              "CancelledError");
}

TEST(RunWorkers, ends_at_ctrl_c) {
    std::atomic<int> cancelled = 0;
    std::atomic<int> running = 0;
    EXPECT_THROW(run_workers(
                     [&](std::size_t number) -> Coro<void> {
                         ++running;
                         try {
                             while (running < 3) co_await sleep(1ms);
                             if (number == 0) ::kill(::getpid(), SIGINT);
                             co_await sleep(3600s);
                         } catch (const CancelledError&) {
                             ++cancelled;
                             throw;
                         }
                     },
                     {.workers = 3}),
                 KeyboardInterrupt);
    EXPECT_EQ(cancelled, 3);
}

TEST(RunWorkers, is_a_program) {
    const testing::LogCapture log;
    EXPECT_EQ(main_of_workers([](std::size_t) -> Coro<void> { co_return; }, {.workers = 2}), 0);
    EXPECT_EQ(main_of_workers(
                  [](std::size_t) -> Coro<void> {
                      ::kill(::getpid(), SIGINT);
                      co_await sleep(3600s);
                  },
                  {.workers = 1}),
              130);
}

// Goal:   a port is served by all, and no connection is lost or answered twice.
// Method: each worker listens at it and says its number; many clients ask.
TEST(RunWorkers, serve_one_port_together) {
    Socket reserved(af_inet);
    reserved.set_reuse_port();
    reserved.bind({"127.0.0.1", 0});
    const int port = reserved.getsockname().port();
    constexpr std::size_t workers = 3;
    constexpr int clients = 60;
    std::atomic<std::size_t> listening = 0;
    std::atomic<bool> over = false;
    std::vector<int> served(workers, 0);
    run_workers(
        [&](std::size_t number) -> Coro<void> {
            if (number == workers) {
                while (listening < workers) co_await sleep(1ms);
                for (int i = 0; i < clients; ++i) {
                    auto [reader, writer] = co_await open_connection("127.0.0.1", port);
                    ++served[std::stoul(co_await reader.readline())];
                    writer.close();
                }
                over = true;
                co_return;
            }
            const auto answer = [number](StreamReader, StreamWriter writer) -> Coro<void> {
                writer.write(std::to_string(number) + "\n");
                co_await writer.drain();
            };
            const Server server =
                co_await start_server(answer, "127.0.0.1", port, {.reuse_port = true});
            ++listening;
            while (!over) co_await sleep(1ms);
            server.close();
            co_await server.wait_closed();
        },
        {.workers = workers + 1});
    int all = 0;
    for (const int one : served) {
        EXPECT_GT(one, 0);
        all += one;
    }
    EXPECT_EQ(all, clients);
}

}  // namespace
}  // namespace weft
