// SPDX-License-Identifier: Apache-2.0
// weft/runtime/cancel_tree_fuzz.cpp - cancels made-up trees of scopes from outside.
#include <weft/testing/cancel_tree.hpp>

#include <cstddef>
#include <cstdint>

#include <weft/testing/choices.hpp>
#include <weft/testing/story.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    weft::testing::ByteChoices choices(data, size);
    weft::testing::end_if_wrong(weft::testing::run_cancel_tree(choices));
    return 0;
}
