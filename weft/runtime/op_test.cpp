// SPDX-License-Identifier: Apache-2.0
// Goal:   what becomes of a request to cancel that an operation answers with `later`.
// Method: an operation that ends when the test says so.
#include <weft/runtime/op.hpp>

#include <coroutine>
#include <optional>

#include <gtest/gtest.h>

#include <weft/runtime/cancel_scope.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/task.hpp>
#include <weft/testing/trace.hpp>
#include <weft/testing/virtual_loop.hpp>

namespace weft {
namespace {

using internal::CancelAck;
using testing::ended;
using testing::spin;
using testing::VirtualLoop;

constexpr internal::OpKind kind_of_slow{"Slow"};

class SlowWait;

// Gives 7 when it is ended.
struct Slow {
    bool result_wins = false;
    SlowWait* wait = nullptr;  // that is under way
    bool was_asked = false;

    void end() const;
};

class SlowWait final : public internal::Op {
public:
    explicit SlowWait(Slow& slow) noexcept : slow_(slow) {}
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> frame) noexcept {
        slow_.wait = this;
        suspend(frame.promise(), kind_of_slow);
    }
    [[nodiscard]] int await_resume() const {
        raise_if_cancelled();
        return 7;
    }
    CancelAck cancel() noexcept override {
        slow_.was_asked = true;
        return CancelAck::later;
    }
    [[nodiscard]] bool result_wins() const noexcept override { return slow_.result_wins; }

private:
    Slow& slow_;
};

void Slow::end() const { wait->wake(); }

struct [[nodiscard]] WaitFor {
    Slow& slow;
    [[nodiscard]] SlowWait make_awaiter() const noexcept { return SlowWait(slow); }
};

Coro<int> result_of(Slow& slow) { co_return co_await WaitFor{slow}; }

TEST(Op, that_is_cancelled_later_ends_first) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        Slow slow;
        const auto task = create_task(result_of(slow));
        co_await spin();
        task.cancel("enough");
        task.cancel();
        co_await spin(3);
        EXPECT_TRUE(slow.was_asked);
        EXPECT_FALSE(task.done());
        slow.end();
        EXPECT_EQ(co_await ended(task), "CancelledError");
    }());
}

TEST(Op, whose_result_wins_gives_it_and_the_next_wait_is_cancelled) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        Slow slow{.result_wins = true};
        int got = 0;
        const auto task = create_task([&]() -> Coro<void> {
            got = co_await WaitFor{slow};
            co_await spin();
            got = 0;
        });
        co_await spin();
        task.cancel();
        slow.end();
        EXPECT_EQ(co_await ended(task), "CancelledError");
        EXPECT_EQ(got, 7);
    }());
}

TEST(Op, that_is_not_cancelled_gives_its_result) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        for (const bool wins : {false, true}) {
            Slow slow{.result_wins = wins};
            const auto task = create_task(result_of(slow));
            co_await spin();
            slow.end();
            EXPECT_EQ(co_await task, 7);
        }
    }());
}

TEST(Op, in_a_scope_that_is_cancelled_ends_first_too) {
    VirtualLoop loop;
    loop.run([]() -> Coro<void> {
        for (const bool wins : {false, true}) {
            Slow slow{.result_wins = wins};
            CancelScope scope;
            std::optional<int> got;
            const auto ending = create_task([&]() -> Coro<void> {
                co_await spin();
                scope.cancel();
                co_await spin(3);
                EXPECT_EQ(got, std::nullopt);
                slow.end();
            });
            EXPECT_FALSE(co_await with_async(scope, [&]() -> Coro<void> {
                got = co_await WaitFor{slow};
                co_await spin();
            }));
            EXPECT_EQ(got, wins ? std::optional(7) : std::nullopt);
            co_await ending;
            EXPECT_EQ(current_task().cancelling(), 0u);
        }
    }());
}

}  // namespace
}  // namespace weft
