// SPDX-License-Identifier: Apache-2.0
#include <weft/io/signal_receiver.hpp>

#include <csignal>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <signal.h>

#include <weft/base/exceptions.hpp>
#include <weft/io/run.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/testing/trace.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;
using testing::ended;
using testing::spin;
using testing::thrown_by;
using testing::Trace;

bool is_default(int signal) {
    struct sigaction current{};
    EXPECT_EQ(::sigaction(signal, nullptr, &current), 0);
    return current.sa_handler == SIG_DFL;
}

TEST(SignalReceiver, gives_the_signals_that_come) {
    run([]() -> Coro<void> {
        {
            SignalReceiver signals = open_signal_receiver({SIGUSR1, SIGUSR2, SIGUSR1});
            ::raise(SIGUSR1);
            EXPECT_EQ(co_await signals.next(), SIGUSR1);
            const auto waiting = create_task(signals.next());
            co_await spin(2);
            EXPECT_FALSE(waiting.done());
            ::raise(SIGUSR2);
            EXPECT_EQ(co_await waiting, SIGUSR2);
            // What comes again before it was asked for counts once.
            for (int i = 0; i < 3; ++i) {
                ::raise(SIGUSR2);
                co_await sleep(1ms);
            }
            EXPECT_EQ(co_await signals.next(), SIGUSR2);
            const auto nothing = create_task(signals.next());
            co_await sleep(5ms);
            nothing.cancel();
            EXPECT_EQ(co_await ended(nothing), "CancelledError");
        }
        EXPECT_TRUE(is_default(SIGUSR1) && is_default(SIGUSR2));
    }());
}

TEST(SignalReceiver, is_one_of_several_who_hear_of_a_signal) {
    run([]() -> Coro<void> {
        Trace trace;
        EventLoop& loop = get_running_loop();
        loop.add_signal_handler(SIGUSR1, [&] { trace("handler"); });
        SignalReceiver one = open_signal_receiver({SIGUSR1});
        {
            SignalReceiver other = open_signal_receiver({SIGUSR1});
            ::raise(SIGUSR1);
            EXPECT_EQ(co_await other.next(), SIGUSR1);
        }
        EXPECT_EQ(co_await one.next(), SIGUSR1);
        loop.remove_signal_handler(SIGUSR1);
        ::raise(SIGUSR1);
        EXPECT_EQ(co_await one.next(), SIGUSR1);
        co_await spin();
        EXPECT_EQ(trace.text(), "handler");
    }());
}

TEST(SignalReceiver, leaves_the_handler_of_the_loop_its_signals) {
    run([]() -> Coro<void> {
        int calls = 0;
        get_running_loop().add_signal_handler(SIGUSR1, [&] { ++calls; });
        {
            const SignalReceiver signals = open_signal_receiver({SIGUSR1});
        }
        ::raise(SIGUSR1);
        co_await sleep(5ms);
        EXPECT_EQ(calls, 1);
        get_running_loop().remove_signal_handler(SIGUSR1);
        EXPECT_TRUE(is_default(SIGUSR1));
    }());
}

TEST(SignalReceiver, takes_ctrl_c_while_it_lives) {
    const auto main = []() -> Coro<void> {
        {
            SignalReceiver signals = open_signal_receiver({SIGINT});
            ::raise(SIGINT);
            EXPECT_EQ(co_await signals.next(), SIGINT);
            ::raise(SIGINT);  // nor does the second one end the process
            EXPECT_EQ(co_await signals.next(), SIGINT);
        }
        ::raise(SIGINT);
        co_await sleep(10s);
    };
    EXPECT_THROW(run(main()), KeyboardInterrupt);
}

TEST(SignalReceiver, refuses_what_cannot_be_received) {
    run([]() -> Coro<void> {
        const auto error = [](const std::vector<int>& signals) {
            return thrown_by([&] {
                const SignalReceiver receiver(signals);
                return 0;
            });
        };
        EXPECT_EQ(error({}), "ValueError: a SignalReceiver needs a signal to receive");
        EXPECT_EQ(error({0}), "ValueError: sig should be in 1..64, not 0");
        EXPECT_TRUE(error({SIGUSR1, SIGKILL}).starts_with("RuntimeError: sig 9 cannot be caught"));
        EXPECT_TRUE(is_default(SIGUSR1));
        co_return;
    }());
}

TEST(SignalReceiver, may_outlive_its_loop) {
    std::optional<SignalReceiver> kept;
    run([](std::optional<SignalReceiver>& keep) -> Coro<void> {
        keep.emplace(std::vector<int>{SIGUSR1});
        co_return;
    }(kept));
    EXPECT_TRUE(is_default(SIGUSR1));
    EXPECT_THROW(run(kept->next()), RuntimeError);
}

}  // namespace
}  // namespace weft
