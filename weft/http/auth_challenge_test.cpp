// SPDX-License-Identifier: Apache-2.0
#include <weft/http/auth_challenge.hpp>

#include <cstddef>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <weft/http/headers.hpp>

namespace weft::http {
namespace {

// `scheme{token}` or `scheme[name=value …]`, one after the other.
std::string read(const Headers& headers, std::size_t challenges_max = 16) {
    std::string text;
    for (const AuthChallenge& one : auth_challenges(headers, "WWW-Authenticate", challenges_max)) {
        text += one.scheme;
        if (!one.token.empty()) text += "{" + one.token + "}";
        if (!one.parameters.empty()) text += "[";
        for (const auto& [name, value] : one.parameters) {
            if (!text.ends_with("[")) text += " ";
            text += name;
            text += "=";
            text += value;
        }
        if (!one.parameters.empty()) text += "]";
        text += ";";
    }
    return text;
}
std::string read(std::string_view value) { return read({{"WWW-Authenticate", value}}); }

TEST(AuthChallenge, is_read) {
    struct Case {
        std::string_view header;
        std::string_view challenges;
    };
    const Case cases[] = {
        {"", ""},
        {"Basic", "basic;"},
        {R"(Basic realm="a b")", "basic[realm=a b];"},
        {R"(Basic realm = "a\"\\b" )", "basic[realm=a\"\\b];"},
        {"Negotiate oYG2MIG=", "negotiate{oYG2MIG=};"},
        {"Negotiate oYG2MIG==, Basic realm=x", "negotiate{oYG2MIG==};basic[realm=x];"},
        {"Bearer, Basic", "bearer;basic;"},
        {R"(Newauth realm="apps", type=1, title="Login to \"apps\"", Basic realm="simple")",
         "newauth[realm=apps type=1 title=Login to \"apps\"];basic[realm=simple];"},
        {R"(Digest realm="a, b", QOP="auth,auth-int",nonce=x, algorithm=SHA-256)",
         "digest[realm=a, b qop=auth,auth-int nonce=x algorithm=SHA-256];"},
        {",, ,Basic realm=a,,b=c , ,", "basic[realm=a b=c];"},
        {R"(Basic realm="")", "basic[realm=];"},
        // What cannot be read ends it.
        {R"(Basic realm="open)", "basic;"},
        {R"(Basic realm="open\)", "basic;"},
        {R"(Basic realm=a, "x", Digest nonce=b)", "basic[realm=a];"},
        {"Basic=realm", ""},
        {"@, Basic", ""},
        {"Basic a=b c=d", "basic[a=b];"},
    };
    for (const auto& [header, challenges] : cases) EXPECT_EQ(read(header), challenges) << header;
}

TEST(AuthChallenge, may_be_one_of_several_headers) {
    EXPECT_EQ(read({{"WWW-Authenticate", "Basic realm=\"open"},
                    {"www-authenticate", "Digest nonce=a"},
                    {"Proxy-Authenticate", "Bearer"}}),
              "basic;digest[nonce=a];");
}

TEST(AuthChallenge, has_limits) {
    std::string many = "A";
    for (int i = 0; i < 100; ++i) many += ", B";
    EXPECT_EQ(read({{"WWW-Authenticate", many}}, 3), "a;b;b;");
    std::string wide = "A x=1";
    for (int i = 0; i < 100; ++i) wide += ", x=1";
    const auto all = auth_challenges({{"WWW-Authenticate", wide + ", B"}});
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].parameters.size(), 32U);
}

TEST(AuthChallenge, gives_the_first_of_a_name) {
    const auto all = auth_challenges({{"WWW-Authenticate", "A x=1, x=2"}});
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].get("x"), "1");
    EXPECT_EQ(all[0].get("y"), std::nullopt);
}

}  // namespace
}  // namespace weft::http
