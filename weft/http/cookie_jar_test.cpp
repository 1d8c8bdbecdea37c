// SPDX-License-Identifier: Apache-2.0
#include <weft/http/cookie_jar.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/exceptions.hpp>
#include <weft/http/cookie.hpp>
#include <weft/http/cookie_error.hpp>
#include <weft/http/cookie_jar_test.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/multi_dict.hpp>
#include <weft/http/url.hpp>

namespace weft::http {
namespace {

using namespace std::chrono_literals;
using namespace std::string_view_literals;
using enum CookieFault;

constexpr auto taken = std::nullopt;

TEST(CookieJar, gives_back_what_it_was_given) {
    CookieJar jar;
    const URL url("https://a.example/login");
    Headers response{{"Set-Cookie", "id=42; Path=/"},
                     {"Set-Cookie", "theme=\"two words\"; Path=/"}};
    EXPECT_TRUE(jar.update_cookies_from_headers(response, url).empty());
    Headers request;
    request.set("Cookie", cookie_header(jar.filter_cookies(url)));
    EXPECT_EQ(request.get("Cookie"), "id=42; theme=\"two words\"");
}

TEST(CookieJar, tells_which_cookies_it_has_refused) {
    CookieJar jar;
    const Headers response{{"Set-Cookie", "a=1"},
                           {"Set-Cookie", "=2"},
                           {"Set-Cookie", "b=3; Domain=com"},
                           {"Set-Cookie", "c=4"}};
    EXPECT_EQ(jar.update_cookies_from_headers(response, URL("http://a.com/")),
              (std::vector<CookieError>{{.fault = no_name, .name = ""},
                                        {.fault = public_suffix, .name = "b"}}));
    EXPECT_EQ(cookie_header(jar.filter_cookies(URL("http://a.com/"))), "a=1; c=4");
}

TEST(CookieJar, has_the_example_of_its_header) {
    struct Message {
        Headers headers;
    };
    const Message response{.headers = {{"Set-Cookie", "a=1"}}};
    Message request;
    const URL url("http://a.example/");

    CookieJar jar;
    jar.update_cookies_from_headers(response.headers, url);
    request.headers.set("Cookie", cookie_header(jar.filter_cookies(url)));
    EXPECT_EQ(request.headers.get("Cookie"), "a=1");
}

TEST(CookieJar, takes_cookies_of_the_callers) {
    JarOnTest jar;
    const URL url("http://a.example/x/y");
    EXPECT_TRUE(jar->update_cookies({{"a", "1"}, {"b", "two; words"}}, url).empty());
    EXPECT_EQ(jar.sent("http://a.example/"), "a=1; b=\"two\\073 words\"");
    EXPECT_EQ(jar.sent("http://b.a.example/"), "");
    EXPECT_THROW(jar->update_cookies({{"a\r\n", "1"}}, url), ValueError);
    EXPECT_THROW(static_cast<void>(jar->set_cookie({.key = "a", .value = "1\n"}, url)), ValueError);
    EXPECT_THROW(static_cast<void>(jar->set_cookie({.key = "a", .value = "1", .path = "/\t"}, url)),
                 ValueError);
    EXPECT_EQ(jar->update_cookies({{"__Host-a", "1"}}, url),
              (std::vector<CookieError>{{.fault = broken_prefix, .name = "__Host-a"}}));
}

// ---- domains

// RFC 6265bis §5.7, steps 8 to 11
TEST(CookieJar, keeps_a_cookie_without_domain_for_its_host) {
    JarOnTest jar;
    EXPECT_EQ(jar.set("http://a.example/", "a=1"), taken);
    EXPECT_EQ(jar.sent("http://a.example/"), "a=1");
    EXPECT_EQ(jar.sent("http://A.EXAMPLE:8080/"), "a=1");
    EXPECT_EQ(jar.sent("ws://a.example/"), "a=1");
    for (const auto url : {"http://b.a.example/", "http://example/", "http://xa.example/",
                           "http://a.example.com/", "http://a.example./"}) {
        EXPECT_EQ(jar.sent(url), "") << url;
    }
}

TEST(CookieJar, gives_a_cookie_with_domain_to_the_hosts_below) {
    JarOnTest jar;
    EXPECT_EQ(jar.set("http://b.a.example/", "a=1; Domain=.A.Example"), taken);
    EXPECT_EQ(jar.sent("http://a.example/"), "a=1");
    EXPECT_EQ(jar.sent("http://d.c.a.example/"), "a=1");
    EXPECT_EQ(jar.sent("http://xa.example/"), "");
    EXPECT_EQ(jar.sent("http://example/"), "");
}

TEST(CookieJar, refuses_a_domain_that_does_not_hold_the_host) {
    JarOnTest jar;
    for (const auto domain : {"b.example", "c.a.example", "ample", "xa.example", "a.example.b"}) {
        EXPECT_EQ(jar.set("http://a.example/", std::string("a=1; Domain=") + domain),
                  foreign_domain)
            << domain;
    }
    EXPECT_EQ(jar.set("http://xa.example/", "a=1; Domain=a.example"), foreign_domain);
    for (const auto domain : {"..a.example", "a..example", "\xff", "..."}) {
        EXPECT_EQ(jar.set("http://a.example/", std::string("a=1; Domain=") + domain), bad_domain)
            << domain;
    }
    EXPECT_TRUE(jar->empty());
}

TEST(CookieJar, keeps_a_cookie_of_a_public_suffix_for_that_host) {
    JarOnTest jar;
    EXPECT_EQ(jar.set("http://github.io/", "a=1; Domain=github.io"), taken);
    EXPECT_EQ(jar.set("http://localhost/", "b=1; Domain=localhost"), taken);
    EXPECT_EQ(jar.sent("http://github.io/"), "a=1");
    EXPECT_EQ(jar.sent("http://evil.github.io/"), "");
    EXPECT_EQ(jar.sent("http://localhost/"), "b=1");
    EXPECT_EQ(jar.sent("http://x.localhost/"), "");
}

TEST(CookieJar, takes_domains_in_unicode) {
    JarOnTest jar;
    EXPECT_EQ(jar.set("http://www.faß.de/", "a=1; Domain=FAß.de"), taken);
    EXPECT_EQ(jar.sent("http://xn--fa-hia.de/"), "a=1");
    EXPECT_EQ(jar.set("http://www.faß.de/", "b=1; Domain=xn--fa-hia.de"), taken);
    EXPECT_EQ(jar.sent("http://faß.de/"), "a=1; b=1");
}

TEST(CookieJar, has_no_cookies_of_addresses_unless_it_is_unsafe) {
    for (const auto url : {"http://127.0.0.1/", "http://[::1]/", "http://0x7f.1/"}) {
        JarOnTest jar;
        EXPECT_EQ(jar.set(url, "a=1"), ip_host) << url;
        EXPECT_EQ(jar.sent(url), "") << url;
        JarOnTest unsafe({.unsafe = true});
        EXPECT_EQ(unsafe.set(url, "a=1"), taken) << url;
        EXPECT_EQ(unsafe.sent(url), "a=1") << url;
    }
}

TEST(CookieJar, has_nothing_below_an_address) {
    JarOnTest jar({.unsafe = true});
    EXPECT_EQ(jar.set("http://127.0.0.1/", "a=1; Domain=0.0.1"), foreign_domain);
    EXPECT_EQ(jar.set("http://127.0.0.1/", "a=1; Domain=1"), foreign_domain);
    EXPECT_EQ(jar.set("http://127.0.0.1/", "a=1; Domain=127.0.0.1"), taken);
    EXPECT_TRUE(jar->begin()->host_only);
    EXPECT_TRUE(jar->loads("0.0.1\tTRUE\t/\tFALSE\t0\tb\t1\n").empty());
    EXPECT_EQ(jar.sent("http://127.0.0.1/"), "a=1");
    EXPECT_EQ(jar.sent("http://1.127.0.0.1.example/"), "");
}

TEST(CookieJar, has_cookies_of_http_only) {
    JarOnTest jar;
    EXPECT_EQ(jar.set("ftp://a.example/", "a=1"), not_http);
    EXPECT_EQ(jar.set("file:///a", "a=1"), not_http);
    EXPECT_EQ(jar.set("http://a.example/", "a=1"), taken);
    EXPECT_EQ(jar.sent("ftp://a.example/"), "");
}

// ---- paths

struct PathCase {
    std::string_view set_at;
    std::string_view attribute;
    std::string_view sent_to;
    bool is_sent;
};

// RFC 6265bis §5.1.4
TEST(CookieJar, gives_a_cookie_to_its_path_and_those_below) {
    for (const auto& [set_at, attribute, sent_to, is_sent] : std::vector<PathCase>{
             {"/", "", "/", true},
             {"/", "", "/x/y", true},
             {"/x", "", "/", true},
             {"/x/y", "", "/x", true},
             {"/x/y", "", "/x/z", true},
             {"/x/y", "", "/", false},
             {"/x/y", "", "/xy", false},
             {"/x/y/", "", "/x/y", true},
             {"/x/y/", "", "/x/", false},
             {"/x/y?/z/", "", "/x/z", true},
             {"/", "; Path=/x", "/x", true},
             {"/", "; Path=/x", "/x/", true},
             {"/", "; Path=/x", "/x?y", true},
             {"/", "; Path=/x", "/xy", false},
             {"/", "; Path=/x", "/", false},
             {"/", "; Path=/x", "/X", false},
             {"/", "; Path=/x/", "/x", false},
             {"/", "; Path=/x/", "/x/y", true},
             {"/a/b", "; Path=", "/a/c", true},
             {"/a/b", "; Path=x", "/", false},
             {"/a/b", "; Path=/", "/", true},
         }) {
        JarOnTest jar;
        const std::string host = "http://a.example";
        EXPECT_EQ(jar.set(host + std::string(set_at), "a=1" + std::string(attribute)), taken);
        EXPECT_EQ(jar.sent(host + std::string(sent_to)), is_sent ? "a=1" : "")
            << set_at << attribute << " to " << sent_to;
    }
}

// RFC 6265bis §5.8.3
TEST(CookieJar, sends_longer_paths_first_then_older_cookies) {
    JarOnTest jar;
    jar.set("http://a.example/", "old=1; Path=/");
    jar.set("http://a.example/", "long=1; Path=/x/y");
    jar.set("http://a.example/", "middle=1; Path=/x; Domain=a.example");
    jar.set("http://a.example/", "young=1; Path=/");
    jar.set("http://a.example/", "old=2; Path=/");
    EXPECT_EQ(jar.sent("http://a.example/x/y"), "long=1; middle=1; old=2; young=1");
}

TEST(CookieJar, keeps_cookies_of_one_name_apart_by_domain_and_path) {
    JarOnTest jar;
    jar.set("http://a.example/", "a=1; Path=/");
    jar.set("http://a.example/", "a=2; Path=/x");
    jar.set("http://a.example/", "a=3; Path=/; Domain=a.example");
    jar.set("http://b.a.example/", "a=4; Path=/");
    jar.set("http://a.example/", "A=5; Path=/");
    EXPECT_EQ(jar.sent("http://a.example/x"), "a=2; a=1; a=3; A=5");
    EXPECT_EQ(jar.sent("http://b.a.example/"), "a=3; a=4");
    jar.set("http://a.example/", "a=6; Path=/");
    EXPECT_EQ(jar.sent("http://a.example/"), "a=6; a=3; A=5");
}

// ---- time

TEST(CookieJar, drops_a_cookie_when_its_time_is_up) {
    JarOnTest jar;
    jar.set("http://a.example/", "age=1; Max-Age=10");
    jar.set("http://a.example/", "date=1; Expires=Tue, 01 Jan 2030 00:00:20 GMT");
    jar.set("http://a.example/", "both=1; Max-Age=5; Expires=Tue, 01 Jan 2030 00:00:20 GMT");
    jar.set("http://a.example/", "session=1");
    EXPECT_EQ(jar.sent("http://a.example/"), "age=1; date=1; both=1; session=1");
    jar.pass(5s);
    EXPECT_EQ(jar.sent("http://a.example/"), "age=1; date=1; session=1");
    jar.pass(4s);
    EXPECT_EQ(jar.sent("http://a.example/"), "age=1; date=1; session=1");
    jar.pass(1s);
    EXPECT_EQ(jar.sent("http://a.example/"), "date=1; session=1");
    jar.pass(10s);
    EXPECT_EQ(jar.sent("http://a.example/"), "session=1");
    EXPECT_EQ(jar->size(), 4u);
    jar.set("http://a.example/", "new=1");
    EXPECT_EQ(jar->size(), 2u);
}

TEST(CookieJar, takes_a_cookie_away_that_is_set_again_and_has_expired) {
    for (const auto attribute : {"Max-Age=0", "Max-Age=-1", "Expires=Thu, 01 Jan 1970 00:00:00 GMT",
                                 "Expires=Tue, 01 Jan 2030 00:00:00 GMT"}) {
        JarOnTest jar;
        jar.set("http://a.example/", "a=1");
        EXPECT_EQ(jar.set("http://a.example/", std::string("a=; ") + attribute), taken);
        EXPECT_TRUE(jar->empty()) << attribute;
    }
}

// RFC 6265bis §5.5
TEST(CookieJar, keeps_no_cookie_for_longer_than_400_days) {
    JarOnTest jar;
    jar.set("http://a.example/", "a=1; Max-Age=99999999999999999999");
    jar.set("http://a.example/", "b=1; Expires=Fri, 31 Dec 9999 23:59:59 GMT");
    jar.pass(24h * 400 - 1s);
    EXPECT_EQ(jar.sent("http://a.example/"), "a=1; b=1");
    jar.pass(1s);
    EXPECT_EQ(jar.sent("http://a.example/"), "");
}

// ---- limits

TEST(CookieJar, keeps_so_many_cookies_of_a_domain_and_those_used_last) {
    JarOnTest jar({.limits = {.domain_cookies_max = 3}});
    jar.set("http://a.example/", "a=1; Path=/a");
    jar.set("http://a.example/", "b=1; Path=/b");
    jar.set("http://a.example/", "c=1; Path=/c");
    jar.set("http://b.example/", "d=1");
    EXPECT_EQ(jar.sent("http://a.example/a"), "a=1");
    jar.set("http://a.example/", "e=1; Path=/e");
    EXPECT_EQ(jar.sent("http://a.example/b"), "");
    EXPECT_EQ(jar.sent("http://a.example/a"), "a=1");
    EXPECT_EQ(jar.sent("http://a.example/c"), "c=1");
    EXPECT_EQ(jar->size(), 4u);
}

// RFC 6265bis §5.7: else a site over http could push out the cookies of the one over https.
TEST(CookieJar, drops_secure_cookies_after_all_others_of_their_domain) {
    JarOnTest jar({.limits = {.domain_cookies_max = 3}});
    jar.set("https://a.example/", "s=1; Secure");
    jar.set("https://a.example/", "t=1; Secure");
    jar.set("http://a.example/", "a=1");
    jar.set("http://a.example/", "b=1");
    EXPECT_EQ(jar.sent("https://a.example/"), "s=1; t=1; b=1");
    jar.set("https://a.example/", "u=1; Secure");
    EXPECT_EQ(jar.sent("https://a.example/"), "s=1; t=1; u=1");
    jar.set("http://a.example/", "c=1");
    EXPECT_EQ(jar.sent("https://a.example/"), "s=1; t=1; u=1");
}

TEST(CookieJar, keeps_so_many_cookies_in_all) {
    JarOnTest jar({.limits = {.cookies_max = 3}});
    jar.set("https://a.example/", "a=1; Secure");
    jar.set("http://b.example/", "b=1");
    jar.set("http://c.example/", "c=1");
    jar.sent("http://b.example/");
    jar.set("http://d.example/", "d=1");
    EXPECT_EQ(jar.sent("https://a.example/"), "");
    EXPECT_EQ(jar.sent("http://b.example/"), "b=1");
    EXPECT_EQ(jar.sent("http://d.example/"), "d=1");
    EXPECT_EQ(jar->size(), 3u);
}

TEST(CookieJar, drops_what_has_expired_before_anything_else) {
    JarOnTest jar({.limits = {.domain_cookies_max = 2}});
    jar.set("http://a.example/", "a=1");
    jar.set("http://a.example/", "b=1; Max-Age=1");
    jar.pass(1s);
    jar.set("http://a.example/", "c=1");
    EXPECT_EQ(jar.sent("http://a.example/"), "a=1; c=1");
}

TEST(CookieJar, has_limits_of_50_and_3000) {
    JarOnTest jar;
    for (int host = 0; host < 61; ++host) {
        for (int i = 0; i < 51; ++i) {
            const std::string url = "http://h" + std::to_string(host) + ".example/";
            EXPECT_EQ(jar.set(url, "c" + std::to_string(i) + "=1"), taken);
        }
        EXPECT_EQ(jar->size(), std::min(50u * static_cast<unsigned>(host + 1), 3000u));
    }
}

// ---- the jar itself

TEST(CookieJar, is_a_range_of_its_cookies) {
    JarOnTest jar;
    jar.set("http://b.example/x/y", "a=1; Max-Age=5; HttpOnly; SameSite=Lax");
    jar.set("http://c.b.example/", "d=2; Domain=b.example");
    std::vector<StoredCookie> all(jar->begin(), jar->end());
    ASSERT_EQ(all.size(), 2u);
    EXPECT_EQ(all[0].domain + all[0].path, "b.example/x");
    EXPECT_EQ(all[0].expires, jar.now() + 5s);
    EXPECT_EQ(all[0].samesite, SameSite::lax);
    EXPECT_TRUE(all[0].host_only && all[0].httponly);
    EXPECT_EQ(all[1].domain + all[1].path, "b.example/");
    EXPECT_FALSE(all[1].host_only || all[1].expires);
}

TEST(CookieJar, is_cleared_in_whole_or_in_part) {
    JarOnTest jar;
    for (const auto host : {"a.example", "b.a.example", "xa.example", "c.example"}) {
        jar.set(std::string("http://") + host + "/", std::string(host) + "=1");
    }
    jar->clear_domain("A.Example");
    EXPECT_EQ(jar.sent("http://a.example/") + jar.sent("http://b.a.example/"), "");
    EXPECT_EQ(jar.sent("http://xa.example/"), "xa.example=1");
    jar->clear([](const StoredCookie& cookie) { return cookie.key.starts_with("x"); });
    EXPECT_EQ(jar->size(), 1u);
    EXPECT_EQ(jar.sent("http://c.example/"), "c.example=1");
    jar->clear();
    EXPECT_TRUE(jar->empty());
}

// ---- as a text

TEST(CookieJar, is_a_text_that_other_programs_read) {
    JarOnTest jar;
    jar.set("https://b.example/", "z=\"q r\"; Secure; HttpOnly; Max-Age=60");
    jar.set("http://c.a.example/x/y", "y=; Domain=a.example");
    jar.set("http://a.example/", "gone=1; Max-Age=1");
    jar.pass(1s);
    EXPECT_EQ(jar->dumps(),
              "# Netscape HTTP Cookie File\n"
              "#HttpOnly_b.example\tFALSE\t/\tTRUE\t1893456060\tz\t\"q r\"\n"
              ".a.example\tTRUE\t/x\tFALSE\t0\ty\t\n");
}

TEST(CookieJar, is_the_same_jar_again_from_its_text) {
    JarOnTest jar;
    jar.set("https://b.example/", "z=1; Secure; HttpOnly; Max-Age=60");
    jar.set("http://c.a.example/", "y=2; Domain=a.example");
    jar.set("http://a.example/", "x=3; Path=/; Max-Age=10");
    JarOnTest again;
    EXPECT_TRUE(again->loads(jar->dumps()).empty());
    EXPECT_EQ(again->dumps(), jar->dumps());
    EXPECT_EQ(again.sent("http://a.example/"), "y=2; x=3");
    again.pass(10s);
    EXPECT_EQ(again.sent("http://a.example/"), "y=2");
}

TEST(CookieJar, takes_what_other_programs_write) {
    JarOnTest jar;
    const auto errors = jar->loads(
        "# a comment\r\n\r\n"
        ".A.example\tTRUE\t/\tFALSE\t\ta\tb=c\r\n"
        "b.example\tTRUE\t/\tFALSE\t99999999999\td\t\n"
        "b.example\tFALSE\t/\tFALSE\t1\told\t1");
    EXPECT_TRUE(errors.empty());
    EXPECT_EQ(jar.sent("http://x.a.example/"), "a=b=c");
    EXPECT_EQ(jar.sent("http://x.b.example/"), "d=");
    EXPECT_EQ(jar->size(), 2u);
}

TEST(CookieJar, is_as_it_was_where_a_line_of_the_text_makes_no_sense) {
    JarOnTest jar;
    jar.set("http://a.example/", "a=1");
    for (const auto line :
         {"b.example\tFALSE\t/\tFALSE\t0\tname", "b.example FALSE / FALSE 0 name value",
          "b.example\tfalse\t/\tFALSE\t0\tname\tvalue", "b.example\tFALSE\t/\t1\t0\tname\tvalue",
          "b.example\tFALSE\tx\tFALSE\t0\tname\tvalue",
          "b.example\tFALSE\t/\tFALSE\tsoon\tname\tvalue",
          "b.example\tFALSE\t/\tFALSE\t1x\tname\tvalue", "b.example\tFALSE\t/\tFALSE\t0\t\tvalue",
          "b.example\tFALSE\t/\tFALSE\t0\tna;me\tvalue", "b.example\tFALSE\t/\tFALSE\t0\tname\tx;y",
          "b.example\tFALSE\t/\tFALSE\t0\tname\tx\ry", "b.example\tFALSE\t/\tFALSE\t0\tname\tx\ty",
          "b.example\tFALSE\t/;\tFALSE\t0\tname\tvalue"}) {
        const std::string text = "b.example\tFALSE\t/\tFALSE\t0\tb\t2\n" + std::string(line);
        EXPECT_THROW(jar->loads(text), ValueError) << line;
        EXPECT_EQ(jar->size(), 1u) << line;
    }
    try {
        jar->loads("\n\nsecret");
        FAIL();
    } catch (const ValueError& error) {
        EXPECT_EQ(error.what(),
                  "line 3 of the cookies is not: domain, TRUE or FALSE, path, TRUE or FALSE, "
                  "seconds since 1970, name and value, with tabs between"sv);
    }
}

TEST(CookieJar, refuses_of_a_text_what_it_would_of_a_response) {
    JarOnTest jar;
    EXPECT_EQ(jar->loads("co.uk\tTRUE\t/\tFALSE\t0\ta\t1\n"
                         "127.0.0.1\tFALSE\t/\tFALSE\t0\tb\t1\n"
                         "::1\tFALSE\t/\tFALSE\t0\tc\t1\n"
                         "a.example\tFALSE\t/\tFALSE\t0\t__Secure-d\t1\n"
                         "a.example\tTRUE\t/\tTRUE\t0\t__Host-e\t1\n"
                         "a..example\tTRUE\t/\tTRUE\t0\tf\t1\n"),
              (std::vector<CookieError>{{.fault = public_suffix, .name = "a"},
                                        {.fault = ip_host, .name = "b"},
                                        {.fault = ip_host, .name = "c"},
                                        {.fault = broken_prefix, .name = "__Secure-d"},
                                        {.fault = broken_prefix, .name = "__Host-e"},
                                        {.fault = bad_domain, .name = "f"}}));
    EXPECT_TRUE(jar->empty());
    JarOnTest unsafe({.unsafe = true});
    EXPECT_TRUE(unsafe->loads("::1\tFALSE\t/\tFALSE\t0\tc\t1\n").empty());
    EXPECT_EQ(unsafe.sent("http://[::1]/"), "c=1");
}

}  // namespace
}  // namespace weft::http
