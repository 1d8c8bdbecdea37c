// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/staggered_race.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/coro_function.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/testing/log_capture.hpp>
#include <weft/testing/trace.hpp>
#include <weft/testing/virtual_loop.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;
using testing::LogCapture;
using testing::thrown_by;
using testing::VirtualLoop;

using Attempts = std::vector<CoroFunction<Coro<std::string>()>>;
using Result = StaggeredRaceResult<std::string>;

class StaggeredRace : public ::testing::Test {
protected:
    // Takes so long, then succeeds; or fails, where it has no name.
    void add(Nanoseconds span, std::string name) {
        attempts_.push_back([this, span, name]() -> Coro<std::string> {
            begun_.push_back(get_running_loop().time() - start_);
            ++running_;
            bool cancelled = false;
            try {
                co_await sleep(span);
            } catch (const CancelledError&) {
                cancelled = true;
            }
            if (cancelled) co_await sleep(1ms);  // a cleanup
            --running_;
            if (cancelled) throw CancelledError();
            if (name.empty()) throw ValueError("attempt " + std::to_string(begun_.size()));
            co_return name;
        });
    }
    Result race(std::optional<Delay> delay) {
        Result result = loop_.run([](auto& self, std::optional<Delay> so_long) -> Coro<Result> {
            self.start_ = get_running_loop().time();
            Result found = co_await staggered_race(std::move(self.attempts_), so_long);
            self.end_ = get_running_loop().time() - self.start_;
            co_return found;
        }(*this, delay));
        EXPECT_EQ(running_, 0) << "it leaves an attempt behind";
        EXPECT_EQ(loop_.task_count(), 0u);
        EXPECT_EQ(loop_.reports(), std::vector<std::string>());
        return result;
    }
    static std::vector<std::string> texts(const Result& result) {
        std::vector<std::string> all;
        for (const auto& error : result.exceptions) all.push_back(error ? describe(error) : "");
        return all;
    }

    using Times = std::vector<Nanoseconds>;
    VirtualLoop loop_;
    Attempts attempts_;
    Times begun_;
    TimePoint start_{};
    Nanoseconds end_{};
    int running_ = 0;
};

TEST_F(StaggeredRace, begins_the_next_attempt_after_the_delay) {
    add(1h, "slow");
    add(1h, "slow as well");
    add(5ms, "fast");
    add(5ms, "never begun");
    const Result result = race(10ms);
    EXPECT_EQ(result.winner_result, "fast");
    EXPECT_EQ(result.winner_index, 2u);
    EXPECT_EQ(begun_, (Times{0ms, 10ms, 20ms}));
    EXPECT_EQ(texts(result), (std::vector<std::string>{"CancelledError", "CancelledError", ""}));
    EXPECT_EQ(end_, 26ms) << "it waits for the cleanup of the others";
}

TEST_F(StaggeredRace, begins_the_next_attempt_when_the_one_before_has_failed) {
    add(3ms, "");
    add(4ms, "");
    add(5ms, "third");
    const Result result = race(10ms);
    EXPECT_EQ(result.winner_result, "third");
    EXPECT_EQ(begun_, (Times{0ms, 3ms, 7ms}));
    EXPECT_EQ(texts(result),
              (std::vector<std::string>{"ValueError: attempt 1", "ValueError: attempt 2", ""}));
}

TEST_F(StaggeredRace, an_older_attempt_that_fails_begins_nothing) {
    add(12ms, "");
    add(1h, "");
    add(1ms, "third");
    EXPECT_EQ(race(10ms).winner_result, "third");
    EXPECT_EQ(begun_, (Times{0ms, 10ms, 20ms}));
}

TEST_F(StaggeredRace, an_older_attempt_may_still_win) {
    add(15ms, "first");
    add(1h, "second");
    const Result result = race(10ms);
    EXPECT_EQ(result.winner_index, 0u);
    EXPECT_EQ(texts(result), (std::vector<std::string>{"", "CancelledError"}));
}

TEST_F(StaggeredRace, waits_for_each_failure_without_a_delay) {
    add(1h, "");
    add(1ms, "second");
    add(1ms, "third");
    EXPECT_EQ(race(std::nullopt).winner_result, "second");
    EXPECT_EQ(begun_, (Times{0ms, 1h}));
}

TEST_F(StaggeredRace, has_no_winner_where_all_have_failed) {
    add(1ms, "");
    add(30ms, "");
    add(1ms, "");
    const Result result = race(10ms);
    EXPECT_EQ(result.winner_result, std::nullopt);
    EXPECT_EQ(result.winner_index, std::nullopt);
    EXPECT_EQ(result.exceptions.size(), 3u);
    EXPECT_EQ(end_, 31ms);
}

TEST_F(StaggeredRace, has_no_winner_without_attempts) {
    const Result result = race(10ms);
    EXPECT_EQ(result.winner_index, std::nullopt);
    EXPECT_TRUE(result.exceptions.empty());
}

// It succeeds although it was cancelled.
TEST_F(StaggeredRace, drops_the_result_of_who_comes_second) {
    add(20ms, "first");
    add(10ms, "second");
    attempts_.push_back([]() -> Coro<std::string> {
        try {
            co_await sleep(1h);
        } catch (const CancelledError&) {
        }
        co_return "stubborn";
    });
    const Result result = race(5ms);
    EXPECT_EQ(result.winner_result, "second");
    EXPECT_EQ(texts(result), (std::vector<std::string>{"CancelledError", "", "CancelledError"}));
}

// The first wins in the turn in which the second was made.
TEST_F(StaggeredRace, an_attempt_that_was_never_called_has_lost) {
    add(10ms, "first");
    add(1h, "second");
    const Result result = race(10ms);
    EXPECT_EQ(result.winner_index, 0u);
    for (std::size_t i = 1; i < result.exceptions.size(); ++i) {
        EXPECT_EQ(texts(result)[i], "CancelledError");
    }
    EXPECT_EQ(begun_.size(), 1u);
}

TEST_F(StaggeredRace, begins_all_at_once_without_a_delay_to_wait) {
    for (const auto delay : {0ms, -1ms}) {
        attempts_.clear();
        begun_.clear();
        add(30ms, "slow");
        add(20ms, "");
        add(10ms, "fast");
        EXPECT_EQ(race(delay).winner_result, "fast");
        EXPECT_EQ(begun_, (Times{0ms, 0ms, 0ms}));
    }
}

TEST_F(StaggeredRace, takes_for_a_failure_whatever_is_thrown) {
    attempts_.push_back([]() -> Coro<std::string> {
        co_await sleep(1ms);
        throw CancelledError("by itself");
    });
    attempts_.push_back(
        [] [[clang::coro_wrapper]] () -> Coro<std::string> { throw ValueError("by the call"); });
    add(1ms, "third");
    const Result result = race(std::nullopt);
    EXPECT_EQ(result.winner_index, 2u);
    EXPECT_EQ(texts(result), (std::vector<std::string>{"CancelledError: by itself",
                                                       "ValueError: by the call", ""}));
}

TEST_F(StaggeredRace, says_nothing_of_its_losers_in_debug_mode) {
    const LogCapture log;
    loop_.loop().set_debug(true);
    add(1h, "slow");
    add(1ms, "fast");
    EXPECT_EQ(race(1ms).winner_result, "fast");
    EXPECT_EQ(LogCapture::told(), "");
}

TEST_F(StaggeredRace, is_cancelled_at_every_moment) {
    for (int k = 0;; ++k) {
        attempts_.clear();
        begun_.clear();
        add(5ms, "");
        add(1h, "slow");
        add(5ms, "fast");
        const bool cancelled = loop_.run_and_cancel_at(k, [](Attempts attempts) -> Coro<Result> {
            co_return co_await staggered_race(std::move(attempts), 10ms);
        }(std::move(attempts_)));
        EXPECT_EQ(running_, 0) << k;
        EXPECT_EQ(loop_.task_count(), 0u) << k;
        EXPECT_EQ(loop_.timer_count(), 0u) << k;
        if (!cancelled) break;
    }
    EXPECT_EQ(loop_.reports(), std::vector<std::string>());
}

TEST_F(StaggeredRace, lets_go_on_what_ends_the_loop) {
    add(1h, "slow");
    attempts_.push_back([]() -> Coro<std::string> {
        co_await sleep(1ms);
        throw KeyboardInterrupt();
    });
    EXPECT_EQ(thrown_by([this] { race(10ms); }), "KeyboardInterrupt");
}

TEST_F(StaggeredRace, gives_what_can_only_be_moved) {
    loop_.run([]() -> Coro<void> {
        std::vector<CoroFunction<Coro<std::unique_ptr<int>>()>> attempts;
        attempts.push_back(
            []() -> Coro<std::unique_ptr<int>> { co_return std::make_unique<int>(7); });
        auto result = co_await staggered_race(std::move(attempts), 1s);
        EXPECT_EQ(**result.winner_result, 7);
    }());
}

}  // namespace
}  // namespace weft
