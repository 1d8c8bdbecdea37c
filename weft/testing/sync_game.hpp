// SPDX-License-Identifier: Apache-2.0
// weft/testing/sync_game.hpp - made-up tasks that use one lock, queue or the like.
#pragma once

#include <weft/testing/choices.hpp>
#include <weft/testing/story.hpp>

namespace weft::testing {

/// Chooses a Lock, Semaphore, Condition, Event, Queue or Barrier and lets tasks come to it, be
/// cancelled at any turn, and wait for each other; at the end lets all of them go, or closes the
/// loop over them.
///
/// Objects unless no more tasks hold it than may, permits, items and notifications are neither lost
/// nor doubled, who waits is served in the order of coming where asyncio promises that, nobody
/// waits for what is there, and a cancelled task ends cancelled.
/// Limits: 200 steps, of which each makes one task at most.
[[nodiscard]] Story play_sync_game(Choices& choices);

}  // namespace weft::testing
