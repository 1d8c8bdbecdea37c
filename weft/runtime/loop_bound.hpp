// SPDX-License-Identifier: Apache-2.0
// weft/runtime/loop_bound.hpp - a lock or queue belongs to the loop that first waits at it.
#pragma once

#include <atomic>
#include <string_view>

#include <weft/runtime/debug_mode.hpp>

namespace weft {
class EventLoop;
namespace internal {

class LoopBound {
public:
    /// Binds it, unless it is bound already.
    /// Errors: RuntimeError when it is to another loop.
    void bind(EventLoop& loop, std::string_view what) {
        if (loop_ && loop_ != &loop) [[unlikely]]
            throw_bound_elsewhere(what);
        loop_ = &loop;
    }

    /// For a call that is about to wake tasks, which therefore is bound.
    /// Errors: RuntimeError in debug mode, when the loop runs in another thread.
    void check_thread() const {
        if (debug_mode_seen.load(std::memory_order_relaxed)) [[unlikely]]
            internal::check_thread(*loop_);
    }

private:
    [[noreturn]] static void throw_bound_elsewhere(std::string_view what);

    EventLoop* loop_ = nullptr;
};

}  // namespace internal
}  // namespace weft
