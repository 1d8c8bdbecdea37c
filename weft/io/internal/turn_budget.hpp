// SPDX-License-Identifier: Apache-2.0
// weft/io/internal/turn_budget.hpp - I/O that never has to wait lets others run all the same.
//
// An operation that completes at once costs no turn of the loop. A task whose peer is always
// faster would keep the loop to itself, so each operation that could complete at once asks
// turn_is_due() before it does anything, where a cancellation loses nothing, and if so sleeps for
// no time at all.
#pragma once

namespace weft::internal {

/// So many operations of a thread may complete at once before one gives its loop a turn.
inline constexpr int operations_at_once_max = 128;

extern constinit thread_local int operations_at_once [[gnu::tls_model("initial-exec")]];

/// Counts an operation. True: let the loop turn first.
[[nodiscard]] inline bool turn_is_due() noexcept {
    if (++operations_at_once <= operations_at_once_max) [[likely]]
        return false;
    operations_at_once = 1;
    return true;
}

/// An operation had to wait: the loop has turned.
inline void turn_was_taken() noexcept { operations_at_once = 0; }

}  // namespace weft::internal
