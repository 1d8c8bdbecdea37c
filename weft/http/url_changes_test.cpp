// SPDX-License-Identifier: Apache-2.0
// URLs that are made from another one. Where yarl has the same, the results are yarl's.
#include <optional>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <weft/http/multi_dict.hpp>
#include <weft/http/url.hpp>
#include <weft/http/url_error.hpp>

namespace weft::http {
namespace {

using namespace std::string_view_literals;

const URL& sample() {
    static const URL url("http://u:p@example.com:81/a/b/?x=1&x=2&y=3#f");
    return url;
}

template <class F>
std::string error_of(F function) {
    try {
        function();
    } catch (const InvalidURL& error) {
        return error.what();
    }
    return "";
}

TEST(URLWith, another_scheme_has_its_default_port) {
    EXPECT_EQ(URL("http://a/b").with_scheme("https").to_string(), "https://a/b");
    EXPECT_EQ(URL("http://a:443/").with_scheme("WSS").to_string(), "wss://a/");
    EXPECT_EQ(URL("http://a:443/").with_scheme("http").to_string(), "http://a:443/");
    EXPECT_EQ(URL("x:/.//b").with_scheme("y").to_string(), "y:/.//b");
}

TEST(URLWith, another_scheme_is_of_the_same_kind) {
    EXPECT_EQ(error_of([] { static_cast<void>(URL("http://a/").with_scheme("mailto")); }),
              "there can be no change to 'mailto' in this URL of the scheme 'http'");
    EXPECT_THROW(static_cast<void>(URL("http://a/").with_scheme("file")), InvalidURL);
    EXPECT_THROW(static_cast<void>(URL("file:///a").with_scheme("http")), InvalidURL);
    EXPECT_THROW(static_cast<void>(URL("x:a").with_scheme("http")), InvalidURL);
    EXPECT_EQ(error_of([] { static_cast<void>(URL("http://a/").with_scheme("2x")); }),
              "the scheme '2x' is not a letter followed by letters, digits, '+', '-', '.'");
    EXPECT_THROW(static_cast<void>(URL("http://a/").with_scheme("")), InvalidURL);
}

TEST(URLWith, another_user_and_password_takes_them_as_plain_text) {
    EXPECT_EQ(sample().with_user("a:b@").to_string(),
              "http://a%3Ab%40:p@example.com:81/a/b/?x=1&x=2&y=3#f");
    EXPECT_EQ(sample().with_password("a:b@%41").raw_password(), "a%3Ab%40%2541");
    EXPECT_EQ(sample().with_password("a:b@%41").password(), "a:b@%41");
    EXPECT_EQ(sample().with_password("").to_string(), "http://u@example.com:81/a/b/?x=1&x=2&y=3#f");
    EXPECT_EQ(sample().with_user("").to_string(), "http://example.com:81/a/b/?x=1&x=2&y=3#f");
    EXPECT_EQ(URL("http://a/").with_password("p").to_string(), "http://:p@a/");
}

TEST(URLWith, another_host_takes_what_a_url_takes) {
    EXPECT_EQ(URL("http://a:81/b").with_host("Faß.de").to_string(), "http://xn--fa-hia.de:81/b");
    EXPECT_EQ(URL("http://a/").with_host("::1").to_string(), "http://[::1]/");
    EXPECT_EQ(URL("http://a/").with_host("[::1]").to_string(), "http://[::1]/");
    EXPECT_EQ(URL("x:/b").with_host("c").to_string(), "x://c/b");
    EXPECT_EQ(URL("x:/.//b").with_host("c").to_string(), "x://c//b");
    EXPECT_EQ(URL("file:///b").with_host("localhost").to_string(), "file:///b");
    EXPECT_EQ(URL("file:///b").with_host("c").to_string(), "file://c/b");
}

TEST(URLWith, another_host_has_nothing_but_a_host) {
    for (const std::string_view host : {""sv, "a:80"sv, "a/b"sv, "u@a"sv, "a?b"sv, "a#b"sv,
                                        "a\\b"sv, "a b"sv, "a\nb"sv, "1.2.3.999"sv}) {
        EXPECT_THROW(static_cast<void>(URL("http://a/").with_host(host)), InvalidURL) << host;
    }
    EXPECT_THROW(static_cast<void>(URL("mailto:a@b").with_host("c")), InvalidURL);
    EXPECT_THROW(static_cast<void>(URL("x://a").with_host("")), InvalidURL);
}

TEST(URLWith, another_port_is_within_its_range) {
    EXPECT_EQ(URL("http://a/").with_port(8080).to_string(), "http://a:8080/");
    EXPECT_EQ(URL("http://a:81/").with_port(80).to_string(), "http://a/");
    EXPECT_EQ(URL("http://a:81/").with_port(std::nullopt).to_string(), "http://a/");
    EXPECT_EQ(URL("http://a/").with_port(0).to_string(), "http://a:0/");
    EXPECT_EQ(error_of([] { static_cast<void>(URL("http://a/").with_port(65536)); }),
              "the port '65536' is not a number from 0 to 65535");
    EXPECT_THROW(static_cast<void>(URL("http://a/").with_port(-1)), InvalidURL);
    EXPECT_EQ(error_of([] { static_cast<void>(URL("file:///a").with_port(1)); }),
              "there can be no port in this URL of the scheme 'file'");
}

TEST(URLWith, another_path_takes_it_as_plain_text) {
    EXPECT_EQ(sample().with_path("/a%20b c/../d?e#f").to_string(),
              "http://u:p@example.com:81/d%3Fe%23f");
    EXPECT_EQ(sample().with_path("rel").raw_path(), "/rel");
    EXPECT_EQ(sample().with_path("/a%2fb").raw_path(), "/a%252fb");
    EXPECT_EQ(sample().with_path("/a\\..\\b").raw_path(), "/a%5C..%5Cb");
    EXPECT_EQ(sample().with_path("").raw_path(), "/");
    EXPECT_EQ(URL("x://a/b").with_path("").to_string(), "x://a");
    EXPECT_EQ(URL("x:/b").with_path("").to_string(), "x:/");
    EXPECT_EQ(URL("x:/b").with_path("//c").to_string(), "x:/.//c");
    EXPECT_EQ(URL("file:///a").with_path("c|/d").to_string(), "file:///c:/d");
    EXPECT_THROW(static_cast<void>(URL("mailto:a@b").with_path("c")), InvalidURL);
}

TEST(URLWith, more_segments_has_them_behind_its_path) {
    EXPECT_EQ((URL("http://h") / "b").to_string(), "http://h/b");
    EXPECT_EQ((URL("http://h/a?q#f") / "b" / "c").to_string(), "http://h/a/b/c");
    EXPECT_EQ((URL("http://h/a/") / "c d/e").to_string(), "http://h/a/c%20d/e");
    EXPECT_EQ((URL("http://h/a") / "../q").to_string(), "http://h/q");
    EXPECT_EQ((URL("http://h/a") / "%2e%2e").to_string(), "http://h/a/%252e%252e");
    EXPECT_EQ((URL("http://h/a%20b") / "").to_string(), "http://h/a%20b/");
    EXPECT_EQ((URL("x://h") / "b").to_string(), "x://h/b");
    EXPECT_THROW(static_cast<void>(URL("http://h/") / "/abs"), InvalidURL);
}

TEST(URLWith, a_query_of_text_takes_it_as_plain_text) {
    EXPECT_EQ(sample().with_query("a=%20 b+c#d&e='").raw_query_string(), "a=%2520+b+c%23d&e=%27");
    EXPECT_EQ(sample().with_query("").to_string(), "http://u:p@example.com:81/a/b/#f");
}

TEST(URLWith, a_query_of_fields_gives_them_back) {
    const MultiDict fields = {{"a", "b c/é~*"}, {"a", "&=+%#\n"}, {"", ""}};
    const URL url = sample().with_query(fields);
    EXPECT_EQ(url.raw_query_string(), "a=b+c%2F%C3%A9%7E*&a=%26%3D%2B%25%23%0A&=");
    EXPECT_EQ(url.query(), fields);
    EXPECT_EQ(sample().with_query({{"a", "1"}, {"b", "2"}}).raw_query_string(), "a=1&b=2");
    EXPECT_EQ(sample().with_query({{"a", "1"}}).raw_query_string(), "a=1");
    EXPECT_EQ(URL("mailto:a@b").with_query({{"subject", "hi"}}).to_string(),
              "mailto:a@b?subject=hi");
}

TEST(URLWith, changed_fields_keeps_the_others) {
    EXPECT_EQ(sample().update_query({{"x", "9"}, {"z", "0"}}).raw_query_string(), "x=9&y=3&z=0");
    EXPECT_EQ(sample().extend_query({{"x", "9"}}).raw_query_string(), "x=1&x=2&y=3&x=9");
    EXPECT_EQ(sample().without_query_params({"x"}).raw_query_string(), "y=3");
    EXPECT_EQ(sample().without_query_params({"x", "y"}).to_string(),
              "http://u:p@example.com:81/a/b/#f");
    EXPECT_EQ((sample() % MultiDict{{"y", "4"}}).raw_query_string(), "x=1&x=2&y=4");
}

TEST(URLWith, another_fragment_takes_it_as_plain_text) {
    EXPECT_EQ(sample().with_fragment("a b%20#").raw_fragment(), "a%20b%2520#");
    EXPECT_EQ(sample().with_fragment("").to_string(), "http://u:p@example.com:81/a/b/?x=1&x=2&y=3");
}

TEST(URLWith, nothing_behind_its_origin_is_equal_for_one_origin) {
    EXPECT_EQ(sample().origin().to_string(), "http://example.com:81/");
    EXPECT_EQ(URL("https://a:443/b").origin(), URL("https://u@A/c?d").origin());
    EXPECT_NE(URL("https://a/").origin(), URL("http://a/").origin());
    EXPECT_EQ(URL("x://a/b").origin().to_string(), "x://a");
    EXPECT_EQ(error_of([] { static_cast<void>(URL("mailto:a@b").origin()); }),
              "there can be no origin in this URL of the scheme 'mailto'");
}

TEST(URLWith, its_last_segment_taken_off_is_its_parent) {
    EXPECT_EQ(sample().parent().to_string(), "http://u:p@example.com:81/a/b");
    EXPECT_EQ(URL("http://h/a?q").parent().to_string(), "http://h/");
    EXPECT_EQ(URL("http://h/").parent().to_string(), "http://h/");
    EXPECT_EQ(URL("file:///C:/").parent().to_string(), "file:///C:");
    EXPECT_EQ(URL("file:///C:").parent().to_string(), "file:///C:");
}

}  // namespace
}  // namespace weft::http
