// SPDX-License-Identifier: Apache-2.0
// weft/runtime/debug_mode.hpp - what debug mode finds that release mode has no time to look for.
#pragma once

#include <atomic>

namespace weft {
class EventLoop;
}

namespace weft::internal {

/// Whether a loop of this process is or was in debug mode: then Locks remember who holds them, and
/// calls from another thread are refused.
extern constinit std::atomic<bool> debug_mode_seen;

/// Of a call that would wake tasks of `loop`, before it changes anything.
/// Errors: RuntimeError when the loop is in debug mode and runs in another thread.
void check_thread(const EventLoop& loop);

/// Whether an object lies on the stack of the calling thread; and there below `frame`, in what
/// functions that have returned left behind.
[[nodiscard]] bool is_on_stack(const void* object) noexcept;
[[nodiscard]] bool is_left_on_stack(const void* object, const void* frame) noexcept;

}  // namespace weft::internal
