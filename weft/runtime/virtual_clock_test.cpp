// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/virtual_clock.hpp>

#include <chrono>
#include <semaphore>
#include <string>

#include <gtest/gtest.h>

#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/executor.hpp>
#include <weft/runtime/handle.hpp>
#include <weft/runtime/lock.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/testing/virtual_loop.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;
using testing::VirtualLoop;

TEST(VirtualClock, begins_at_zero_and_has_no_descriptors) {
    EventLoop loop(make_virtual_backend());
    EXPECT_EQ(loop.backend(), "virtual");
    EXPECT_EQ(loop.time(), TimePoint());
    EXPECT_THROW(loop.add_reader(0, [] {}), OSError);
}

// Goal:   time stands still while a job is out in another thread, however long the job takes.
// Method: a timer is the loop's only work meanwhile; the job ends only after the loop has woken for
//         it and found the timer waiting.
Coro<void> work_beside_a_timer() {
    EventLoop& loop = get_running_loop();
    const TimePoint start = loop.time();
    bool fired = false;
    TimerHandle timer = loop.call_later(1s, [&] { fired = true; });
    std::binary_semaphore looked(0);
    co_await to_thread([&] {
        loop.call_soon_threadsafe([&] {
            EXPECT_FALSE(fired);
            EXPECT_EQ(loop.time(), start);
            looked.release();
        });
        looked.acquire();
    });
    EXPECT_FALSE(fired);
    EXPECT_EQ(loop.time(), start);
    timer.cancel();
}

TEST(VirtualClock, stands_still_while_a_job_is_out_in_another_thread) {
    VirtualLoop loop;
    for (int round = 0; round < 20; ++round) loop.run(work_beside_a_timer());
    const TimePoint start = loop.loop().time();
    loop.run([]() -> Coro<void> { co_await sleep(1h); }());
    EXPECT_EQ(loop.loop().time() - start, 1h);
}

// Goal:   what is due already does not wait for the job, which may wait for it.
// Method: a callback without a delay, and one of the past, end the job.
TEST(VirtualClock, calls_what_is_due_while_a_job_is_out) {
    VirtualLoop loop;
    for (const auto delay : {0s, -1s}) {
        loop.run([](Nanoseconds delay) -> Coro<void> {
            std::binary_semaphore called(0);
            std::binary_semaphore began(0);
            const auto job = create_task(to_thread([&] {
                began.release();
                called.acquire();
            }));
            co_await sleep(0s);
            began.acquire();
            get_running_loop().call_later(delay, [&] { called.release(); });
            co_await job;
        }(delay));
    }
}

Coro<void> wait_for_each_other() {
    Event never;
    Lock lock;
    co_await lock.acquire();
    const auto reader = create_task(never.wait(), {.name = "reader"});
    const auto writer = create_task(lock.acquire(), {.name = "writer"});
    co_await writer;
}

TEST(VirtualClock, tells_who_waits_for_what_when_nothing_can_wake_them) {
    VirtualLoop loop;
    std::string told;
    try {
        loop.run(wait_for_each_other());
    } catch (const RuntimeError& error) {
        told = error.what();
    }
    EXPECT_TRUE(told.starts_with("deadlock: nothing can wake what waits\n")) << told;
    EXPECT_NE(told.find("\n  <Task pending name='Task-1'"), std::string::npos) << told;
    EXPECT_NE(told.find("\n  <Task pending name='reader'"), std::string::npos) << told;
    EXPECT_NE(told.find("\n  <Task pending name='writer'"), std::string::npos) << told;
    EXPECT_NE(told.find(" waits for Event.wait\n"), std::string::npos) << told;
    EXPECT_TRUE(told.ends_with(" waits for Lock.acquire")) << told;
}

}  // namespace
}  // namespace weft
