// SPDX-License-Identifier: Apache-2.0
// weft/runtime/signals.hpp - signals of the process, handed to one loop each.
//
// The system's handler only marks the signal as pending and wakes the loop; callbacks run there.
#pragma once

#include <weft/runtime/inbox.hpp>

namespace weft::internal {

/// Lets `signal` go to the loop of this inbox, in place of any other. `insistent`: when it comes
/// again before the loop has taken note of the first, the loop is stuck in a callback, and the
/// signal gets its default action.
/// Errors: ValueError for a number that is no signal; RuntimeError where the system refuses.
void claim_signal(int signal, Inbox& inbox, bool insistent = false);
/// Gives the signal its old action back, if this inbox has it.
void release_signal(int signal, Inbox& inbox) noexcept;
/// Whether the signal came since the last call, and belongs to this inbox.
[[nodiscard]] bool take_signal(int signal, Inbox& inbox) noexcept;
/// Whether some loop has the signal.
[[nodiscard]] bool is_claimed(int signal) noexcept;

}  // namespace weft::internal
