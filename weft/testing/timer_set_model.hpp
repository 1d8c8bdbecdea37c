// SPDX-License-Identifier: Apache-2.0
// weft/testing/timer_set_model.hpp - a TimerSet beside a std::multimap.
#pragma once

#include <weft/testing/choices.hpp>
#include <weft/testing/story.hpp>

namespace weft::testing {

/// Gives the same made-up calls to both.
///
/// Objects unless timers expire by their deadlines, equal ones in the order of their making, and
/// the set knows how many there are and a time that none is due before.
/// Limits: 64 timers, 2000 steps.
[[nodiscard]] Story run_timer_set(Choices& choices);

}  // namespace weft::testing
