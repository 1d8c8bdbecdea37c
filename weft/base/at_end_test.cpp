// SPDX-License-Identifier: Apache-2.0
#include <weft/base/at_end.hpp>

#include <gtest/gtest.h>

namespace weft {
namespace {

TEST(AtEnd, is_called_when_its_scope_is_left) {
    int calls = 0;
    {
        const AtEnd count([&] { ++calls; });
        EXPECT_EQ(calls, 0);
    }
    EXPECT_EQ(calls, 1);
    try {
        const AtEnd count([&] { ++calls; });
        throw 0;
    } catch (int) {
        EXPECT_EQ(calls, 2);
    }
}

TEST(AtEnd, is_not_called_once_it_is_forgotten) {
    int calls = 0;
    {
        AtEnd count([&] { ++calls; });
        count.forget();
    }
    EXPECT_EQ(calls, 0);
}

}  // namespace
}  // namespace weft
