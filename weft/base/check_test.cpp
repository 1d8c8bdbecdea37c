// SPDX-License-Identifier: Apache-2.0
#include <weft/base/check.hpp>

#include <gtest/gtest.h>

namespace weft {
namespace {

// Goal: a check that holds does nothing; one that ended the process would end the test.
TEST(Check, goes_on_while_the_condition_holds) { check(true, "nothing is broken"); }

TEST(CheckDeathTest, names_the_reason_and_the_place) {
    EXPECT_DEATH(check(1 + 1 == 3, "sums are sums"),
                 "weft: broken invariant: sums are sums \\(.*check_test\\.cpp:[0-9]+, .*TestBody");
}

}  // namespace
}  // namespace weft
