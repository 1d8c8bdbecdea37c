// SPDX-License-Identifier: Apache-2.0
#include <weft/http/basic_auth.hpp>

#include <optional>
#include <string>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/http/base64.hpp>
#include <weft/http/bearer_auth.hpp>
#include <weft/http/url.hpp>
#include <weft/testing/trace.hpp>

namespace weft::http {
namespace {

using testing::thrown_by;

// RFC 4648 §10.
TEST(Base64, has_the_letters_of_its_specification) {
    const char* const pairs[][2] = {{"", ""},
                                    {"f", "Zg=="},
                                    {"fo", "Zm8="},
                                    {"foo", "Zm9v"},
                                    {"foob", "Zm9vYg=="},
                                    {"fooba", "Zm9vYmE="},
                                    {"foobar", "Zm9vYmFy"},
                                    {"\xfb\xff\xfe", "+//+"}};
    for (const auto& [data, text] : pairs) {
        EXPECT_EQ(b64encode(data), text);
        EXPECT_EQ(b64decode(text), data);
    }
    Bytes all;
    for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
    EXPECT_EQ(b64decode(b64encode(all)), all);
}

TEST(Base64, reads_only_what_it_would_write) {
    for (const char* text : {"Z", "Zg", "Zg=", "Zh==", "Zm9=", "Zm8=Zm8=", "Zm 8", "Zm8_",
                             "====", "Zg===", "=", "Zm8\n", "Z==="}) {
        EXPECT_EQ(b64decode(text), std::nullopt) << text;
    }
}

// RFC 7617 §2 and §2.1.
TEST(BasicAuth, is_a_header_and_back) {
    const BasicAuth aladdin{.login = "Aladdin", .password = "open sesame"};
    EXPECT_EQ(aladdin.encode(), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    EXPECT_EQ(BasicAuth::decode("basic  QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), aladdin);
    const BasicAuth pound{.login = "test", .password = "123\xc2\xa3"};
    EXPECT_EQ(pound.encode(), "Basic dGVzdDoxMjPCow==");
    const BasicAuth colons{.login = "a", .password = "b:c"};
    EXPECT_EQ(BasicAuth::decode(colons.encode()), colons);
    for (const char* other : {"", "Basic", "Basic !", "Bearer QTpi", "Basic QQ=="}) {
        EXPECT_EQ(BasicAuth::decode(other), std::nullopt) << other;
    }
}

TEST(BasicAuth, refuses_what_would_read_otherwise_and_does_not_tell_it) {
    const BasicAuth colon{.login = "se:cret", .password = "b"};
    EXPECT_EQ(thrown_by([&] { return colon.encode(); }),
              "ValueError: the login of a BasicAuth must not have a colon");
    const BasicAuth line{.login = "a", .password = "se\ncret"};
    EXPECT_EQ(thrown_by([&] { return line.encode(); }),
              "ValueError: neither login nor password of a BasicAuth may have a control byte");
}

// RFC 6750 §2.1.
TEST(BearerAuth, is_a_header_and_refuses_what_is_no_token_without_telling_it) {
    EXPECT_EQ(BearerAuth{"mF_9.B5f-4.1JqM"}.encode(), "Bearer mF_9.B5f-4.1JqM");
    EXPECT_EQ(BearerAuth{"a~+/9=="}.encode(), "Bearer a~+/9==");
    for (const char* token :
         {"", "=", "secret\n", "sec ret", "sec=ret", "sec\"ret", "secr\xc3\xa9t"}) {
        const std::string error = thrown_by([&] { return BearerAuth{token}.encode(); });
        EXPECT_TRUE(error.starts_with("ValueError: the token of a BearerAuth has ")) << error;
        EXPECT_FALSE(error.contains("sec")) << error;
    }
}

TEST(BasicAuth, comes_from_a_url) {
    EXPECT_EQ(BasicAuth::from_url(URL("http://a/")), std::nullopt);
    EXPECT_EQ(BasicAuth::from_url(URL("http://m%40n:p%3Aq@a/")),
              (BasicAuth{.login = "m@n", .password = "p:q"}));
    EXPECT_EQ(BasicAuth::from_url(URL("http://me@a/")), (BasicAuth{.login = "me"}));
}

}  // namespace
}  // namespace weft::http
