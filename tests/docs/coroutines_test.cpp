// SPDX-License-Identifier: Apache-2.0
// The examples of tasks, futures, several at once, and generators.
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/runtime/as_completed.hpp>
#include <weft/runtime/async_generator.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/coro_function.hpp>
#include <weft/runtime/each.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/future.hpp>
#include <weft/runtime/gather.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/staggered_race.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/timeout.hpp>
#include <weft/runtime/wait.hpp>
#include <weft/testing/trace.hpp>
#include <weft/testing/virtual_loop.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;
using testing::Trace;
using testing::VirtualLoop;

Coro<int> f() { co_return 3; }
Coro<int> g() { co_return 4; }

Coro<std::string> fetch(std::string url) {
    co_await sleep(url == "far" ? 60s : 1s);
    co_return "page of " + url;
}
Coro<int> after(Delay delay, int value) {
    co_await sleep(delay);
    co_return value;
}

Coro<void> await_futures(Trace& trace) {
    Future<int> future = create_future<int>();
    const Future<int> kept = future;
    future.set_result(1);
    int& a = co_await future;
    auto b = co_await std::move(future);
    auto c = co_await create_task(f());
    trace(&a == &co_await kept, b, c);
}
TEST(Future, lends_its_result_or_gives_it_away) {
    Trace trace;
    VirtualLoop().run(await_futures(trace));
    EXPECT_EQ(trace.text(), "true 1 3");
}

Coro<void> gather_two(Trace& trace) {
    auto [a, b] = co_await gather(f(), g());
    trace(a, b);
}
TEST(Gather, gives_all_results_in_the_order_of_the_arguments) {
    Trace trace;
    VirtualLoop().run(gather_two(trace));
    EXPECT_EQ(trace.text(), "3 4");
}

Coro<void> gather_each(Trace& trace) {
    const std::vector<std::string> urls{"a", "b"};
    auto pages = co_await gather(each(urls, fetch));
    for (const std::string& page : pages) trace(page);
}
TEST(Each, makes_a_coroutine_of_every_element) {
    Trace trace;
    VirtualLoop().run(gather_each(trace));
    EXPECT_EQ(trace.text(), "page of a, page of b");
}

Coro<void> race(Trace& trace) {
    std::vector<CoroFunction<Coro<int>()>> attempts;
    attempts.push_back([]() -> Coro<int> { co_return co_await after(1h, 1); });
    attempts.push_back(f);
    auto race = co_await staggered_race(std::move(attempts), 250ms);
    if (race.winner_result) trace(*race.winner_index, *race.winner_result);
}

TEST(StaggeredRace, is_won_by_the_first_that_succeeds) {
    Trace trace;
    VirtualLoop().run(race(trace));
    EXPECT_EQ(trace.text(), "1 3");
}

Coro<void> wait_a_second(Trace& trace) {
    const std::vector tasks{create_task(after(0s, 1)), create_task(after(1h, 2))};
    auto [done, pending] = co_await wait(tasks, {.timeout = 1s});
    trace(done.size(), pending.size());
}
TEST(Wait, tells_what_is_done_from_what_is_pending) {
    Trace trace;
    VirtualLoop().run(wait_a_second(trace));
    EXPECT_EQ(trace.text(), "1 1");
}

Coro<std::string> fetch_in_time(std::string url) {
    auto page = co_await wait_for(fetch(url), 5s);
    co_return page;
}
TEST(WaitFor, gives_the_result_if_it_comes_in_time) {
    EXPECT_EQ(VirtualLoop().run(fetch_in_time("near")), "page of near");
    EXPECT_THROW(VirtualLoop().run(fetch_in_time("far")), TimeoutError);
}

Coro<void> use_as_completed(Trace& use) {
    const std::vector list{create_task(after(2s, 2)), create_task(after(1s, 1))};
    auto results = as_completed(list);
    while (auto task = co_await results.next()) use(task->result());
}
TEST(AsCompleted, gives_first_what_ends_first) {
    Trace trace;
    VirtualLoop().run(use_as_completed(trace));
    EXPECT_EQ(trace.text(), "1, 2");
}

AsyncGenerator<int> count(int to) {
    for (int i = 0; i < to; ++i) {
        co_await sleep(1s);
        co_yield i;
    }
}
Coro<Nanoseconds> use_numbers(Trace& use) {
    const TimePoint begin = get_running_loop().time();
    auto numbers = count(3);
    while (auto number = co_await numbers.next()) use(*number);
    co_return get_running_loop().time() - begin;
}
TEST(AsyncGenerator, may_wait_between_its_values) {
    Trace trace;
    EXPECT_EQ(VirtualLoop().run(use_numbers(trace)), 3s);
    EXPECT_EQ(trace.text(), "0, 1, 2");
}

}  // namespace
}  // namespace weft
