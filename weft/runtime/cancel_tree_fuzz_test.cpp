// SPDX-License-Identifier: Apache-2.0
// Goal:   in any nesting of scopes an outside cancellation is observed exactly once, everything
//         structured ends before its scope does, nothing is left, nothing hangs.
// Method: random trees, each from its seed. WEFT_FUZZ_SEED=n runs that tree alone and prints it,
//         WEFT_FUZZ_TREES=n runs so many. cancel_tree_fuzz.cpp lets a fuzzer choose.
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include <gtest/gtest.h>

#include <weft/testing/cancel_tree.hpp>
#include <weft/testing/choices.hpp>
#include <weft/testing/story.hpp>

namespace weft {
namespace {

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
    const char* text = std::getenv(variable);
    return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

TEST(CancelTreeFuzz, an_outside_cancellation_is_observed_exactly_once) {
    const std::uint64_t only = number_from("WEFT_FUZZ_SEED", 0);
    const std::uint64_t last = only ? only : number_from("WEFT_FUZZ_TREES", 4000);
    int failed = 0;
    for (std::uint64_t seed = only ? only : 1; seed <= last && failed < 10; ++seed) {
        testing::SeededChoices choices(seed);
        const testing::Story story = testing::run_cancel_tree(choices);
        if (only) std::fputs(story.text().c_str(), stderr);
        if (story.objections().empty()) continue;
        ADD_FAILURE() << "seed " << seed << ": " << story.text();
        ++failed;
    }
}

}  // namespace
}  // namespace weft
