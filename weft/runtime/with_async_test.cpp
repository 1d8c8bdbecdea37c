// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/with_async.hpp>

#include <cstddef>
#include <exception>
#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include <weft/base/exceptions.hpp>
#include <weft/runtime/cancel_scope.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/exit_stack.hpp>
#include <weft/runtime/exits_test.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/task_group.hpp>
#include <weft/testing/log_capture.hpp>
#include <weft/testing/trace.hpp>
#include <weft/testing/virtual_loop.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;
using testing::outcome;

// Keeps what aexit() was told.
struct Asking {
    std::string* told;
    static Coro<void> aenter() { co_return; }
    Coro<bool> aexit(const ExitReason& reason) {
        *told = describe(reason.error);
        co_return false;
    }
};

Coro<void> sleep_with(std::string& told) {
    Asking resource{&told};
    co_await with_async(resource, []() -> Coro<void> { co_await sleep(1s); });
}

TEST(WithAsync, tells_aexit_the_message_of_the_cancellation) {
    EXPECT_EQ(told_at_closing_time(sleep_with), "CancelledError: closing time");
}

// The body can refer to it until aexit() has run.
struct Alive {
    explicit Alive(std::string& log) : log_(&log) {}
    Alive(Alive&& other) noexcept : log_(std::exchange(other.log_, nullptr)) {}
    Alive& operator=(Alive&&) = delete;
    ~Alive() {
        if (log_) *log_ += "gone ";
    }
    std::string* log_;
};
struct Giving {
    std::string* log;
    Coro<Alive> aenter() { co_return Alive(*log); }
    Coro<bool> aexit(const ExitReason&) {
        *log += "exit ";
        co_return false;
    }
};

TEST(WithAsync, what_aenter_gave_outlives_aexit) {
    std::string log;
    testing::VirtualLoop().run([](std::string& told) -> Coro<void> {
        Giving resource{&told};
        co_await with_async(resource, [&](Alive&) -> Coro<void> {
            told += "body ";
            co_return;
        });
    }(log));
    EXPECT_EQ(log, "body exit gone ");
}

Coro<void> sleeper() { co_await sleep(1s); }

struct NotToBeEntered {
    static Coro<void> aenter() {
        throw ValueError("locked");
        co_return;
    }
    static Coro<bool> aexit(const ExitReason&) { co_return false; }
};

TEST(WithAsync, a_coroutine_that_was_not_run_for_want_of_its_scope_is_closed_without_a_report) {
    const testing::LogCapture log;
    testing::VirtualLoop().run([]() -> Coro<void> {
        NotToBeEntered resource;
        EXPECT_EQ(co_await outcome(with_async(resource, sleeper())), "ValueError: locked");
    }());
    EXPECT_EQ(log.told(), "");
}

// A body that takes anything is not handed the library's own types.
TEST(WithAsync, calls_a_generic_body_without_a_parameter_where_there_is_nothing_to_give) {
    testing::VirtualLoop().run([]() -> Coro<void> {
        EXPECT_EQ(co_await shielded(
                      [](auto... given) -> Coro<std::size_t> { co_return sizeof...(given); }),
                  0U);
    }());
}

Coro<bool> no() { co_return false; }

// ---- a call that throws where it should have given a coroutine

TEST(WithAsync, a_cancellation_that_the_call_of_an_exit_throws_is_one) {
    testing::VirtualLoop().run([]() -> Coro<void> {
        const auto task = create_task([]() -> Coro<void> {
            AsyncExitStack stack;
            stack.push_async_exit(
                [] [[clang::coro_wrapper]] (const ExitReason& reason) -> Coro<bool> {
                    if (reason.error) std::rethrow_exception(reason.error);
                    return no();
                });
            co_await with_async(stack, sleeper());
        });
        co_await testing::spin(2);
        task.cancel();
        co_await testing::spin(3);
        EXPECT_TRUE(task.cancelled());
    }());
}

TEST(WithAsync, a_start_whose_call_throws_tells_it) {
    testing::VirtualLoop().run([]() -> Coro<void> {
        co_await TaskGroup::scope([](TaskGroup& group) -> Coro<void> {
            EXPECT_EQ(co_await outcome(
                          group.start([] [[clang::coro_wrapper]] (TaskStatus<>) -> Coro<void> {
                              throw ValueError("no such port");
                          })),
                      "ValueError: no such port");
        });
    }());
}

// ---- what the body gives

TEST(FailAfter, gives_the_reference_that_the_body_gives) {
    testing::VirtualLoop().run([]() -> Coro<void> {
        const std::unique_ptr<int> kept = std::make_unique<int>(1);
        const std::unique_ptr<int>& given =
            co_await fail_after(1s, [&]() -> Coro<const std::unique_ptr<int>&> { co_return kept; });
        EXPECT_EQ(&given, &kept);
    }());
}

TEST(FailAfter, says_timeout_error_when_it_cut_the_body_short) {
    testing::VirtualLoop().run([]() -> Coro<void> {
        EXPECT_EQ(co_await outcome(fail_after(1s, []() -> Coro<void> { co_await sleep(2s); })),
                  "TimeoutError");
    }());
}

}  // namespace
}  // namespace weft
