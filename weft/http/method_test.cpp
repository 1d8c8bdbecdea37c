// SPDX-License-Identifier: Apache-2.0
#include <weft/http/method.hpp>

#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include <weft/base/exceptions.hpp>

namespace weft::http {
namespace {

using namespace std::string_view_literals;

TEST(Method, knows_those_of_http_by_name) {
    for (const auto& [known, name] : {std::pair{Method::get, "GET"sv},
                                      {Method::head, "HEAD"sv},
                                      {Method::post, "POST"sv},
                                      {Method::put, "PUT"sv},
                                      {Method::delete_, "DELETE"sv},
                                      {Method::connect, "CONNECT"sv},
                                      {Method::options, "OPTIONS"sv},
                                      {Method::trace, "TRACE"sv},
                                      {Method::patch, "PATCH"sv}}) {
        EXPECT_EQ(Method(name).known(), known);
        EXPECT_EQ(Method(known).name(), name);
        EXPECT_EQ(Method(name), Method(known));
    }
}

TEST(Method, is_any_other_token) {
    const Method purge("PURGE");
    if (purge != Method::get) {
        EXPECT_EQ(purge.known(), Method::other);
    } else {
        FAIL();
    }
    EXPECT_EQ(purge.name(), "PURGE");
    EXPECT_EQ(purge, Method("PURGE"));
    EXPECT_NE(purge, Method("BAN"));
    EXPECT_NE(purge, Method::get);
}

// RFC 9110 §9.1
TEST(Method, differs_when_its_case_does) {
    EXPECT_NE(Method("get"), Method::get);
    EXPECT_EQ(Method("get").name(), "get");
    EXPECT_EQ(Method("GETX").known(), Method::other);
    EXPECT_EQ(Method("GE").known(), Method::other);
}

TEST(Method, refuses_what_is_no_token) {
    for (const auto name : {""sv, "GET "sv, "GET /\r\nX:"sv, "G\0T"sv, "GE\xc3\x89"sv}) {
        EXPECT_THROW(static_cast<void>(Method(name)), ValueError) << name;
    }
    try {
        static_cast<void>(Method("GET\r\n"));
        FAIL();
    } catch (const ValueError& error) {
        EXPECT_STREQ(error.what(), "'GET\\x0d\\x0a' is not a method: it must be a token");
    }
}

// RFC 9110 §9.2
TEST(Method, tells_whether_it_changes_something_and_may_be_repeated) {
    EXPECT_TRUE(Method(Method::get).is_safe());
    EXPECT_TRUE(Method(Method::head).is_idempotent());
    EXPECT_FALSE(Method(Method::put).is_safe());
    EXPECT_TRUE(Method(Method::put).is_idempotent());
    EXPECT_TRUE(Method(Method::delete_).is_idempotent());
    EXPECT_FALSE(Method(Method::post).is_idempotent());
    EXPECT_FALSE(Method(Method::patch).is_idempotent());
    EXPECT_FALSE(Method(Method::connect).is_safe());
    EXPECT_FALSE(Method("PURGE").is_idempotent());
}

}  // namespace
}  // namespace weft::http
