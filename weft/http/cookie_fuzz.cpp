// SPDX-License-Identifier: Apache-2.0
// Goal:   no header makes a jar keep, or send, what it should not.
// Method: the lines of the input are turns: a letter that chooses the URL, then a Set-Cookie. What
//         is sent, and what the jar is as a text, is read again. The first line is also a Cookie
//         header.
#include <weft/http/cookie.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <weft/base/check.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/http/cookie_jar.hpp>
#include <weft/http/multi_dict.hpp>
#include <weft/http/syntax.hpp>
#include <weft/http/url.hpp>

namespace weft::http {
namespace {

constexpr CookieJarLimits limits{
    .domain_cookies_max = 4, .cookies_max = 8, .request_bytes_max = 60};

const std::array<URL, 8>& urls() {
    static const std::array<URL, 8> all = {
        URL("http://a.example/"),      URL("https://a.example/x/y"),  URL("http://b.a.example/x"),
        URL("https://evil.co.uk/"),    URL("http://evil.co.uk./"),    URL("http://127.0.0.1/"),
        URL("http://xn--fa-hia.de/x"), URL("wss://c.xn--55qx5d.cn/"),
    };
    return all;
}

void check_text(const Morsel& cookie) {
    if (cookie.domain.starts_with('.')) return;  // one of them is lost each time
    try {
        const std::string text = set_cookie_header(cookie);
        check(value_prefix(text) == text.size(), "a header is split");
        const auto again = parse_set_cookie(text);
        check(again && *again == cookie, "a cookie that is written has changed");
    } catch (const ValueError&) {  // servers write less than clients take
    }
}

void check_request(CookieJar& jar, const URL& url) {
    const MultiDict cookies = jar.filter_cookies(url);
    const std::string text = cookie_header(cookies);
    check(value_prefix(text) == text.size(), "a header is split");
    check(text.size() <= limits.request_bytes_max + 3 * cookies.size(), "a request is too large");
    check(static_cast<std::size_t>(std::ranges::count(text, ';')) + 1 ==
              std::max(cookies.size(), std::size_t{1}),
          "a cookie has become two");
}

void check_jar(CookieJar& jar, CookieTime now) {
    check(jar.size() <= limits.cookies_max, "a jar is too full");
    for (const StoredCookie& cookie : jar) {
        check(cookie.path.starts_with('/') && !cookie.domain.empty(), "a cookie belongs nowhere");
        check(!cookie.expires || *cookie.expires > now, "a cookie has expired");
        check(cookie.domain != "127.0.0.1", "a cookie belongs to an address");
        for (const auto suffix : {"co.uk", "co.uk.", "example", "de", "xn--55qx5d.cn"}) {
            check(cookie.host_only || cookie.domain != suffix, "a cookie is for a public suffix");
        }
    }
    CookieJar again({.limits = limits, .clock = [now] { return now; }});
    const std::string text = jar.dumps();
    check(again.loads(text).empty(), "a cookie that is dumped is refused");
    check(again.dumps() == text, "a jar that is loaded has changed");
}

void play(std::string_view input) {
    const CookieTime now = std::chrono::sys_days(std::chrono::year(2030) / 1 / 1);
    CookieJar jar({.limits = limits, .clock = [now] { return now; }});
    if (const auto cookies = parse_cookie_header(input.substr(0, input.find('\n')))) {
        check(cookies->size() <= CookieHeaderLimits().cookies_max, "too many cookies");
        for (const auto& [name, value] : *cookies) {
            check(unquote_cookie_value(quote_cookie_value(value)) == value, "a value has changed");
        }
    }
    while (!input.empty()) {
        const std::string_view line = input.substr(0, input.find('\n'));
        input.remove_prefix(std::min(line.size() + 1, input.size()));
        if (line.empty()) continue;
        const URL& url = urls()[static_cast<std::uint8_t>(line[0]) % urls().size()];
        const auto cookie = parse_set_cookie(line.substr(1));
        if (!cookie) continue;
        check_text(*cookie);
        static_cast<void>(jar.set_cookie(*cookie, url));
        check_request(jar, url);
        check_jar(jar, now);
    }
    for (const URL& url : urls()) check_request(jar, url);
}

}  // namespace
}  // namespace weft::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    weft::http::play({reinterpret_cast<const char*>(data), size});
    return 0;
}
