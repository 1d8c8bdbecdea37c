// SPDX-License-Identifier: Apache-2.0
// weft/testing/cancel_tree.hpp - a made-up nesting of scopes, cancelled from outside.
#pragma once

#include <weft/testing/choices.hpp>
#include <weft/testing/story.hpp>

namespace weft::testing {

/// Makes up a tree of groups, timeouts, scopes, shields, gathers and cleanups, runs it in a virtual
/// loop, and cancels its task never, once or twice at some turns.
///
/// Objects unless each cancellation is observed exactly once, everything structured ends before its
/// scope does, and no task, timer, frame or report is left.
/// Limits: five levels of at most three children; 5000 turns.
[[nodiscard]] Story run_cancel_tree(Choices& choices);

}  // namespace weft::testing
