// SPDX-License-Identifier: Apache-2.0
// What has gone wrong with cookies elsewhere: a test for each lesson.
#include <optional>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <weft/http/cookie_error.hpp>
#include <weft/http/cookie_jar.hpp>
#include <weft/http/cookie_jar_test.hpp>
#include <weft/http/url.hpp>

namespace weft::http {
namespace {

using enum CookieFault;

constexpr auto taken = std::nullopt;

// CVE-2014-3620, CVE-2022-27779: who controls `evil.co.uk` sets a cookie for all of `co.uk`.
TEST(CookieAttacks, a_cookie_for_a_public_suffix_is_refused) {
    JarOnTest jar;
    for (const auto domain : {"com", "co.uk", "github.io", "kawasaki.jp", "uk", "unknown-tld"}) {
        const std::string host = std::string("http://evil.") + domain + "/";
        EXPECT_EQ(jar.set(host, std::string("a=1; Domain=") + domain), public_suffix) << domain;
        EXPECT_EQ(jar.set(host, std::string("a=1; Domain=.") + domain), public_suffix) << domain;
    }
    EXPECT_EQ(jar.set("http://x.city.kawasaki.jp/", "a=1; Domain=city.kawasaki.jp"), taken);
}

// CVE-2023-46218: `co.UK` was not found on the list of suffixes.
TEST(CookieAttacks, a_public_suffix_in_mixed_case_is_one) {
    JarOnTest jar;
    EXPECT_EQ(jar.set("http://evil.co.uk/", "a=1; Domain=co.UK"), public_suffix);
    EXPECT_EQ(jar.set("http://evil.CO.uk/", "a=1; Domain=.Co.uK"), public_suffix);
}

// CVE-2022-27779, CVE-2026-8924: with a dot at its end it was not found either.
TEST(CookieAttacks, a_public_suffix_with_a_trailing_dot_is_one) {
    JarOnTest jar;
    EXPECT_EQ(jar.set("http://evil.co.uk./", "a=1; Domain=co.uk."), public_suffix);
    EXPECT_EQ(jar.set("http://evil.me./", "a=1; Domain=me."), public_suffix);
    EXPECT_EQ(jar.set("http://evil.co.uk/", "a=1; Domain=co.uk."), foreign_domain);
    EXPECT_EQ(jar.set("http://evil.co.uk./", "a=1; Domain=co.uk"), foreign_domain);
    EXPECT_EQ(jar.set("http://a.good.example./", "a=1; Domain=good.example."), taken);
    EXPECT_EQ(jar.sent("http://good.example/"), "");
    EXPECT_EQ(jar.sent("http://good.example./"), "a=1");
}

// The list has suffixes in Unicode, and hosts are in ASCII.
TEST(CookieAttacks, a_public_suffix_in_unicode_is_one) {
    JarOnTest jar;
    EXPECT_EQ(jar.set("http://evil.公司.cn/", "a=1; Domain=公司.cn"), public_suffix);
    EXPECT_EQ(jar.set("http://evil.公司.cn/", "a=1; Domain=xn--55qx5d.cn"), public_suffix);
    EXPECT_EQ(jar.set("http://evil.公司.cn/", "a=1; Domain=XN--55QX5D.CN"), public_suffix);
    EXPECT_EQ(jar.set("http://evil.公司。cn/", "a=1; Domain=公司。cn"), public_suffix);
    EXPECT_EQ(jar.set("http://www.good.公司.cn/", "a=1; Domain=good.公司.cn"), taken);
}

// CVE-2016-8615: cookies of different names or paths were taken for one, or the other way round.
TEST(CookieAttacks, names_and_paths_are_compared_by_every_byte_and_case) {
    JarOnTest jar;
    jar.set("http://a.example/", "id=1; Path=/x");
    jar.set("http://a.example/", "ID=2; Path=/x");
    jar.set("http://a.example/", "id=3; Path=/X");
    EXPECT_EQ(jar.sent("http://a.example/x"), "id=1; ID=2");
    EXPECT_EQ(jar.sent("http://a.example/X"), "id=3");
}

// CVE-2022-35252: a cookie with a control byte made servers refuse every request that brought it.
TEST(CookieAttacks, a_cookie_with_a_control_byte_is_not_kept) {
    JarOnTest jar;
    // Headers let no other one through.
    EXPECT_EQ(jar.set("http://a.example/", "a=b\tc"), control_byte);
    EXPECT_EQ(jar.set("http://a.example/", "a\tb=c"), control_byte);
    EXPECT_TRUE(jar->empty());
}

// CVE-2025-9086: comparing the path `/` read beyond it, and let http overwrite a cookie of https.
TEST(CookieAttacks, a_secure_cookie_is_not_hidden_by_one_from_http) {
    JarOnTest jar;
    EXPECT_EQ(jar.set("https://a.example/", "id=good; Path=/; Secure"), taken);
    for (const auto attribute :
         {"Path=/", "Path=/x", "Path=\"/\"", "Domain=a.example", "Max-Age=0"}) {
        EXPECT_EQ(jar.set("http://a.example/", std::string("id=evil; ") + attribute),
                  overwrites_secure)
            << attribute;
    }
    EXPECT_EQ(jar.set("http://b.a.example/", "id=evil; Domain=a.example"), overwrites_secure);
    EXPECT_EQ(jar.sent("https://a.example/x"), "id=good");
    EXPECT_EQ(jar.set("http://a.example/", "other=1"), taken);
    EXPECT_EQ(jar.set("http://b.example/", "id=1"), taken);
    EXPECT_EQ(jar.set("https://a.example/", "id=new; Path=/"), taken);
    EXPECT_EQ(jar.sent("http://a.example/"), "id=new; other=1");
}

TEST(CookieAttacks, a_secure_cookie_for_all_hosts_is_not_hidden_by_one_of_a_host_below) {
    JarOnTest jar;
    jar.set("https://a.example/", "id=good; Path=/x; Secure; Domain=a.example");
    EXPECT_EQ(jar.set("http://b.a.example/x/", "id=evil"), overwrites_secure);
    EXPECT_EQ(jar.set("http://b.a.example/x/", "id=evil; Path=/x/y"), overwrites_secure);
    // On a shorter path it comes behind the other one.
    EXPECT_EQ(jar.set("http://b.a.example/", "id=evil"), taken);
    EXPECT_EQ(jar.sent("https://b.a.example/x"), "id=good; id=evil");
}

TEST(CookieAttacks, a_secure_cookie_of_a_host_is_not_hidden_by_one_for_all_hosts) {
    JarOnTest jar;
    jar.set("https://b.a.example/", "id=good; Secure");
    EXPECT_EQ(jar.set("http://a.example/", "id=evil; Domain=a.example"), overwrites_secure);
    EXPECT_EQ(jar.set("http://c.a.example/", "id=evil; Domain=a.example"), overwrites_secure);
    EXPECT_EQ(jar.set("http://c.a.example/", "id=1"), taken);
    EXPECT_EQ(jar.sent("https://b.a.example/"), "id=good");
}

// A `Secure` cookie goes over TLS only, and comes from there.
TEST(CookieAttacks, a_secure_cookie_stays_on_secure_connections) {
    JarOnTest jar;
    EXPECT_EQ(jar.set("http://a.example/", "a=1; Secure"), insecure_origin);
    EXPECT_EQ(jar.set("ws://a.example/", "a=1; Secure"), insecure_origin);
    EXPECT_EQ(jar.set("wss://a.example/", "a=1; Secure"), taken);
    EXPECT_EQ(jar.sent("http://a.example/"), "");
    EXPECT_EQ(jar.sent("ws://a.example/"), "");
    EXPECT_EQ(jar.sent("https://a.example/"), "a=1");
    EXPECT_EQ(jar.sent("wss://a.example:444/"), "a=1");
}

// RFC 6265bis §4.1.3
TEST(CookieAttacks, a_name_with_a_prefix_keeps_its_promise) {
    JarOnTest jar;
    for (const auto name : {"__Secure-a", "__secure-a", "__SECURE-A"}) {
        EXPECT_EQ(jar.set("https://a.example/", std::string(name) + "=1"), broken_prefix) << name;
        EXPECT_EQ(jar.set("http://a.example/", std::string(name) + "=1"), broken_prefix) << name;
        EXPECT_EQ(jar.set("https://a.example/", std::string(name) + "=1; Secure"), taken) << name;
    }
    for (const std::string name : {"__Host-a", "__host-a", "__HOST-A"}) {
        EXPECT_EQ(jar.set("https://a.example/", name + "=1; Path=/"), broken_prefix) << name;
        EXPECT_EQ(jar.set("https://a.example/", name + "=1; Secure"), broken_prefix) << name;
        EXPECT_EQ(jar.set("https://a.example/", name + "=1; Secure; Path=/x"), broken_prefix)
            << name;
        EXPECT_EQ(jar.set("https://a.example/", name + "=1; Secure; Path=/; Domain=a.example"),
                  broken_prefix);
        EXPECT_EQ(jar.set("https://a.example/", name + "=1; Secure; Path=/"), taken) << name;
    }
    EXPECT_EQ(jar.set("https://a.example/", "__Hostile=1"), taken);
}

// `=__Host-id=evil` would be sent as `__Host-id=evil`.
TEST(CookieAttacks, a_cookie_without_a_name_cannot_pretend_to_be_another) {
    JarOnTest jar;
    EXPECT_EQ(jar.set("http://a.example/", "=__Host-id=evil"), no_name);
    EXPECT_EQ(jar.set("http://a.example/", "__Host-id"), no_name);
    EXPECT_TRUE(jar->empty());
}

// CVE-2022-32205: cookies of a sister site made requests so large that servers refused them.
TEST(CookieAttacks, a_request_is_not_blown_up_by_cookies) {
    JarOnTest jar;
    const std::string value(4000, 'v');
    jar.set("http://a.example/", "id=1; Path=/account");
    for (int i = 0; i < 49; ++i) {
        jar.set("http://evil.a.example/",
                "x" + std::to_string(i) + "=" + value + "; Domain=a.example");
    }
    const std::string sent = jar.sent("http://a.example/account");
    EXPECT_LE(sent.size(), 8190u + 3 * 50u);
    EXPECT_TRUE(sent.starts_with("id=1; x0=v")) << sent.substr(0, 20);
    EXPECT_EQ(jar->filter_cookies(URL("http://a.example/account")).size(), 3u);
}

// CVE-2022-32205, too: what one cookie and one host may hold is bounded.
TEST(CookieAttacks, cookies_do_not_fill_the_memory) {
    JarOnTest jar;
    EXPECT_EQ(jar.set("http://a.example/", "a=" + std::string(5000, 'v')), too_long);
    for (int i = 0; i < 200; ++i) jar.set("http://a.example/", "a" + std::to_string(i) + "=1");
    EXPECT_EQ(jar->size(), 50u);
}

// aiohttp #12824: a cookie for one host was for those below, too, once the jar had been saved.
TEST(CookieAttacks, a_cookie_for_one_host_stays_so_when_it_is_loaded) {
    JarOnTest jar;
    jar.set("http://a.example/", "a=1");
    JarOnTest again;
    again->loads(jar->dumps());
    EXPECT_EQ(again.sent("http://a.example/"), "a=1");
    EXPECT_EQ(again.sent("http://b.a.example/"), "");
}

// CVE-2026-6276: the host of the request before was the one that cookies were chosen by.
TEST(CookieAttacks, cookies_are_chosen_by_the_url_alone) {
    JarOnTest jar;
    jar.set("http://a.example/", "a=1");
    EXPECT_EQ(jar.sent("http://a.example/"), "a=1");
    EXPECT_EQ(jar.sent("http://b.example/"), "");
    EXPECT_EQ(jar.sent("http://user:a.example@b.example/"), "");
    EXPECT_EQ(jar.sent("http://b.example/a.example"), "");
}

}  // namespace
}  // namespace weft::http
