// SPDX-License-Identifier: Apache-2.0
// weft/io/signal_receiver.hpp - SignalReceiver: signals that are awaited, one after the other.
#pragma once

#include <list>
#include <vector>

#include <weft/runtime/coro.hpp>
#include <weft/runtime/event.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/signal_watch.hpp>

namespace weft {

/// Hears of signals of the process while it lives:
///
///     SignalReceiver signals = open_signal_receiver({SIGTERM, SIGHUP});
///     for (;;) {
///         const int signal = co_await signals.next();
///         …
///     }
///
/// Each receiver hears of each signal, and so does the handler of `loop.add_signal_handler()`. What
/// happens without them, such as the end of run() at a Ctrl-C, does not while there is one, and does
/// again afterwards.
///
/// Limits:   a signal that comes again before it was asked for counts once, as the system has it.
/// Thread:   of the loop that it was made in.
/// Lifetime: outlives who waits.
/// Spec:     anyio.open_signal_receiver.
class SignalReceiver {
public:
    /// Errors: ValueError for a number that is no signal; RuntimeError for one that cannot be
    ///         caught, or without a running loop.
    explicit SignalReceiver(const std::vector<int>& signals);
    SignalReceiver(SignalReceiver&&) = delete;
    ~SignalReceiver() = default;

    /// Waits for a signal, and gives its number.
    /// Errors:   RuntimeError when its loop is closed.
    /// Cancel:   safe.
    /// Suspends: maybe; never while there is one.
    [[nodiscard]] Coro<int> next();

private:
    class Watch final : public internal::SignalWatch {
    public:
        Watch(SignalReceiver& receiver, EventLoop& loop, int the_signal);
        ~Watch();
        void signalled() noexcept override { receiver_.got(signal); }
        void loop_closes() noexcept override { loop_ = nullptr; }
        [[nodiscard]] bool is_over() const noexcept { return loop_ == nullptr; }

    private:
        SignalReceiver& receiver_;
        EventLoop* loop_;
    };
    void got(int signal) noexcept;

    std::list<Watch> watches_;
    std::vector<int> came_;  // in their order, each once; there is room for all
    Event more_;
};

[[nodiscard]] inline SignalReceiver open_signal_receiver(const std::vector<int>& signals) {
    return SignalReceiver(signals);
}

}  // namespace weft
