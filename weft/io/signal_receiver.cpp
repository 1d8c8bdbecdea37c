// SPDX-License-Identifier: Apache-2.0
#include <weft/io/signal_receiver.hpp>

#include <algorithm>
#include <vector>

#include <weft/base/exceptions.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/signal_watch.hpp>

namespace weft {

SignalReceiver::Watch::Watch(SignalReceiver& receiver, EventLoop& loop, int the_signal)
    : SignalWatch(the_signal), receiver_(receiver), loop_(&loop) {
    loop.watch_signal(*this);
}

SignalReceiver::Watch::~Watch() {
    if (loop_) loop_->unwatch_signal(*this);
}

SignalReceiver::SignalReceiver(const std::vector<int>& signals) {
    EventLoop& loop = get_running_loop();
    if (signals.empty()) throw ValueError("a SignalReceiver needs a signal to receive");
    for (const int signal : signals) {
        const bool is_known = std::ranges::any_of(
            watches_, [=](const Watch& watch) { return watch.signal == signal; });
        if (!is_known) watches_.emplace_back(*this, loop, signal);
    }
    came_.reserve(watches_.size());
}

void SignalReceiver::got(int signal) noexcept {
    if (std::ranges::find(came_, signal) == came_.end()) came_.push_back(signal);
    more_.set();
}

Coro<int> SignalReceiver::next() {
    co_await transparent;
    while (came_.empty()) {
        if (watches_.front().is_over())
            throw RuntimeError("the loop of the SignalReceiver is closed");
        more_.clear();
        co_await more_.wait();
    }
    const int signal = came_.front();
    came_.erase(came_.begin());
    co_return signal;
}

}  // namespace weft
