// SPDX-License-Identifier: Apache-2.0
// weft/runtime/signal_watch.hpp - who hears of a signal beside the handler of the loop.
#pragma once

#include <weft/base/list.hpp>

namespace weft::internal {

/// A member of EventLoop's list of those who watch signals; see EventLoop::watch_signal().
class SignalWatch : public ListNode {
public:
    explicit SignalWatch(int the_signal) noexcept : signal(the_signal) {}

    /// The process got the signal. Called in the loop; may neither watch nor unwatch anything.
    virtual void signalled() noexcept = 0;
    /// The loop closes: it is in its list no more.
    virtual void loop_closes() noexcept = 0;

    const int signal;

protected:
    ~SignalWatch() = default;
};

}  // namespace weft::internal
