// SPDX-License-Identifier: Apache-2.0
// weft/runtime/timer_set_fuzz.cpp - compares a TimerSet with a multimap.
#include <cstddef>
#include <cstdint>

#include <weft/testing/choices.hpp>
#include <weft/testing/story.hpp>
#include <weft/testing/timer_set_model.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    weft::testing::ByteChoices choices(data, size);
    weft::testing::end_if_wrong(weft::testing::run_timer_set(choices));
    return 0;
}
