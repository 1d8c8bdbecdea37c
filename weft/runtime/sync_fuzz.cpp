// SPDX-License-Identifier: Apache-2.0
// weft/runtime/sync_fuzz.cpp - plays with a lock, a queue and their like.
//
// The seeds are long games, of random bytes: a fuzzer that begins with short ones stays with them.
#include <cstddef>
#include <cstdint>

#include <weft/testing/choices.hpp>
#include <weft/testing/story.hpp>
#include <weft/testing/sync_game.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    weft::testing::ByteChoices choices(data, size);
    weft::testing::end_if_wrong(weft::testing::play_sync_game(choices));
    return 0;
}
