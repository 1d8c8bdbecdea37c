// SPDX-License-Identifier: Apache-2.0
#include <weft/http/cookie.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include <weft/base/exceptions.hpp>
#include <weft/http/cookie_error.hpp>
#include <weft/http/multi_dict.hpp>

namespace weft::http {
namespace {

using namespace std::string_view_literals;
using namespace std::chrono_literals;

Morsel parsed(std::string_view text) {
    const auto cookie = parse_set_cookie(text);
    EXPECT_TRUE(cookie) << text << ": " << describe(cookie.error());
    return cookie.value_or(Morsel());
}
std::optional<CookieFault> fault_of(std::string_view text) {
    const auto cookie = parse_set_cookie(text);
    if (cookie) return std::nullopt;
    return cookie.error().fault;
}
std::string pairs_in(std::string_view text) {
    const auto cookies = parse_cookie_header(text);
    EXPECT_TRUE(cookies) << text;
    std::string out;
    for (const auto& [name, value] : cookies.value_or(MultiDict()))
        out.append(name).append("=").append(value).append("|");
    return out;
}
template <class F>
std::string error_of(F function) {
    try {
        function();
    } catch (const ValueError& error) {
        return error.what();
    }
    return "";
}

// ---- Set-Cookie, read

TEST(SetCookie, has_a_name_a_value_and_attributes) {
    const Morsel cookie = parsed(
        "id=42; Path=/a; Domain=Example.COM; Max-Age=60; Secure; HttpOnly; SameSite=Lax; "
        "Expires=Wed, 21 Oct 2015 07:28:00 GMT; Partitioned");
    EXPECT_EQ(cookie.key, "id");
    EXPECT_EQ(cookie.value, "42");
    EXPECT_EQ(cookie.path, "/a");
    EXPECT_EQ(cookie.domain, "example.com");
    EXPECT_EQ(cookie.max_age, 60s);
    EXPECT_EQ(cookie.expires, CookieTime(1445412480s));
    EXPECT_EQ(cookie.samesite, SameSite::lax);
    EXPECT_TRUE(cookie.secure && cookie.httponly && cookie.partitioned);
}

TEST(SetCookie, has_white_space_and_case_that_do_not_matter) {
    const Morsel cookie = parsed(" \t id \t=\t 4 2 ;\tSECURE\t; pAth = /x ;;; HTTPONLY=no");
    EXPECT_EQ(cookie.key, "id");
    EXPECT_EQ(cookie.value, "4 2");
    EXPECT_EQ(cookie.path, "/x");
    EXPECT_TRUE(cookie.secure);
    EXPECT_TRUE(cookie.httponly);
}

// RFC 6265bis §5.6: only the first `=` counts, and quotes are a part of the value.
TEST(SetCookie, keeps_the_value_as_it_came) {
    EXPECT_EQ(parsed("a=b=c==").value, "b=c==");
    EXPECT_EQ(parsed("a=\"b c\"; Path=/").value, "\"b c\"");
    EXPECT_EQ(parsed("a=\"b;c\"").value, "\"b");
    EXPECT_EQ(parsed("a=").value, "");
    EXPECT_EQ(parsed("a=b, c=d").value, "b, c=d");
    EXPECT_EQ(parsed("n\xc3\xa4me=\xff").key, "n\xc3\xa4me");
}

TEST(SetCookie, takes_the_last_of_attributes_that_come_again) {
    const Morsel cookie = parsed(
        "a=b; Path=/x; Path=/y; Domain=x.example; Domain=; SameSite=Lax; "
        "SameSite=x; Max-Age=1; Max-Age=z");
    EXPECT_EQ(cookie.path, "/y");
    EXPECT_EQ(cookie.domain, "");
    EXPECT_EQ(cookie.samesite, std::nullopt);
    EXPECT_EQ(cookie.max_age, 1s);
}

TEST(SetCookie, leaves_attributes_out_that_make_no_sense) {
    EXPECT_EQ(
        parsed("a=b; Expires=soon; Max-Age=; Max-Age=1.5; Max-Age=+1; Max-Age=-; Max-Age= 1x; "
               "SameSite=; Path=x; Path; Domain; Secured; =; Port=\"80\"; Version=1"),
        parsed("a=b"));
    EXPECT_EQ(parsed("a=b; Path=/" + std::string(cookie_attribute_bytes_max - 1, 'p')).path.size(),
              cookie_attribute_bytes_max);
    EXPECT_EQ(parsed("a=b; Path=/" + std::string(cookie_attribute_bytes_max, 'p')).path, "");
    EXPECT_EQ(parsed("a=b; Path=/x\ty").path, "");
}

TEST(SetCookie, has_an_age_that_no_arithmetic_passes) {
    EXPECT_EQ(parsed("a=b; Max-Age=-0").max_age, 0s);
    EXPECT_EQ(parsed("a=b; Max-Age=-7").max_age, -7s);
    EXPECT_EQ(parsed("a=b; Max-Age=00009").max_age, 9s);
    const auto longest = parsed("a=b; Max-Age=" + std::string(300, '9')).max_age;
    EXPECT_EQ(longest, parsed("a=b; Max-Age=99999999999999999999").max_age);
    EXPECT_GT(longest, 24h * 365 * 1000);
    EXPECT_EQ(parsed("a=b; Max-Age=-" + std::string(300, '9')).max_age, -*longest);
}

TEST(SetCookie, takes_one_dot_from_the_front_of_a_domain) {
    EXPECT_EQ(parsed("a=b; Domain=.Example.com").domain, "example.com");
    EXPECT_EQ(parsed("a=b; Domain=..example.com").domain, ".example.com");
    EXPECT_EQ(parsed("a=b; Domain=.").domain, "");
}

// RFC 6265bis §5.6; CVE-2022-35252: a cookie with control bytes, sent back, makes servers refuse
// all further requests.
TEST(SetCookie, holds_no_control_byte) {
    for (int byte = 0; byte < 256; ++byte) {
        const char c = static_cast<char>(byte);
        const bool is_control = byte < 0x20 || byte == 0x7f;
        for (const std::string& text :
             {std::string("a") + c + "b=c", std::string("a=b") + c + "c"}) {
            EXPECT_EQ(fault_of(text) == CookieFault::control_byte, is_control) << byte;
        }
        EXPECT_EQ(fault_of(std::string("a=b; x=y") + c + "z") == CookieFault::control_byte,
                  is_control && c != '\t')
            << byte;
    }
}

TEST(SetCookie, has_a_name) {
    for (const auto text : {"", "a", "=a", " = a", ";", "; a=b", "=", "=a=b", "\t=b"}) {
        EXPECT_EQ(fault_of(text), CookieFault::no_name) << text;
    }
}

TEST(SetCookie, is_bounded_in_name_and_value_together) {
    const std::string value(cookie_bytes_max - 3, 'v');
    EXPECT_EQ(fault_of("abc=" + value), std::nullopt);
    EXPECT_EQ(fault_of("abc = " + value + " ;Path=/"), std::nullopt);
    EXPECT_EQ(fault_of("abcd=" + value), CookieFault::too_long);
    EXPECT_EQ(fault_of("abc=v" + value), CookieFault::too_long);
}

TEST(SetCookie, is_refused_with_its_name_and_never_its_value) {
    EXPECT_EQ(describe(parse_set_cookie("i\x01"
                                        "d=secret")
                           .error()),
              R"(the cookie 'i\x01d' holds a control byte)");
    EXPECT_EQ(describe(parse_set_cookie("secret\x01; a=b").error()),
              "the cookie '' holds a control byte");
    EXPECT_EQ(describe(parse_set_cookie("secret").error()),
              "the cookie '' has no name: NAME=VALUE was expected");
    const auto error = parse_set_cookie(std::string(5000, 'n') + "=secret").error();
    EXPECT_LE(error.name.size(), 64u);
}

// ---- dates

std::optional<CookieTime> date(std::string_view text) {
    return parsed(std::string("a=b; Expires=").append(text)).expires;
}
constexpr CookieTime some_time(1445412480s);  // 2015-10-21 07:28:00

// RFC 6265bis §5.1.1
TEST(CookieDate, is_read_in_whatever_form) {
    for (const auto text :
         {"Wed, 21 Oct 2015 07:28:00 GMT", "Wednesday, 21-Oct-15 07:28:00 GMT",
          "Wed Oct 21 07:28:00 2015", "21 Oct 2015 07:28:00", "07:28:00 21 october 15",
          "2015 Oct 21 7:28:0", "21/OCT/2015 07:28:00 +0200", "Oct 21st 2015 07:28:00.123 UTC",
          "Thu 21 Octopus 2015x 07:28:00", "-21--Oct--2015--07:28:00-",
          "21 Oct 2015 Nov 22 07:28:00"}) {
        EXPECT_EQ(date(text), some_time) << text;
    }
}

TEST(CookieDate, has_years_of_two_digits) {
    EXPECT_EQ(date("1 Jan 70 00:00:00"), CookieTime(0s));
    EXPECT_EQ(date("1 Jan 1970 00:00:00"), CookieTime(0s));
    EXPECT_EQ(date("1 Jan 99 00:00:00"), CookieTime(915148800s));
    EXPECT_EQ(date("1 Jan 69 00:00:00"), CookieTime(3124224000s));
    EXPECT_EQ(date("1 Jan 00 00:00:00"), CookieTime(946684800s));
    EXPECT_EQ(date("1 Jan 1601 00:00:00"), CookieTime(-11644473600s));
    EXPECT_EQ(date("31 Dec 9999 23:59:59"), CookieTime(253402300799s));
}

TEST(CookieDate, is_none_where_a_part_is_missing_or_cannot_be) {
    for (const auto text : {"",
                            "Wed, 21 Oct 2015",
                            "21 2015 07:28:00",
                            "Oct 2015 07:28:00",
                            "21 Oct 07:28:00",
                            "21 Oct 2015 24:00:00",
                            "21 Oct 2015 07:60:00",
                            "21 Oct 2015 07:28:60",
                            "00 Oct 2015 07:28:00",
                            "32 Oct 2015 07:28:00",
                            "31 Sep 2015 07:28:00",
                            "29 Feb 2015 07:28:00",
                            "21 Oct 1600 07:28:00",
                            "21 Oct 201 07:28:00",
                            "21 Oct 20155 07:28:00",
                            "21 Oct 2015 07:28",
                            "21 Oct 2015 007:28:00",
                            "21 Oct 2015 07:28:000",
                            "121 Oct 2015 07:28:00",
                            "21 Oc 2015 07:28:00",
                            "21 10 2015 07:28:00"}) {
        EXPECT_EQ(date(text), std::nullopt) << text;
    }
    EXPECT_TRUE(date("29 Feb 2016 07:28:00"));
}

// ---- Set-Cookie, written

TEST(SetCookieHeader, holds_all_that_was_said) {
    EXPECT_EQ(set_cookie_header({.key = "id", .value = "42"}), "id=42");
    EXPECT_EQ(set_cookie_header({.key = "id",
                                 .value = "\"a b\"",
                                 .domain = "example.com",
                                 .path = "/x",
                                 .expires = some_time,
                                 .max_age = -1s,
                                 .samesite = SameSite::strict,
                                 .secure = true,
                                 .httponly = true,
                                 .partitioned = true}),
              "id=\"a b\"; Domain=example.com; expires=Wed, 21 Oct 2015 07:28:00 GMT; HttpOnly; "
              "Max-Age=-1; Partitioned; Path=/x; SameSite=Strict; Secure");
}

TEST(SetCookieHeader, is_read_back) {
    for (const auto text :
         {"a=b", "a=", "a=b=c; Domain=x.example; Path=/; Secure",
          "a=\"\\073\"; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; SameSite=None",
          "a=b; expires=Fri, 31 Dec 9999 23:59:59 GMT; HttpOnly; Partitioned; SameSite=Lax",
          "a=b; expires=Mon, 01 Jan 1601 00:00:00 GMT", "a=\xff\x80"}) {
        EXPECT_EQ(set_cookie_header(parsed(text)), text);
    }
}

// CVE-2026-0672 and its like: no part of a cookie becomes another attribute, cookie or header.
TEST(SetCookieHeader, refuses_what_would_become_something_else) {
    for (const auto bad :
         {"\r\nX: y"sv, "\n"sv, "\0"sv, "; Path=/"sv, "a;"sv, "\x7f"sv, "a\tb"sv}) {
        const std::string text(bad);
        EXPECT_NE(
            error_of([&] { static_cast<void>(set_cookie_header({.key = text, .value = "v"})); }),
            "");
        EXPECT_NE(
            error_of([&] { static_cast<void>(set_cookie_header({.key = "a", .value = text})); }),
            "");
        EXPECT_NE(
            error_of([&] {
                static_cast<void>(set_cookie_header({.key = "a", .value = "v", .domain = text}));
            }),
            "");
        EXPECT_NE(error_of([&] {
                      static_cast<void>(
                          set_cookie_header({.key = "a", .value = "v", .path = "/" + text}));
                  }),
                  "");
    }
    for (const auto name : {"", "a b", "a=b", "\"a\"", "a,b", "\xc3\xa4"}) {
        EXPECT_THROW(static_cast<void>(set_cookie_header({.key = name, .value = "v"})), ValueError)
            << name;
    }
    for (const auto value : {" v", "v ", "\tv"}) {
        EXPECT_THROW(static_cast<void>(set_cookie_header({.key = "a", .value = value})),
                     ValueError);
    }
    EXPECT_EQ(
        error_of([] { static_cast<void>(set_cookie_header({.key = "id", .value = "secret\r"})); }),
        "the value of the cookie 'id' holds a control byte, ';' or white space around it: "
        "quote_cookie_value() makes one that it may have");
}

TEST(SetCookieHeader, refuses_what_no_client_would_take) {
    const auto refuses = [](const Morsel& cookie) {
        return error_of([&] { static_cast<void>(set_cookie_header(cookie)); }) != "";
    };
    EXPECT_TRUE(refuses({.key = "a", .value = std::string(cookie_bytes_max, 'v')}));
    EXPECT_TRUE(refuses({.key = "a", .value = "v", .path = "x"}));
    EXPECT_TRUE(refuses({.key = "a", .value = "v", .path = std::string(1025, '/')}));
    EXPECT_TRUE(refuses({.key = "a", .value = "v", .expires = CookieTime(253402300800s)}));
    EXPECT_TRUE(refuses({.key = "a", .value = "v", .expires = CookieTime(-11644473601s)}));
    EXPECT_TRUE(refuses({.key = "__Secure-a", .value = "v"}));
    EXPECT_FALSE(refuses({.key = "__Secure-a", .value = "v", .secure = true}));
    EXPECT_TRUE(refuses({.key = "__Host-a", .value = "v", .path = "/"}));
    EXPECT_TRUE(refuses({.key = "__host-a", .value = "v", .path = "/x", .secure = true}));
    EXPECT_TRUE(refuses(
        {.key = "__Host-a", .value = "v", .domain = "a.example", .path = "/", .secure = true}));
    EXPECT_FALSE(refuses({.key = "__Host-a", .value = "v", .path = "/", .secure = true}));
}

// ---- Cookie

TEST(CookieHeader, is_read_into_pairs_in_order) {
    EXPECT_EQ(pairs_in("a=b; c=d;e=f ;  g = h "), "a=b|c=d|e=f|g=h|");
    EXPECT_EQ(pairs_in("a=1; a=2"), "a=1|a=2|");
    EXPECT_EQ(pairs_in("a=b=c; path=/; secure=1"), "a=b=c|path=/|secure=1|");
    EXPECT_EQ(pairs_in(""), "");
    EXPECT_EQ(pairs_in(";;a=;"), "a=|");
}

TEST(CookieHeader, leaves_out_what_is_no_cookie_and_keeps_the_rest) {
    EXPECT_EQ(pairs_in("a; b=1; =2; c d=3; \"e\"=4; f,=5; g\\=6; h\xff=7; i=8"), "b=1|i=8|");
    EXPECT_EQ(pairs_in("[x]{y}(z)@:?/=1; a=b\x01; c=d\tf"), "[x]{y}(z)@:?/=1|c=d\tf|");
}

TEST(CookieHeader, has_values_in_quotes_as_python_writes_them) {
    EXPECT_EQ(pairs_in(R"(a="b c"; d="\"\\\073\054"; e="\400\8"; f="x; g="y"; h="; i="")"),
              "a=b c|d=\"\\;,|e=4008|f=\"x|g=y|h=\"|i=|");
    EXPECT_EQ(pairs_in(R"(a="b\"; c="\)"), "a=b\\|c=\"\\|");
}

// A client that lets a script write `a="x` before, and `z=y"` behind the cookies of a server must
// not make it read those as a part of `a`.
TEST(CookieHeader, has_no_value_that_takes_the_cookies_behind_it) {
    EXPECT_EQ(pairs_in("a=\"x; session=secret; z=y\""), "a=\"x|session=secret|z=y\"|");
}

TEST(CookieHeader, holds_no_more_cookies_than_the_limit) {
    EXPECT_EQ(parse_cookie_header("a=1; b=2", {.cookies_max = 2})->size(), 2u);
    EXPECT_EQ(parse_cookie_header("a=1; b=2;", {.cookies_max = 2})->size(), 2u);
    EXPECT_EQ(parse_cookie_header("a=1; b=2; c=3", {.cookies_max = 2}).error(),
              (CookieError{.fault = CookieFault::too_many_cookies, .name = "c"}));
    EXPECT_EQ(parse_cookie_header("a;b;c", {.cookies_max = 2}).error().fault,
              CookieFault::too_many_cookies);
    EXPECT_FALSE(parse_cookie_header(std::string(65, ';')));
}

TEST(CookieHeader, is_written_with_values_as_they_are) {
    EXPECT_EQ(cookie_header({}), "");
    EXPECT_EQ(cookie_header({{"a", "b"}, {"c d", "\"e\" f"}, {"g", ""}}), "a=b; c d=\"e\" f; g=");
}

TEST(CookieHeader, refuses_what_would_become_something_else) {
    const auto refuses = [](std::string name, std::string value) {
        return error_of([&] {
                   static_cast<void>(cookie_header({{std::move(name), std::move(value)}}));
               }) != "";
    };
    for (const auto bad : {"\r\nX: y"sv, "a\n"sv, "a\0b"sv, "a;b"sv, "\x7f"sv, " a"sv, "a\t"sv}) {
        EXPECT_TRUE(refuses(std::string(bad), "v")) << bad;
        EXPECT_TRUE(refuses("a", std::string(bad))) << bad;
    }
    EXPECT_TRUE(refuses("", "v"));
    EXPECT_TRUE(refuses("a=b", "v"));
    EXPECT_FALSE(refuses("a", "b=c"));
}

// http.cookies
TEST(CookieValue, is_any_text_in_quotes) {
    EXPECT_EQ(quote_cookie_value("abc:!#$%&'*+-.^_`|~09"), "abc:!#$%&'*+-.^_`|~09");
    EXPECT_EQ(quote_cookie_value(""), "\"\"");
    EXPECT_EQ(quote_cookie_value("a b"), "\"a b\"");
    EXPECT_EQ(quote_cookie_value("a;b,\"c\\\r\n\xff"), R"("a\073b\054\"c\\\015\012\377")");
    EXPECT_EQ(quote_cookie_value("/?(x)"), "\"/?(x)\"");
}

TEST(CookieValue, is_the_text_again_without_them) {
    std::string all;
    for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
    for (const std::string& text :
         {all, std::string("\""), std::string("a"), std::string("\\101"), std::string()}) {
        EXPECT_EQ(unquote_cookie_value(quote_cookie_value(text)), text);
    }
    EXPECT_EQ(unquote_cookie_value("\"a\\101\\01\\x\""), "aA01x");
    EXPECT_EQ(unquote_cookie_value("\""), "\"");
    EXPECT_EQ(unquote_cookie_value("\"a"), "\"a");
}

}  // namespace
}  // namespace weft::http
