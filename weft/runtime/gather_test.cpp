// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/gather.hpp>

#include <chrono>
#include <memory>
#include <ranges>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/runtime/as_completed.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/future.hpp>
#include <weft/runtime/shield.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/timeout.hpp>
#include <weft/testing/attack.hpp>
#include <weft/testing/virtual_loop.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;
using testing::Counted;
using testing::VirtualLoop;

Coro<void> nap(Nanoseconds span) { co_await sleep(span); }
Coro<std::unique_ptr<int>> boxed(int value) {
    co_await sleep(1s);
    co_return std::make_unique<int>(value);
}
Coro<std::string> text(std::string value) {
    co_await sleep(1s);
    co_return value;
}
Coro<int&> same(int& value) {
    co_await sleep(1s);
    co_return value;
}
Coro<void> failing(Nanoseconds span) {
    co_await sleep(span);
    throw ValueError("on purpose");
}

// Cannot be copied without an error.
struct Uncopyable {
    Uncopyable() = default;
    Uncopyable(const Uncopyable&) { throw ValueError("copied"); }
    Uncopyable(Uncopyable&&) = default;
    Uncopyable& operator=(Uncopyable&&) = default;
};
Coro<Uncopyable> uncopyable() {
    co_await sleep(1s);
    co_return Uncopyable();
}

TEST(Gather, moves_results_out_of_what_it_was_given_away) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        auto task = create_task(boxed(2));
        auto both = gather(boxed(1), std::move(task));
        const auto [one, two] = co_await std::move(both);
        EXPECT_EQ(*one + *two, 3);
        std::vector<Coro<std::unique_ptr<int>>> more;
        more.push_back(boxed(3));
        auto all = gather(std::move(more));
        const auto values = co_await std::move(all);
        EXPECT_EQ(*values.at(0), 3);
    }());
}

TEST(Gather, copies_the_result_of_a_task_that_the_caller_keeps) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        const auto task = create_task(text("a text too long for the small string"));
        auto both = gather(task, task);
        const auto [one, two] = co_await std::move(both);
        EXPECT_EQ(one, two);
        EXPECT_EQ(task.result(), one);
    }());
}

TEST(Gather, copies_what_a_reference_refers_to) {
    VirtualLoop loop;
    int value = 5;
    loop.run([](int& value) -> Coro<void> {
        auto both = gather(same(value), nap(1s));
        auto [copy, nothing] = co_await std::move(both);
        static_assert(std::is_same_v<decltype(copy), int>);
        EXPECT_EQ(copy, 5);
    }(value));
}

// Longer than what a string holds in place, so that a move empties it.
const std::string long_text(64, 'x');

TEST(Gather, takes_nothing_from_what_others_have) {
    VirtualLoop loop;
    std::string kept = long_text;
    loop.run([](std::string& mine) -> Coro<void> {
        const auto refer = [](std::string& to) -> Coro<std::string&> { co_return to; };
        const auto [copy] = co_await gather(refer(mine));
        EXPECT_EQ(copy, long_text);
        co_await gather_or_cancel(refer(mine));
        EXPECT_EQ(co_await create_task(create_task(refer(mine))), long_text);
        EXPECT_EQ(co_await timeout(1s, create_task(refer(mine))), long_text);
        EXPECT_EQ(co_await as_completed(std::vector{create_task(refer(mine))}).next_result(),
                  long_text);
        EXPECT_EQ(mine, long_text);

        std::vector tasks{create_task(text(long_text)), create_task(text(long_text))};
        co_await gather(tasks);
        co_await gather_or_cancel(tasks[0], tasks[1]);
        co_await gather(std::vector(tasks));
        co_await gather(std::span(tasks).first(1));
        co_await gather(tasks | std::views::take(2));
        const auto same = tasks[0];
        co_await shield(Task<std::string>(same));
        auto results = as_completed(tasks | std::views::reverse);
        while (results.left() > 0) EXPECT_EQ(co_await results.next_result(), long_text);
        EXPECT_EQ(tasks[0].result(), long_text);
        EXPECT_EQ(tasks[1].result(), long_text);
    }(kept));
}

struct CountsCopies {
    CountsCopies() = default;
    CountsCopies(const CountsCopies&) { ++copies; }
    CountsCopies(CountsCopies&&) = default;
    CountsCopies& operator=(const CountsCopies&) = delete;
    CountsCopies& operator=(CountsCopies&&) = delete;
    ~CountsCopies() = default;
    inline static int copies = 0;
};

TEST(Gather, copies_no_result_that_is_its_own) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        const auto make = []() -> Coro<CountsCopies> { co_return CountsCopies(); };
        static_cast<void>(co_await gather(make(), create_task(make())));
        std::vector<Coro<CountsCopies>> many;
        many.push_back(make());
        static_cast<void>(co_await gather(std::move(many)));
        co_await gather_or_cancel(make());
        co_await shield(make());
        std::vector<Coro<CountsCopies>> more;
        more.push_back(make());
        co_await as_completed(std::move(more)).next_result();
        co_await create_task(create_task(make()));
        co_await create_task(make());
        auto task = create_task(make());
        co_await std::move(task);
    }());
    EXPECT_EQ(CountsCopies::copies, 0);
}

TEST(Gather, of_nothing_is_done_at_once) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        EXPECT_TRUE(gather().done());
        const auto none = gather(std::vector<Task<int>>());
        EXPECT_TRUE(none.done() && none.result().empty());
        co_return;
    }());
}

TEST(Gather, fails_with_what_the_copy_of_a_result_throws) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        const auto task = create_task(uncopyable());
        const auto gathered = co_await as_result(gather(task));
        EXPECT_TRUE(!gathered && holds<ValueError>(gathered.error()));
        const auto other = create_task(uncopyable());
        const auto shielded_result = co_await as_result(shield(other));
        EXPECT_TRUE(!shielded_result && holds<ValueError>(shielded_result.error()));
    }());
    EXPECT_TRUE(loop.reports().empty());
}

TEST(Gather, leaves_the_others_running_after_the_first_error_and_reports_the_next) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        const auto third = create_task(nap(3s));
        const auto result = co_await as_result(gather(failing(1s), failing(2s), third));
        EXPECT_FALSE(result);
        EXPECT_FALSE(third.done());
        co_await third;
    }());
    ASSERT_EQ(loop.reports().size(), 1u);
    EXPECT_EQ(loop.reports()[0], "Task exception was never retrieved");
}

TEST(Gather, reports_no_later_error_that_somebody_asks_for) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        const auto first = create_task(failing(1s));
        const auto second = create_task(failing(2s));
        EXPECT_FALSE(co_await as_result(gather(first, first, second)));
        EXPECT_FALSE(co_await as_result(second));
    }());
    EXPECT_TRUE(loop.reports().empty());
}

TEST(Gather, cancelled_in_a_transparent_frame_cancels_the_task) {
    VirtualLoop loop;
    const Task<> task = loop.loop().create_task([]() -> Coro<void> {
        co_await transparent;
        co_await gather(nap(5s), nap(6s));
    }());
    loop.loop().call_later(1s, [task] { task.cancel(); });
    loop.loop().run_until_done(task);
    EXPECT_TRUE(task.cancelled());
}

TEST(Gather, a_timeout_around_it_is_a_timeout_error) {
    VirtualLoop loop;
    EXPECT_THROW(loop.run(wait_for(gather_or_cancel(nap(5s), nap(6s)), 1s)), TimeoutError);
    EXPECT_THROW(loop.run([]() -> Coro<void> {
        auto both = gather(nap(5s), nap(6s));
        co_await wait_for(std::move(both), 1s);
    }()),
                 TimeoutError);
    loop.settle();
    EXPECT_TRUE(loop.reports().empty());
}

TEST(Gather, a_child_that_is_cancelled_is_its_error_but_not_its_end_by_cancel) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        const auto task = create_task(nap(5s));
        const auto both = gather(task, nap(1s));
        get_running_loop().call_soon([task] { task.cancel(); });
        bool cancelled = false;
        try {
            co_await both;
        } catch (const CancelledError&) {
            cancelled = true;
        }
        EXPECT_TRUE(cancelled);
        EXPECT_FALSE(both.cancelled());
        EXPECT_FALSE(both.cancel());
    }());
}

TEST(Gather, refuses_a_future_of_another_loop) {
    VirtualLoop other;
    const Future<int> foreign = other.loop().create_future<int>();
    VirtualLoop loop;
    loop.run([](Future<int> foreign) -> Coro<void> {
        EXPECT_THROW(static_cast<void>(gather(foreign)), ValueError);
        co_return;
    }(foreign));
}

TEST(Gather, leaks_nothing_when_its_futures_are_forgotten) {
    const int alive = Counted::alive;
    {
        VirtualLoop loop;
        loop.run([]() -> Coro<void> {
            const auto future = create_future<int>();
            const auto both = gather(future, [](Counted) -> Coro<int> {
                co_await sleep(24h);
                co_return 1;
            }(Counted()));
            co_await sleep(0s);
        }());
    }
    EXPECT_EQ(Counted::alive, alive);
}

TEST(GatherOrCancel, ends_after_all_children) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        bool cleaned = false;
        const auto slow = [&]() -> Coro<void> {
            bool cancelled = false;
            try {
                co_await sleep(24h);
            } catch (const CancelledError&) {
                cancelled = true;
            }
            if (cancelled) co_await sleep(5s);
            cleaned = true;
        };
        const auto result = co_await as_result(gather_or_cancel(failing(1s), slow()));
        EXPECT_TRUE(!result && holds<ValueError>(result.error()));
        EXPECT_TRUE(cleaned);
    }());
}

}  // namespace
}  // namespace weft
