// SPDX-License-Identifier: Apache-2.0
// weft/testing/attack.hpp - cancels a coroutine at every point where it can be cancelled.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include <weft/runtime/coro.hpp>
#include <weft/runtime/coro_function.hpp>

namespace weft::testing {

/// Counts its living objects, so that a test sees what was never destroyed, or twice.
class Counted {
public:
    Counted() noexcept { ++alive; }
    Counted(const Counted&) noexcept { ++alive; }
    Counted& operator=(const Counted&) noexcept = default;
    ~Counted() { --alive; }

    inline static std::atomic<int> alive{0};
};

/// The coroutine under attack. It is told whether its frame is to be transparent, and begins with
/// `if (transparent_frame) co_await transparent;`. It must end by itself, and without an error
/// when it is left alone.
using Attacked = CoroFunction<Coro<void>(bool transparent_frame)>;

struct AttackOptions {
    /// Whether an end without CancelledError is right although it was cancelled.
    bool may_swallow = false;
    /// Whether the loop's exception handler may be told something.
    bool may_report = false;
};

/// Runs the coroutine again and again in virtual loops. Each time something else happens after the
/// k-th turn, for every k until it ends before: its task is cancelled; cancelled twice; a
/// CancelScope around it is cancelled; a timeout() around it passes; its loop is closed. Each in a
/// frame that unwinds and in a transparent one, directly and three awaits below the task's root.
///
/// Returns: a sentence for each thing that is wrong: the task does not end or ends without having
///          been cancelled, its count of cancellations is wrong, a task, a timer or a Counted is
///          left, the loop's exception handler was told something.
[[nodiscard]] std::vector<std::string> attack(const Attacked& body, AttackOptions options = {});

}  // namespace weft::testing
