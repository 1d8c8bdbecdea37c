// SPDX-License-Identifier: Apache-2.0
// Goal:   URL does what the web platform's tests say, but for the differences that are listed.
// Method: each case of url_test_data is run, and must be as it says unless it is listed. What is
//         listed may come right with another version of libidn2; it is counted as it turns out.
#include <algorithm>
#include <cstddef>
#include <expected>
#include <iostream>
#include <iterator>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <weft/http/url.hpp>
#include <weft/http/url_cases_test.hpp>
#include <weft/http/url_error.hpp>

namespace weft::http {
namespace {

using Parsed = std::expected<URL, URLError>;

Parsed parse(const URLCase& test) {
    if (!test.base) return URL::parse(test.input);
    const auto base = URL::parse(*test.base);
    if (!base) return base;
    return URL::parse(test.input, *base);
}

// A part as a browser's URL has it: with its sign, or empty.
std::string with_sign(std::string_view sign, std::string_view part) {
    return part.empty() ? "" : std::string(sign) + std::string(part);
}

// The origin as browsers write it, which give one only to these schemes.
std::string origin_of(const URL& url) {
    constexpr std::string_view with_origin[] = {"http", "https", "ws", "wss", "ftp"};
    if (std::ranges::find(with_origin, url.scheme()) == std::end(with_origin)) return "null";
    std::string origin = url.origin().to_string();
    origin.pop_back();  // the slash of its path
    return origin;
}

// What is wrong; empty where nothing is.
std::string mistake(const URLCase& test, const Parsed& url) {
    if (!url) return test.failure ? "" : "refused: " + describe(url.error());
    if (test.failure) return "taken for " + url->to_string();
    std::string wrong;
    const auto compare = [&](std::string_view part, std::string_view got, std::string_view want) {
        if (got == want) return;
        (((((wrong += part) += " is ") += got) += ", not ") += want) += "; ";
    };
    const auto port = url->explicit_port();
    compare("href", url->to_string(), test.href);
    compare("protocol", std::string(url->scheme()) + ":", test.protocol);
    compare("username", url->raw_user(), test.username);
    compare("password", url->raw_password(), test.password);
    compare("host", url->host_port_subcomponent(), test.host);
    compare("hostname", url->host_subcomponent(), test.hostname);
    compare("port", port ? std::to_string(*port) : "", test.port);
    compare("pathname", url->raw_path(), test.pathname);
    compare("search", with_sign("?", url->raw_query_string()), test.search);
    compare("hash", with_sign("#", url->raw_fragment()), test.hash);
    if (test.origin) compare("origin", origin_of(*url), *test.origin);
    if (URL(url->to_string()) != *url) wrong += "its text is another URL; ";
    return wrong;
}

// Counts the cases.
class Count {
public:
    explicit Count(std::string_view file) : file_(file) {}

    void add(std::string_view input, std::string_view difference, std::string_view wrong) {
        if (difference.empty()) EXPECT_EQ(wrong, "") << input;
        ++(wrong.empty() ? right_ : different_);
    }
    void print() const {
        std::cout << file_ << ": " << right_ << " cases as they should be, " << different_
                  << " differ\n";
        EXPECT_GT(right_, 4 * different_);
    }

private:
    std::string_view file_;
    std::size_t right_ = 0;
    std::size_t different_ = 0;
};

TEST(URLOfTheWebPlatform, is_parsed_as_by_browsers) {
    Count count("urltestdata.json");
    for (const URLCase& test : url_cases) {
        count.add(test.input, test.difference, mistake(test, parse(test)));
    }
    count.print();
}

// What is no URL by itself may be one with a base: with any, with one that has a host, or never.
TEST(URLOfTheWebPlatform, needs_a_base_where_it_is_relative) {
    const URL opaque("about:blank");
    const URL http("http://example.org/");
    const URL https("https://example.org/");
    std::size_t checked = 0;
    for (const URLCase& test : url_cases) {
        if (!test.failure || test.base || !test.difference.empty()) continue;
        EXPECT_EQ(URL::parse(test.input, opaque).has_value(), test.relative_to == "any-base")
            << test.input;
        const bool has_meaning = URL::parse(test.input, http) || URL::parse(test.input, https);
        EXPECT_EQ(has_meaning, !test.relative_to.empty()) << test.input;
        ++checked;
    }
    EXPECT_GT(checked, 200u);
}

TEST(URLOfTheWebPlatform, has_the_host_in_ascii) {
    Count count("toascii.json");
    for (const auto& [input, output, difference] : host_cases) {
        const auto url = URL::parse("https://" + std::string(input) + "/x");
        std::string wrong;
        if (url.has_value() != output.has_value()) {
            wrong = url ? "taken for " + url->to_string() : "refused";
        } else if (url && url->raw_host() != *output) {
            wrong = "the host is " + std::string(url->raw_host());
        }
        count.add(input, difference, wrong);
    }
    count.print();
}

}  // namespace
}  // namespace weft::http
