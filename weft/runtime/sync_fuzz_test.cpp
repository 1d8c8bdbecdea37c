// SPDX-License-Identifier: Apache-2.0
// Goal:   locks, queues and their like keep their promises, whatever tasks do with them.
// Method: random games, each from its seed; sync_fuzz.cpp lets a fuzzer choose.
#include <cstdint>

#include <gtest/gtest.h>

#include <weft/testing/choices.hpp>
#include <weft/testing/story.hpp>
#include <weft/testing/sync_game.hpp>

namespace weft {
namespace {

TEST(SyncFuzz, who_waits_gets_what_is_there_once_and_in_order) {
    for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
        testing::SeededChoices choices(seed);
        const testing::Story story = testing::play_sync_game(choices);
        ASSERT_TRUE(story.objections().empty()) << "seed " << seed << ": " << story.text();
    }
}

}  // namespace
}  // namespace weft
