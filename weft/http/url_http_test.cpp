// SPDX-License-Identifier: Apache-2.0
// What parse_http() refuses, and what it takes as parse() does.
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include <weft/http/url.hpp>
#include <weft/http/url_error.hpp>

namespace weft::http {
namespace {

using namespace std::string_view_literals;

void expect_fault(std::string_view text, URLFault fault) {
    const auto url = URL::parse_http(text);
    ASSERT_FALSE(url.has_value()) << text;
    EXPECT_EQ(url.error().fault, fault) << text << ": " << describe(url.error());
}

TEST(URLForHttp, is_taken_as_it_is) {
    for (const std::string_view text :
         {"http://example.com/"sv, "https://a.b:8443/x/y?z=1#f"sv, "ws://127.0.0.1/"sv,
          "wss://[::1]:9/%20?%C3%BC"sv, "http://u:p@h/"sv, "http://1.2.3.4.example/"sv}) {
        const auto url = URL::parse_http(text);
        ASSERT_TRUE(url.has_value()) << describe(url.error());
        EXPECT_EQ(url->to_string(), text);
    }
}

TEST(URLForHttp, becomes_canonical_where_that_is_harmless) {
    for (const auto& [text, canonical] :
         {std::pair("HTTP://Example.COM:80"sv, "http://example.com/"sv),
          std::pair("https://faß.de/ü/../x"sv, "https://xn--fa-hia.de/x"sv),
          std::pair("http://[::FFFF:127.0.0.1]/"sv, "http://[::ffff:7f00:1]/"sv)}) {
        const auto url = URL::parse_http(text);
        ASSERT_TRUE(url.has_value()) << describe(url.error());
        EXPECT_EQ(url->to_string(), canonical);
    }
}

TEST(URLForHttp, has_one_of_four_schemes) {
    for (const std::string_view text :
         {"ftp://a/"sv, "file:///etc/passwd"sv, "javascript:alert(1)"sv, "mailto:a@b"sv,
          "gopher://a/"sv, "localhost:80"sv}) {
        expect_fault(text, URLFault::not_http);
    }
    expect_fault("example.com/x", URLFault::no_scheme);
}

TEST(URLForHttp, has_no_white_space_and_no_control_byte) {
    for (const std::string_view text : {" http://a/"sv, "http://a/ "sv, "http://a/\r\nHost: b"sv,
                                        "ht\ntp://a/"sv, "http://a\t.b/"sv, "http://a/x y"sv,
                                        "http://a/?\x7f"sv, "http://a/#\x1f"sv, "http://a/\0"sv}) {
        expect_fault(text, URLFault::space_or_control);
    }
    const auto url = URL::parse_http("http://a/?key=secret\n");
    ASSERT_FALSE(url.has_value());
    EXPECT_EQ(describe(url.error()),
              R"(a URL holds no '\x0a': percent-encode white space and control bytes)");
}

TEST(URLForHttp, has_two_slashes_before_its_host_and_no_backslash) {
    for (const std::string_view text : {"http:a"sv, "http:/a"sv, "http:///a"sv, "http:\\\\a/"sv,
                                        "http://a\\@b/"sv, "http://a/\\b"sv}) {
        expect_fault(text, URLFault::bad_slashes);
    }
    EXPECT_TRUE(URL::parse_http("http://a/?\\#\\").has_value());
}

TEST(URLForHttp, has_one_at_sign_before_its_path) {
    expect_fault("http://good.example@evil.example@a/", URLFault::bad_userinfo);
    expect_fault("http://a@b@c", URLFault::bad_userinfo);
    EXPECT_EQ(URL::parse_http("http://a@b/@c@?@#@")->raw_host(), "b");
    EXPECT_TRUE(URL::parse_http("/@/@", URL("http://a/")).has_value());
}

TEST(URLForHttp, has_no_percent_sign_in_its_host) {
    for (const std::string_view text :
         {"http://ex%61mple.com/"sv, "http://%31%32%37.0.0.1/"sv, "http://u%40v@a%2eb/"sv}) {
        expect_fault(text, URLFault::encoded_host);
    }
    expect_fault("http://a%00b/", URLFault::bad_host);
}

TEST(URLForHttp, has_an_address_of_ipv4_as_four_decimal_numbers) {
    for (const std::string_view host :
         {"0x7f.1"sv, "2130706433"sv, "0177.0.0.1"sv, "127.1"sv, "127.0.0.1."sv, "127.0.0.01"sv,
          "0x7F000001"sv, "１２７.0.0.1"sv, "127。0。0。1"sv}) {
        expect_fault("http://" + std::string(host) + "/", URLFault::non_canonical);
    }
    expect_fault("http://256.0.0.1/", URLFault::bad_ipv4);
}

TEST(URLForHttp, has_an_address_of_ipv6_in_whole_brackets) {
    for (const std::string_view host :
         {"[::1"sv, "[::1]x"sv, "[]"sv, "[1.2.3.4]"sv, "[::1%25lo]"sv, "[[::1]]"sv, "[v1.a]"sv}) {
        expect_fault("http://" + std::string(host) + "/", URLFault::bad_ipv6);
    }
    expect_fault("http://::1]/", URLFault::no_host);
    expect_fault("http://a]/", URLFault::bad_host);
}

TEST(URLForHttp, is_what_a_redirect_leads_to) {
    const URL base("https://a.example/b/c?d");
    const auto target = [&](std::string_view reference) {
        const auto url = URL::parse_http(reference, base);
        return url ? url->to_string() : describe(url.error());
    };
    EXPECT_EQ(target("../x?y"), "https://a.example/x?y");
    EXPECT_EQ(target("/x//y"), "https://a.example/x//y");
    EXPECT_EQ(target("//b.example/x"), "https://b.example/x");
    EXPECT_EQ(target("http://b.example"), "http://b.example/");
    EXPECT_EQ(target(""), "https://a.example/b/c?d");
    for (const std::string_view bad :
         {"///b.example"sv, "/\\b.example"sv, "\\\\b.example"sv, "https:x"sv, "https:/x"sv,
          "//0x7f.1/"sv, "//%61/"sv, "ftp://b/"sv, "/a b"sv, "data:,x"sv}) {
        EXPECT_FALSE(URL::parse_http(bad, base).has_value()) << bad;
    }
    EXPECT_EQ(URL::parse_http("x", URL("file:///y")).error().fault, URLFault::not_http);
}

// A request's target: no byte of it can end the request line.
TEST(URLForHttp, has_a_target_of_visible_ascii) {
    std::string text = "http://a/";
    for (int c = 1; c < 256; ++c) {
        if (c != '#' && c != '?') text += static_cast<char>(c);
    }
    const URL url(text + "?" + text);
    for (const char c : url.raw_path_qs()) {
        EXPECT_GT(c, ' ');
        EXPECT_LT(c, 0x7f);
    }
    EXPECT_TRUE(url.raw_path_qs().starts_with('/'));
}

}  // namespace
}  // namespace weft::http
