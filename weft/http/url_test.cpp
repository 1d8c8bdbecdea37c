// SPDX-License-Identifier: Apache-2.0
#include <weft/http/url.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

#include <gtest/gtest.h>

#include <weft/base/exceptions.hpp>
#include <weft/http/multi_dict.hpp>
#include <weft/http/url_error.hpp>

namespace weft::http {
namespace {

using namespace std::string_view_literals;

std::string text_of(std::string_view text) { return URL(text).to_string(); }

std::string error_of(std::string_view text) {
    const auto url = URL::parse(text);
    return url ? "taken for " + url->to_string() : describe(url.error());
}

TEST(URL, has_parts) {
    const URL url("https://ann:secret@Example.com:8080/a/b%20c?x=1&y=two+words#t%6fp");
    EXPECT_EQ(url.scheme(), "https");
    EXPECT_EQ(url.user(), "ann");
    EXPECT_EQ(url.password(), "secret");
    EXPECT_EQ(url.host(), "example.com");
    EXPECT_EQ(url.port(), 8080);
    EXPECT_EQ(url.explicit_port(), 8080);
    EXPECT_EQ(url.host_port_subcomponent(), "example.com:8080");
    EXPECT_EQ(url.path(), "/a/b c");
    EXPECT_EQ(url.raw_path(), "/a/b%20c");
    EXPECT_EQ(url.name(), "b c");
    EXPECT_EQ(url.query_string(), "x=1&y=two words");
    EXPECT_EQ(url.raw_query_string(), "x=1&y=two+words");
    EXPECT_EQ(url.raw_path_qs(), "/a/b%20c?x=1&y=two+words");
    EXPECT_EQ(url.fragment(), "top");
    EXPECT_EQ(url.raw_fragment(), "t%6fp");
    EXPECT_TRUE(url.is_absolute());
    EXPECT_EQ(url.to_string(), "https://ann:secret@example.com:8080/a/b%20c?x=1&y=two+words#t%6fp");
}

TEST(URL, has_empty_parts_where_there_are_none) {
    const URL url("http://a");
    EXPECT_EQ(url.to_string(), "http://a/");
    EXPECT_EQ(url.user(), "");
    EXPECT_EQ(url.password(), "");
    EXPECT_EQ(url.explicit_port(), std::nullopt);
    EXPECT_EQ(url.port(), 80);
    EXPECT_EQ(url.host_port_subcomponent(), "a");
    EXPECT_EQ(url.raw_path_qs(), "/");
    EXPECT_EQ(url.name(), "");
    EXPECT_TRUE(url.query().empty());
    EXPECT_EQ(url.fragment(), "");
}

TEST(URL, decodes_the_fields_of_its_query_one_by_one) {
    const MultiDict query = URL("http://a/?x=1&y=a%26b%3Dc+d&x=2&&empty&=v").query();
    EXPECT_EQ(query,
              (MultiDict{{"x", "1"}, {"y", "a&b=c d"}, {"x", "2"}, {"empty", ""}, {"", "v"}}));
}

TEST(URL, of_a_shop_tells_what_was_asked_for) {
    const MultiDict query = URL("https://shop.example/?size=9&colour=red&colour=blue").query();
    EXPECT_EQ(query.get("size"), "9");
    EXPECT_EQ(query.getall("colour").size(), 2u);
}

TEST(URL, is_made_from_another_one) {
    const URL url("https://example.com/a/b?x=1#top");
    const URL next = url.join("../c");
    const URL page = url / "d" % MultiDict{{"page", "2"}};
    EXPECT_EQ(next.to_string(), "https://example.com/c");
    EXPECT_EQ(page.to_string(), "https://example.com/a/b/d?page=2");
}

TEST(URL, drops_the_port_of_its_scheme) {
    EXPECT_EQ(text_of("http://a:80/"), "http://a/");
    EXPECT_EQ(text_of("https://a:443/"), "https://a/");
    EXPECT_EQ(text_of("wss://a:443/"), "wss://a/");
    EXPECT_EQ(text_of("https://a:80/"), "https://a:80/");
    EXPECT_EQ(text_of("https://a:/"), "https://a/");
    EXPECT_EQ(URL("x://a").port(), std::nullopt);
}

TEST(URL, resolves_dots_in_its_path) {
    EXPECT_EQ(text_of("http://a/b/./c/../d"), "http://a/b/d");
    EXPECT_EQ(text_of("http://a/../../b"), "http://a/b");
    EXPECT_EQ(text_of("http://a/b/%2e%2E/c/%2e"), "http://a/c/");
    EXPECT_EQ(text_of("http://a/.../b..c/..."), "http://a/.../b..c/...");
    EXPECT_EQ(text_of("file:///C:/../.."), "file:///C:/");
}

TEST(URL, keeps_percent_encoded_slashes_in_their_segment) {
    const URL url("http://a/b%2Fc");
    EXPECT_EQ(url.raw_path(), "/b%2Fc");
    EXPECT_EQ(url.path(), "/b/c");
}

TEST(URL, encodes_what_its_parts_cannot_hold) {
    EXPECT_EQ(text_of("http://a/ü \"<>`{}^|?ü '\"<>`#ü `"),
              "http://a/%C3%BC%20%22%3C%3E%60%7B%7D%5E|?%C3%BC%20%27%22%3C%3E`#%C3%BC%20%60");
    EXPECT_EQ(text_of("http://u;=@:p;@a/"), "http://u%3B%3D%40:p%3B@a/");
    EXPECT_EQ(text_of("http://a/\xff\x01?\xff"), "http://a/%FF%01?%FF");
    EXPECT_EQ(text_of("http://a/100%"), "http://a/100%");
}

TEST(URL, has_its_host_in_ascii_and_as_people_read_it) {
    const URL url("https://FAß.de/");
    EXPECT_EQ(url.raw_host(), "xn--fa-hia.de");
    EXPECT_EQ(url.host(), "faß.de");
    EXPECT_EQ(url.to_string(), "https://xn--fa-hia.de/");
    EXPECT_EQ(URL("https://xn--a/").host(), "xn--a");  // which says nothing
    EXPECT_EQ(URL("x://%41ü/").host(), "Aü");
    EXPECT_EQ(URL("x://%41ü/").raw_host(), "%41%C3%BC");
}

TEST(URL, has_an_address_of_ipv6_with_and_without_brackets) {
    const URL url("http://[2001:DB8:0:0:1:0:0:1]:81/");
    EXPECT_EQ(url.host(), "2001:db8::1:0:0:1");
    EXPECT_EQ(url.raw_host(), "2001:db8::1:0:0:1");
    EXPECT_EQ(url.host_subcomponent(), "[2001:db8::1:0:0:1]");
    EXPECT_EQ(url.host_port_subcomponent(), "[2001:db8::1:0:0:1]:81");
    EXPECT_EQ(URL("http://[::]/").host(), "::");
    EXPECT_EQ(URL("http://[1::]/").host(), "1::");
    EXPECT_EQ(URL("http://[::FFFF:1.2.3.4]/").host(), "::ffff:102:304");
    EXPECT_EQ(URL("http://[1:0:2:0:3:0:4:0]/").host(), "1:0:2:0:3:0:4:0");
}

TEST(URL, reads_addresses_of_ipv4_as_browsers_do) {
    for (const std::string_view host :
         {"127.0.0.1"sv, "0x7f.1"sv, "2130706433"sv, "0177.0.0.1"sv, "127.0.0.1."sv, "0x7F000001"sv,
          "127.0x1"sv, "１２７.0.0.1"sv, "%31%32%37.1"sv}) {
        EXPECT_EQ(URL("http://" + std::string(host)).raw_host(), "127.0.0.1") << host;
    }
    EXPECT_EQ(URL("http://0x/").raw_host(), "0.0.0.0");
    EXPECT_EQ(URL("http://1.2.3.4.com/").raw_host(), "1.2.3.4.com");
}

TEST(URL, may_have_no_host) {
    const URL url("mailto:ann@example.com?subject=hi");
    EXPECT_FALSE(url.is_absolute());
    EXPECT_EQ(url.host(), "");
    EXPECT_EQ(url.host_port_subcomponent(), "");
    EXPECT_EQ(url.path(), "ann@example.com");
    EXPECT_EQ(url.query_string(), "subject=hi");
    EXPECT_FALSE(URL("file:///etc/hosts").is_absolute());
    EXPECT_TRUE(URL("file://server/share").is_absolute());
}

TEST(URL, keeps_two_slashes_of_a_path_from_becoming_a_host) {
    const URL url("x:/..//b");
    EXPECT_EQ(url.to_string(), "x:/.//b");
    EXPECT_EQ(url.raw_path(), "//b");
    EXPECT_FALSE(url.is_absolute());
    EXPECT_EQ(url.join("c").to_string(), "x:/.//c");
}

TEST(URL, joins_references) {
    const URL base("http://u:p@a/b/c/d;p?q#f");
    // RFC 3986 §5.4.1, as far as the standard's paths agree with it.
    EXPECT_EQ(base.join("g").to_string(), "http://u:p@a/b/c/g");
    EXPECT_EQ(base.join("./g/").to_string(), "http://u:p@a/b/c/g/");
    EXPECT_EQ(base.join("/g").to_string(), "http://u:p@a/g");
    EXPECT_EQ(base.join("//g").to_string(), "http://g/");
    EXPECT_EQ(base.join("?y").to_string(), "http://u:p@a/b/c/d;p?y");
    EXPECT_EQ(base.join("#s").to_string(), "http://u:p@a/b/c/d;p?q#s");
    EXPECT_EQ(base.join("").to_string(), "http://u:p@a/b/c/d;p?q");
    EXPECT_EQ(base.join("../../../g").to_string(), "http://u:p@a/g");
    EXPECT_EQ(base.join("https://x/y").to_string(), "https://x/y");
    EXPECT_EQ(base.join("http:g").to_string(), "http://u:p@a/b/c/g");
}

TEST(URL, joins_only_a_fragment_to_an_opaque_path) {
    const URL base("mailto:a@b?q");
    EXPECT_EQ(base.join("#f").to_string(), "mailto:a@b?q#f");
    EXPECT_THROW(static_cast<void>(base.join("x")), InvalidURL);
}

TEST(URL, tells_what_is_wrong_with_a_text) {
    EXPECT_EQ(error_of("/a?key=1"),
              "'/a' has no scheme, such as https://, and no URL to be relative to");
    EXPECT_EQ(error_of("http://a:99999/"), "the port '99999' is not a number from 0 to 65535");
    EXPECT_EQ(error_of("http://a:8o/"), "the port '8o' is not a number from 0 to 65535");
    EXPECT_EQ(error_of("http:///?x"), "there is no host in 'http:///'");
    EXPECT_EQ(error_of("http://a b/"), "the host 'a b' is no domain name and no address");
    EXPECT_EQ(error_of("http://\xff/"), "the host '\xff' is no domain name and no address");
    EXPECT_EQ(error_of("http://1.2.3.4.5/"),
              "the host '1.2.3.4.5' ends in a number, but is no address of IPv4");
    EXPECT_EQ(error_of("http://[::1/"), "the host '[::1' is no address of IPv6 in brackets");
    EXPECT_EQ(error_of("http://[fe80::1%25eth0]/"),
              "the host '[fe80::1%25eth0]' is no address of IPv6 in brackets");
    EXPECT_EQ(error_of("http://a\x01z/"), R"(the host 'a\x01z' is no domain name and no address)");
    EXPECT_EQ(error_of("http://" + std::string(100, '<') + "/"),
              "the host '" + std::string(64, '<') + "…' is no domain name and no address");
}

TEST(URL, throws_an_invalid_url_which_is_a_value_error) {
    try {
        URL("http://a:x/");
        FAIL();
    } catch (const ValueError& error) {
        EXPECT_EQ(error.what(), "the port 'x' is not a number from 0 to 65535"sv);
        EXPECT_EQ(dynamic_cast<const InvalidURL&>(error).fault(), URLFault::bad_port);
    }
}

TEST(URL, keeps_passwords_out_of_errors) {
    for (const std::string_view text :
         {"http://ann:secret@h:x/"sv, "http://ann:secret@a b/"sv, "http://ann:secret@/"sv,
          "//ann:secret@h/"sv, "http://ann:secret/word@h/"sv, "http://ann:secret?word@h/"sv,
          "http://ann:secret#word@h/"sv, "http://ann:secret\\@h/"sv, "http:///ann:secret@/"sv}) {
        EXPECT_FALSE(error_of(text).contains("secret")) << error_of(text);
        EXPECT_FALSE(error_of(text).contains("taken")) << error_of(text);
        const auto url = URL::parse_http(text);
        ASSERT_FALSE(url.has_value()) << text;
        EXPECT_FALSE(describe(url.error()).contains("secret")) << describe(url.error());
    }
}

TEST(URL, is_shown_to_people_without_its_password) {
    EXPECT_EQ(URL("https://änn:secret@faß.de:81/%C3%BC?q=%E4%BD%A0+%20#%F0%9F%98%80").human_repr(),
              "https://änn:***@faß.de:81/ü?q=你+%20#😀");
    EXPECT_EQ(URL("http://:secret@[::1]/").human_repr(), "http://:***@[::1]/");
    EXPECT_EQ(URL("x:/.//b").human_repr(), "x:/.//b");
    EXPECT_EQ(URL("mailto:ü@b").human_repr(), "mailto:ü@b");
}

TEST(URL, shows_people_only_what_can_be_seen) {
    for (const std::string_view path :
         {"%FF"sv, "%C3"sv, "%C3%"sv, "%C3%41"sv, "%C0%AF"sv, "%ED%A0%80"sv, "%F5%80%80%80"sv,
          "%C2%85"sv, "%E2%80%AE"sv, "%EF%BB%BF"sv, "%0A"sv, "%E2%80"sv, "%F3%A0%80%81"sv}) {
        const std::string text = "http://a/" + std::string(path);
        EXPECT_EQ(URL(text).human_repr(), text);
    }
}

TEST(URL, has_a_longest_length) {
    const std::string prefix = "http://a/";
    const std::string longest = prefix + std::string(URL::bytes_max - prefix.size(), 'b');
    EXPECT_EQ(text_of(longest), longest);
    EXPECT_EQ(error_of(longest + "b"), "a URL of 65537 bytes is longer than URL::bytes_max");
    // What it becomes is bounded, too.
    EXPECT_EQ(URL::parse(prefix + std::string(30'000, '<')).error().fault, URLFault::too_long);
    EXPECT_THROW(static_cast<void>(URL(longest) / "c"), InvalidURL);
    EXPECT_THROW(static_cast<void>(URL(longest).with_fragment("c")), InvalidURL);
}

TEST(URL, compares_and_hashes_by_its_canonical_text) {
    const URL a("HTTP://A:80/./b");
    EXPECT_EQ(a, URL("http://a/b"));
    EXPECT_NE(a, URL("http://a/c"));
    EXPECT_LT(a, URL("http://a/c"));
    const std::unordered_set<URL> set = {a, URL("http://a/b"), URL("http://a/c")};
    EXPECT_EQ(set.size(), 2u);
}

TEST(URL, is_a_value) {
    URL a("http://a/");
    const URL b = a;
    URL c = std::move(a);
    EXPECT_EQ(b, c);
    a = b;
    EXPECT_EQ(a.host(), "a");
}

// Each of these texts made some parser quadratic. The longest takes a millisecond; one that took
// the square of it would take minutes.
TEST(URL, takes_linear_time_for_hostile_texts) {
    const auto repeated = [](std::string_view piece, std::string_view before,
                             std::string_view after) {
        std::string text(before);
        while (text.size() + piece.size() + after.size() <= URL::bytes_max) text += piece;
        return text.append(after);
    };
    const auto start = std::chrono::steady_clock::now();
    for (const std::string_view piece :
         {"/.."sv, "a/../"sv, "//"sv, "@"sv, ":"sv, "%2e/"sv, "&"sv, "?#"sv, "\\"sv, "["sv, "]"sv,
          "."sv, "xn--"sv, "ß"sv, "ß."sv, "0x"sv, "\t"sv, " "sv, "%"sv}) {
        for (const std::string_view before :
             {"http://"sv, "http://h/"sv, "x:"sv, "file:"sv, ""sv}) {
            const auto url = URL::parse(repeated(piece, before, "@h/"));
            if (url) static_cast<void>(url->query());
            if (url) static_cast<void>(URL::parse(repeated(piece, "", ""), *url));
        }
    }
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(60));
}

}  // namespace
}  // namespace weft::http
