// SPDX-License-Identifier: Apache-2.0
#include <weft/http/status.hpp>

#include <gtest/gtest.h>

namespace weft::http {
namespace {

TEST(Status, has_the_phrase_that_python_gives) {
    EXPECT_EQ(reason_phrase(100), "Continue");
    EXPECT_EQ(reason_phrase(200), "OK");
    EXPECT_EQ(reason_phrase(404), "Not Found");
    EXPECT_EQ(reason_phrase(413), "Content Too Large");
    EXPECT_EQ(reason_phrase(418), "I'm a Teapot");
    EXPECT_EQ(reason_phrase(422), "Unprocessable Content");
    EXPECT_EQ(reason_phrase(511), "Network Authentication Required");
}

TEST(Status, has_no_phrase_where_there_is_none) {
    EXPECT_EQ(reason_phrase(299), "");
    EXPECT_EQ(reason_phrase(0), "");
    EXPECT_EQ(reason_phrase(-1), "");
}

}  // namespace
}  // namespace weft::http
